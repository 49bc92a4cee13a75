//go:build cgo

package sqlguard_test

import (
	"context"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/sqlguard"
	"github.com/gorm-tenancy/tenancy/tenancytest"
)

type (
	linkedPerson struct {
		ID          int64
		Name        string
		Memberships []linkedMembership `gorm:"foreignKey:PersonID"`
	}
	linkedMembership struct {
		tenancy.TenantModel
		ID        int64
		PersonID  int64
		DeletedAt gorm.DeletedAt
	}
	linkedCity struct {
		ID   int64
		Name string
	}
	linkedOffice struct {
		tenancy.TenantModel
		ID     int64
		CityID int64
	}
)

// linkedWorld has five people: 1 is a's and b's, 2 is a's, 3 is b's, 4 was a's once,
// 5 is nobody's. The cities are linked in the same way, and may be written.
func linkedWorld(t *testing.T) (a, b, set, all *gorm.DB) {
	t.Helper()
	db, err := gorm.Open(postgres.Open(tenancytest.Postgres(t).OwnerDSN), &gorm.Config{Logger: logger.Discard})
	require.NoError(t, err)
	require.NoError(t, db.Use(tenancy.New(tenancy.Config{
		RawSQL: sqlguard.New(sqlguard.Options{VerifyAll: true}),
		Models: []any{&linkedPerson{}, &linkedMembership{}, &linkedCity{}, &linkedOffice{}},
		Linked: []tenancy.Link{
			{Model: &linkedPerson{}, Via: &linkedMembership{}},
			{Model: &linkedCity{}, Via: &linkedOffice{}, ForeignKey: "CityID", Writable: true},
		},
	})))
	require.NoError(t, db.AutoMigrate(&linkedPerson{}, &linkedMembership{}, &linkedCity{}, &linkedOffice{}))
	A, B := uuid.New(), uuid.New()
	in := func(ctx context.Context) *gorm.DB { return db.WithContext(ctx) }
	a, b = in(tenancy.With(context.Background(), A)), in(tenancy.With(context.Background(), B))
	set = in(tenancy.WithSet(context.Background(), A, B))
	all = in(tenancy.Bypass(context.Background(), "test"))
	for id := int64(1); id <= 5; id++ {
		require.NoError(t, all.Create(&linkedPerson{ID: id, Name: string(rune('a' + id))}).Error)
		require.NoError(t, all.Create(&linkedCity{ID: id, Name: string(rune('a' + id))}).Error)
	}
	for tenant, people := range map[*gorm.DB][]int64{a: {1, 2, 4}, b: {1, 3}} {
		for _, id := range people {
			require.NoError(t, tenant.Create(&linkedMembership{PersonID: id}).Error)
			if id != 4 {
				require.NoError(t, tenant.Create(&linkedOffice{CityID: id}).Error)
			}
		}
	}
	require.NoError(t, a.Where("person_id = 4").Delete(&linkedMembership{}).Error)
	return a, b, set, all
}

