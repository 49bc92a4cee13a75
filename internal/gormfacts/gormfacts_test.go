package gormfacts

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/logger"
	"gorm.io/gorm/schema"
	"gorm.io/gorm/utils/tests"
)

type owner struct {
	ID    int64
	Pets  []pet
	Roles []role `gorm:"many2many:owner_roles"`
}

type pet struct {
	ID      int64
	OwnerID int64
}

type role struct{ ID int64 }

// pool records the values of what is executed.
type pool struct{ vars []any }

func (p *pool) PrepareContext(context.Context, string) (*sql.Stmt, error) { return nil, nil }
func (p *pool) ExecContext(_ context.Context, _ string, args ...any) (sql.Result, error) {
	p.vars = args
	return driver.RowsAffected(1), nil
}
func (p *pool) QueryContext(context.Context, string, ...any) (*sql.Rows, error) { return nil, nil }
func (p *pool) QueryRowContext(context.Context, string, ...any) *sql.Row        { return nil }

func open(t *testing.T) *gorm.DB {
	t.Helper()
	db, err := gorm.Open(tests.DummyDialector{}, &gorm.Config{
		ConnPool: &pool{}, SkipDefaultTransaction: true, DisableAutomaticPing: true, Logger: logger.Discard.LogMode(logger.Silent),
	})
	require.NoError(t, err)
	return db
}

// on has a processor call f before it builds a statement.
func on(t *testing.T, register func(name string, f func(*gorm.DB)) error, f func(*gorm.DB)) {
	t.Helper()
	require.NoError(t, register("test", f))
}

func TestIsDerived(t *testing.T) {
	t.Parallel()
	stmt := &gorm.Statement{DB: open(t)}
	require.NoError(t, stmt.Parse(&owner{}))
	assert.False(t, IsDerived(stmt.Schema))
	assert.True(t, IsDerived(stmt.Schema.Relationships.Relations["Roles"].JoinTable))
}

func TestIsSubquery(t *testing.T) {
	t.Parallel()
	db := open(t)
	seen := map[string]bool{}
	on(t, db.Callback().Query().Before("gorm:query").Register, func(db *gorm.DB) {
		seen[db.Statement.Table] = IsSubquery(db)
	})
	pets := db.Model(&pet{}).Select("owner_id")
	db.Session(&gorm.Session{DryRun: true, Logger: logger.Default}).Where("id IN (?)", pets).Find(&[]owner{})
	assert.Equal(t, map[string]bool{"owners": false, "pets": true}, seen)
}

func TestIsSave(t *testing.T) {
	t.Parallel()
	db := open(t)
	var seen []bool
	on(t, db.Callback().Update().Before("gorm:update").Register, func(db *gorm.DB) { seen = append(seen, IsSave(db.Statement)) })
	dry := db.Session(&gorm.Session{DryRun: true})
	require.NoError(t, dry.Save(&pet{ID: 1}).Error)
	require.NoError(t, dry.Model(&pet{ID: 1}).Updates(&pet{OwnerID: 2}).Error)
	require.NoError(t, dry.Model(&pet{ID: 1}).Select("*").Updates(&pet{OwnerID: 2}).Error)
	assert.Equal(t, []bool{true, false, false}, seen)
}

func TestIsChain(t *testing.T) {
	t.Parallel()
	db := open(t)
	assert.True(t, IsChain(gorm.G[pet](db).Where("id = ?", 1)))
	assert.True(t, IsChain(gorm.G[pet](db)))
	assert.False(t, IsChain(&pool{}))
	assert.False(t, IsChain(clause.Expr{}))
}

func TestInAssociationMode(t *testing.T) {
	t.Parallel()
	db := open(t)
	var found, other bool
	on(t, db.Callback().Query().Before("gorm:query").Register, func(*gorm.DB) {
		found, other = InAssociationMode(), InAssociationMode("Find", "Count")
	})
	dry := db.Session(&gorm.Session{DryRun: true})
	require.NoError(t, dry.Model(&owner{ID: 1}).Association("Pets").Find(&[]pet{}))
	assert.True(t, found)
	assert.False(t, other, "the methods that are named do not count")
	dry.Find(&[]pet{})
	assert.False(t, found)

	saved := false
	on(t, db.Callback().Create().Before("gorm:create").Register, func(*gorm.DB) {
		found, saved = InAssociationMode(), !InAssociationMode("saveAssociation", "Append")
	})
	require.NoError(t, dry.Model(&owner{ID: 1}).Association("Pets").Append(&pet{ID: 2}))
	assert.True(t, found)
	assert.True(t, saved, "an Append only saves")
}

