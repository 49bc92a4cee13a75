package suite

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gorm-tenancy/tenancy"
)

type globalMail struct {
	TargetRow
	Email string `gorm:"size:80;uniqueIndex:global_mail,expression:lower(email),where:deleted_at IS NULL" tenancy:"global"`
}

type globalNocase struct {
	TargetRow
	Email string `gorm:"uniqueIndex:global_nocase,collate:NOCASE" tenancy:"global"`
}

type globalNamed struct {
	TargetRow
	Email string `gorm:"unique" tenancy:"global"`
}

// globalWorld is a database in which another tenant has ann@x, and old@x on a row
// that is deleted; the tenant has own@x.
type globalWorld struct {
	db           *gorm.DB
	ours, theirs uuid.UUID
	model        any
}

func openGlobal(t *testing.T, db *gorm.DB, model any) *globalWorld {
	t.Helper()
	require.NoError(t, db.Use(tenancy.New(tenancy.Config{})))
	require.NoError(t, db.AutoMigrate(model))
	w := &globalWorld{db: db, ours: uuid.New(), theirs: uuid.New(), model: model}
	for _, row := range []map[string]any{
		{"tenant_id": w.theirs, "id": 1, "email": "ann@x", "name": "ann"},
		{"tenant_id": w.theirs, "id": 2, "email": "old@x", "name": "old", "deleted_at": time.Now()},
		{"tenant_id": w.ours, "id": 1, "email": "own@x", "name": "own"},
	} {
		require.NoError(t, w.all(t).Create(row).Error)
	}
	return w
}

func (w *globalWorld) all(t *testing.T) *gorm.DB {
	return w.db.WithContext(tenancy.Bypass(t.Context(), "the test looks")).Model(w.model)
}

func (w *globalWorld) names(t *testing.T) (names []string) {
	t.Helper()
	require.NoError(t, w.all(t).Order("email, name").Pluck("name", &names).Error)
	return names
}

func (w *globalWorld) scopes(t *testing.T) map[string]*gorm.DB {
	return map[string]*gorm.DB{
		"one tenant": w.db.WithContext(tenancy.With(t.Context(), w.ours)).Model(w.model),
		"a set":      w.db.WithContext(tenancy.WithSet(t.Context(), w.ours, w.theirs)).Model(w.model),
		"a bypass":   w.all(t),
	}
}

func (w *globalWorld) row(id int, email string, more ...any) map[string]any {
	row := map[string]any{"tenant_id": w.ours, "id": id, "email": email, "name": "new", "deleted_at": nil}
	for i := 0; i < len(more); i += 2 {
		row[more[i].(string)] = more[i+1]
	}
	return row
}

// A unique index of an expression that holds across tenants lets no tenant touch
// another's row, and says so; rows that are outside of its condition are nobody's
// concern.
func TestGlobalExpressionIsGuarded(t *testing.T) {
	t.Parallel()
	for dialect, open := range map[string]func(testing.TB) *gorm.DB{"sqlite": openSQLite, "postgres": openPostgres} {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			w := openGlobal(t, open(t), &globalMail{})
			on := clause.OnConflict{Columns: raw("lower(email)"), TargetWhere: liveRows}
			nothing, update, never := on, on, on
			nothing.DoNothing = true
			update.DoUpdates = clause.AssignmentColumns([]string{"name"})
			never.DoUpdates, never.Where = update.DoUpdates, where(clause.Expr{SQL: "1 = 0"})
			before := w.names(t)
			for scope, db := range w.scopes(t) {
				for reason, err := range map[string]error{
					"update":         db.Session(&gorm.Session{}).Clauses(update).Create(w.row(5, "ANN@x")).Error,
					"nothing":        db.Session(&gorm.Session{}).Clauses(nothing).Create(w.row(5, "ANN@x")).Error,
					"never":          db.Session(&gorm.Session{}).Clauses(never).Create(w.row(5, "Ann@x")).Error,
					"in a batch":     db.Session(&gorm.Session{}).Clauses(nothing).Create([]map[string]any{w.row(5, "own@x"), w.row(6, "ANN@x")}).Error,
					"by its default": db.Session(&gorm.Session{}).Clauses(nothing).Create(map[string]any{"tenant_id": w.ours, "id": 5, "email": "aNN@x"}).Error,
				} {
					require.ErrorIs(t, err, tenancy.ErrCrossTenantConflict, "%s, %s", scope, reason)
				}
				assert.Equal(t, before, w.names(t), scope)

				for reason, rows := range map[string][]map[string]any{
					"another's row that is deleted": {w.row(5, "OWN@x"), w.row(6, "old@x")},
					"a row that is deleted itself":  {w.row(5, "own@x"), w.row(6, "ann@x", "deleted_at", time.Now())},
				} {
					done := db.Session(&gorm.Session{}).Clauses(nothing).Create(&rows)
					require.NoError(t, done.Error, "%s, %s", scope, reason)
					assert.Equal(t, int64(1), done.RowsAffected, "%s, %s", scope, reason)
					require.NoError(t, w.all(t).Where("tenant_id = ? AND id > 4", w.ours).Delete(w.model).Error)
				}
				done := db.Session(&gorm.Session{}).Clauses(update).Create(w.row(5, "OWN@x", "name", "own"))
				require.NoError(t, done.Error, scope)
				assert.Equal(t, int64(1), done.RowsAffected, scope)
				assert.Equal(t, before, w.names(t), scope)
			}
		})
	}
}

