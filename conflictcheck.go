package tenancy

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gorm-tenancy/tenancy/internal/gormfacts"
	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// keyIsTaken asks whether one of the keys that were sent is another tenant's.
func (ex *execution) keyIsTaken(stmt *gorm.Statement) (bool, error) {
	side := &gorm.Statement{DB: stmt.DB, Clauses: map[string]clause.Clause{}}
	var known bool
	var err error
	if ex.conflict.key != nil {
		known, err = ex.askForKey(stmt, side, ex.conflict.key)
	} else {
		known = ex.askForColumns(stmt, side)
	}
	switch {
	case err != nil || !known:
		return false, err
	case ex.plugin.instructs(side.Vars): // it stood after other values before
		return false, ex.errorOn(ex.table.name, ErrUnscopedSQL, reasonInstruction)
	}
	rows, err := poolOf(stmt).QueryContext(stmt.Context, side.SQL.String(), side.Vars...)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	taken := rows.Next()
	return taken, rows.Err()
}

// askForColumns writes the question for a key that is its columns; false if the
// database makes one of them, which is then nobody's.
func (ex *execution) askForColumns(stmt, side *gorm.Statement) bool {
	values := ex.conflict.values
	if len(ex.conflict.columns) == 0 {
		return false
	}
	at := make([]int, 0, len(ex.conflict.columns)+1)
	for _, name := range append(slices.Clone(ex.conflict.columns), ex.table.column) {
		i := slices.IndexFunc(values.Columns, func(c clause.Column) bool { return c.Name == name })
		if i < 0 {
			return false
		}
		at = append(at, i)
	}
	side.SQL.WriteString("SELECT 1 FROM " + stmt.Quote(ex.table.name) + " WHERE ")
	for n, row := range values.Values {
		if n > 0 {
			side.SQL.WriteString(" OR ")
		}
		side.SQL.WriteByte('(')
		for k, i := range at {
			if k > 0 {
				side.SQL.WriteString(" AND ")
			}
			side.SQL.WriteString(stmt.Quote(values.Columns[i].Name))
			if k == len(at)-1 {
				side.SQL.WriteString(" <> ")
			} else {
				side.SQL.WriteString(" = ")
			}
			side.AddVar(side, keyValue(row[i]))
		}
		side.SQL.WriteByte(')')
	}
	side.SQL.WriteString(" LIMIT 1")
	return true
}

// askForKey writes the question for a key with expressions, a condition or collations.
// The rows that were sent stand beside the table's as rows of the same types.
func (ex *execution) askForKey(stmt, side *gorm.Statement, key *uniqueKey) (bool, error) {
	table := stmt.Quote(ex.table.name)
	columns, err := columnsOf(stmt, table)
	if err != nil {
		return false, err
	}
	list, where, sent := ex.partsOf(stmt, key), "", ""
	needed := ex.columnsNamed(strings.Join(list, " "), columns)
	if key.index.Where != "" {
		where = " WHERE (" + key.index.Where + ")"
		if more := ex.columnsNamed(key.index.Where, columns); ex.areSent(more) {
			sent, needed = where, append(needed, more...)
		}
	}
	if !ex.areSent(needed) {
		return false, nil // made by the database, and so nobody's
	}
	selected := make([]string, len(list))
	for i, part := range list {
		selected[i] = part + " AS k" + strconv.Itoa(i)
	}
	from := "SELECT " + strings.Join(selected, ", ") + " FROM "
	side.SQL.WriteString("SELECT 1 FROM (" + from + "(")
	ex.writeSent(stmt, side, slices.Compact(slices.Sorted(slices.Values(needed))), table)
	side.SQL.WriteString(") AS " + ex.table.qualifier + sent + ") AS sent JOIN (" + from + table + where + ") AS kept ON ")
	for i := range list {
		n := strconv.Itoa(i)
		if i == len(list)-1 {
			side.SQL.WriteString("kept.k" + n + " <> sent.k" + n)
			break
		}
		side.SQL.WriteString("kept.k" + n + " = sent.k" + n)
		if collation := key.index.Parts[i].Collate; collation != "" {
			side.SQL.WriteString(" COLLATE " + collation)
		}
		side.SQL.WriteString(" AND ")
	}
	side.SQL.WriteString(" LIMIT 1")
	return true, nil
}

// partsOf returns a key's parts as SQL, and after them the tenant.
func (ex *execution) partsOf(stmt *gorm.Statement, key *uniqueKey) (list []string) {
	columns := key.columns
	for _, p := range key.index.Parts {
		part := "(" + p.Text + ")"
		if p.Column != "" {
			part, columns = stmt.Quote(columns[0]), columns[1:]
		}
		list = append(list, part)
	}
	return append(list, ex.table.quoted)
}

