package suite

import (
	"context"
	"errors"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/plugin/dbresolver"

	"github.com/gorm-tenancy/tenancy"
)

func seed(t *testing.T, w *world) {
	t.Helper()
	require.NoError(t, w.bypass().Create(&Country{Code: "DE", Name: "Germany"}).Error)
	for _, s := range []struct {
		db   *gorm.DB
		name string
	}{{w.a, "ann"}, {w.b, "bob"}} {
		de := "DE"
		require.NoError(t, s.db.Create(&User{
			Name: s.name, Age: 30, Company: &Company{Name: s.name + " inc"}, CountryCode: &de,
			Profile: &Profile{Bio: s.name}, Orders: []Order{{Amount: 1}, {Amount: 2, Notes: []Note{{Text: s.name}}}},
			Tags: []Tag{{Name: s.name}}, Notes: []Note{{Text: s.name}},
		}).Error)
	}
}

func TestGenerics(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		seed(t, w)
		ctx := tenancy.With(context.Background(), w.A)
		users, err := gorm.G[User](w.db).Where("name <> ? OR 1=1", "x").Find(ctx)
		require.NoError(t, err)
		require.Len(t, users, 1)

		orders := gorm.G[Order](w.db).Select("user_id").Where("amount > ?", 1)
		users, err = gorm.G[User](w.db).Where("id IN (?)", orders).Find(ctx)
		require.NoError(t, err, "a chain as a subquery inherits the scope")
		require.Len(t, users, 1)
		_, err = gorm.G[User](w.db).Where("id IN (?)", orders).Find(context.Background())
		require.ErrorIs(t, err, tenancy.ErrNoTenant)

		users, err = gorm.G[User](w.db).Joins(clause.InnerJoin.Association("Company").As("c"),
			func(db gorm.JoinBuilder, joined, _ clause.Table) error {
				db.Where("? <> ? or 1=1", clause.Column{Table: joined.Name, Name: "name"}, "x")
				return nil
			}).Find(ctx)
		require.NoError(t, err)
		require.Len(t, users, 1)
		users, err = gorm.G[User](w.db).Joins(
			clause.LeftJoin.AssociationFrom("Company", gorm.G[Company](w.db).Select("*")).As("c"),
			func(db gorm.JoinBuilder, joined, current clause.Table) error {
				db.Where("?.id = ?.company_id", joined, current)
				return nil
			}).Preload("Orders", func(db gorm.PreloadBuilder) error {
			db.Where("amount = 1 or\n1=1")
			return nil
		}).Find(ctx)
		require.NoError(t, err)
		require.Len(t, users, 1)
		require.Len(t, users[0].Orders, 2)

		n, err := gorm.G[User](w.db).Where("1 = 1").Update(ctx, "name", "anna")
		require.NoError(t, err)
		require.Equal(t, 1, n)
		require.NoError(t, gorm.G[Tag](w.db).Create(ctx, &Tag{Name: "new"}))
		require.NoError(t, gorm.G[Tag](w.db).Set(clause.Assignment{Column: clause.Column{Name: "name"}, Value: "set"}).Create(ctx))
		_, err = gorm.G[User](w.db).Raw("SELECT * FROM users").Find(ctx)
		require.ErrorIs(t, err, tenancy.ErrUnscopedSQL)
		n, err = gorm.G[Tag](w.db).Where("1 = 1").Delete(ctx)
		require.NoError(t, err)
		require.Equal(t, 3, n)
		require.Equal(t, int64(1), w.count(t, &Tag{}), "the other tenant's tag stays")
	})
}