// The values of an index with a collation of its own are the same as it says.
func TestGlobalCollationIsGuarded(t *testing.T) {
	t.Parallel()
	w := openGlobal(t, openSQLite(t), &globalNocase{})
	for scope, db := range w.scopes(t) {
		for reason, columns := range map[string][]clause.Column{"a column": {{Name: "email"}}, "text": raw("email COLLATE nocase")} {
			err := db.Session(&gorm.Session{}).Clauses(clause.OnConflict{Columns: columns, DoNothing: true}).Create(w.row(5, "ANN@x")).Error
			require.ErrorIs(t, err, tenancy.ErrCrossTenantConflict, "%s, %s", scope, reason)
		}
	}
}

// A constraint is found by its name as PostgreSQL reads it, and one that is not found
// is taken for one that holds across tenants.
func TestGlobalConstraintIsGuarded(t *testing.T) {
	t.Parallel()
	w := openGlobal(t, openPostgres(t), &globalNamed{})
	before := w.names(t)
	for scope, db := range w.scopes(t) {
		for _, name := range []string{"uni_global_nameds_email", "UNI_Global_nameds_email", `"uni_global_nameds_email"`} {
			on := clause.OnConflict{OnConstraint: name, DoUpdates: clause.AssignmentColumns([]string{"name"})}
			err := db.Session(&gorm.Session{}).Clauses(on).Create(w.row(5, "ann@x")).Error
			require.ErrorIs(t, err, tenancy.ErrCrossTenantConflict, "%s, %s", scope, name)
			on = clause.OnConflict{OnConstraint: name, DoNothing: true}
			err = db.Session(&gorm.Session{}).Clauses(on).Create(w.row(5, "ann@x")).Error
			require.ErrorIs(t, err, tenancy.ErrCrossTenantConflict, "%s, %s", scope, name)
		}
		assert.Equal(t, before, w.names(t), scope)
	}
	require.NoError(t, w.all(t).Where("1 = 1").Update("city", gorm.Expr("name")).Error)
	require.NoError(t, w.all(t).Exec("ALTER TABLE global_nameds ADD CONSTRAINT late UNIQUE (city)").Error)
	for scope, db := range w.scopes(t) {
		on := clause.OnConflict{OnConstraint: "late", DoUpdates: clause.AssignmentColumns([]string{"name"})}
		err := db.Session(&gorm.Session{}).Clauses(on).Create(w.row(5, "new@x", "city", "ann")).Error
		require.ErrorIs(t, err, tenancy.ErrCrossTenantConflict, scope)
		assert.Equal(t, before, w.names(t), scope)
	}
}

