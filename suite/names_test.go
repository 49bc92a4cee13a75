package suite

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
)

// Each of these names is longer than the 63 bytes that PostgreSQL keeps.
var (
	longName = strings.Repeat("long", 16) + "_tail"
	wideName = "w" + strings.Repeat("é", 31) + "_tail" // the 63rd byte begins a character
)

type LongNamed struct {
	tenancy.TenantModel
	ID   uint
	Text string
}

func (LongNamed) TableName() string { return longName }

type WideNamed struct {
	tenancy.TenantModel
	ID   uint
	Text string
}

func (WideNamed) TableName() string { return wideName }

// A name that PostgreSQL cuts off is the table that is left of it, wherever it
// stands, with AllowUndeclared as well.
func TestNamesThatAreCutOff(t *testing.T) {
	t.Parallel()
	db, g := openPostgres(t), &guard{}
	pool, err := db.DB()
	require.NoError(t, err)
	for _, table := range []string{longName, wideName} {
		_, err = pool.Exec(`CREATE TABLE "` + table + `" (tenant_id uuid NOT NULL, id bigserial, text text, PRIMARY KEY (tenant_id, id))`)
		require.NoError(t, err)
	}
	a, b := uuid.New(), uuid.New()
	require.NoError(t, db.Use(tenancy.New(tenancy.Config{
		Models: []any{&LongNamed{}, &WideNamed{}, &User{}}, AllowUndeclared: true, RawSQL: g,
	})))
	require.NoError(t, db.AutoMigrate(&User{}))
	as := func(tenant uuid.UUID) *gorm.DB { return db.WithContext(tenancy.With(t.Context(), tenant)) }
	for _, model := range []any{&LongNamed{Text: "b"}, &WideNamed{Text: "b"}} {
		require.NoError(t, as(b).Create(model).Error)
	}
	require.NoError(t, as(a).Create(&User{Name: "x"}).Error)
	count := func(tx *gorm.DB) int {
		t.Helper()
		var rows []map[string]any
		require.NoError(t, tx.Find(&rows).Error)
		return len(rows)
	}
	for table, kept := range map[string]string{longName: longName[:63], wideName: wideName[:63]} {
		for _, name := range []string{table, kept, kept + "_other", `"` + table + `"`, `"` + kept + `x"`, "public." + table, "public." + kept + "x"} {
			assert.Zero(t, count(as(a).Table(name)), name)
			assert.Zero(t, count(as(a).Table("users").Select("users.id").Joins("JOIN "+name+" l ON true")), name)
			assert.Zero(t, count(as(a).Table(name+" AS l")), name)
			assert.Equal(t, 1, count(as(b).Table(name)), name)
		}
		require.NoError(t, as(a).Exec("SELECT 1").Error)
		known, ok := g.scoped[len(g.scoped)-1].Table("", kept)
		require.True(t, ok)
		assert.Equal(t, "tenant_id", known.Column, "as a parser of PostgreSQL's names it")
	}
}

// Long names are compared where a column is assigned, too.
type LongColumn struct {
	ID     uint
	Tenant uuid.UUID `gorm:"type:uuid;column:tenant_tenant_tenant_tenant_tenant_tenant_tenant_tenant_tenant_" tenancy:"tenant"`
	Text   string
}

type TooLongColumn struct {
	ID     uint
	Tenant uuid.UUID `gorm:"type:uuid;column:tenant_tenant_tenant_tenant_tenant_tenant_tenant_tenant_tenant_x" tenancy:"tenant"`
}

func TestColumnsThatAreCutOff(t *testing.T) {
	t.Parallel()
	db := openPostgres(t)
	require.NoError(t, db.Use(tenancy.New(tenancy.Config{Models: []any{&LongColumn{}}})))
	require.NoError(t, db.AutoMigrate(&LongColumn{}))
	a, b := uuid.New(), uuid.New()
	tx := db.WithContext(tenancy.With(t.Context(), a))
	require.NoError(t, tx.Create(&LongColumn{Text: "a"}).Error)
	column := "tenant_tenant_tenant_tenant_tenant_tenant_tenant_tenant_tenant_"
	require.Len(t, column, 63)
	for _, name := range []string{column, column + "x", strings.ToUpper(column) + "X"} {
		require.Error(t, tx.Model(&LongColumn{}).Where("id > 0").Updates(map[string]any{name: b, "text": "x"}).Error, name)
	}
	require.ErrorContains(t, openPostgres(t).Use(tenancy.New(tenancy.Config{Models: []any{&TooLongColumn{}}})), "63 bytes")
}

