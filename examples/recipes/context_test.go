package recipes

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
)

// store is a library that brings no context of its own.
type store struct{ db *gorm.DB }

func (s store) add(name string) error { return s.db.Create(&Project{ID: 1, Name: name}).Error }

func TestHandleHasADefaultScope(t *testing.T) {
	t.Parallel()
	db := open(t, tenancy.Config{}, &Project{})
	ofAcme := db.WithContext(tenancy.With(context.Background(), acme))
	library := store{ofAcme}
	require.NoError(t, library.add("Apollo"))
	require.Equal(t, []string{"Apollo"}, names(t, as(db, acme)))
	require.Empty(t, names(t, as(db, globex)))
	require.Equal(t, []string{"Apollo"}, names(t, ofAcme.Session(&gorm.Session{NewDB: true})))
}

// brought is a library that brings a context that has no scope.
func brought(db *gorm.DB) error {
	return db.WithContext(context.Background()).Create(&Project{ID: 1, Name: "Apollo"}).Error
}

func TestScopeIsAssumed(t *testing.T) {
	t.Parallel()
	only, ok := tenancy.From(tenancy.With(context.Background(), acme))
	require.True(t, ok)
	db := open(t, tenancy.Config{
		AssumeScope: func(context.Context) tenancy.Scope { return only },
	}, &Project{})
	require.NoError(t, brought(db))
	require.Equal(t, []string{"Apollo"}, names(t, as(db, acme)))
	require.Empty(t, names(t, as(db, globex)))
	require.ErrorIs(t, brought(open(t, tenancy.Config{}, &Project{})), tenancy.ErrNoTenant)
}

func TestGoroutineOutlivesTheRequest(t *testing.T) {
	t.Parallel()
	db := open(t, tenancy.Config{}, &Project{})
	ctx, end := context.WithCancel(tenancy.With(context.Background(), acme))
	begin, done := make(chan struct{}), make(chan error)
	later := context.WithoutCancel(ctx)
	go func() {
		<-begin
		done <- db.WithContext(later).Create(&Project{ID: 1, Name: "Apollo"}).Error
	}()
	end() // the request is over
	close(begin)
	require.NoError(t, <-done)
	require.Equal(t, []string{"Apollo"}, names(t, as(db, acme)))
	require.Error(t, db.WithContext(ctx).Find(&[]Project{}).Error, "its own context has ended")
}
