package automigrate

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestSameIndex(t *testing.T) {
	t.Parallel()
	part := func(column, sql, suffix string) *tableIndex {
		return &tableIndex{parts: []indexPart{columnPart("tenant_id"), writtenPart(column, sql, suffix)}}
	}
	where := func(text string) *tableIndex {
		return &tableIndex{parts: columnParts([]string{"a"}), where: newCondition(text)}
	}
	unique := func(kind keyKind, columns ...string) *tableIndex {
		return &tableIndex{kind: kind, parts: columnParts(columns)}
	}
	for _, test := range []struct {
		reason    string
		want, has *tableIndex
		same      bool
	}{
		{"the default order", part("a", "a", ""), part("a", "`a` ASC", " ASC"), true},
		{"the default of nulls", part("a", "", ""), part("a", "a NULLS LAST", " NULLS LAST"), true},
		{"the default of nulls downwards", part("a", "a desc", " desc"), part("a", "a DESC NULLS FIRST", " DESC NULLS FIRST"), true},
		{"another order", part("a", "", ""), part("a", "a DESC", " DESC"), false},
		{"a collation", part("a", `a COLLATE "C"`, ` COLLATE "C"`), part("a", "a COLLATE c", " COLLATE c"), true},
		{"an expression", part("", "lower( a ) desc", ""), part("", "LOWER(a) DESC", ""), true},
		{"an operator class", part("", "lower(a)", ""), part("", "lower(a) text_pattern_ops", ""), false},
		{"parentheses", where("(a > 1)"), where("a>1"), true},
		{"text in quotes", where("a = 'X'"), where("a = 'x'"), false},
		{"a key's order", unique(uniqueIndex, "tenant_id", "a"), unique(uniqueConstraint, "a", "tenant_id"), true},
		{"a key with less", unique(uniqueIndex, "tenant_id", "a"), unique(uniqueIndex, "a"), false},
		{"a primary key", unique(primaryKey, "a"), unique(uniqueIndex, "a"), false},
		{"an index's order", unique(plainIndex, "a", "b"), unique(plainIndex, "b", "a"), false},
		{"no key", unique(plainIndex, "a"), unique(uniqueIndex, "a"), false},
		{"not built", unique(uniqueIndex, "a"), &tableIndex{kind: uniqueIndex, parts: columnParts([]string{"a"}), invalid: true}, false},
		{"more columns", unique(uniqueIndex, "a"), &tableIndex{kind: uniqueIndex, parts: columnParts([]string{"a"}), options: "NULLS NOT DISTINCT"}, false},
	} {
		assert.Equal(t, test.same, test.want.same(test.has), test.reason)
	}
}
