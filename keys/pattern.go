package keys

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gorm-tenancy/tenancy/catalog"
)

// An expansion replaces patterns by the tables that they match. Patterns of objects are
// not expanded: objects have other names while a plan is carried out.
type expansion struct {
	catalog *catalog.Catalog
	named   map[catalog.Name]bool // tables that an option names as they are
	errs    []error
}

// expand returns the options with patterns of tables replaced. A plain name takes
// precedence over a pattern. A pattern that matches nothing is an error.
func (o Options) expand(c *catalog.Catalog) (Options, error) {
	e := &expansion{catalog: c, named: map[catalog.Name]bool{o.Root: true}}
	for _, name := range slices.Concat(o.Skip, o.Shared, o.Mixed) {
		e.named[name] = true
	}
	for name := range o.Columns {
		e.named[name] = true
	}
	o.Shared, o.Mixed, o.Skip = e.tables("Shared", o.Shared), e.tables("Mixed", o.Mixed), e.tables("Skip", o.Skip)
	o.Columns = e.columns(o.Columns)
	return o, errors.Join(e.errs...)
}

func isPattern(name catalog.Name) bool { return strings.Contains(name.Schema+name.Name, "*") }

// like reports whether a name matches a pattern, in which each * stands for any text.
func like(pattern, name string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == name
	}
	name, ok := strings.CutPrefix(name, parts[0])
	for _, part := range parts[1 : len(parts)-1] {
		_, rest, found := strings.Cut(name, part)
		name, ok = rest, ok && found
	}
	return ok && strings.HasSuffix(name, parts[len(parts)-1])
}

// whole returns the tables that a name matches. A pattern does not match partitions.
func (e *expansion) whole(name catalog.Name) (tables []*catalog.Table) {
	if t := e.catalog.Table(name); t != nil {
		return []*catalog.Table{t}
	}
	if !isPattern(name) {
		return nil
	}
	for _, t := range e.catalog.Tables {
		if t.PartitionOf == (catalog.Name{}) && like(name.Schema, t.Schema) && like(name.Name, t.Name.Name) {
			tables = append(tables, t)
		}
	}
	return tables
}

func (e *expansion) fail(option string, name catalog.Name) {
	e.errs = append(e.errs, fmt.Errorf("keys: Options.%s names %s, which is not there", option, name))
}

// tables returns the tables that a list matches.
func (e *expansion) tables(option string, list []catalog.Name) (names []catalog.Name) {
	for _, name := range list {
		found := e.whole(name)
		if len(found) == 0 {
			e.fail(option, name)
		}
		for _, t := range found {
			if t.Name == name || !e.named[t.Name] && !slices.Contains(names, t.Name) {
				names = append(names, t.Name)
			}
		}
	}
	return names
}

// columns returns the tenant columns by table, with the patterns among the map's keys
// replaced.
func (e *expansion) columns(of map[catalog.Name]string) map[catalog.Name]string {
	columns, by := map[catalog.Name]string{}, map[catalog.Name]catalog.Name{}
	for name, column := range of {
		found := e.whole(name)
		if len(found) == 0 {
			e.fail("Columns", name)
		}
		for _, t := range found {
			if t.Name != name && e.named[t.Name] {
				continue
			}
			if other, twice := columns[t.Name]; twice && other != column {
				e.errs = append(e.errs, fmt.Errorf("keys: Options.Columns gives %s two columns, by %s and by %s", t.Name, by[t.Name], name))
			}
			columns[t.Name], by[t.Name] = column, name
		}
	}
	return columns
}

// Matches reports whether o names an object of a table. Each * in o stands for any text.
func (o Object) Matches(table catalog.Name, name string) bool {
	_, byPattern := o.stands(table, name)
	return byPattern
}

// stands reports whether o names the object itself, and whether o is a pattern that
// matches it.
func (o Object) stands(table catalog.Name, name string) (itself, byPattern bool) {
	itself = o.Table == table && o.Name == name
	return itself, itself || like(o.Table.Schema, table.Schema) && like(o.Table.Name, table.Name) && like(o.Name, name)
}

// named reports whether a list names a table's object under one of its names, and
// whether a pattern of the list does.
func named(list []Object, t catalog.Name, names ...string) (itself, byPattern bool) {
	for _, o := range list {
		for _, name := range names {
			one, some := o.stands(t, name)
			itself, byPattern = itself || one, byPattern || some
		}
	}
	return itself, byPattern
}

// chosen reports whether an object is in a list, and the other list does not name it
// more exactly.
func chosen(list, other []Object, t catalog.Name, names ...string) bool {
	itself, byPattern := named(list, t, names...)
	instead, _ := named(other, t, names...)
	return itself || byPattern && !instead
}

// onDelete returns a foreign key's action if the options name one.
func (a *Analysis) onDelete(t catalog.Name, name string) (action catalog.Action, found bool) {
	for o, one := range a.options.OnDelete {
		itself, byPattern := o.stands(t, name)
		if itself {
			return one, true
		}
		if byPattern && (!found || one < action) {
			action, found = one, true
		}
	}
	return action, found
}

// checkObjects finds options that name objects that are not there, and foreign keys that
// get two actions.
func (a *Analysis) checkObjects() (errs []error) {
	find := func(option, kinds string, o Object, is func(*catalog.Table, string) bool) {
		for _, t := range a.catalog.Tables {
			for i := range t.Constraints {
				if _, ok := o.stands(t.Name, t.Constraints[i].Name); ok && is(t, t.Constraints[i].Name) {
					return
				}
			}
			for i := range t.Indexes {
				if _, ok := o.stands(t.Name, t.Indexes[i].Name); ok && is(t, t.Indexes[i].Name) {
					return
				}
			}
		}
		errs = append(errs, fmt.Errorf("keys: Options.%s: %s has no %s %s", option, o.Table, kinds, o.Name))
	}
	isAny := func(*catalog.Table, string) bool { return true }
	for _, o := range a.options.Global {
		find("Global", "constraint or index", o, isAny)
	}
	for _, o := range a.options.PerTenant {
		find("PerTenant", "constraint or index", o, isAny)
	}
	for o := range a.options.OnDelete {
		find("OnDelete", "foreign key", o, isForeign)
	}
	for _, t := range a.catalog.Tables {
		for i := range t.Constraints {
			if name := t.Constraints[i].Name; isForeign(t, name) && a.hasTwoActions(t.Name, name) {
				errs = append(errs, fmt.Errorf("keys: Options.OnDelete gives %s of %s two actions", name, t.Name))
			}
		}
	}
	return errs
}

func isForeign(t *catalog.Table, name string) bool {
	c := t.Constraint(name)
	return c != nil && c.Foreign != nil && !c.Inherited
}

func (a *Analysis) hasTwoActions(t catalog.Name, name string) bool {
	actions := map[catalog.Action]bool{}
	for o, action := range a.options.OnDelete {
		itself, byPattern := o.stands(t, name)
		if itself {
			return false
		}
		if byPattern {
			actions[action] = true
		}
	}
	return len(actions) > 1
}
