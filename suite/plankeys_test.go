package suite

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/keys"
	"github.com/gorm-tenancy/tenancy/migration"
)

type (
	planAccount struct {
		ID   int64 `gorm:"primaryKey" tenancy:"tenant"`
		Name string
	}
	planCountry struct {
		_    struct{} `tenancy:"shared"`
		ID   int64
		Code string `gorm:"unique"`
	}
	planUser struct {
		ID        int64
		AccountID int64  `gorm:"not null" tenancy:"tenant"`
		Email     string `gorm:"unique" tenancy:"global"`
		Login     string `gorm:"uniqueIndex"`
		CountryID *int64
		Country   *planCountry
		Orders    []planOrder `gorm:"foreignKey:UserID"`
	}
	planOrder struct {
		ID        int64
		AccountID int64 `tenancy:"tenant"`
		UserID    int64 `gorm:"not null"`
		Number    int   `gorm:"uniqueIndex"`
	}
)

// TestPlanKeys brings the tables of an application that knew no tenants to what
// its models want: the plan and AutoMigrate agree on that.
func TestPlanKeys(t *testing.T) {
	t.Parallel()
	db := openPostgres(t)
	for _, sql := range []string{
		"CREATE TABLE plan_accounts (id bigint PRIMARY KEY, name text)",
		"CREATE TABLE plan_countries (id bigserial PRIMARY KEY, code text CONSTRAINT uni_plan_countries_code UNIQUE)",
		`CREATE TABLE plan_users (id bigserial PRIMARY KEY, account_id bigint NOT NULL REFERENCES plan_accounts,
			email text CONSTRAINT uni_plan_users_email UNIQUE, login text, country_id bigint,
			CONSTRAINT fk_plan_users_country FOREIGN KEY (country_id) REFERENCES plan_countries)`,
		`CREATE TABLE plan_orders (id bigserial PRIMARY KEY, user_id bigint NOT NULL, number bigint,
			CONSTRAINT fk_plan_users_orders FOREIGN KEY (user_id) REFERENCES plan_users)`,
		"CREATE UNIQUE INDEX idx_plan_orders_number ON plan_orders (number)",
		"INSERT INTO plan_accounts SELECT i FROM generate_series(1, 3) AS i",
		"INSERT INTO plan_users (account_id, email, login) SELECT 1 + i % 3, i, 'login' || i FROM generate_series(1, 30) AS i",
		"INSERT INTO plan_orders (user_id, number) SELECT 1 + i % 30, i FROM generate_series(1, 300) AS i",
	} {
		require.NoError(t, db.Exec(sql).Error)
	}
	models := []any{&planAccount{}, &planCountry{}, &planUser{}, &planOrder{}}
	require.NoError(t, db.Use(tenancy.New(tenancy.Config{Models: models[2:], Shared: models[1:2]})))

	analysis, err := tenancy.PlanKeys(t.Context(), db, keys.Options{}, models...)
	require.NoError(t, err)
	require.Empty(t, analysis.Questions)
	roles := map[string]string{}
	for _, table := range analysis.Tables {
		roles[table.Name.Name] = string(table.Role) + " " + table.Column
	}
	assert.Equal(t, map[string]string{
		"plan_accounts": "root id", "plan_countries": "shared ",
		"plan_users": "tenants account_id", "plan_orders": "reaching account_id",
	}, roles)
	pool, err := db.DB()
	require.NoError(t, err)
	findings, err := analysis.Preflight(t.Context(), pool, keys.Limits{})
	require.NoError(t, err)
	require.Empty(t, findings)
	plan, err := analysis.Plan()
	require.NoError(t, err)
	o := migration.Options{Apply: true}
	for _, phase := range plan.Phases {
		o.Passed = append(o.Passed, phase.Name)
	}
	_, err = migration.Execute(t.Context(), pool, plan, o)
	require.NoError(t, err)

	c, err := catalog.Read(t.Context(), pool, catalog.Options{})
	require.NoError(t, err)
	public := func(name string) catalog.Name { return catalog.Name{Schema: "public", Name: name} }
	users, orders := c.Table(public("plan_users")), c.Table(public("plan_orders"))
	assert.Equal(t, "PRIMARY KEY (account_id, id)", users.PrimaryKey().Definition())
	assert.Equal(t, "UNIQUE (email)", users.Constraint("uni_plan_users_email").Definition(), "global")
	assert.NotNil(t, users.Index("idx_plan_users_login_tenant"), "wanted by the model")
	assert.Equal(t, "FOREIGN KEY (country_id) REFERENCES public.plan_countries (id)", users.Constraint("fk_plan_users_country").Definition())
	assert.Equal(t, "FOREIGN KEY (account_id, user_id) REFERENCES public.plan_users (account_id, id)",
		orders.Constraint("fk_plan_users_orders").Definition())
	assert.Equal(t, "UNIQUE USING btree (account_id, number)", orders.Index("idx_plan_orders_number").Definition())

	again, err := tenancy.PlanKeys(t.Context(), db, keys.Options{}, models...)
	require.NoError(t, err)
	nothing, err := again.Plan()
	require.NoError(t, err)
	assert.Empty(t, nothing.Phases)
	done, err := tenancy.AutoMigrate(db.WithContext(tenancy.Bypass(context.Background(), "migration")), models...)
	require.NoError(t, err)
	for _, change := range done.Pending {
		t.Error("pending:", change)
	}
}

func TestPlanKeysElsewhere(t *testing.T) {
	t.Parallel()
	_, err := tenancy.PlanKeys(t.Context(), openSQLite(t), keys.Options{})
	assert.ErrorContains(t, err, "not for sqlite")
	_, err = tenancy.PlanKeys(t.Context(), openPostgres(t), keys.Options{}, &planUser{})
	assert.ErrorContains(t, err, "needs the plugin")
	db := openPostgres(t)
	require.NoError(t, db.Use(tenancy.New(tenancy.Config{})))
	_, err = tenancy.PlanKeys(t.Context(), db, keys.Options{}, &struct{ ID int }{})
	assert.Error(t, err, "no model of a tenant")
}
