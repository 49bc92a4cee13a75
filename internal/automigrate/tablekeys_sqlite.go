package automigrate

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/internal/sqlrows"
	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

const (
	sqliteColumns = `SELECT m.name, c.name, c.type, c."notnull", c.pk FROM sqlite_master m JOIN pragma_table_xinfo(m.name) c
WHERE m.type = 'table' ORDER BY m.name, c.pk, c.cid`

	sqliteIndexes = `SELECT m.name, l.name, l.origin, l."unique", l.partial, x.name, COALESCE(i.sql, '')
FROM sqlite_master m
JOIN pragma_index_list(m.name) l
JOIN pragma_index_xinfo(l.name) x
LEFT JOIN sqlite_master i ON i.type = 'index' AND i.name = l.name
WHERE m.type = 'table' AND x.key ORDER BY m.name, l.name, x.seqno`

	sqliteForeign = `SELECT m.name, f.id, f."table", f."from", f."to", f.on_update, f.on_delete
FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f
WHERE m.type = 'table' ORDER BY m.name, f.id, f.seq`

	sqliteTexts = `SELECT type, tbl_name, sql FROM sqlite_master WHERE type IN ('table', 'trigger') AND sql IS NOT NULL ORDER BY name`

	sqliteNames = `SELECT '', name, CASE type WHEN 'index' THEN tbl_name ELSE '' END FROM sqlite_master`
)

// readSQLite reads what all tables have.
func readSQLite(ctx context.Context, q catalog.Querier) (map[catalog.Name]*tableKeys, error) {
	r := &sqliteReader{tables: map[catalog.Name]*tableKeys{}}
	for _, part := range []struct {
		query string
		scan  func(sqlrows.Row) error
	}{
		{sqliteColumns, r.column}, {sqliteIndexes, r.index}, {sqliteForeign, r.foreign}, {sqliteTexts, r.text},
	} {
		if err := sqlrows.Each(ctx, q, part.scan, part.query); err != nil {
			return nil, err
		}
	}
	r.finish()
	return r.tables, nil
}

type sqliteReader struct {
	tables map[catalog.Name]*tableKeys
	last   int // the id of the last foreign key
}

func sqliteName(name string) catalog.Name { return catalog.Name{Name: sqltext.Lower(name)} }

func (r *sqliteReader) table(name string) *tableKeys {
	at := sqliteName(name)
	if r.tables[at] == nil {
		r.tables[at] = &tableKeys{name: at, texts: map[string]string{}}
		r.last = -1
	}
	return r.tables[at]
}

func (r *sqliteReader) column(rows sqlrows.Row) error {
	var table, name, typ string
	var notNull bool
	var place int
	if err := rows.Scan(&table, &name, &typ, &notNull, &place); err != nil {
		return err
	}
	t := r.table(table)
	t.columns = append(t.columns, name)
	if !notNull {
		t.nullable = append(t.nullable, name)
	}
	if place == 1 && strings.EqualFold(typ, "INTEGER") {
		t.rowid = name
	} else if place > 1 {
		t.rowid = ""
	}
	if place == 1 {
		t.indexes = append(t.indexes, &tableIndex{kind: primaryKey})
	}
	if place > 0 {
		t.indexes[0].parts = append(t.indexes[0].parts, columnPart(name))
	}
	return nil
}

func (r *sqliteReader) index(rows sqlrows.Row) error {
	var table, name, origin, text string
	var unique, partial bool
	var column sql.NullString
	if err := rows.Scan(&table, &name, &origin, &unique, &partial, &column, &text); err != nil {
		return err
	}
	t := r.table(table)
	if origin == "pk" { // a key that the rowid is has no index
		t.rowid = ""
		return nil
	}
	if last := len(t.indexes) - 1; last >= 0 && t.indexes[last].name == name {
		if text == "" {
			t.indexes[last].parts = append(t.indexes[last].parts, columnPart(column.String))
		}
		return nil
	}
	index := &tableIndex{name: name}
	switch {
	case origin == "u":
		index.kind = uniqueConstraint
	case unique:
		index.kind = uniqueIndex
	}
	if text == "" {
		index.parts = []indexPart{columnPart(column.String)}
	} else {
		index.parts, index.where = parseSQLiteIndex(text, t.columns)
		t.texts[name] = text
	}
	t.indexes = append(t.indexes, index)
	return nil
}

