package tenancy

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"

	"gorm.io/gorm"
)

// Findings returns what was found since the plugin was made. It is safe for concurrent
// use.
func (p *Plugin) Findings() Findings {
	f := &p.findings
	f.Lock()
	defer f.Unlock()
	all := Findings{List: make([]Finding, 0, len(f.known)), Dropped: f.dropped}
	for _, finding := range f.known {
		all.List = append(all.List, *finding)
	}
	slices.SortFunc(all.List, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Op, b.Op), cmp.Compare(a.Table, b.Table), cmp.Compare(a.Reason, b.Reason))
	})
	return all
}

// reportFinding counts a finding, and tells of one that is new.
func (p *Plugin) reportFinding(ctx context.Context, found Finding) {
	found.Source, found.Count = callSite(), 1
	if p.findings.add(found) {
		p.config.OnFinding(ctx, found)
	}
}

// reportBypass tells of a statement under a bypass, or a raw one under Trust.
func (ex *execution) reportBypass(ctx context.Context) error {
	if ex.plugin.config.OnBypass == nil {
		return nil
	}
	use := BypassUse{Op: ex.op, Reason: ex.scope.reason, Actor: ex.plugin.actor(ctx), Source: callSite()}
	if ex.table != nil {
		use.Table = ex.table.name
	}
	return ex.plugin.config.OnBypass(ctx, use)
}

// reportRefusal tells of a statement's refusal, once: the statements around it
// fail with the same error.
func (p *Plugin) reportRefusal(db *gorm.DB, op string) {
	var refused *ScopeError
	if p.config.OnRefusal == nil || !errors.As(db.Error, &refused) || refused.reported {
		return
	}
	refused.reported = true
	ctx := db.Statement.Context
	p.config.OnRefusal(ctx, Refusal{Op: op, Table: refused.Table, Actor: p.actor(ctx), Source: callSite(), Err: refused})
}

func (p *Plugin) actor(ctx context.Context) string {
	if p.config.Actor == nil {
		return ""
	}
	return p.config.Actor(ctx)
}

// logFinding is what Config.OnFinding defaults to.
func logFinding(ctx context.Context, f Finding) {
	slog.LogAttrs(ctx, slog.LevelWarn, "tenancy: a statement is not scoped",
		slog.String("op", f.Op), slog.String("table", f.Table), slog.String("reason", f.Reason), slog.String("source", f.Source))
}
