package tenancy

import (
	"context"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/callbacks"
	"gorm.io/gorm/schema"
)

// preloadScope is the setting by which a preload hands its scope to the
// statements that it nests.
const preloadScope = "tenancy:preload_scope"

// judgeNesting refuses a preload that its conditions moved to another scope.
func (ex *execution) judgeNesting(stmt *gorm.Statement) error {
	if ex.op != opQuery || ex.plugin.preloads.Load() == 0 { // the settings allocate when they are read
		return nil
	}
	outer, ok := stmt.Settings.Load(preloadScope)
	if !ok || outer.(*scope) == ex.scope {
		return nil
	}
	_, err := (&parentScope{scope: outer.(*scope)}).scopeFor(ex.scope)
	return err
}

// runPreload preloads under the statement's context.
func (p *Plugin) runPreload(db *gorm.DB, s *scope) {
	p.preloads.Add(1)
	defer p.preloads.Add(-1)
	db.Statement.Settings.Store(preloadScope, s)
	callbacks.Preload(db)
	db.Statement.Settings.Delete(preloadScope)
}

// preload runs GORM's preloads so that a row gets its own tenant's rows only.
func preload(db *gorm.DB) {
	stmt := db.Statement
	ex := executionOf(stmt)
	switch {
	case ex == nil || db.Error != nil || len(stmt.Preloads) == 0:
		callbacks.Preload(db)
	case ex.observed != nil:
		ex.plugin.preloadObserved(db)
	case ex.scope.kind == scopeSet && len(ex.scope.tenants) == 1:
		ctx := stmt.Context
		scope := &scope{kind: scopeSingle, tenants: ex.scope.tenants, reason: ex.scope.reason}
		stmt.Context = context.WithValue(ctx, scopeKey{}, scope)
		ex.plugin.runPreload(db, scope)
		stmt.Context = ctx
	default:
		ex.plugin.preloadUnder(db, ex.scope, ex.model)
	}
}

// preloadUnder preloads tenant by tenant where a set or a bypass read the rows of
// several.
func (p *Plugin) preloadUnder(db *gorm.DB, s *scope, m *model) {
	if !s.isSeveral() || m == nil || m.table == nil || m.column == "" {
		p.runPreload(db, s)
		return
	}
	stmt := db.Statement
	if m.tenant == nil {
		refusePreload(db, m)
		return
	}
	all, ctx := stmt.ReflectValue, stmt.Context
	defer func() { stmt.ReflectValue, stmt.Context = all, ctx }()
	groups, complete := groupByTenant(m, stmt, all)
	if !complete {
		refusePreload(db, m)
		return
	}
	for _, group := range groups {
		stmt.Context, stmt.ReflectValue = ctx, group.rows
		switch {
		case group.tenant.key == "": // rows for everybody, which meet any tenant's
			p.runPreload(db, s)
		case s.kind == scopeBypass || s.has(group.tenant): // an observed query reads others, too
			scope := &scope{kind: scopeSingle, tenants: []tenant{group.tenant}, reason: s.reason}
			stmt.Context = context.WithValue(ctx, scopeKey{}, scope)
			p.runPreload(db, scope)
		}
	}
}

// refusePreload refuses to preload for rows whose tenant is not known. Where nothing was
// read, as by a subquery or in DryRun, there is nothing to preload.
func refusePreload(db *gorm.DB, m *model) {
	if db.RowsAffected > 0 {
		db.AddError(scopeError(opQuery, m.name, ErrTenantMismatch, errPreload))
	}
}

// preloadObserved preloads from rows that were read as without the plugin: so does
// each preload, and one into a table that is enforced goes tenant by tenant.
func (p *Plugin) preloadObserved(db *gorm.DB) {
	stmt := db.Statement
	s, all := scopeOf(stmt.Context), stmt.Preloads
	if s == nil || s.err != nil || !s.isSeveral() || p.modes.strictest == Observe || stmt.Schema == nil {
		callbacks.Preload(db)
		return
	}
	m, err := p.tables.model(stmt.Schema)
	if err != nil {
		callbacks.Preload(db)
		return
	}
	defer func() { stmt.Preloads = all }()
	observed, enforced := map[string][]any{}, map[string][]any{}
	for name, args := range all {
		if p.preloadsEnforced(stmt.Schema, strings.Split(name, ".")) {
			enforced[name] = args
		} else {
			observed[name] = args
		}
	}
	if stmt.Preloads = observed; len(observed) > 0 {
		callbacks.Preload(db)
	}
	if stmt.Preloads = enforced; len(enforced) > 0 && db.Error == nil {
		p.preloadUnder(db, s, m)
	}
}

// preloadsEnforced reports whether a path of relations may lead to a table whose
// reads are enforced. One that is no relation, as what is embedded, stands for all.
func (p *Plugin) preloadsEnforced(s *schema.Schema, path []string) bool {
	if len(path) == 0 {
		return false
	}
	if rel := s.Relationships.Relations[path[0]]; rel != nil {
		return p.enforcesRelation(rel) || p.preloadsEnforced(rel.FieldSchema, path[1:])
	}
	for _, rel := range s.Relationships.Relations {
		if p.enforcesRelation(rel) {
			return true
		}
	}
	return false
}

func (p *Plugin) enforcesRelation(rel *schema.Relationship) bool {
	for _, s := range []*schema.Schema{rel.FieldSchema, rel.JoinTable} {
		if s == nil {
			continue
		}
		if mode, _ := p.modeOf(cutSchema(p.tables.fold(s.Table))); mode.enforces(opQuery) {
			return true
		}
	}
	return false
}

const errPreload = "to preload for several tenants, the rows must be read with their tenant column"
