package tenancy

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm/schema"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/internal/sqlrows"
	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// A column may take the ids of two tenants for one: name cuts them off, real rounds
// them, bigint reads "07" as 7, citext and collations forget case. These are the
// types that do not, by the kind of the ids.
var columnTypes = map[idKind][]string{
	idUUID:     {"uuid", "text", "character varying", "character(36)"},
	idUUIDText: {"uuid", "text", "character varying", "character(36)"},
	idText:     {"text", "character varying"},
	idInteger:  {"smallint", "integer", "bigint", "numeric", "text", "character varying"},
}

// typeNames are other names of these types, as a model may have them.
var typeNames = map[string]string{
	"string": "text", "int": "bigint", "uint": "bigint", "int2": "smallint", "int4": "integer", "int8": "bigint",
	"serial2": "smallint", "serial4": "integer", "serial8": "bigint", "smallserial": "smallint", "serial": "integer",
	"bigserial": "bigint", "varchar": "character varying", "char": "character", "bpchar": "character", "decimal": "numeric",
}

// CheckColumn returns an error for a PostgreSQL column that may take the ids of two
// tenants for one. The type is written as format_type does; for a domain, give the type
// below it. A collation that is not deterministic treats different texts as equal.
// CheckColumn returns nil for a shared table.
func (t TenantTable) CheckColumn(columnType string, deterministic bool) error {
	for kind := range columnTypes {
		if (idType{kind: kind}).name() == t.Type {
			return kind.check(columnType, deterministic)
		}
	}
	return nil
}

func (k idKind) check(columnType string, deterministic bool) error {
	base, length, _ := strings.Cut(columnType, "(")
	length = strings.TrimSuffix(length, ")")
	_, scale, hasScale := strings.Cut(length, ",")
	switch allowed := columnTypes[k]; {
	case k == idText && !deterministic:
		return fmt.Errorf("its collation treats different ids as equal: use a deterministic collation")
	case base == "numeric" && hasScale && strings.TrimSpace(scale) != "0",
		!slices.Contains(allowed, columnType) && !slices.Contains(allowed, base):
		return fmt.Errorf("a column of type %s may treat the ids of two tenants as equal: use %s", columnType, strings.Join(allowed, ", "))
	}
	return nil
}

// checkDeclared judges the type that a model gives its tenant column. What the dialect
// makes of the field's own type holds its ids.
func (r *knownTables) checkDeclared(field *schema.Field, id idType) error {
	declared := strings.ToLower(strings.TrimSpace(string(field.DataType)))
	if declared == "" || declared == string(schema.Bytes) {
		return nil
	}
	declared, collation, _ := strings.Cut(declared, " collate ")
	if r.dialect == sqltext.SQLite {
		return id.kind.checkAffinity(declared, strings.Trim(collation, "\"'` "))
	}
	base, length, hasLength := strings.Cut(declared, "(")
	base = strings.TrimSpace(base)
	if full, ok := typeNames[base]; ok {
		base = full
	}
	if hasLength {
		base += "(" + length
	}
	return id.kind.check(base, true)
}

// checkAffinity is check for SQLite, which goes by what a type's name holds.
func (k idKind) checkAffinity(declared, collation string) error {
	affinity := affinityOf(declared)
	switch {
	case k == idText && affinity != "TEXT" && affinity != "BLOB", k == idInteger && affinity == "REAL":
		return fmt.Errorf("a column of type %s has SQLite's affinity %s, and may treat the ids of two tenants as equal: declare it as text, or as integer for integers", declared, affinity)
	case k == idText && collation != "" && !strings.EqualFold(collation, "binary"):
		return fmt.Errorf("the collation %s treats different ids as equal: use BINARY", collation)
	}
	return nil
}

// affinityOf is what SQLite makes of a declared type: its documentation, 3.1.
func affinityOf(declared string) string {
	declared = strings.ToUpper(declared)
	has := func(parts ...string) bool {
		return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(declared, part) })
	}
	switch {
	case has("INT"):
		return "INTEGER"
	case has("CHAR", "CLOB", "TEXT"), declared == "STRING":
		return "TEXT"
	case declared == "", has("BLOB"):
		return "BLOB"
	case has("REAL", "FLOA", "DOUB"):
		return "REAL"
	}
	return "NUMERIC"
}

const postgresTenantColumn = `SELECT pg_catalog.format_type(CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END,
	CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END), COALESCE(l.collisdeterministic, true)
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
WHERE a.attrelid = to_regclass($1) AND a.attname = $2 AND NOT a.attisdropped`

const sqliteTenantColumn = `SELECT c.type, m.sql FROM sqlite_master m JOIN pragma_table_xinfo(m.name) c
WHERE m.type = 'table' AND lower(m.name) = lower(?1) AND lower(c.name) = lower(?2)`

// checkColumn asks the catalogue what a table's tenant column is. It is asked where
// the catalogue is looked at anyway: once a table, before its first upsert, and when
// it is migrated.
func (r *knownTables) checkColumn(ctx context.Context, q catalog.Querier, t *table) error {
	if t.column == "" {
		return nil
	}
	query, name := postgresTenantColumn, r.quote(t.name)
	if r.dialect == sqltext.SQLite {
		query, name = sqliteTenantColumn, t.name
	}
	return sqlrows.Each(ctx, q, func(row sqlrows.Row) (err error) {
		if r.dialect == sqltext.SQLite {
			var declared string
			var text sql.NullString
			if err := row.Scan(&declared, &text); err != nil {
				return err
			}
			err = t.id.kind.checkAffinity(declared, collationOf(text.String, t.column))
		} else {
			var columnType string
			var deterministic bool
			if err := row.Scan(&columnType, &deterministic); err != nil {
				return err
			}
			err = t.id.kind.check(columnType, deterministic)
		}
		if err != nil {
			return &ScopeError{Table: t.name, Err: ErrInvalidTenant, Detail: "the tenant column " + t.column + ": " + err.Error()}
		}
		return nil
	}, query, name, t.column)
}

// collationOf is the collation that the text of a CREATE TABLE gives a column.
func collationOf(text, column string) string {
	open := strings.IndexByte(text, '(')
	if open < 0 {
		return ""
	}
	end := sqltext.Closing(text[open:])
	if end < 0 {
		return ""
	}
	for _, item := range sqltext.SplitList(text[open+1 : open+end]) {
		lexer := sqltext.Lexer{Text: item, Dialect: sqltext.SQLite}
		first := lexer.Next()
		if !strings.EqualFold(lexer.Name(first), column) {
			continue
		}
		for t := lexer.Next(); t.Kind != sqltext.End && t.Kind != sqltext.Bad; t = lexer.Next() {
			if t.Kind == sqltext.Word && lexer.Folded(t) == "collate" {
				return lexer.Name(lexer.Next())
			}
		}
	}
	return ""
}
