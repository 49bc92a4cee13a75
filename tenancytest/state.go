package tenancytest

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/schema"
)

// state is what the tables hold, by whose rows they are.
type state struct {
	own     map[string]any // rows of the first tenant, by table
	foreign map[string]any // rows of the second
	rest    map[string]any // rows of shared tables, and of nobody
	nobody  map[string]any // rows of linked tables that neither of the two sees

	rendered *texts
}

// texts is a state as text.
type texts struct{ own, foreign, rest, nobody string }

// hidden is what the first tenant must not see or change.
func (t *texts) hidden() string { return t.foreign + t.nobody }

// text renders the state, once.
func (s *state) text() *texts {
	if s.rendered == nil {
		s.rendered = &texts{
			render(s.own, labels(s.own)), render(s.foreign, labels(s.foreign)), render(s.rest, labels(s.rest)),
			render(s.nobody, labels(s.nobody)),
		}
	}
	return s.rendered
}

// readState reads all tables through a connection, past the plugin.
func (f *Fixture) readState(pool gorm.ConnPool, db *gorm.DB) (*state, error) {
	s := &state{own: map[string]any{}, foreign: map[string]any{}, rest: map[string]any{}, nobody: map[string]any{}}
	n := &normalizer{f: f, bases: f.bases[db]}
	if f.suite.Reveal != nil && db != f.lone {
		if err := f.suite.Reveal(context.Background(), pool); err != nil {
			return nil, fmt.Errorf("Suite.Reveal: %w", err)
		}
	}
	ctx := context.Background()
	if f.suite.Reading != nil && db != f.lone {
		ctx = f.suite.Reading
	}
	for _, m := range f.models {
		if err := m.readRows(ctx, pool, db, n, s); err != nil {
			return nil, fmt.Errorf("%s: %w", m.table, err)
		}
	}
	return s, nil
}

func (m *model) readRows(ctx context.Context, pool gorm.ConnPool, db *gorm.DB, n *normalizer, s *state) error {
	fields := m.storedIn(db)
	var names []string
	for _, field := range fields {
		names = append(names, m.f.quote(field.DBName))
	}
	found, err := pool.QueryContext(ctx,
		"SELECT "+strings.Join(names, ", ")+" FROM "+m.f.quote(m.table))
	if err != nil {
		return err
	}
	defer found.Close()
	parts := map[string]bag{}
	for found.Next() {
		values := make([]any, len(names))
		targets := make([]any, len(names))
		for i := range values {
			targets[i] = &values[i]
		}
		if err := found.Scan(targets...); err != nil {
			return err
		}
		row, owner := map[string]any{}, ""
		if m.tenant != nil && !slices.Contains(fields, m.tenant) {
			owner = m.f.spelled()[m.f.loneTenant]
		}
		for i, field := range fields {
			leaf := numeric(field, n.value(values[i]))
			if field == m.tenant {
				owner = spell(leaf)
				continue
			}
			row[field.DBName] = leaf
		}
		if owner != m.f.spelled()[0] && owner != m.f.spelled()[1] && m.tenant != nil {
			row["tenant"] = owner
		}
		if m.isLinked() {
			owner = m.sideOf(row)
		}
		parts[owner] = append(parts[owner], row)
	}
	for owner, part := range parts {
		switch owner {
		case sideForeign:
			s.foreign[m.table] = part
		case sideNobody:
			s.nobody[m.table] = part
		case m.f.spelled()[0]:
			s.own[m.table] = part
		case m.f.spelled()[1]:
			s.foreign[m.table] = part
		default:
			known, _ := s.rest[m.table].(bag)
			s.rest[m.table] = append(known, part...)
		}
	}
	return found.Err()
}

// numeric turns what a column of a decimal type gives into the number that it
// is: the two databases need not have the same type for a float.
func numeric(field *schema.Field, leaf any) any {
	text, ok := leaf.(string)
	if !ok || field.GORMDataType != schema.Float {
		return leaf
	}
	if number, err := strconv.ParseFloat(text, 64); err == nil {
		return number
	}
	return leaf
}

// storedIn lists the columns that a table has in one of the databases. GORM
// makes the oracle's join tables without a tenant column.
func (m *model) storedIn(db *gorm.DB) []*schema.Field {
	fields := m.stored()
	if db == m.f.lone && !m.named() {
		fields = slices.DeleteFunc(fields, func(field *schema.Field) bool { return field == m.tenant })
	}
	return fields
}
