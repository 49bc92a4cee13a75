package automigrate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/internal/columnset"
)

// foreignKey is a foreign key that a model wants or that a table has.
type foreignKey struct {
	name      string
	columns   []string
	parent    catalog.Name
	refs      []string
	onDelete  catalog.Action
	onUpdate  catalog.Action
	clear     []string // the columns of SET NULL (…) and SET DEFAULT (…)
	full      bool     // MATCH FULL
	unchecked bool     // NOT VALID

	parentSQL string // of one that a model wants: the parent as SQL has it
	tenant    string // and the tenant column among its columns; empty for none
	anyDelete bool   // the model says nothing of deletes: what a table has stays
	anyUpdate bool   // the same of updates
	canClear  bool   // the database can clear a part of the columns
}

// pairs returns the pairs of referring and referred columns, without the tenant
// column.
func (f *foreignKey) pairs(tenant string) (pairs []string) {
	for i, column := range f.columns {
		if column != tenant && i < len(f.refs) {
			pairs = append(pairs, column+"\x00"+f.refs[i])
		}
	}
	return pairs
}

// describe names a foreign key and its columns for people.
func (f *foreignKey) describe() string {
	return strings.TrimSpace("foreign key "+f.name) + " (" + strings.Join(f.columns, ", ") + ")"
}

func (f *foreignKey) same(has *foreignKey) bool {
	return f.parent == has.parent && columnset.Same(f.pairs(""), has.pairs("")) &&
		(f.anyDelete || has.anyDelete || f.onDelete == has.onDelete && columnset.Same(f.clear, has.clear)) &&
		(f.anyUpdate || has.anyUpdate || f.onUpdate == has.onUpdate) && f.full == has.full
}

// takeActions takes over the actions of another form, which the table has, if the
// model does not mention them: GORM leaves them as they are. It does not take over
// actions that would clear the tenant column; see clearsTenant.
func (f *foreignKey) takeActions(form *foreignKey) {
	switch {
	case !f.anyDelete:
	case f.tenant == "" || !clears(form.onDelete):
		f.onDelete, f.clear = form.onDelete, form.clear
	case f.canClear:
		f.onDelete = form.onDelete
		f.clear = slices.DeleteFunc(slices.Clone(f.columns), func(c string) bool { return c == f.tenant })
	}
	if f.anyUpdate && (f.tenant == "" || !clears(form.onUpdate)) {
		f.onUpdate = form.onUpdate
	}
}

// clearsTenant reports whether an action of another form, which the table has, would
// clear the tenant column.
func (f *foreignKey) clearsTenant(form *foreignKey) bool {
	return f.tenant != "" && (f.anyDelete && clears(form.onDelete) && !f.canClear || f.anyUpdate && clears(form.onUpdate))
}

// isFormOf reports whether a foreign key that a table has is another form of the
// wanted one: the one without the tenant column, or with another action.
func (f *foreignKey) isFormOf(want *foreignKey) bool {
	return f.name == want.name && f.name != "" ||
		f.parent == want.parent && columnset.Same(f.pairs(want.tenant), want.pairs(want.tenant))
}

func clears(a catalog.Action) bool { return a == catalog.SetNull || a == catalog.SetDefault }

var actions = map[string]catalog.Action{
	"":            catalog.NoAction,
	"NO ACTION":   catalog.NoAction,
	"RESTRICT":    catalog.Restrict,
	"CASCADE":     catalog.Cascade,
	"SET NULL":    catalog.SetNull,
	"SET DEFAULT": catalog.SetDefault,
}

// parseAction reads an action from a tag or a catalogue, with the columns that it is
// limited to.
func parseAction(setting, text string) (catalog.Action, []string, error) {
	word, list, limited := strings.Cut(text, "(")
	action, ok := actions[strings.Join(strings.Fields(strings.ToUpper(word)), " ")]
	if !ok {
		return "", nil, fmt.Errorf("%s:%s is not known: it is CASCADE, RESTRICT, NO ACTION, SET NULL or SET DEFAULT", setting, text)
	}
	var columns []string
	if limited {
		for column := range strings.SplitSeq(strings.TrimSuffix(strings.TrimSpace(list), ")"), ",") {
			columns = append(columns, strings.Trim(strings.TrimSpace(column), "\"`"))
		}
	}
	return action, columns, nil
}

func actionSQL(a catalog.Action) string {
	for text, action := range actions {
		if action == a && text != "" {
			return text
		}
	}
	return ""
}