// Where a table has an index with the tenant and one without, the latter is about to
// be dropped, unless the model keeps it. Where it is not certain which one is meant,
// nothing is sent.
func TestConflictTargetWithTwoIndexes(t *testing.T) {
	t.Parallel()
	upsert := func(w *globalWorld, t *testing.T, oc clause.OnConflict, row map[string]any) error {
		oc.DoUpdates = clause.AssignmentColumns([]string{"name"})
		return w.scopes(t)["one tenant"].Clauses(oc).Create(row).Error
	}
	lower := clause.OnConflict{Columns: raw("lower(email)"), TargetWhere: liveRows}

	t.Run("kept", func(t *testing.T) {
		t.Parallel()
		w := openGlobal(t, openPostgres(t), &globalMail{})
		require.NoError(t, w.all(t).Exec("CREATE UNIQUE INDEX twin ON global_mails (tenant_id, lower(email)) WHERE deleted_at IS NULL").Error)
		require.ErrorIs(t, upsert(w, t, lower, w.row(5, "ANN@x")), tenancy.ErrCrossTenantConflict)
		require.NoError(t, upsert(w, t, lower, w.row(5, "OWN@x")))
	})
	t.Run("about to be dropped", func(t *testing.T) {
		t.Parallel()
		w := openGlobal(t, openPostgres(t), &liveLowerMail{})
		require.NoError(t, w.all(t).Exec("CREATE UNIQUE INDEX before ON live_lower_mails (lower(email)) WHERE active AND deleted_at IS NULL").Error)
		oc := clause.OnConflict{Columns: raw("lower(email)"), TargetWhere: where(clause.Expr{SQL: "active AND deleted_at IS NULL"})}
		require.NoError(t, upsert(w, t, oc, w.row(5, "own@x", "active", true)))
		require.NoError(t, w.all(t).Exec("DROP INDEX before").Error)
		require.NoError(t, upsert(w, t, oc, w.row(6, "OWN@x", "active", true)))
	})
	t.Run("another condition", func(t *testing.T) {
		t.Parallel()
		w := openGlobal(t, openPostgres(t), &liveMail{})
		require.NoError(t, w.all(t).Exec("CREATE UNIQUE INDEX active_mail ON live_mails (email) WHERE active").Error)
		on := func(condition string) clause.OnConflict {
			return clause.OnConflict{Columns: []clause.Column{{Name: "email"}}, TargetWhere: where(clause.Expr{SQL: condition})}
		}
		require.NoError(t, upsert(w, t, on("deleted_at IS NULL"), w.row(5, "own@x")))
		require.NoError(t, upsert(w, t, on("live_mails.active"), w.row(6, "sol@x", "active", true)))
		err := upsert(w, t, on("deleted_at IS NULL AND active"), w.row(5, "own@x"))
		require.ErrorIs(t, err, tenancy.ErrUnscopedSQL)
		for _, part := range []string{"live_mail", "active_mail", "name the tenant column"} {
			assert.ErrorContains(t, err, part)
		}
		named := on("deleted_at IS NULL AND active")
		named.Columns = append(named.Columns, clause.Column{Name: "tenant_id"})
		require.NoError(t, upsert(w, t, named, w.row(5, "own@x")))
	})
	t.Run("one of some rows beside one of all", func(t *testing.T) {
		t.Parallel()
		w := openGlobal(t, openPostgres(t), &liveMail{})
		require.NoError(t, w.all(t).Exec("CREATE UNIQUE INDEX all_mail ON live_mails (email)").Error)
		for _, columns := range [][]clause.Column{{{Name: "email"}}, raw("email")} {
			require.NoError(t, upsert(w, t, clause.OnConflict{Columns: columns}, w.row(5, "own@x")))
			require.ErrorIs(t, upsert(w, t, clause.OnConflict{Columns: columns}, w.row(5, "ann@x")), tenancy.ErrCrossTenantConflict)
		}
	})
	t.Run("keys that have changed", func(t *testing.T) {
		t.Parallel()
		w := openGlobal(t, openPostgres(t), &lowerMail{})
		oc := clause.OnConflict{Columns: raw("lower(email)")}
		require.NoError(t, upsert(w, t, oc, w.row(5, "own@x")))
		require.NoError(t, w.all(t).Exec("DROP INDEX lower_mail").Error)
		require.NoError(t, w.all(t).Exec("CREATE UNIQUE INDEX lower_mail ON lower_mails (lower(email))").Error)
		require.Error(t, upsert(w, t, oc, w.row(5, "own@x")))
		require.NoError(t, upsert(w, t, oc, w.row(5, "own@x")))
		require.ErrorIs(t, upsert(w, t, oc, w.row(6, "ANN@x")), tenancy.ErrCrossTenantConflict)
	})
}

// mixedMail has rows for everybody, which are unique among themselves.
type mixedMail struct {
	ID       uint       `gorm:"primaryKey;autoIncrement:false"`
	TenantID *uuid.UUID `gorm:"type:uuid"`
	Name     string
	Active   bool
	Email    string `gorm:"size:80;uniqueIndex:mixed_mail,expression:lower(email),where:active"`
}

