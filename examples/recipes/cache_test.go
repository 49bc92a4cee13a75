package recipes

import (
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	"gorm.io/gorm/callbacks"

	"github.com/gorm-tenancy/tenancy"
)

// cache answers queries that were asked before. It is used after the tenancy plugin.
type cache struct {
	query   func(*gorm.DB)
	answers sync.Map
	hits    atomic.Int32
}

func (c *cache) Name() string { return "cache" }

func (c *cache) Initialize(db *gorm.DB) error {
	c.query = db.Callback().Query().Get("gorm:query")
	return db.Callback().Query().Replace("gorm:query", c.answer)
}

func (c *cache) answer(db *gorm.DB) {
	callbacks.BuildQuerySQL(db) // with the tenant's predicate
	if db.Error != nil || db.DryRun {
		return
	}
	key := fmt.Sprintf("%T %s %v", db.Statement.Dest, db.Statement.SQL.String(), db.Statement.Vars)
	if answer, ok := c.answers.Load(key); ok {
		c.hits.Add(1)
		db.AddError(json.Unmarshal(answer.([]byte), db.Statement.Dest))
		return
	}
	if c.query(db); db.Error == nil {
		answer, err := json.Marshal(db.Statement.Dest)
		c.answers.Store(key, answer)
		db.AddError(err)
	}
}

func TestCacheKeepsTenantsApart(t *testing.T) {
	t.Parallel()
	db, cached := open(t, tenancy.Config{}, &Project{}), &cache{}
	require.NoError(t, db.Use(cached))
	require.NoError(t, as(db, acme).Create(&Project{ID: 1, Name: "Apollo"}).Error)
	require.NoError(t, as(db, globex).Create(&Project{ID: 1, Name: "Gemini"}).Error)
	for range 2 {
		require.Equal(t, []string{"Apollo"}, names(t, as(db, acme)))
		require.Equal(t, []string{"Gemini"}, names(t, as(db, globex)))
	}
	require.EqualValues(t, 2, cached.hits.Load())
	require.ErrorIs(t, db.Find(&[]Project{}).Error, tenancy.ErrNoTenant)
}