// AppPlan and Plan are one name in two schemas.
type AppPlan struct {
	tenancy.TenantModel
	ID uint
}

func (AppPlan) TableName() string { return "app.plans" }

type Plan struct{ ID uint }

type PublicPlan struct{ ID uint }

func (PublicPlan) TableName() string { return "public.plans" }

// OwnPlan has the tenant of a table that others share.
type OwnPlan struct {
	tenancy.TenantModel
	ID uint
}

func (OwnPlan) TableName() string { return "plans" }

// AccountPlan has another tenant column.
type AccountPlan struct {
	ID        uint
	AccountID uuid.UUID `gorm:"type:uuid" tenancy:"tenant"`
}

func (AccountPlan) TableName() string { return "plans" }

// What the search path would decide is refused when the plugin is put in.
func TestOneNameForTwoTables(t *testing.T) {
	t.Parallel()
	for reason, c := range map[string]tenancy.Config{
		"a tenant's and a shared one":           {Models: []any{&AppPlan{}}, Shared: []any{&Plan{}}},
		"the same by name":                      {Models: []any{&AppPlan{}}, Shared: []any{"plans"}},
		"writable":                              {Models: []any{&AppPlan{}}, Shared: []any{tenancy.Writable("plans")}},
		"the other way round":                   {Models: []any{&OwnPlan{}}, Shared: []any{"app.plans"}},
		"two columns":                           {Models: []any{&AppPlan{}, &AccountPlan{}}},
		"one table, shared and a tenant's":      {Models: []any{&OwnPlan{}}, Shared: []any{&Plan{}}},
		"one table, two columns":                {Models: []any{&OwnPlan{}, &AccountPlan{}}},
		"one table, in quotes":                  {Models: []any{&OwnPlan{}}, Shared: []any{`"plans"`}},
		"a name listed twice":                   {Shared: []any{"plans", tenancy.Writable("plans")}},
		"a long name, shared and a tenant's":    {Models: []any{&LongNamed{}}, Shared: []any{longName[:63]}},
		"a long name with another, longer tail": {Models: []any{&LongNamed{}}, Shared: []any{longName + "_more"}},
	} {
		require.Error(t, openPostgres(t).Use(tenancy.New(c)), reason)
	}
	require.NoError(t, openPostgres(t).Use(tenancy.New(tenancy.Config{Models: []any{&AppPlan{}}, Shared: []any{&PublicPlan{}}})))
}

// A name without a schema is a tenant's where one of that name is.
func TestANameWithoutItsSchema(t *testing.T) {
	t.Parallel()
	db := openPostgres(t)
	pool, err := db.DB()
	require.NoError(t, err)
	pool.SetMaxOpenConns(1)
	_, err = pool.Exec("CREATE SCHEMA app; CREATE TABLE app.plans (tenant_id uuid, id bigserial PRIMARY KEY); CREATE TABLE public.plans (id bigint); " +
		"INSERT INTO app.plans (tenant_id) VALUES (gen_random_uuid()); SET search_path = app, public")
	require.NoError(t, err)
	require.NoError(t, db.Use(tenancy.New(tenancy.Config{Models: []any{&AppPlan{}}, AllowUndeclared: true})))
	tx := db.WithContext(tenancy.With(t.Context(), uuid.New()))
	for _, name := range []string{"plans", "plans p", "app.plans", `"plans"`, `"app"."plans"`, "public.plans"} {
		var rows []map[string]any
		require.NoError(t, tx.Table(name).Find(&rows).Error, name)
		assert.Empty(t, rows, name)
	}
}
