package tenancy

import (
	"context"
	"log/slog"

	"gorm.io/gorm/logger"
)

// withoutInfo is the handle's logger while callbacks are registered: GORM has a
// line for each one that is replaced, which is no news to who uses the plugin.
type withoutInfo struct{ logger.Interface }

// Info implements logger.Interface.
func (withoutInfo) Info(context.Context, string, ...any) {}

// LogValue implements [slog.LogValuer]: the tenant's id, the ids of a set, or "bypass".
func (s Scope) LogValue() slog.Value {
	switch {
	case s.Err() != nil:
		return slog.StringValue("none")
	case s.IsBypass():
		return slog.StringValue("bypass")
	}
	if id, ok := s.Tenant(); ok {
		return slog.StringValue(id)
	}
	return slog.AnyValue(s.Tenants())
}

// NewLogHandler returns a handler that adds the scope of each record's context, as
// [Scope.LogValue] has it, in the attribute tenant.id. It leaves records whose context
// has no scope as they are. Put the tenant's id into logs and traces, and never into
// the labels of metrics, where each tenant would be a time series.
func NewLogHandler(h slog.Handler) slog.Handler { return logHandler{h} }

type logHandler struct{ slog.Handler }

// Handle implements slog.Handler.
func (h logHandler) Handle(ctx context.Context, r slog.Record) error {
	if s, ok := From(ctx); ok {
		r = r.Clone()
		r.AddAttrs(slog.Any("tenant.id", s))
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return logHandler{h.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (h logHandler) WithGroup(name string) slog.Handler {
	return logHandler{h.Handler.WithGroup(name)}
}
