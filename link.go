package tenancy

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"reflect"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/schema"
)

// resolveLink finds the tables and the columns of a declared link.
func (r *knownTables) resolveLink(l *Link, where string) (*link, *table, error) {
	linked, linkedSchema, err := r.endOf(l.Model, where, "Model")
	if err != nil {
		return nil, nil, err
	}
	via, viaSchema, err := r.endOf(l.Via, where, "Via")
	if err != nil {
		return nil, nil, err
	}
	if via.kind != KindTenant {
		return nil, nil, fmt.Errorf("tenancy: %s.Via: %s is %s; only a tenant's table can link", where, via.name, via.kind)
	}
	foreignKey, key, err := l.columns(linkedSchema, viaSchema)
	if err != nil {
		return nil, nil, fmt.Errorf("tenancy: %s: %w", where, err)
	}
	condition, err := r.linkCondition(viaSchema)
	if err != nil {
		return nil, nil, fmt.Errorf("tenancy: %s.Via: %w", where, err)
	}
	return &link{
		via: via, viaQuoted: r.quote(via.name), foreignKey: r.quote(foreignKey), key: r.quote(key), names: [2]string{foreignKey, key}, where: condition,
	}, linked, nil
}

// endOf finds one of the two tables of a link; the schema is nil for a name.
func (r *knownTables) endOf(value any, where, field string) (*table, *schema.Schema, error) {
	if name, ok := value.(string); ok {
		t := r.snapshot.Load().names[r.fold(name)]
		if t == nil {
			return nil, nil, fmt.Errorf("tenancy: %s.%s: no known model has the table %q: list it in Config.Models or Config.Tables", where, field, name)
		}
		return t, nil, nil
	}
	stmt := &gorm.Statement{DB: r.db}
	if err := stmt.Parse(value); err != nil {
		return nil, nil, fmt.Errorf("tenancy: %s.%s: %w", where, field, err)
	}
	m, err := r.model(stmt.Schema)
	if err != nil {
		return nil, nil, err
	}
	if m.table == nil {
		return nil, nil, &ScopeError{Op: where + "." + field, Table: stmt.Schema.Table, Err: ErrUndeclared, Detail: "a link needs a tenants' table, and the model has no tenant column"}
	}
	return m.table, stmt.Schema, nil
}

// columns returns the column of Via and the one of Model that it names.
func (l *Link) columns(linked, via *schema.Schema) (foreignKey, key string, err error) {
	foreignKey, key = columnOf(via, l.ForeignKey), columnOf(linked, l.Key)
	switch {
	case l.ForeignKey != "" && foreignKey == "":
		return "", "", fmt.Errorf("the model of Via has no field %s, which ForeignKey names", l.ForeignKey)
	case l.Key != "" && key == "":
		return "", "", fmt.Errorf("the model has no field %s, which Key names", l.Key)
	case foreignKey == "" && (linked == nil || via == nil):
		return "", "", errors.New("the table is given by its name: set ForeignKey and Key")
	case key == "" && linked == nil:
		return "", "", errors.New("the table is given by its name: set Key")
	case key == "" && len(linked.PrimaryFields) == 1:
		key = linked.PrimaryFields[0].DBName
	case key == "":
		return "", "", fmt.Errorf("%s has no primary key of one column: set Key to the column that ForeignKey names", linked.Name)
	}
	if foreignKey != "" {
		return foreignKey, key, nil
	}
	found := map[string]bool{}
	for _, pair := range [][2]*schema.Schema{{linked, via}, {via, linked}} {
		for _, rel := range relationsOf(pair[0]) {
			if rel.FieldSchema.ModelType != pair[1].ModelType || rel.JoinTable != nil || rel.Polymorphic != nil || len(rel.References) != 1 {
				continue
			}
			if ref := rel.References[0]; ref.PrimaryKey != nil && ref.ForeignKey.Schema.ModelType == via.ModelType && ref.PrimaryKey.DBName == key {
				found[ref.ForeignKey.DBName] = true
			}
		}
	}
	if len(found) != 1 {
		return "", "", fmt.Errorf("%s and %s have %d relations by which one names the other: set ForeignKey", via.Name, linked.Name, len(found))
	}
	for name := range found {
		foreignKey = name
	}
	return foreignKey, key, nil
}

// columnOf returns the column of a field, by either name; a name stands for itself
// where there is no model.
func columnOf(s *schema.Schema, name string) string {
	if s == nil || name == "" {
		return name
	}
	if field := s.LookUpField(name); field != nil {
		return field.DBName
	}
	return ""
}

// linkCondition returns what a row of the linking table must be for GORM to find
// it, as one that is softly deleted is not.
func (r *knownTables) linkCondition(s *schema.Schema) (string, error) {
	if s == nil || len(s.QueryClauses) == 0 {
		return "", nil
	}
	side := &gorm.Statement{DB: r.db, Table: linkAlias, Schema: s, Clauses: map[string]clause.Clause{}}
	for _, c := range s.QueryClauses {
		if modifier, ok := c.(gorm.StatementModifier); ok {
			modifier.ModifyStatement(side)
		} else {
			side.AddClause(c)
		}
	}
	where, ok := side.Clauses["WHERE"].Expression.(clause.Where)
	if !ok {
		return "", fmt.Errorf("%s adds something to each query that is not a WHERE condition: give it a plain condition, or link by a model without it", s.Name)
	}
	where.Build(side)
	text := side.SQL.String()
	if side.Error != nil || text == "" {
		return "", fmt.Errorf("%s adds something to each query that is not a WHERE condition: give it a plain condition, or link by a model without it", s.Name)
	}
	return r.inline(text, side.Vars)
}

// inline writes the values of a condition into its text.
func (r *knownTables) inline(text string, vars []any) (string, error) {
	for i, value := range vars {
		if valuer, ok := value.(driver.Valuer); ok {
			inner, err := valuer.Value()
			if err != nil {
				return "", err
			}
			vars[i] = inner
		}
		switch reflect.ValueOf(vars[i]).Kind() {
		case reflect.String, reflect.Bool, reflect.Int, reflect.Int64, reflect.Uint, reflect.Uint64:
		default:
			return "", fmt.Errorf("a condition that is added to each query has a %T, which cannot be written as text: use a string, a number or a bool", value)
		}
	}
	if len(vars) == 0 {
		return text, nil
	}
	return r.db.Dialector.Explain(text, vars...), nil
}
