package keys

import (
	"slices"
	"strings"

	"github.com/gorm-tenancy/tenancy/catalog"
)

// Grouped merges findings that differ only in names. Findings with rows stay as
// they are.
func Grouped(findings []Finding) []Finding {
	var list []Finding
	at := map[string]int{}
	for _, f := range findings {
		if f.Count > 0 {
			list = append(list, f)
			continue
		}
		what := string(f.Severity) + nameless(f.Table, f.Object, f.Problem+"\n"+f.Remedy)
		if i, known := at[what]; known {
			list[i].Also = append(append(list[i].Also, Object{f.Table, f.Object}), f.Also...)
			continue
		}
		at[what] = len(list)
		f.Also = slices.Clone(f.Also)
		list = append(list, f)
	}
	return list
}

// groupedQuestions merges questions that differ only in names.
func groupedQuestions(questions []Question) []Question {
	var list []Question
	at := map[string]int{}
	for _, q := range questions {
		what := nameless(q.Table, q.Object, q.Asks) + strings.Join(q.Answers, ",")
		if i, known := at[what]; known {
			list[i].Also = append(list[i].Also, Object{q.Table, q.Object})
			continue
		}
		at[what] = len(list)
		list = append(list, q)
	}
	return list
}

// nameless returns a text without the names of its table and object.
func nameless(table catalog.Name, object, text string) string {
	text = strings.ReplaceAll(text, table.String(), "\x00")
	if object == "" {
		return text
	}
	return strings.ReplaceAll(strings.ReplaceAll(text, catalog.Quote(object), "\x01"), object, "\x01")
}

// others lists the objects of Also as text.
func others(also []Object) string {
	var names []string
	for _, o := range also {
		name := o.Table.String()
		if o.Name != "" {
			name += ": " + o.Name
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// String writes a question on one line.
func (q Question) String() string {
	text := q.Table.String() + " " + q.Asks
	if len(q.Also) > 0 {
		text += " The same is asked of " + others(q.Also) + "."
	}
	return text + " [" + strings.Join(q.Answers, ", ") + "]"
}

// About reports whether the question is about a table.
func (q Question) About(table catalog.Name) bool {
	return q.Table == table || slices.ContainsFunc(q.Also, func(o Object) bool { return o.Table == table })
}