func TestTransactionsAndSessions(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		seed(t, w)
		rolledBack := errors.New("rolled back")
		require.NoError(t, w.a.Transaction(func(tx *gorm.DB) error {
			require.NoError(t, tx.Create(&Tag{Name: "kept"}).Error)
			require.ErrorIs(t, tx.Transaction(func(inner *gorm.DB) error {
				require.NoError(t, inner.Create(&Tag{Name: "lost"}).Error)
				return rolledBack
			}), rolledBack)
			return nil
		}))
		require.Equal(t, int64(3), w.count(t, &Tag{}))

		for name, session := range map[string]*gorm.Session{
			"PrepareStmt":            {PrepareStmt: true},
			"SkipDefaultTransaction": {SkipDefaultTransaction: true},
			"SkipHooks":              {SkipHooks: true},
			"QueryFields":            {QueryFields: true},
			"NewDB":                  {NewDB: true},
		} {
			for _, s := range []struct {
				db   *gorm.DB
				want string
			}{{w.a, "ann"}, {w.b, "bob"}, {w.a, "ann"}} {
				var names []string
				require.NoError(t, s.db.Session(session).Model(&User{}).Pluck("name", &names).Error, name)
				require.Equal(t, []string{s.want}, names, name)
			}
		}
		require.ErrorIs(t, w.a.Session(&gorm.Session{NewDB: true, Context: context.Background()}).Find(&[]User{}).Error,
			tenancy.ErrNoTenant)
	})
}

func TestRefusalsSendNothing(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		seed(t, w)
		before := w.count(t, &Company{})
		stranger := &User{Name: "x", Company: &Company{Name: "new"}, Orders: []Order{{TenantModel: tenancy.TenantModel{TenantID: w.B}}}}
		err := w.a.Session(&gorm.Session{SkipDefaultTransaction: true}).Create(stranger).Error
		require.ErrorIs(t, err, tenancy.ErrTenantMismatch)
		require.Equal(t, before, w.count(t, &Company{}), "nothing of the tree was written")
	})
}

func TestChainsRunTwiceAndForTwo(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		seed(t, w)
		chain := w.a.Model(&User{}).Where("name = ? OR 1=1", "x")
		var n int64
		var users []User
		require.NoError(t, chain.Count(&n).Error)
		require.NoError(t, chain.Find(&users).Error)
		require.Equal(t, int64(1), n)
		require.Len(t, users, 1)

		shared := w.a.Model(&User{}).Where("1=1").Session(&gorm.Session{})
		require.NoError(t, shared.Find(&users).Error)
		require.Equal(t, "ann", users[0].Name)
		require.NoError(t, shared.WithContext(tenancy.With(context.Background(), w.B)).Find(&users).Error)
		require.Len(t, users, 1)
		require.Equal(t, "bob", users[0].Name)
	})
}

func TestSetsAndBypass(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		seed(t, w)
		set := w.db.WithContext(tenancy.WithSet(context.Background(), w.A, w.B))
		for name, db := range map[string]*gorm.DB{"set": set, "bypass": w.bypass()} {
			var users []User
			require.NoError(t, db.Preload(clause.Associations).Joins("Company").Order("users.name").Find(&users).Error, name)
			require.Len(t, users, 2, name)
			for _, u := range users {
				require.Equal(t, u.TenantID, u.Company.TenantID)
				require.Equal(t, u.Name, u.Profile.Bio)
				require.Len(t, u.Tags, 1)
				require.Equal(t, u.Name, u.Tags[0].Name)
			}
			require.ErrorIs(t, db.Create(&Tag{Name: "whose?"}).Error, tenancy.ErrTenantMismatch, name)
			tag := &Tag{TenantModel: tenancy.TenantModel{TenantID: w.B}, Name: name}
			require.NoError(t, db.Create(tag).Error, name)
			require.NoError(t, db.Model(tag).Update("name", "changed").Error)
			require.NoError(t, db.Delete(tag).Error)
			var matched int64
			sub := w.db.Model(&Order{}).Select("1").Where("orders.user_id = users.id")
			require.NoError(t, db.Model(&User{}).Where("EXISTS (?)", sub).Count(&matched).Error)
			require.Equal(t, int64(2), matched)
		}
		require.NoError(t, set.Create(&Tag{TenantModel: tenancy.TenantModel{TenantID: w.A}, Name: "a"}).Error)
		only := w.db.WithContext(tenancy.WithSet(context.Background(), w.A))
		require.ErrorIs(t, only.Create(&Tag{TenantModel: tenancy.TenantModel{TenantID: w.B}}).Error, tenancy.ErrTenantMismatch)
	})
}

