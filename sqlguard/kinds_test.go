//go:build cgo

package sqlguard_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/sqlguard"
	"github.com/gorm-tenancy/tenancy/tenancytest"
)

type (
	kindLabel struct {
		_        struct{} `tenancy:"mixed"`
		ID       int64
		TenantID *uuid.UUID `gorm:"type:uuid"`
		Name     string
	}
	kindTask struct {
		tenancy.TenantModel
		ID      int64
		LabelID *int64
	}
	kindKey struct {
		_  struct{} `tenancy:"private"`
		ID int64
	}
	kindRule struct {
		_    struct{} `tenancy:"free"`
		ID   int64
		Text string
	}
	kindPerson struct{ ID int64 }
)

// TestTextOfOtherKinds expects of text, with the verifier in place, what the plugin
// promises of each kind of table.
func TestTextOfOtherKinds(t *testing.T) {
	t.Parallel()
	db, err := gorm.Open(postgres.Open(tenancytest.Postgres(t).OwnerDSN), &gorm.Config{Logger: logger.Discard})
	require.NoError(t, err)
	require.NoError(t, db.Use(tenancy.New(tenancy.Config{
		RawSQL: sqlguard.New(sqlguard.Options{VerifyAll: true}),
		Models: []any{&kindLabel{}, &kindTask{}, &kindKey{}, &kindRule{}},
		Linked: []tenancy.Link{{Model: &kindPerson{}, Via: &kindTask{}, ForeignKey: "LabelID"}},
	})))
	require.NoError(t, db.AutoMigrate(&kindLabel{}, &kindTask{}, &kindKey{}, &kindRule{}, &kindPerson{}))
	in := func(ctx context.Context) *gorm.DB { return db.WithContext(ctx) }
	A, B := uuid.New(), uuid.New()
	a, b := in(tenancy.With(context.Background(), A)), in(tenancy.With(context.Background(), B))
	set := in(tenancy.WithSet(context.Background(), A, B))
	all := in(tenancy.Bypass(context.Background(), "test"))
	one, two, three := int64(1), int64(2), int64(3)
	require.NoError(t, a.Create(&kindLabel{Name: "a"}).Error)
	require.NoError(t, b.Create(&kindLabel{Name: "b"}).Error)
	require.NoError(t, all.Create(&kindLabel{Name: "all"}).Error)
	require.NoError(t, a.Create(&[]kindTask{{LabelID: &one}, {LabelID: &two}, {LabelID: &three}}).Error)

	sum := func(db *gorm.DB, query string, args ...any) (n int64) {
		require.NoError(t, db.Raw(query, args...).Scan(&n).Error, query)
		return n
	}
	for query, want := range map[string]int64{
		"SELECT sum(id) FROM kind_labels":                                                                                 4,
		"SELECT sum(id) FROM kind_labels l WHERE id = 2 OR id = 3":                                                        3,
		"SELECT count(*) FROM kind_tasks t JOIN kind_labels l ON l.id = t.label_id":                                       2,
		"SELECT count(l.id) FROM kind_tasks t LEFT JOIN kind_labels l ON l.id = t.label_id":                               2,
		"SELECT count(*) FROM kind_labels l RIGHT JOIN kind_tasks t ON l.id = t.label_id":                                 3,
		"SELECT count(*) FROM kind_tasks WHERE label_id IN (SELECT id FROM kind_labels)":                                  2,
		"WITH l AS (SELECT * FROM kind_labels) SELECT sum(id) FROM l":                                                     4,
		"SELECT count(*) FROM kind_labels l, kind_tasks t WHERE l.id = t.label_id AND l.tenant_id IS NULL":                1,
		"SELECT sum(id) FROM kind_labels WHERE tenant_id = '" + A.String() + "' OR tenant_id IS NULL":                     4,
		"SELECT count(*) FROM (SELECT * FROM kind_labels) l WHERE EXISTS (SELECT 1 FROM kind_labels m WHERE m.id = l.id)": 2,
	} {
		require.Equal(t, want, sum(a, query), query)
	}
	require.Equal(t, int64(6), sum(set, "SELECT sum(id) FROM kind_labels"))
	require.Error(t, set.Raw("SELECT count(*) FROM kind_labels l JOIN kind_tasks t ON t.label_id = l.id").Scan(new(int64)).Error)
	require.Error(t, set.Raw("SELECT count(*) FROM kind_labels l WHERE EXISTS (SELECT 1 FROM kind_tasks t WHERE t.label_id = l.id)").Scan(new(int64)).Error)

	for statement, want := range map[string]int64{
		"UPDATE kind_labels SET name = name":                                                  1,
		"UPDATE kind_labels SET name = 'x' WHERE tenant_id IS NULL":                           0,
		"DELETE FROM kind_labels WHERE id > 1":                                                0,
		"UPDATE kind_tasks SET label_id = l.id FROM kind_labels l WHERE l.id = label_id":      2,
		"UPDATE kind_labels SET name = l.name FROM kind_labels l WHERE l.id = kind_labels.id": 1,
	} {
		res := a.Exec(statement)
		require.NoError(t, res.Error, statement)
		require.Equal(t, want, res.RowsAffected, statement)
	}
	for _, statement := range []string{
		"INSERT INTO kind_labels (tenant_id, name) VALUES (NULL, 'x')",
		"INSERT INTO kind_labels (tenant_id, name) SELECT tenant_id, name FROM kind_labels",
		"SELECT * FROM kind_keys", "DELETE FROM kind_keys", "UPDATE kind_people SET id = 1",
		"SELECT * FROM kind_tasks WHERE id IN (SELECT id FROM kind_keys)",
	} {
		require.Error(t, a.Exec(statement).Error, statement)
	}
	require.ErrorIs(t, a.Exec("SELECT * FROM kind_keys").Error, tenancy.ErrPrivate)
	require.Equal(t, int64(1), sum(all, "SELECT count(*) FROM kind_labels WHERE tenant_id IS NULL"))

	require.NoError(t, db.Exec("INSERT INTO kind_rules (text) VALUES ('r')").Error)
	require.Equal(t, int64(1), sum(db, "SELECT count(*) FROM kind_rules"))
	require.Equal(t, int64(1), sum(a, "SELECT count(*) FROM kind_rules"))
	require.NoError(t, db.Find(&[]kindRule{}).Error)
	for _, statement := range []string{
		"SELECT * FROM kind_tasks", "SELECT 1", "DELETE FROM kind_rules WHERE id IN (SELECT id FROM kind_tasks)",
		"SELECT * FROM kind_rules, kind_labels", "WITH x AS (DELETE FROM kind_tasks) SELECT * FROM kind_rules",
	} {
		require.ErrorIs(t, db.Exec(statement).Error, tenancy.ErrNoTenant, statement)
	}
	require.NoError(t, a.Joins("JOIN kind_labels ON kind_labels.id = kind_tasks.label_id").Find(&[]kindTask{}).Error)
	require.NoError(t, a.Find(&[]kindLabel{}).Error)
	require.NoError(t, a.Model(&kindLabel{}).Where("1=1").Update("name", "y").Error)
}
