package tenancy

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"gorm.io/gorm/schema"

	"github.com/gorm-tenancy/tenancy/internal/modeltag"
)

// declaration is what the configuration says of a table.
type declaration struct {
	kind     Kind
	writable bool
	where    string // in the configuration
	link     *Link
	table    *Table
}

// declarations are those of a configuration, by model and by table.
type declarations struct {
	types map[reflect.Type]declaration
	names map[string]declaration
}

// add adds what one entry of the configuration says. Two that disagree are an
// error that names both.
func (d *declarations) add(fold func(string) string, entry any, say declaration) error {
	if name, ok := entry.(string); ok {
		if err := checkTableName(name, say.where); err != nil {
			return err
		}
		name = fold(name)
		if before, twice := d.names[name]; twice && !before.agrees(say) {
			return declaredTwice(name, before.where, say.where)
		}
		d.names[name] = say
		return nil
	}
	typ := reflect.TypeOf(entry)
	for typ != nil && (typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice) {
		typ = typ.Elem()
	}
	if typ == nil || typ.Kind() != reflect.Struct {
		return fmt.Errorf("tenancy: %s is neither a model nor a table's name", say.where)
	}
	if before, twice := d.types[typ]; twice && !before.agrees(say) {
		return declaredTwice(typ.String(), before.where, say.where)
	}
	d.types[typ] = say
	return nil
}

func (d declaration) agrees(other declaration) bool {
	return d.kind == other.kind && d.writable == other.writable && d.link == nil && other.link == nil &&
		d.table == nil && other.table == nil
}

func declaredTwice(name, one, other string) error {
	return fmt.Errorf("tenancy: %s is declared by %s and by %s: remove one of the two", name, one, other)
}

// checkTableName refuses a name that no table can have. An entry with it would declare
// nothing.
func checkTableName(name, where string) error {
	schemaName, last := cutSchema(name)
	switch {
	case last == "" || strings.HasPrefix(name, "."):
		return fmt.Errorf("tenancy: %s has an empty name: write the table's name", where)
	case strings.ContainsRune(name, 0):
		return fmt.Errorf("tenancy: %s has a name with a NUL byte, which no table has: %q", where, name)
	case strings.TrimSpace(name) != name:
		return fmt.Errorf("tenancy: %s has a name with white space around it: %q", where, name)
	case strings.Contains(schemaName, ".") || strings.Contains(last, "."):
		return fmt.Errorf("tenancy: %s has a name of more than two parts, %q: write the table's name, or schema.table", where, name)
	}
	return nil
}

// newDeclarations reads what a configuration says of single tables.
func newDeclarations(fold func(string) string, c *Config) (*declarations, error) {
	d := &declarations{types: map[reflect.Type]declaration{}, names: map[string]declaration{}}
	var errs []error
	for i, entry := range c.Shared {
		w, isWritable := entry.(writable)
		if isWritable {
			entry = w.model
		}
		errs = append(errs, d.add(fold, entry, declaration{kind: KindShared, writable: isWritable, where: fmt.Sprintf("Config.Shared[%d]", i)}))
	}
	for _, list := range []struct {
		kind    Kind
		name    string
		entries []any
	}{
		{KindPrivate, "Private", c.Private}, {KindMixed, "Mixed", c.Mixed}, {KindFree, "Free", c.Free},
	} {
		for i, entry := range list.entries {
			say := declaration{kind: list.kind, writable: list.kind != KindPrivate, where: fmt.Sprintf("Config.%s[%d]", list.name, i)}
			errs = append(errs, d.add(fold, entry, say))
		}
	}
	for i := range c.Linked {
		l := &c.Linked[i]
		say := declaration{kind: KindLinked, writable: l.Writable, where: fmt.Sprintf("Config.Linked[%d]", i), link: l}
		errs = append(errs, d.add(fold, l.Model, say))
	}
	for i := range c.Tables {
		errs = append(errs, d.addTable(fold, &c.Tables[i], fmt.Sprintf("Config.Tables[%d]", i)))
	}
	return d, errors.Join(errs...)
}

// addTable adds a table of tenants. One that is declared mixed by its name stays so.
func (d *declarations) addTable(fold func(string) string, t *Table, where string) error {
	if err := checkTableName(t.Name, where); err != nil {
		return err
	}
	name := fold(t.Name)
	before, twice := d.names[name]
	if twice && (before.kind != KindMixed || before.table != nil) {
		return declaredTwice(t.Name, before.where, where)
	}
	say := declaration{kind: KindTenant, where: where, table: t}
	if twice {
		say.kind, say.where = KindMixed, before.where
	}
	if t.Root {
		if twice {
			return declaredTwice(t.Name, before.where, where)
		}
		say.kind = KindRoot
	}
	d.names[name] = say
	return nil
}

// of returns what is declared of a model: by its type, its table or its tag.
func (d *declarations) of(fold func(string) string, s *schema.Schema) (say declaration, declared bool, err error) {
	found := make([]declaration, 0, 3)
	if byType, ok := d.types[s.ModelType]; ok {
		found = append(found, byType)
	}
	if byName, ok := d.names[fold(s.Table)]; ok {
		found = append(found, byName)
	}
	byTag, ok, err := tagged(s)
	if err != nil {
		return say, false, err
	}
	if ok {
		found = append(found, byTag)
	}
	for i, next := range found {
		switch {
		case i == 0:
			say = next
		case say.kind == KindMixed && next.kind == KindTenant && say.table == nil:
			say.table = next.table
		case say.kind == KindTenant && next.kind == KindMixed:
			next.table = say.table
			say = next
		case say.kind != next.kind, say.writable != next.writable, say.link != nil && next.link != nil:
			return say, false, declaredTwice(s.Name, say.where, next.where)
		default:
			if say.table == nil {
				say.table = next.table
			}
			if say.link == nil {
				say.link = next.link
			}
		}
	}
	return say, len(found) > 0, nil
}

// tagged returns what a model says of its own table with a blank field.
func tagged(s *schema.Schema) (say declaration, ok bool, err error) {
	for i := range s.ModelType.NumField() {
		field := s.ModelType.Field(i)
		tag := field.Tag.Get(modeltag.Name)
		if field.Name != "_" || tag == "" {
			continue
		}
		next := declaration{where: fmt.Sprintf("its tag %s:%q", modeltag.Name, tag)}
		switch tag {
		case modeltag.Shared:
			next.kind = KindShared
		case modeltag.Shared + ",writable":
			next.kind, next.writable = KindShared, true
		case modeltag.Private:
			next.kind = KindPrivate
		case modeltag.Mixed:
			next.kind, next.writable = KindMixed, true
		case modeltag.Free:
			next.kind, next.writable = KindFree, true
		default:
			return say, false, fmt.Errorf("tenancy: %s has the tag %s:%q on a blank field: it is shared, shared,writable, private, mixed or free",
				s.Name, modeltag.Name, tag)
		}
		if ok && !say.agrees(next) {
			return say, false, declaredTwice(s.Name, say.where, next.where)
		}
		say, ok = next, true
	}
	return say, ok, nil
}
