package suite

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	"gorm.io/gorm/callbacks"
	"gorm.io/gorm/clause"

	"github.com/gorm-tenancy/tenancy"
)

// TestManyTenantsUseOneDB runs under -race: goroutines of many tenants begin
// with a plugin that knows no model yet.
func TestManyTenantsUseOneDB(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB) *gorm.DB{"sqlite": openSQLite, "postgres": openPostgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			pool, err := db.DB()
			require.NoError(t, err)
			pool.SetMaxOpenConns(4)
			require.NoError(t, db.Use(tenancy.New(tenancy.Config{Shared: []any{tenancy.Writable(&Event{})}})))
			require.NoError(t, db.AutoMigrate(models...))
			var wg sync.WaitGroup
			errs := make(chan error, 16)
			for i := range 16 {
				wg.Add(1)
				go func() {
					defer wg.Done()
					errs <- useAs(db, strconv.Itoa(i))
				}()
			}
			wg.Wait()
			close(errs)
			for err := range errs {
				require.NoError(t, err)
			}
		})
	}
}

func useAs(db *gorm.DB, name string) error {
	tenant := uuid.New()
	db = db.WithContext(tenancy.With(context.Background(), tenant))
	for range 5 {
		u := User{Name: name, Orders: []Order{{Amount: 1}}, Tags: []Tag{{Name: name}}, Company: &Company{Name: name}}
		if err := db.Create(&u).Error; err != nil {
			return err
		}
		var users []User
		err := db.Preload(clause.Associations).Joins("Company").Where("users.name <> ? or 1=1", "x").Find(&users).Error
		if err != nil {
			return err
		}
		for _, u := range users {
			if u.TenantID != tenant || u.Name != name || u.Company.Name != name || len(u.Tags) != 1 || u.Tags[0].Name != name {
				return fmt.Errorf("tenant %s sees %+v", name, u)
			}
		}
		if err := db.Model(&u).Association("Tags").Append(&Tag{Name: name}); err != nil {
			return err
		}
		if err := db.Model(&u).Association("Tags").Clear(); err != nil {
			return err
		}
		if db.Where("1=1").Delete(&User{}).RowsAffected != 1 {
			return errors.New("it deleted another number of rows than its own")
		}
	}
	return nil
}

// queryCache answers a query from memory when the same SQL with the same values
// was asked before, as go-gorm/caches does: in place of gorm:query, keyed by
// the SQL that BuildQuerySQL makes.
type queryCache struct {
	query   func(*gorm.DB)
	entries map[string]any
	hits    int
}

func (c *queryCache) Name() string { return "cache" }

func (c *queryCache) Initialize(db *gorm.DB) error {
	c.query, c.entries = db.Callback().Query().Get("gorm:query"), map[string]any{}
	return db.Callback().Query().Replace("gorm:query", c.Query)
}

func (c *queryCache) Query(db *gorm.DB) {
	callbacks.BuildQuerySQL(db)
	key := db.Dialector.Explain(db.Statement.SQL.String(), db.Statement.Vars...)
	if rows, ok := c.entries[key]; ok && db.Error == nil {
		c.hits++
		*db.Statement.Dest.(*[]User) = rows.([]User)
		return
	}
	c.query(db)
	if db.Error == nil {
		c.entries[key] = *db.Statement.Dest.(*[]User)
	}
}

func TestTenantsShareNoCacheEntry(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		seed(t, w)
		cache := &queryCache{}
		require.NoError(t, w.db.Use(cache))
		for range 2 {
			for db, want := range map[*gorm.DB]string{w.a: "ann", w.b: "bob"} {
				var users []User
				require.NoError(t, db.Where("age > ?", 18).Find(&users).Error)
				require.Len(t, users, 1)
				require.Equal(t, want, users[0].Name)
			}
		}
		require.Len(t, cache.entries, 2)
		require.Equal(t, 2, cache.hits)
		var users []User
		require.ErrorIs(t, w.db.Where("age > ?", 18).Find(&users).Error, tenancy.ErrNoTenant)
		require.Empty(t, users)
	})
}
