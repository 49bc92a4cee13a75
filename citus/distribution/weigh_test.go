package distribution_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestWeigh counts the rows of tenants, also of tables that have no tenant column
// yet. Where Citus is missing nobody can say in which shard they would be.
func TestWeigh(t *testing.T) {
	t.Parallel()
	db, c := database(t, shop+"INSERT INTO orders (user_id, number) SELECT 7, 1 FROM generate_series(1, 1000); ANALYZE;")
	own := cluster()
	own.Installed = ""
	w, err := analyze(t, c, own, answered("")).Weigh(t.Context(), db, 3)
	require.NoError(t, err)
	require.Len(t, w.Tenants, 3)
	assert.Equal(t, "8", w.Tenants[0].Tenant, "user 7's")
	assert.EqualValues(t, 1+5+250+1000, w.Tenants[0].Rows)
	assert.EqualValues(t, 1+5+250, w.Tenants[1].Rows)
	assert.EqualValues(t, -1, w.Tenants[0].Shard)
	assert.EqualValues(t, 20, w.Count)
	assert.EqualValues(t, 20+100+6000, w.Rows)
	var bytes int64
	for _, table := range c.Tables {
		if table.Name != public("countries") {
			bytes += table.Bytes + table.IndexBytes
		}
	}
	assert.InDelta(t, bytes, w.Bytes, 20)
}

// TestWeighTwoTypes weighs tenants whose columns are of two types: the report says what
// blocks instead of ending in an error.
func TestWeighTwoTypes(t *testing.T) {
	t.Parallel()
	db, c := database(t, shop+"CREATE TABLE labels (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), tenant_id text NOT NULL); "+
		"INSERT INTO labels (tenant_id) VALUES ('8'), ('x'); ANALYZE;")
	own := cluster()
	own.Installed = ""
	w, err := analyze(t, c, own, answered("")).Weigh(t.Context(), db, 1)
	require.NoError(t, err)
	assert.EqualValues(t, 21, w.Count)
	assert.EqualValues(t, 20+100+5000+2, w.Rows)
}
