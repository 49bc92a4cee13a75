package registry

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/gorm-tenancy/tenancy"
)

// scoped returns a tenant's context. The registry relies on scoping in every mode
// of the plugin: all of its statements for one tenant run under such a context.
func scoped(ctx context.Context, id uuid.UUID) context.Context {
	return tenancy.With(tenancy.WithEnforcement(ctx), id)
}

// in returns a handle that is scoped to a tenant.
func (r *Registry) in(ctx context.Context, id uuid.UUID) *gorm.DB {
	return r.db.WithContext(scoped(ctx, id))
}

// across returns the handle that reads names and tenants across tenants. It never
// leaves this package.
func (r *Registry) across(ctx context.Context, tx *gorm.DB, why string) *gorm.DB {
	return tx.WithContext(tenancy.Bypass(tenancy.WithEnforcement(ctx), "registry: "+why))
}

// unscoped refuses a scoped context for an operation that needs all tenants.
func unscoped(ctx context.Context, op string) error {
	scope, ok := tenancy.From(ctx)
	switch {
	case !ok || scope.IsBypass():
		return nil
	case scope.Err() != nil:
		return scope.Err()
	}
	return &tenancy.ScopeError{Op: op, Err: tenancy.ErrTenantMismatch, Detail: "it needs a context without a tenant"}
}

// checkScoped refuses a handle that does not scope its statements, whichever
// plugins it has. It builds statements without sending them.
func (r *Registry) checkScoped() error {
	id := uuid.New()
	tx := r.in(context.Background(), id).Session(&gorm.Session{
		DryRun: true, SkipDefaultTransaction: true, SkipHooks: true, Logger: silent{logger.Discard},
	})
	named := func() *gorm.DB { return tx.Where("name = ?", "") }
	for op, built := range map[string]*gorm.DB{
		"create": tx.Create(&claim{}),
		"query":  named().Find(&[]claim{}),
		"update": named().Model(&claim{}).Update("held_until", nil),
		"delete": named().Delete(&claim{}),
	} {
		if built.Error != nil {
			return fmt.Errorf("%w: the handle cannot be used: %w", ErrInvalid, built.Error)
		}
		if !slices.Contains(built.Statement.Vars, any(id)) {
			return fmt.Errorf("%w: the handle's tenancy plugin does not scope a %s: install it by db.Use", ErrInvalid, op)
		}
	}
	return nil
}

// silent is a logger for statements that are not sent.
type silent struct{ logger.Interface }

// LogMode implements logger.Interface.
func (s silent) LogMode(logger.LogLevel) logger.Interface { return s }

// Trace implements logger.Interface.
func (silent) Trace(context.Context, time.Time, func() (string, int64), error) {}
