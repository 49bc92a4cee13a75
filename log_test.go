package tenancy_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"testing"
	"testing/slogtest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy"
)

func TestLogHandler(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for _, test := range []struct {
		ctx  context.Context
		want any
	}{
		{ctx, nil},
		{tenancy.With(ctx, 7), "7"},
		{tenancy.WithSet(ctx, "acme", "globex"), []any{"acme", "globex"}},
		{tenancy.Bypass(ctx, "a report"), "bypass"},
		{tenancy.With(ctx, 0), "none"},
	} {
		var out bytes.Buffer
		slog.New(tenancy.NewLogHandler(slog.NewJSONHandler(&out, nil))).With("a", 1).InfoContext(test.ctx, "hello", "b", 2)
		var got map[string]any
		require.NoError(t, json.Unmarshal(out.Bytes(), &got))
		assert.Equal(t, test.want, got["tenant.id"])
		assert.EqualValues(t, 2, got["b"])
	}
	slogtest.Run(t, func(*testing.T) slog.Handler {
		logged.Reset()
		return tenancy.NewLogHandler(slog.NewJSONHandler(&logged, nil))
	}, func(t *testing.T) map[string]any {
		var got map[string]any
		require.NoError(t, json.Unmarshal(logged.Bytes(), &got))
		return got
	})
}

var logged bytes.Buffer
