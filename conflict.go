package tenancy

import (
	"reflect"
	"slices"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gorm-tenancy/tenancy/internal/modeltag"
	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// conflictCheck is what a create must know after it ran, to tell a conflict with
// another tenant's row from one with its own.
type conflictCheck struct {
	values  clause.Values
	guard   bool       // the key does not contain the tenant
	columns []string   // of the key; none where it is not known
	key     *uniqueKey // where it is of more than its columns
	update  bool       // DO UPDATE behind the guard: fewer rows are a conflict
	asked   bool       // by a WHERE of the caller's, too, which may skip rows
}

// writeOnConflict writes ON CONFLICT so that it meets the tenant's own rows
// only: the target is the key that the table has, and an update is guarded where
// that key does not contain the tenant.
func writeOnConflict(ex *execution, stmt *gorm.Statement, c clause.Clause, _ clause.ClauseBuilder) {
	oc, ok := c.Expression.(clause.OnConflict)
	if !ok {
		stmt.AddError(ex.errorOn(stmt.Table, ErrUnscopedSQL, "ON CONFLICT holds an expression that is not known"))
		return
	}
	ex.openClause(stmt, c)
	target, guard := ex.writeTarget(stmt, oc)
	if oc.DoNothing {
		stmt.WriteString("DO NOTHING")
	} else {
		stmt.WriteString("DO UPDATE SET ")
		if !ex.writeAssignments(stmt, oc.DoUpdates) {
			ex.writeSame(stmt, target)
		}
	}
	// A constraint's name does not show that it has the tenant column.
	named := oc.OnConstraint != "" && ex.table.isScoped() && ex.table.kind != KindLinked
	ex.writeConflictWhere(stmt, oc.Where, (guard || named) && !oc.DoNothing)
	ex.closeClause(stmt, c)
	if guard {
		ex.conflict.guard, ex.conflict.columns = true, target
		ex.conflict.update, ex.conflict.asked = !oc.DoNothing, len(oc.Where.Exprs) > 0
	}
}

// conflictTarget returns the columns of the conflict's key and whether it can be
// another tenant's row's.
func (ex *execution) conflictTarget(stmt *gorm.Statement, oc clause.OnConflict) (columns []string, guard bool) {
	columns = ex.columns[:0]
	for _, column := range oc.Columns {
		columns = append(columns, columnName(stmt, column))
	}
	ex.columns = columns
	if !ex.table.isScoped() || ex.scope.mode == modeBypass && ex.table.kind == KindLinked {
		return columns, false
	}
	if ex.table.kind == KindLinked {
		return columns, !oc.DoNothing
	}
	if oc.OnConstraint != "" {
		lexer := sqltext.Lexer{Text: oc.OnConstraint, Dialect: ex.plugin.dialect}
		name := lexer.Folded(lexer.Next())
		key := ex.uniqueKeys(stmt, nil, name).named(name)
		if key == nil {
			return nil, true
		}
		return key.columns, !slices.Contains(key.columns, ex.table.column)
	}
	if len(columns) == 0 { // DO NOTHING, whatever the conflict
		if stmt.Schema == nil {
			return nil, false
		}
		primary := stmt.Schema.PrimaryFieldDBNames
		if len(primary) == 0 || slices.Contains(primary, ex.table.column) {
			return primary, false
		}
		keys := ex.uniqueKeys(stmt, primary, "")
		if ex.table.kind == KindMixed && keys.hasOwn(ex.table.column, primary) {
			return nil, false
		}
		return primary, keys.has(primary)
	}
	if slices.Contains(columns, ex.table.column) {
		return columns, false
	}
	// Where there are both, the one without the tenant is about to be dropped,
	// unless it is the primary key or the model keeps it.
	keys := ex.uniqueKeys(stmt, columns, "")
	key, own := keys.find(columns), keys.hasOwn(ex.table.column, columns)
	if own && ex.table.kind == KindMixed {
		ex.everybody = ex.insertsForEverybody(stmt)
		key = nil
	}
	if ex.everybody {
		return columns, false
	}
	if own && (key == nil || !key.primary && ex.plugin.dialect == sqltext.Postgres && !keptGlobal(stmt, columns)) {
		return append([]string{ex.table.column}, columns...), false
	}
	ex.conflict.meets(key)
	return columns, true
}

// meets notes the key that a conflict is met by. Its columns say all of most keys.
func (c *conflictCheck) meets(key *uniqueKey) {
	if key != nil && !key.isBinary() {
		c.key = key
	}
}

// keptGlobal reports whether the model says that columns are unique without the
// tenant.
func keptGlobal(stmt *gorm.Statement, columns []string) bool {
	return stmt.Schema != nil && slices.ContainsFunc(columns, func(name string) bool {
		return modeltag.Has(stmt.Schema.FieldsByDBName[name], modeltag.Global)
	})
}

func columnName(stmt *gorm.Statement, column clause.Column) string {
	if column.Name == clause.PrimaryKey && stmt.Schema != nil && stmt.Schema.PrioritizedPrimaryField != nil {
		return stmt.Schema.PrioritizedPrimaryField.DBName
	}
	if stmt.Schema != nil {
		if field := stmt.Schema.LookUpField(column.Name); field != nil {
			return field.DBName
		}
	}
	return column.Name
}

// writeTarget writes the conflict's target, and returns what conflictTarget does.
func (ex *execution) writeTarget(stmt *gorm.Statement, oc clause.OnConflict) (columns []string, guard bool) {
	if ex.hasText(oc) {
		return ex.writeTextTarget(stmt, oc)
	}
	columns, guard = ex.conflictTarget(stmt, oc)
	if oc.OnConstraint != "" {
		stmt.WriteString("ON CONSTRAINT ")
		ex.writeName(stmt, clause.Column{Name: oc.OnConstraint, Raw: true})
		stmt.WriteByte(' ')
		return columns, guard
	}
	widened := len(columns) > len(oc.Columns)
	ex.writeElements(stmt, oc.Columns, widened)
	if ex.everybody {
		stmt.WriteString("WHERE ")
		writeForEverybody(stmt, ex.table, "")
		stmt.WriteByte(' ')
	}
	ex.writeTargetWhere(stmt, oc)
	return columns, guard
}

// writeElements writes what stands in the parentheses of a target.
func (ex *execution) writeElements(stmt *gorm.Statement, columns []clause.Column, widened bool) {
	if len(columns) == 0 {
		return
	}
	stmt.WriteByte('(')
	if widened { // the tenant's, which the key begins with
		ex.rehearsal.note(notedTarget)
		stmt.WriteString(ex.table.quoted)
		stmt.WriteByte(',')
	}
	for i, column := range columns {
		if i > 0 {
			stmt.WriteByte(',')
		}
		from := ex.mark(stmt)
		stmt.WriteQuoted(column)
		ex.judge(stmt, from, sqltext.Group)
	}
	stmt.WriteString(") ")
}

const notedTarget = "upserts by the key that begins with the tenant"

func (ex *execution) writeTargetWhere(stmt *gorm.Statement, oc clause.OnConflict) {
	if len(oc.TargetWhere.Exprs) == 0 {
		return
	}
	stmt.WriteString("WHERE (")
	ex.writeGroup(stmt, oc.TargetWhere)
	stmt.WriteString(") ")
}

// hasText reports whether a target is more than the names of columns, and the table's
// keys have to be compared with its text.
func (ex *execution) hasText(oc clause.OnConflict) bool {
	if !ex.table.isScoped() || ex.table.kind == KindLinked || oc.OnConstraint != "" || len(oc.Columns) == 0 {
		return false
	}
	if len(oc.TargetWhere.Exprs) > 0 {
		return true
	}
	for i := range oc.Columns {
		if oc.Columns[i].Raw {
			return true
		}
	}
	return false
}

// writeTextTarget writes a target as it is, and adds the tenant once its text tells
// which key it means.
func (ex *execution) writeTextTarget(stmt *gorm.Statement, oc clause.OnConflict) (columns []string, guard bool) {
	start := stmt.SQL.Len()
	guarded := ex.guarded
	ex.guarded = false
	ex.writeElements(stmt, oc.Columns, false)
	elements := stmt.SQL.Len()
	ex.writeTargetWhere(stmt, oc)
	known := !ex.guarded // a function that is not known is not shown to the database
	ex.guarded = ex.guarded || guarded
	if stmt.DB.Error != nil {
		return nil, true
	}
	sql := stmt.SQL.String()
	f, err := ex.fitTarget(stmt, ex.table, sql[start:], known)
	if err != nil {
		stmt.AddError(err)
		return nil, true
	}
	widened, err := ex.widens(ex.table, f)
	if err != nil {
		stmt.AddError(err)
		return nil, true
	}
	if widened && ex.table.kind == KindMixed {
		ex.everybody = ex.insertsForEverybody(stmt)
	}
	switch {
	case ex.everybody:
		stmt.SQL.Reset()
		stmt.WriteString(sql[:elements])
		stmt.WriteString("WHERE ")
		writeForEverybody(stmt, ex.table, "")
		stmt.WriteByte(' ')
		if where, ok := strings.CutPrefix(sql[elements:], "WHERE "); ok {
			stmt.WriteString("AND ")
			stmt.WriteString(where)
		}
	case widened:
		ex.rehearsal.note(notedTarget)
		stmt.SQL.Reset()
		stmt.WriteString(sql[:start+1])
		stmt.WriteString(ex.table.quoted)
		stmt.WriteByte(',')
		stmt.WriteString(sql[start+1:])
	case f.inside:
	case f.bareKey != nil:
		ex.conflict.meets(f.bareKey)
		return f.bareKey.columns, true
	default:
		return nil, true // the database knows no such key either
	}
	return f.columns, false
}

// writeGroup writes conditions inside of parentheses.
func (ex *execution) writeGroup(stmt *gorm.Statement, where clause.Where) {
	where.Exprs, _ = adoptExpressions(where.Exprs)
	from := ex.mark(stmt)
	where.Build(stmt)
	ex.judge(stmt, from, sqltext.Group)
}

// writeSame writes an assignment that changes nothing, where the tenant was the
// only one.
func (ex *execution) writeSame(stmt *gorm.Statement, columns []string) {
	for _, name := range columns {
		if ex.isTenantColumn(name) {
			continue
		}
		ex.writeName(stmt, clause.Column{Name: name})
		stmt.WriteByte('=')
		stmt.WriteQuoted(clause.Column{Table: "excluded", Name: name})
		return
	}
	ex.writeUnchanged(stmt)
}

func (ex *execution) writeConflictWhere(stmt *gorm.Statement, where clause.Where, guard bool) {
	if guard {
		stmt.WriteString(" WHERE ")
		ex.writeIsReplaced(stmt, ex.table, ex.qualifier)
	}
	if len(where.Exprs) == 0 {
		return
	}
	if guard {
		stmt.WriteString(" AND (")
	} else {
		stmt.WriteString(" WHERE (")
	}
	ex.writeGroup(stmt, where)
	stmt.WriteByte(')')
}

// checkConflict runs after a create. A guarded update that changed fewer rows
// than were sent met another tenant's; where rows may be missing for another
// reason, the table is asked.
func checkConflict(db *gorm.DB) {
	sent(db)
	ex := executionOf(db.Statement)
	if ex != nil && ex.kept && ex.config != nil {
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
	if ex == nil || ex.observed != nil || db.Error != nil || db.DryRun || db.RowsAffected != 0 || ex.scope.mode != modeSingle ||
		ex.model == nil || len(ex.model.rels) == 0 || ex.model.tenant == nil ||
		!slices.Contains(stmt.Selects, "*") || !sameValue(stmt.Dest, stmt.Model) || stmt.ReflectValue.Kind() != reflect.Struct {
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
