package automigrate

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gorm-tenancy/tenancy/catalog"
)

func TestKeepTenant(t *testing.T) {
	t.Parallel()
	byID := &modelKeys{indexes: []*tableIndex{{kind: primaryKey, parts: columnParts([]string{"id"})}}}
	for _, test := range []struct {
		reason   string
		sqlite   bool
		version  int
		onDelete catalog.Action
		onUpdate catalog.Action
		parent   *modelKeys
		clear    []string
		alone    int
		err      string
	}{
		{reason: "nothing is cleared", version: 140000, onDelete: catalog.Cascade, onUpdate: catalog.Cascade},
		{reason: "a part is", version: 150000, onDelete: catalog.SetNull, clear: []string{"user_id"}},
		{reason: "or has its default", version: 150000, onDelete: catalog.SetDefault, clear: []string{"user_id"}},
		{reason: "older servers clear all", version: 140000, onDelete: catalog.SetNull, err: "before PostgreSQL 15"},
		{reason: "updates clear all", version: 180000, onUpdate: catalog.SetNull, err: "OnUpdate:SET NULL would clear"},
		{reason: "a second foreign key clears", sqlite: true, onDelete: catalog.SetNull, parent: byID, alone: 1},
		{reason: "it has nothing to refer to", sqlite: true, onDelete: catalog.SetNull, err: "SQLite can clear a part"},
	} {
		declared := &foreignKey{name: "fk", columns: []string{"user_id"}, refs: []string{"id"}, onDelete: test.onDelete, onUpdate: test.onUpdate}
		fk := *declared
		fk.prependTenant("tenant_id", "tenant_id")
		m, rules := &modelKeys{}, &keyRules{sqlite: test.sqlite, version: test.version}
		if test.parent == nil {
			test.parent = &modelKeys{}
		}
		err := rules.keepTenant(m, &fk, declared, test.parent)
		if test.err != "" {
			assert.ErrorContains(t, err, test.err, test.reason)
			continue
		}
		assert.NoError(t, err, test.reason)
		assert.Equal(t, test.clear, fk.clear, test.reason)
		assert.Len(t, m.foreign, test.alone, test.reason)
		assert.Equal(t, []string{"tenant_id", "user_id"}, fk.columns, test.reason)
	}
}