func TestBypassIsSeenAndMayBeRefused(t *testing.T) {
	t.Parallel()
	db := openSQLite(t)
	no := errors.New("not today")
	var seen []tenancy.BypassUse
	cfg := config()
	cfg.OnBypass = func(_ context.Context, use tenancy.BypassUse) error {
		require.Contains(t, use.Source, "session_test.go:")
		use.Source = ""
		seen = append(seen, use)
		if use.Op == "delete" {
			return no
		}
		return nil
	}
	require.NoError(t, db.Use(tenancy.New(cfg)))
	require.NoError(t, db.AutoMigrate(models...))
	bypass := db.WithContext(tenancy.Bypass(context.Background(), "report"))
	require.NoError(t, bypass.Find(&[]User{}).Error)
	require.ErrorIs(t, bypass.Where("1=1").Delete(&User{}).Error, no)
	require.NoError(t, bypass.Exec("SELECT 1").Error)
	require.Equal(t, []tenancy.BypassUse{
		{Op: "query", Table: "users", Reason: "report"}, {Op: "delete", Table: "users", Reason: "report"}, {Op: "raw", Reason: "report"},
	}, seen)
}

func TestResolver(t *testing.T) {
	t.Parallel()
	w := newWorld(t, openSQLite(t))
	seed(t, w)
	require.NoError(t, w.db.Use(dbresolver.Register(dbresolver.Config{Replicas: []gorm.Dialector{w.db.Dialector}})))
	var names []string
	require.NoError(t, w.as(w.B).Clauses(dbresolver.Write).Model(&User{}).Pluck("name", &names).Error)
	require.Equal(t, []string{"bob"}, names)
	require.ErrorIs(t, w.db.Clauses(dbresolver.Read).Find(&[]User{}).Error, tenancy.ErrNoTenant)
}

// A resolver opens its handles with a copy of the configuration, and the dialect of
// each writes its builders of clauses into the map that all of them share.
func TestResolverOfDialectWithBuilders(t *testing.T) {
	t.Parallel()
	dsn := "file:" + uuid.NewString() + "?mode=memory&cache=shared&_pragma=busy_timeout(5000)"
	dialector := func() gorm.Dialector { return sqlite.New(sqlite.Config{DriverName: "sqlite", DSN: dsn}) }
	w := newWorld(t, openSQLiteAt(t, dsn))
	require.NoError(t, w.db.Use(dbresolver.Register(dbresolver.Config{
		Sources: []gorm.Dialector{dialector()}, Replicas: []gorm.Dialector{dialector(), dialector()},
	})))
	seed(t, w)
	for what, err := range map[string]error{
		"INSERT": w.a.Create(user(90, w.A, "new")).Error,
		"LIMIT":  w.a.First(&User{}).Error,
		"FOR":    w.a.Clauses(clause.Locking{Strength: "UPDATE"}).Limit(1).Find(&[]User{}).Error,
		"upsert": w.a.Save(user(90, w.A, "newer")).Error,
	} {
		require.NoError(t, err, what)
	}
	var names []string
	require.NoError(t, w.b.Model(&User{}).Limit(10).Pluck("name", &names).Error)
	require.Equal(t, []string{"bob"}, names)
	require.ErrorIs(t, w.a.Create(user(91, w.B, "foreign")).Error, tenancy.ErrTenantMismatch)
	require.ErrorIs(t, w.a.Clauses(clause.Insert{Modifier: "OR REPLACE"}).Create(user(92, w.A, "x")).Error, tenancy.ErrUnscopedSQL)
}
