package tenancytest

import (
	"context"
	"errors"

	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy/citus"
)

// look finds out what kind of database it is.
func (f *Fixture) look() error {
	if f.shared.Name() != "postgres" {
		return nil
	}
	_, err := citus.Detect(context.Background(), f.shared.Statement.ConnPool)
	f.onCitus = err == nil
	if errors.Is(err, citus.ErrNotInstalled) {
		return nil
	}
	return err
}

// sqlSequential lets a transaction write to reference tables after it has written
// to all shards of others.
const sqlSequential = "SET LOCAL citus.multi_shard_modify_mode = 'sequential'"

func (f *Fixture) prepareTransaction(pool gorm.ConnPool, db *gorm.DB) error {
	if !f.onCitus || db == f.lone {
		return nil
	}
	_, err := pool.ExecContext(context.Background(), sqlSequential)
	return err
}

// isUnsupported reports, and counts, that Citus refused what it does for nobody.
func (f *Fixture) isUnsupported(t *task, cause flags, err error) bool {
	if !f.onCitus || t.flags&cause == 0 || !isUnsupported(err) {
		return false
	}
	f.unsupported++
	return true
}
