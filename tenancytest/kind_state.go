package tenancytest

import "strings"

// The sides of a linked table's rows that the first tenant does not see.
const (
	sideForeign = "(foreign)"
	sideNobody  = "(nobody)"
)

// sideOf tells who sees a row of a linked table, by its key. What is new is nobody's
// yet, and counts as the first tenant's.
func (m *model) sideOf(row map[string]any) string {
	key := m.keyText(row)
	if m.sides == nil {
		m.sides = map[string]string{}
		n := &normalizer{f: m.f}
		for i := range linkedCount {
			fixture := map[string]any{}
			value := m.build(0, i).Interface()
			for _, field := range m.schema.PrimaryFields {
				fixture[field.DBName] = n.value(m.in(field, value))
			}
			switch {
			case m.isSeenBy(0, i):
			case m.isSeenBy(1, i):
				m.sides[m.keyText(fixture)] = sideForeign
			default:
				m.sides[m.keyText(fixture)] = sideNobody
			}
		}
	}
	return m.sides[key]
}

func (m *model) keyText(row map[string]any) string {
	var parts []string
	for _, field := range m.schema.PrimaryFields {
		parts = append(parts, spell(row[field.DBName]))
	}
	return strings.Join(parts, "\x00")
}

// of renders the rows of one table, whosever they are.
func (s *state) of(m *model) string {
	var all bag
	for _, part := range []map[string]any{s.own, s.foreign, s.rest, s.nobody} {
		rows, _ := part[m.table].(bag)
		all = append(all, rows...)
	}
	return render(all, labels(all))
}