// writeSent writes the rows that were sent, in the types of the table's columns.
func (ex *execution) writeSent(stmt, side *gorm.Statement, columns []string, table string) {
	values := ex.conflict.values
	quoted := make([]string, len(columns))
	for i, name := range columns {
		quoted[i] = stmt.Quote(name)
	}
	side.SQL.WriteString("SELECT " + strings.Join(quoted, ", ") + " FROM " + table + " WHERE 1 = 0")
	for _, row := range values.Values {
		side.SQL.WriteString(" UNION ALL SELECT ")
		for i, name := range columns {
			if i > 0 {
				side.SQL.WriteString(", ")
			}
			side.AddVar(side, keyValue(row[ex.sentAt(name)]))
		}
	}
}

// columnsNamed returns those of a table's columns that a text may name.
func (ex *execution) columnsNamed(text string, columns []string) (found []string) {
	names := sqltext.Names(text, ex.plugin.dialect)
	for _, column := range columns {
		if slices.Contains(names, foldColumn(ex.plugin.dialect, column)) {
			found = append(found, column)
		}
	}
	return found
}

func (ex *execution) areSent(columns []string) bool {
	return !slices.ContainsFunc(columns, func(name string) bool { return ex.sentAt(name) < 0 })
}

func (ex *execution) sentAt(name string) int {
	return slices.IndexFunc(ex.conflict.values.Columns, func(c clause.Column) bool { return c.Name == name })
}

// columnsOf returns the columns of a table.
func columnsOf(stmt *gorm.Statement, table string) ([]string, error) {
	rows, err := poolOf(stmt).QueryContext(stmt.Context, "SELECT * FROM "+table+" WHERE 1 = 0")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	return columns, rows.Err()
}

// keyValue is a value of a key to ask for; one that the database makes is
// nobody's.
func keyValue(value any) any {
	if _, ok := value.(clause.Expression); ok {
		return nil
	}
	return value
}

// meets notes the key that a conflict is met by. Its columns say all of most keys.
func (c *conflictCheck) meets(key *uniqueKey) {
	if key != nil && !key.isBinary() {
		c.key = key
	}
}

// checkConflict runs after a create. A guarded update that changed fewer rows
// than were sent met another tenant's; where rows may be missing for another
// reason, the table is asked.
func checkConflict(db *gorm.DB) {
	sent(db)
	ex := executionOf(db.Statement)
	if ex != nil && ex.skipped && ex.config != nil {
		db.Config = ex.config
		db.Statement.SQL.Reset()
		db.Statement.Vars = nil
		return
	}
	if ex == nil || db.DryRun || ex.table == nil {
		return
	}
	if db.Error != nil {
		if isTargetError(db.Error) {
			ex.table.keys.Store(nil) // the keys have changed since they were read
		}
		return
	}
	check, sent := &ex.conflict, int64(len(ex.conflict.values.Values))
	switch {
	case !check.guard, check.update && db.RowsAffected >= sent, db.RowsAffected >= sent && sent == 1:
		return
	case check.update && !check.asked:
	default:
		if taken, err := ex.keyIsTaken(db.Statement); err != nil || !taken {
			db.AddError(err)
			return
		}
	}
	db.AddError(ex.errorOn(ex.table.name, ErrCrossTenantConflict, ""))
}

// isTargetError reports whether an error of the database is about a conflict's target.
func isTargetError(err error) bool { return strings.Contains(err.Error(), "ON CONFLICT") }

// checkSave runs after an update. Save inserts a row that its update did not
// find, but only after the update has saved the row's associations: a key that
// is another tenant's must be found here for nothing of them to stay.
func checkSave(db *gorm.DB) {
	sent(db)
	stmt := db.Statement
	ex := executionOf(stmt)
	if ex == nil || ex.observed != nil || db.Error != nil || db.DryRun || db.RowsAffected != 0 || ex.scope.kind != scopeSingle ||
		ex.model == nil || len(ex.model.rels) == 0 || ex.model.tenant == nil ||
		!gormfacts.IsSave(stmt) || stmt.ReflectValue.Kind() != reflect.Struct {
		return
	}
	key := stmt.Schema.PrimaryFieldDBNames
	if len(key) == 0 || slices.Contains(key, ex.table.column) || !ex.uniqueKeys(stmt, key, "").has(key) {
		return
	}
	own, err := ex.table.id.value(&ex.scope.tenants[0])
	if err != nil {
		return
	}
	row := make([]any, 0, len(key)+1)
	for _, field := range stmt.Schema.PrimaryFields {
		value, _ := field.ValueOf(stmt.Context, stmt.ReflectValue)
		row = append(row, value)
	}
	ex.conflict = conflictCheck{columns: key}
	for _, name := range append(slices.Clone(key), ex.table.column) {
		ex.conflict.values.Columns = append(ex.conflict.values.Columns, clause.Column{Name: name})
	}
	ex.conflict.values.Values = [][]any{append(row, own)}
	taken, err := ex.keyIsTaken(stmt)
	switch {
	case err != nil:
		db.AddError(err)
	case taken:
		db.AddError(ex.errorOn(ex.table.name, ErrCrossTenantConflict, ""))
	}
}
