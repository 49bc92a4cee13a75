//go:build cgo

package verify_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/sqlguard/verify"
)

// Whatever the text, there is a verdict, it is the same each time, and a
// refusal says where.
func FuzzStatement(f *testing.F) {
	for _, s := range corpus(f) {
		f.Add(s.sql)
	}
	f.Add("SELECT 1 WHERE ((((((((((")
	f.Add("SELECT NOT NOT NOT NOT NOT - - - - + + 1")
	scope := scopeOf(f, tenantA)
	f.Fuzz(func(t *testing.T, sql string) {
		err := verify.Statement(statement(scope, sql, values...))
		again := verify.Statement(statement(scope, sql, values...))
		if err == nil {
			require.NoError(t, again)
			return
		}
		require.EqualError(t, again, err.Error())
		var refused *verify.Error
		require.True(t, errors.As(err, &refused) && errors.Is(err, tenancy.ErrUnscopedSQL))
		require.NotEmpty(t, refused.Reason)
		require.NotEmpty(t, refused.Fragment)
		require.LessOrEqual(t, refused.Offset, len(sql))
	})
}
