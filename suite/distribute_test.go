package suite

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/citus/distribution"
	"github.com/gorm-tenancy/tenancy/keys"
	"github.com/gorm-tenancy/tenancy/migration"
)

// TestDistributeElsewhere asks for what a server without Citus cannot do: it says
// so, with the whole report, and changes nothing, whatever is confirmed.
func TestDistributeElsewhere(t *testing.T) {
	t.Parallel()
	_, err := tenancy.Distribute(t.Context(), openSQLite(t), tenancy.DistributeOptions{})
	assert.ErrorContains(t, err, "not on sqlite")
	_, err = tenancy.Undistribute(t.Context(), openSQLite(t), tenancy.DistributeOptions{})
	assert.ErrorContains(t, err, "not on sqlite")

	db := openPostgres(t)
	for _, sql := range []string{
		"CREATE TABLE plan_accounts (id bigint PRIMARY KEY, name text UNIQUE)",
		"CREATE TABLE plan_countries (id bigserial PRIMARY KEY, code text UNIQUE)",
		"CREATE TABLE plan_users (id bigserial PRIMARY KEY, account_id bigint NOT NULL REFERENCES plan_accounts, email text, login text, country_id bigint)",
		"CREATE TABLE plan_orders (id bigserial PRIMARY KEY, user_id bigint NOT NULL REFERENCES plan_users, number bigint)",
		"INSERT INTO plan_accounts VALUES (1), (2)", "INSERT INTO plan_users (account_id) VALUES (1), (2)",
	} {
		require.NoError(t, db.Exec(sql).Error)
	}
	models := []any{&planAccount{}, &planCountry{}, &planUser{}, &planOrder{}}
	require.NoError(t, db.Use(tenancy.New(tenancy.Config{Models: models[2:], Shared: models[1:2]})))
	var out bytes.Buffer
	o := tenancy.DistributeOptions{Out: &out, Run: migration.Options{Apply: true, Passed: []string{distribution.Spread}}}
	_, err = tenancy.Distribute(t.Context(), db, o, models...)
	require.ErrorIs(t, err, distribution.ErrUndecided)
	assert.ErrorIs(t, err, keys.ErrUndecided)
	assert.ErrorContains(t, err, "itus") // that the server or the database has none
	assert.ErrorContains(t, err, "plan_accounts_name_key", "and all the rest")
	assert.Contains(t, out.String(), "2 tenants with 4 rows")
	assert.Contains(t, out.String(), "public.plan_countries  local  REFERENCE")
	_, err = tenancy.Undistribute(t.Context(), db, o)
	require.ErrorIs(t, err, distribution.ErrUndecided)
	pool, err := db.DB()
	require.NoError(t, err)
	var columns int
	require.NoError(t, pool.QueryRow("SELECT count(*) FROM pg_attribute WHERE attrelid = 'plan_orders'::regclass AND attname = 'account_id'").Scan(&columns))
	assert.Zero(t, columns, "nothing is changed")
}
