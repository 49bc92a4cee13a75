package libraries

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/go-gorm/caches/v4"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/examples/libraries/model"
)

// memory is a cache in the program's own memory.
type memory struct {
	answers sync.Map
	hits    atomic.Int32
}

func (m *memory) Get(_ context.Context, key string, q *caches.Query[any]) (*caches.Query[any], error) {
	answer, ok := m.answers.Load(key)
	if !ok {
		return nil, nil
	}
	m.hits.Add(1)
	return q, q.Unmarshal(answer.([]byte))
}

func (m *memory) Store(_ context.Context, key string, q *caches.Query[any]) error {
	answer, err := q.Marshal()
	m.answers.Store(key, answer)
	return err
}

func (m *memory) Invalidate(context.Context) error {
	m.answers.Clear()
	return nil
}

func TestCachesKeepTenantsApart(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, dialector func() gorm.Dialector) {
		cacher := &memory{}
		db := open(t, dialector(), tenancy.New(tenancy.Config{}))
		seed(t, db)
		require.NoError(t, db.Use(&caches.Caches{Conf: &caches.Config{Easer: true, Cacher: cacher}}))
		for range 2 {
			require.Equal(t, []string{"Apollo"}, names(t, as(db, acme)))
			require.Equal(t, []string{"Gemini"}, names(t, as(db, globex)))
		}
		require.EqualValues(t, 2, cacher.hits.Load())
		require.NoError(t, as(db, acme).Model(&model.Project{}).Where("id = ?", 1).Update("name", "Artemis").Error)
		require.Equal(t, []string{"Artemis"}, names(t, as(db, acme)), "a write drops what is in the cache")
		require.Equal(t, []string{"Gemini"}, names(t, as(db, globex)))
		require.ErrorIs(t, db.Find(&[]model.Project{}).Error, tenancy.ErrNoTenant)
	})
}