func TestInExec(t *testing.T) {
	t.Parallel()
	db := open(t)
	var seen []bool
	on(t, db.Callback().Query().Before("gorm:query").Register, func(*gorm.DB) { seen = append(seen, InExec()) })
	pets := db.Model(&pet{}).Select("id")
	require.NoError(t, db.Exec("DELETE FROM pets WHERE id IN (?)", pets).Error)
	db.Session(&gorm.Session{DryRun: true}).Where("id IN (?)", pets).Find(&[]pet{})
	assert.Equal(t, []bool{true, false, false}, seen)
}

func TestIsList(t *testing.T) {
	t.Parallel()
	db := open(t)
	list := db.Callback().Query().Clauses
	var own, copied bool
	on(t, db.Callback().Query().Before("gorm:query").Register, func(db *gorm.DB) {
		own, copied = IsList(db.Statement.BuildClauses, list), IsList(slices.Clone(list), list)
	})
	db.Session(&gorm.Session{DryRun: true}).Find(&[]pet{})
	assert.True(t, own)
	assert.False(t, copied)
}

func TestVarsOf(t *testing.T) {
	t.Parallel()
	db := open(t)
	var bound Vars
	on(t, db.Callback().Update().After("gorm:update").Register, func(db *gorm.DB) { bound = VarsOf(db.Statement.Vars) })
	require.NoError(t, db.Model(&pet{ID: 1}).Update("owner_id", 2).Error)
	sent := db.ConnPool.(*pool).vars
	assert.True(t, bound == VarsOf(sent))                //nolint:testifylint // Equal follows the pointer
	assert.False(t, bound == VarsOf(slices.Clone(sent))) //nolint:testifylint // NotEqual follows the pointer
}

func TestBuilders(t *testing.T) {
	t.Parallel()
	db := open(t)
	config := *db.Config
	assert.Equal(t, Builders(db), Builders(db.Session(&gorm.Session{NewDB: true, PrepareStmt: true})))
	assert.Equal(t, Builders(db), Builders(&gorm.DB{Config: &config}))
	assert.NotEqual(t, Builders(db), Builders(open(t)))
}

func TestCode(t *testing.T) {
	t.Parallel()
	var made []func() int
	for i := range 2 {
		made = append(made, func() int { return i })
	}
	assert.Equal(t, Code(made[0]), Code(made[1]))
	assert.NotEqual(t, Code(made[0]), Code(func() int { return 1 }))
}

func TestIsGORMs(t *testing.T) {
	t.Parallel()
	all := open(t).Callback()
	for name, callback := range map[string]func(*gorm.DB){
		"create": all.Create().Get("gorm:create"), "query": all.Query().Get("gorm:query"), "update": all.Update().Get("gorm:update"),
		"delete": all.Delete().Get("gorm:delete"), "row": all.Row().Get("gorm:row"), "raw": all.Raw().Get("gorm:raw"),
	} {
		require.NotNil(t, callback, name)
		assert.True(t, IsGORMs(callback), name)
	}
	assert.False(t, IsGORMs(func(*gorm.DB) {}))
}

func TestParsedModels(t *testing.T) {
	t.Parallel()
	db := open(t)
	require.NoError(t, (&gorm.Statement{DB: db}).Parse(&pet{}))
	store := ParsedModels(db)
	require.NotNil(t, store)
	var names []string
	store.Range(func(_, value any) bool {
		if s, ok := value.(*schema.Schema); ok {
			names = append(names, s.Table)
		}
		return true
	})
	assert.Contains(t, names, "pets")
}

func TestSavedAssociations(t *testing.T) {
	t.Parallel()
	db := open(t)
	nested := map[string]bool{}
	on(t, db.Callback().Create().Before("gorm:create").Register, func(db *gorm.DB) {
		_, nested[db.Statement.Table] = db.Statement.Settings.Load(SavedAssociations)
	})
	require.NoError(t, db.Session(&gorm.Session{DryRun: true}).Create(&owner{ID: 1, Pets: []pet{{ID: 2}}}).Error)
	assert.Equal(t, map[string]bool{"owners": false, "pets": true}, nested)
}
