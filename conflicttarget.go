package tenancy

import (
	"slices"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gorm-tenancy/tenancy/internal/modeltag"
	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// conflictTarget returns the columns of the conflict's key and whether it can be
// another tenant's row's.
func (ex *execution) conflictTarget(stmt *gorm.Statement, oc clause.OnConflict) (columns []string, guard bool) {
	columns = ex.columns[:0]
	for _, column := range oc.Columns {
		columns = append(columns, columnName(stmt, column))
	}
	ex.columns = columns
	if !ex.table.isScoped() || ex.scope.kind == scopeBypass && ex.table.kind == KindLinked {
		return columns, false
	}
	if ex.table.kind == KindLinked {
		return columns, !oc.DoNothing
	}
	if oc.OnConstraint != "" {
		lexer := sqltext.Lexer{Text: oc.OnConstraint, Dialect: ex.plugin.dialect}
		name := lexer.Folded(lexer.Next())
		key := ex.uniqueKeys(stmt, nil, name).byName(name)
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
	if own && (key == nil || !key.primary && ex.plugin.dialect == sqltext.Postgres && !isGlobalKey(stmt, columns)) {
		return append([]string{ex.table.column}, columns...), false
	}
	ex.conflict.meets(key)
	return columns, true
}

// isGlobalKey reports whether the model says that columns are unique without the
// tenant.
func isGlobalKey(stmt *gorm.Statement, columns []string) bool {
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
		ex.preview.note(notedTarget)
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
		ex.preview.note(notedTarget)
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