// Text sees the rows of a linked table that a tenant's own rows link to, wherever the
// text names the table, and the verifier agrees.
func TestTextOfLinkedTables(t *testing.T) {
	t.Parallel()
	a, b, set, all := linkedWorld(t)
	ids := func(db *gorm.DB, query string) (ids []int64) {
		require.NoError(t, db.Raw(query).Scan(&ids).Error, query)
		slices.Sort(ids)
		return ids
	}
	for query, want := range map[string][3][]int64{ // of a, of b, of both
		"SELECT id FROM linked_people":                                                                                        {{1, 2}, {1, 3}, {1, 2, 3}},
		"SELECT p.id FROM linked_people p WHERE p.id > 1 OR true":                                                             {{1, 2}, {1, 3}, {1, 2, 3}},
		"SELECT id FROM public.linked_people":                                                                                 {{1, 2}, {1, 3}, {1, 2, 3}},
		"SELECT x.id FROM (TABLE linked_people) x":                                                                            {{1, 2}, {1, 3}, {1, 2, 3}},
		"SELECT count(*) FROM linked_people":                                                                                  {{2}, {2}, {3}},
		"SELECT id FROM (SELECT * FROM linked_people) x":                                                                      {{1, 2}, {1, 3}, {1, 2, 3}},
		"WITH x AS (SELECT id FROM linked_people) SELECT id FROM x":                                                           {{1, 2}, {1, 3}, {1, 2, 3}},
		"SELECT id FROM linked_people UNION SELECT id FROM linked_people":                                                     {{1, 2}, {1, 3}, {1, 2, 3}},
		"SELECT count(*) FROM linked_people GROUP BY id":                                                                      {{1, 1}, {1, 1}, {1, 1, 1}},
		"SELECT x.id FROM generate_series(1, 5) x(id) LEFT JOIN linked_people p ON p.id = x.id WHERE p.id IS NOT NULL":        {{1, 2}, {1, 3}, {1, 2, 3}},
		"SELECT p.id FROM linked_people p RIGHT JOIN generate_series(1, 5) x(id) ON p.id = x.id WHERE p.id IS NOT NULL":       {{1, 2}, {1, 3}, {1, 2, 3}},
		"SELECT p.id FROM linked_people p FULL JOIN generate_series(1, 5) x(id) ON p.id = x.id WHERE p.id IS NOT NULL":        {{1, 2}, {1, 3}, {1, 2, 3}},
		"SELECT x.id FROM generate_series(1, 5) x(id) WHERE x.id IN (SELECT id FROM linked_people)":                           {{1, 2}, {1, 3}, {1, 2, 3}},
		"SELECT id FROM linked_people FOR SHARE":                                                                              {{1, 2}, {1, 3}, {1, 2, 3}},
		"SELECT id FROM linked_people TABLESAMPLE BERNOULLI (100)":                                                            {{1, 2}, {1, 3}, {1, 2, 3}},
		"SELECT p.id FROM linked_people p JOIN linked_memberships m ON m.person_id = p.id WHERE m.deleted_at IS NULL":         {{1, 2}, {1, 3}, nil},
		"SELECT p.id FROM linked_people p, linked_cities c WHERE c.id = p.id":                                                 {{1, 2}, {1, 3}, nil},
		"SELECT c.id FROM linked_cities c, linked_offices o WHERE o.city_id = c.id":                                           {{1, 2}, {1, 3}, nil},
		"SELECT id FROM linked_people WHERE EXISTS (SELECT 1 FROM linked_memberships m WHERE m.person_id = linked_people.id)": {{1, 2}, {1, 3}, nil},
		"SELECT person_id FROM linked_memberships m WHERE EXISTS (SELECT 1 FROM linked_people p WHERE p.id = m.person_id)":    {{1, 2}, {1, 3}, nil},
	} {
		assert.Equal(t, want[0], ids(a, query), query)
		assert.Equal(t, want[1], ids(b, query), query)
		if want[2] != nil {
			assert.Equal(t, want[2], ids(set, query), query)
		} else {
			require.Error(t, set.Raw(query).Scan(new([]int64)).Error, query)
		}
	}
	assert.Equal(t, []int64{1, 2, 3, 4, 5}, ids(all, "SELECT id FROM linked_people"))

	for statement, want := range map[string]int64{
		"UPDATE linked_cities SET name = name || 'x'":                                                      2,
		"UPDATE linked_cities SET name = name WHERE id = 3 OR id = 1":                                      1,
		"UPDATE linked_cities c SET name = p.name FROM linked_people p WHERE p.id = c.id":                  2,
		"DELETE FROM linked_cities c WHERE c.id IN (3, 4, 5)":                                              0,
		"DELETE FROM linked_cities USING linked_offices o WHERE o.city_id = linked_cities.id AND o.id < 0": 0,
		"INSERT INTO linked_cities (id, name) VALUES (6, 'new')":                                           1,
		"INSERT INTO linked_cities (id, name) SELECT id + 10, name FROM linked_people":                     2,
		"UPDATE linked_memberships SET person_id = p.id FROM linked_people p WHERE p.id = person_id":       2,
	} {
		res := a.Exec(statement)
		require.NoError(t, res.Error, statement)
		assert.Equal(t, want, res.RowsAffected, statement)
	}
	assert.Equal(t, []int64{1, 2}, ids(a, "SELECT id FROM linked_cities"), "a new one is linked with nobody")
	for _, statement := range []string{
		"UPDATE linked_people SET name = 'x'", "DELETE FROM linked_people", "INSERT INTO linked_people (name) VALUES ('x')",
		"UPDATE linked_cities SET id = 9", "UPDATE linked_cities SET (name, id) = ('x', 9)",
		"INSERT INTO linked_cities (id, name) VALUES (3, 'x') ON CONFLICT (id) DO UPDATE SET name = 'x'",
		"INSERT INTO linked_cities (id, name) VALUES (3, 'x') ON CONFLICT DO NOTHING",
		"MERGE INTO linked_cities c USING linked_people p ON p.id = c.id WHEN MATCHED THEN DELETE",
		"TRUNCATE linked_cities",
		"SELECT * FROM linked_people tenancy_link",
		"WITH linked_memberships AS (SELECT 3 AS person_id) SELECT * FROM linked_people",
	} {
		require.Error(t, a.Exec(statement).Error, statement)
	}
	var people []linkedPerson
	require.NoError(t, a.Preload("Memberships").Order("id").Find(&people).Error, "what the core builds is verified")
	require.Len(t, people, 2)
	require.NoError(t, set.Find(&people).Error)
	require.Len(t, people, 3)
	require.NoError(t, a.Model(&linkedCity{ID: 2}).Update("name", "y").Error)
	require.NoError(t, a.Joins("JOIN linked_people p ON p.id = linked_memberships.person_id").Find(&[]linkedMembership{}).Error)
}

// The verifier sees no row, so that it cannot know whether a key stays what it is.
func TestUpdatesThatSetALinkedKey(t *testing.T) {
	t.Parallel()
	a, _, _, all := linkedWorld(t)
	city := linkedCity{ID: 1, Name: "renamed"}
	err := a.Model(&linkedCity{ID: 1}).Select("*").Updates(city).Error
	require.ErrorIs(t, err, tenancy.ErrUnscopedSQL)
	require.NoError(t, a.Model(&linkedCity{ID: 1}).Select("*").Omit("ID").Updates(city).Error)
	city.Name = "saved"
	require.NoError(t, a.Save(&city).Error)
	require.NoError(t, all.First(&city, 1).Error)
	require.Equal(t, "saved", city.Name)
}
