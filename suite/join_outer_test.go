package suite

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
)

// A join after a RIGHT or FULL join is matched with a row that is there: under a set
// and a bypass it answers what the tenants' own answers are together, or is refused.
func TestJoinsBehindOuterJoins(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB) *gorm.DB{"sqlite": openSQLite, "postgres": openPostgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := config()
			w := newObserving(t, open(t), &c)
			for i, tenant := range []uuid.UUID{w.A, w.B} {
				id := uint(10 * (i + 1))
				require.NoError(t, w.in(tenant).Create(user(id, uuid.Nil, "ann")).Error)
				require.NoError(t, w.in(tenant).Create(&[]Order{{ID: id, UserID: id, Amount: 1}, {ID: id + 1, UserID: 9, Amount: 5}}).Error)
				require.NoError(t, w.in(tenant).Create(&[]Profile{{ID: id, UserID: 1}, {ID: id + 1, UserID: 5}}).Error)
				if i == 1 {
					require.NoError(t, w.in(tenant).Create(&[]Order{{ID: id + 2, UserID: 8, Amount: 5}, {ID: id + 3, UserID: 7, Amount: 6}}).Error)
				}
			}
			for _, joins := range []struct {
				table   string
				list    []string
				refused bool
			}{
				{list: []string{"RIGHT JOIN orders o ON o.user_id = users.id", "JOIN profiles p ON p.user_id = o.amount"}},
				{list: []string{"RIGHT JOIN orders o ON o.user_id = users.id JOIN profiles p ON p.user_id = o.amount"}},
				{list: []string{"RIGHT JOIN orders o ON o.user_id = users.id", "LEFT JOIN profiles p ON p.user_id = o.amount"}},
				{list: []string{"LEFT JOIN orders o ON o.user_id = users.id", "RIGHT JOIN profiles p ON p.user_id = users.id", "JOIN orders q ON q.amount = p.user_id"}},
				{list: []string{"FULL JOIN orders o ON o.user_id = users.id"}},
				{list: []string{"FULL JOIN orders o ON o.user_id = users.id", "RIGHT JOIN profiles p ON p.user_id = o.amount"}},
				{list: []string{"FULL JOIN orders o ON o.user_id = users.id", "JOIN profiles p ON p.user_id = o.amount"}},
				{list: []string{"FULL JOIN orders o ON o.user_id = users.id", "LEFT JOIN profiles p ON p.user_id = o.amount"}},
				{list: []string{"FULL JOIN orders o ON o.user_id = users.id", "LEFT JOIN profiles p ON p.user_id > 1"}, refused: true},
				{list: []string{"FULL JOIN orders o ON o.user_id = users.id", "JOIN profiles p ON p.user_id = o.amount OR p.user_id = users.id"}, refused: true},
				{table: "countries", list: []string{"LEFT JOIN orders o ON o.amount = 1", "LEFT JOIN profiles p ON p.user_id = o.amount"}},
				{table: "countries", list: []string{"LEFT JOIN orders o ON o.amount = 99", "LEFT JOIN profiles p ON p.user_id > 1"}, refused: true},
				{table: "countries", list: []string{"LEFT JOIN orders o ON o.amount = 99", "JOIN profiles p ON p.user_id > 1"}, refused: true},
			} {
				count := func(db *gorm.DB) (n int64, err error) {
					if db = db.Model(&User{}).Unscoped(); joins.table != "" {
						db = db.Table(joins.table)
					}
					for _, join := range joins.list {
						db = db.Joins(join)
					}
					return n, db.Count(&n).Error
				}
				var want int64
				for _, tenant := range []uuid.UUID{w.A, w.B} {
					n, err := count(w.in(tenant))
					require.NoError(t, err, joins.list)
					want += n
				}
				for reason, db := range map[string]*gorm.DB{
					"a set":    w.db.WithContext(tenancy.WithSet(t.Context(), w.A, w.B)),
					"a bypass": w.db.WithContext(tenancy.Bypass(t.Context(), "a report")),
				} {
					n, err := count(db)
					if joins.refused {
						require.ErrorIs(t, err, tenancy.ErrUnscopedSQL, "%s: %v", reason, joins.list)
						continue
					}
					require.NoError(t, err, "%s: %v", reason, joins.list)
					assert.Equal(t, want, n, "%s: %v", reason, joins.list)
				}
			}
		})
	}
}
