package automigrate

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gorm-tenancy/tenancy/internal/columnset"
	"github.com/gorm-tenancy/tenancy/internal/sqliteddl"
)

// rebuiltSQL is the CREATE TABLE of a rebuilt table: the one in the catalogue, with
// other keys. It returns an error if the new keys cannot keep a property of the old
// ones.
func (r *run) rebuiltSQL(t *target) (string, error) {
	table, err := sqliteddl.Parse(t.has.sql)
	if err != nil {
		return "", err
	}
	for _, d := range t.diffs {
		for _, form := range d.obsolete {
			if t.has.texts[form.name] != "" {
				continue // an index of its own
			}
			if err := dropKey(table, form); err != nil {
				return "", err
			}
		}
		if d.missing && d.want.inTable() {
			table.Add(r.keySQL(d.want))
		}
	}
	t.rebuilt = r.foreignChanges(t)
	for _, d := range t.rebuilt {
		deferral, err := dropForeign(table, d)
		if err != nil {
			return "", err
		}
		table.Add(strings.TrimSpace(r.foreignSQL(d.want) + " " + deferral))
	}
	if t.want.scoped() {
		table.SetNotNull(t.want.tenant)
	}
	return table.String(), nil
}

// dropKey removes a primary key or a unique constraint from a table.
func dropKey(table *sqliteddl.Table, form *tableIndex) error {
	kind := sqliteddl.Unique
	if form.kind == primaryKey {
		kind = sqliteddl.PrimaryKey
	}
	columns, _ := form.columns()
	dropped := false
	for _, c := range table.Constraints(kind) {
		if !sameNames(c.Columns, columns) && (kind == sqliteddl.Unique || !c.More) {
			continue
		}
		if c.More {
			return fmt.Errorf("its %s has an order, a collation, AUTOINCREMENT or ON CONFLICT", form.kind.object())
		}
		table.Drop(c)
		dropped = true
	}
	if !dropped {
		return fmt.Errorf("its %s on (%s) is not found in its text", form.kind.object(), strings.Join(columns, ", "))
	}
	return nil
}

// foreignChanges returns the foreign keys that rebuilding a table changes. A foreign
// key that does not fit the parent would make every write fail. One that clears its
// columns stays beside the one with the tenant, if the parent still has the key that
// it needs.
func (r *run) foreignChanges(t *target) (changes []foreignDiff) {
	for _, d := range t.foreignDiffs() {
		if !r.willCover(d.want) {
			continue
		}
		parent := r.parent(d.want)
		d.obsolete = slices.DeleteFunc(slices.Clone(d.obsolete), func(form *foreignKey) bool {
			return d.want.clearsTenant(form) && parent != nil && parent.has != nil && parent.willHave(form.refs)
		})
		changes = append(changes, d)
	}
	return changes
}

// dropForeign removes the other forms of a foreign key from a table, and returns
// their deferral.
func dropForeign(table *sqliteddl.Table, d foreignDiff) (deferral string, err error) {
	for _, form := range d.obsolete {
		if d.want.clearsTenant(form) {
			return "", errors.New("its foreign key on (" + strings.Join(form.columns, ", ") +
				") clears its columns, and with the tenant in it would clear the tenant: say in the model's tag what it does")
		}
		dropped := false
		for _, c := range table.Constraints(sqliteddl.Foreign) {
			if sameNames(c.Columns, form.columns) && sqliteName(c.Parent) == form.parent {
				deferral, dropped = c.Deferral, true
				table.Drop(c)
			}
		}
		if !dropped {
			return "", fmt.Errorf("its foreign key on (%s) is not found in its text", strings.Join(form.columns, ", "))
		}
	}
	return deferral, nil
}

// sameNames reports whether two lists hold the same columns, as SQLite compares them.
func sameNames(a, b []string) bool {
	fold := func(names []string) []string {
		folded := make([]string, len(names))
		for i, name := range names {
			folded[i] = sqliteName(name).Name
		}
		return folded
	}
	return columnset.Same(fold(a), fold(b))
}