func TestConflictTargetOfRowsForEverybody(t *testing.T) {
	t.Parallel()
	for dialect, open := range map[string]func(testing.TB) *gorm.DB{"sqlite": openSQLite, "postgres": openPostgres} {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			require.NoError(t, db.Use(tenancy.New(tenancy.Config{Mixed: []any{&mixedMail{}}})))
			require.NoError(t, db.AutoMigrate(&mixedMail{}))
			bypass := db.WithContext(tenancy.Bypass(t.Context(), "the rows for everybody"))
			ours, theirs := uuid.New(), uuid.New()
			on := clause.OnConflict{
				Columns: raw("lower(email)"), TargetWhere: where(clause.Expr{SQL: "active"}), DoUpdates: clause.AssignmentColumns([]string{"name"}),
			}
			for i, step := range []struct {
				db     *gorm.DB
				tenant *uuid.UUID
			}{
				{bypass, nil}, {bypass, &theirs}, {db.WithContext(tenancy.With(t.Context(), ours)), nil}, {bypass, &ours},
				{bypass, nil}, {db.WithContext(tenancy.WithSet(t.Context(), ours, theirs)), &theirs},
			} {
				email := []string{"Ann@x", "ANN@x"}[i%2]
				row := &mixedMail{ID: uint(i + 1), TenantID: step.tenant, Name: []string{"0", "1", "2", "2", "0", "1"}[i], Active: true, Email: email}
				require.NoError(t, step.db.Clauses(on).Create(row).Error, i)
			}
			var rows []mixedMail
			require.NoError(t, bypass.Order("name").Find(&rows).Error)
			require.Len(t, rows, 3)
			assert.Equal(t, []uint{1, 2, 3}, []uint{rows[0].ID, rows[1].ID, rows[2].ID})
		})
	}
}

type textMail struct {
	tenancy.TenantModelOf[string]
	ID    uint   `gorm:"primaryKey;autoIncrement:false"`
	Email string `gorm:"index"`
	Name  string
}

// An index that takes two tenants for one is not the tenant's own.
func TestConflictTargetOfMergedTenants(t *testing.T) {
	t.Parallel()
	db := openSQLite(t)
	require.NoError(t, db.Use(tenancy.New(tenancy.Config{})))
	require.NoError(t, db.AutoMigrate(&textMail{}))
	bypass := db.WithContext(tenancy.Bypass(t.Context(), "the test makes an index"))
	require.NoError(t, bypass.Exec("CREATE UNIQUE INDEX merged ON text_mails (tenant_id COLLATE NOCASE, email)").Error)
	upsert := func(tenant string, columns []clause.Column) error {
		return db.WithContext(tenancy.With(t.Context(), tenant)).Clauses(clause.OnConflict{
			Columns: columns, DoUpdates: clause.AssignmentColumns([]string{"name"}),
		}).Create(&textMail{ID: 1, Email: "ann@x", Name: tenant}).Error
	}
	require.NoError(t, bypass.Create(&textMail{TenantModelOf: tenancy.TenantModelOf[string]{TenantID: "acme"}, ID: 1, Email: "ann@x", Name: "acme"}).Error)
	require.Error(t, upsert("ACME", []clause.Column{{Name: "email"}}))
	require.Error(t, upsert("ACME", raw("email")))
	var names []string
	require.NoError(t, bypass.Model(&textMail{}).Pluck("name", &names).Error)
	assert.Equal(t, []string{"acme"}, names)
}

// refusing refuses all text.
type refusing struct{}

func (refusing) Scope(context.Context, tenancy.RawStatement) (string, []any, error) {
	return "", nil, tenancy.ErrUnscopedSQL
}

// A function that is not known runs in no question about keys: PostgreSQL runs one of
// constants while it plans.
func TestConflictTargetCallsNoUnknownFunction(t *testing.T) {
	t.Parallel()
	db := openPostgres(t)
	require.NoError(t, db.Exec(`CREATE FUNCTION ran(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RAISE 'it ran'; END $$`).Error)
	require.NoError(t, db.Use(tenancy.New(tenancy.Config{RawSQL: refusing{}})))
	require.NoError(t, db.AutoMigrate(&shortMail{}))
	for _, column := range []string{"ran('x')", "lower(email || ran('x'))"} {
		err := db.WithContext(tenancy.With(t.Context(), uuid.New())).
			Clauses(clause.OnConflict{Columns: raw(column), DoNothing: true}).Create(&shortMail{Email: "ann@x"}).Error
		require.ErrorIs(t, err, tenancy.ErrUnscopedSQL, column)
	}
}