// isRowidType reports whether a column with this definition becomes the rowid when
// it is the primary key. Its type must be exactly INTEGER; any constraints may
// follow.
func isRowidType(definition string) bool {
	lexer := sqltext.Lexer{Text: definition, Dialect: sqltext.SQLite}
	if !strings.EqualFold(lexer.Raw(lexer.Next()), "INTEGER") {
		return false
	}
	next := lexer.Next()
	return next.Kind == sqltext.End ||
		next.Kind == sqltext.Word && columnConstraints[strings.ToUpper(lexer.Raw(next))]
}

// columnConstraints are the words that a column's constraint begins with on SQLite.
var columnConstraints = map[string]bool{
	"CONSTRAINT": true, "PRIMARY": true, "NOT": true, "NULL": true, "UNIQUE": true, "CHECK": true,
	"DEFAULT": true, "COLLATE": true, "REFERENCES": true, "GENERATED": true, "AS": true,
}

// parseSQLiteIndex reads the parts and the condition of a CREATE INDEX, which the
// catalogue keeps as it was sent.
func parseSQLiteIndex(text string, columns []string) (parts []indexPart, where condition) {
	open := strings.IndexByte(text, '(')
	if open < 0 {
		return nil, condition{}
	}
	end := open + sqltext.Closing(text[open:])
	if end <= open {
		return nil, condition{}
	}
	rest := strings.TrimSpace(text[end+1:])
	if len(rest) > len("WHERE") && strings.EqualFold(rest[:len("WHERE")], "WHERE") {
		where = newCondition(strings.TrimSpace(rest[len("WHERE"):]))
	}
	for _, sql := range sqltext.SplitList(text[open+1 : end]) {
		word, suffix, _ := strings.Cut(sql, " ")
		name := strings.Trim(word, "\"`")
		at := slices.IndexFunc(columns, func(c string) bool { return strings.EqualFold(c, name) })
		if at < 0 {
			parts = append(parts, writtenPart("", sql, ""))
		} else {
			parts = append(parts, writtenPart(columns[at], sql, suffix))
		}
	}
	return parts, where
}

func (r *sqliteReader) foreign(rows sqlrows.Row) error {
	var table, parent, column, onUpdate, onDelete string
	var id int
	var ref sql.NullString
	if err := rows.Scan(&table, &id, &parent, &column, &ref, &onUpdate, &onDelete); err != nil {
		return err
	}
	t := r.table(table)
	if len(t.foreign) == 0 || r.last != id {
		fk := &foreignKey{parent: sqliteName(parent)}
		fk.onDelete, _, _ = parseAction("", onDelete)
		fk.onUpdate, _, _ = parseAction("", onUpdate)
		t.foreign = append(t.foreign, fk)
		r.last = id
	}
	fk := t.foreign[len(t.foreign)-1]
	fk.columns = append(fk.columns, column)
	if ref.Valid {
		fk.refs = append(fk.refs, ref.String)
	}
	return nil
}

func (r *sqliteReader) text(rows sqlrows.Row) error {
	var kind, table, text string
	if err := rows.Scan(&kind, &table, &text); err != nil {
		return err
	}
	t := r.table(table)
	if kind == "table" {
		t.sql = text
	} else {
		t.triggers = append(t.triggers, text)
	}
	return nil
}

// finish fills in what a foreign key refers to where it does not say so: the
// parent's primary key.
func (r *sqliteReader) finish() {
	for _, t := range r.tables {
		for _, fk := range t.foreign {
			if parent := r.tables[fk.parent]; len(fk.refs) == 0 && parent != nil && len(parent.indexes) > 0 {
				fk.refs, _ = parent.indexes[0].columns()
			}
		}
	}
}
