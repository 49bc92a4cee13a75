package tenancy

import (
	"context"
	"errors"

	"gorm.io/gorm"
)

// BypassUse is what [Config.OnBypass] sees of a statement.
type BypassUse struct {
	Op     string // create, query, update, delete, row or raw
	Table  string // empty for raw SQL
	Reason string // what Bypass or Trust was given
	Actor  string // who, as Config.Actor tells; empty without it
	Source string // the file and line outside of GORM that it comes from
}

// A Refusal is what [Config.OnRefusal] sees of a statement that was refused.
type Refusal struct {
	Op     string // create, query, update, delete, row or raw
	Table  string // empty where there is none
	Actor  string // who, as Config.Actor tells; empty without it
	Source string // the file and line outside of GORM that it comes from
	Err    error  // why: a *ScopeError
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
