package registry_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/registry"
)

func TestForEachVisitsEveryTenantInItsScope(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{})
	const n = 12
	var suspended registry.Tenant
	for i := range n {
		suspended = w.provision(t, fmt.Sprintf("tenant-%d", i))
		require.NoError(t, w.as(suspended).Create(&Project{Title: suspended.Slug}).Error)
	}
	_, err := w.Suspend(ctx, suspended.ID)
	require.NoError(t, err)

	broken := errors.New("broken")
	var mu sync.Mutex
	var running, most atomic.Int64
	visited := map[uuid.UUID]int{}
	var progress []registry.Progress
	swept, err := w.ForEach(ctx, registry.Sweep{Parallel: 3, Progress: func(p registry.Progress) { progress = append(progress, p) }},
		func(ctx context.Context, tenant registry.Tenant) error {
			most.Store(max(most.Load(), running.Add(1)))
			defer running.Add(-1)
			var titles []string
			if err := w.db.WithContext(ctx).Model(&Project{}).Pluck("title", &titles).Error; err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			visited[tenant.ID]++
			assert.Equal(t, []string{tenant.Slug}, titles)
			if tenant.Slug == "tenant-3" || tenant.Slug == "tenant-5" {
				return broken
			}
			return nil
		})
	require.ErrorIs(t, err, broken)
	var failed *registry.SweepError
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, "registry: 2 of 11 tenants failed", err.Error())
	assert.Len(t, swept.Failed, 2)
	assert.Equal(t, n-3, swept.Visited)
	assert.Len(t, visited, n-1)
	assert.LessOrEqual(t, most.Load(), int64(3))
	require.Len(t, progress, n)
	assert.Equal(t, registry.Progress{Total: n, Seen: n, Failed: 2}, progress[n-1])

	swept, err = w.ForEach(ctx, registry.Sweep{States: []registry.State{registry.Suspended}},
		func(context.Context, registry.Tenant) error { return nil })
	require.NoError(t, err)
	assert.Equal(t, 1, swept.Visited)
}

func TestForEachStopsWithItsContext(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{})
	for i := range 5 {
		w.provision(t, fmt.Sprintf("tenant-%d", i))
	}
	stop, cancel := context.WithCancel(ctx)
	swept, err := w.ForEach(stop, registry.Sweep{Parallel: 1}, func(context.Context, registry.Tenant) error {
		cancel()
		return nil
	})
	require.ErrorIs(t, err, context.Canceled)
	assert.Less(t, swept.Visited, 5)
}

func TestReportIsOneQuery(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{})
	acme, globex := w.provision(t, "acme"), w.provision(t, "globex")
	w.provision(t, "empty")
	w.fill(t, acme)
	w.fill(t, globex)
	w.fill(t, globex)
	var rows []struct {
		TenantID uuid.UUID
		Tasks    int
		Last     string
	}
	before := w.queries.Load()
	require.NoError(t, w.Report(ctx, registry.Query{
		Model: &Task{}, Select: []string{"count(*) AS tasks", "max(title) AS last"}, Where: []any{"title <> ?", "child"},
	}, &rows))
	assert.EqualValues(t, 1, w.queries.Load()-before)
	require.Len(t, rows, 2)
	counts := map[uuid.UUID]int{}
	for _, row := range rows {
		counts[row.TenantID] = row.Tasks
	}
	assert.Equal(t, map[uuid.UUID]int{acme.ID: 1, globex.ID: 2}, counts, "without what is deleted")

	for reason, run := range map[string]func() error{
		"a report": func() error {
			return w.Report(tenancy.With(ctx, acme), registry.Query{Model: &Task{}, Select: []string{"count(*)"}}, &rows)
		},
		"a sweep": func() error {
			_, err := w.ForEach(tenancy.With(ctx, acme), registry.Sweep{}, func(context.Context, registry.Tenant) error { return nil })
			return err
		},
	} {
		assert.ErrorIs(t, run(), tenancy.ErrTenantMismatch, reason)
	}
}
