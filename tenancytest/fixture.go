package tenancytest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"
	"gorm.io/gorm/schema"

	"github.com/gorm-tenancy/tenancy"
)

// Fixture is a filled database under test with its oracle. It is made by
// [Suite.Fixture], lasts as long as the test that it was made for, and is safe
// for concurrent use, one operation at a time.
type Fixture struct {
	suite   Suite
	column  string
	tenants [2]any
	tables  map[string]*model
	models  []*model // each after those that it refers to

	running sync.Mutex
	shared  *gorm.DB // under test: both tenants' rows
	owner   *gorm.DB // the same database, to write rows past the plugin
	lone    *gorm.DB // the oracle: one tenant's rows
	// loneTenant is whose rows the oracle holds.
	loneTenant int
	baseline   *state // what the shared tables hold before an operation
	texts      textCount
	onCitus    bool // the shared tables may be distributed
	// crosses lets rows refer to another tenant's, where a foreign key cannot tell.
	crosses bool
	// loneBoth and loneAll say that the oracle holds, of tables whose rows several
	// tenants may see, those that one of the two sees, or all.
	loneBoth, loneAll bool
	denied            int // operations that a kind of table refuses
	// unsupported counts what Citus does not do, of the operation that runs.
	unsupported int
	bases       map[*gorm.DB][]base
	interned    map[string]string
}

// Fixture fills the database for operations to be run one by one, as
// [Fixture.Chain] and [Fixture.Text] do. It empties the database when the test
// ends.
func (s Suite) Fixture(t testing.TB) *Fixture {
	t.Helper()
	f, err := s.prepare(t)
	if err != nil {
		t.Fatalf("tenancytest: %v", err)
	}
	return f
}

func (s Suite) prepare(t testing.TB) (*Fixture, error) {
	if s.DB == nil || len(s.Models) == 0 {
		return nil, errors.New("Suite.DB and Suite.Models must be set")
	}
	if pluginOf(s.DB) == nil && !s.unscoped && !s.Backstop {
		return nil, errors.New("Suite.DB has no tenancy plugin: call its Use before")
	}
	f := &Fixture{suite: s, column: s.Column, shared: s.DB, owner: s.Owner, bases: map[*gorm.DB][]base{}}
	if f.column == "" {
		f.column = "tenant_id"
	}
	if f.owner == nil {
		f.owner = s.DB
	}
	if s.oneTenant {
		// The suite's own test: the handle under test is an oracle itself.
		if err := errors.Join(f.gather(), f.chooseTenants(), f.makeOracle(f.shared)); err != nil {
			return nil, err
		}
	}
	steps := []func() error{
		f.look, f.gather, f.migrate, f.chooseTenants, f.introduce, f.gather, f.checkEmpty,
		func() error { return f.openLone(t) },
		func() error {
			t.Cleanup(func() {
				if err := f.empty(f.owner); err != nil {
					t.Errorf("tenancytest: %v", err)
				}
			})
			return f.fill()
		},
		f.probe,
		f.startSequences,
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return nil, err
		}
	}
	var err error
	f.baseline, err = f.readState(f.shared.Statement.ConnPool, f.shared)
	return f, err
}

// pluginOf returns the tenancy plugin of a handle; nil if it has none.
func pluginOf(db *gorm.DB) *tenancy.Plugin {
	plugin, _ := db.Plugins[(*tenancy.Plugin)(nil).Name()].(*tenancy.Plugin)
	return plugin
}

// migrate makes the tables that are absent.
func (f *Fixture) migrate() error {
	var absent []any
	for _, m := range f.models {
		if m.named() && !f.shared.Migrator().HasTable(m.new()) {
			absent = append(absent, m.new())
		}
	}
	if len(absent) == 0 {
		return nil
	}
	return f.shared.AutoMigrate(absent...)
}

// gather parses the models and what their relations lead to.
func (f *Fixture) gather() error {
	f.tables, f.models = map[string]*model{}, nil
	for _, value := range f.suite.Models {
		stmt := &gorm.Statement{DB: f.shared}
		if err := stmt.Parse(value); err != nil {
			return err
		}
		f.addTable(stmt.Schema)
	}
	all := slices.Clone(f.models)
	for _, m := range all {
		for _, rel := range relationsOf(m.schema) {
			f.addLinks(rel)
			f.addRelation(m, rel)
		}
		f.addVia(m)
	}
	f.models = nil
	for len(f.models) < len(all) {
		m := f.next(all)
		m.number = len(f.models)
		f.models = append(f.models, m)
	}
	return nil
}

func (f *Fixture) addTable(s *schema.Schema) {
	if s == nil || f.tables[s.Table] != nil {
		return
	}
	m := &model{f: f, schema: s, table: s.Table, tenant: f.tenantField(s), indexed: uniqueFields(s)}
	m.root = m.tenant != nil && m.tenant.PrimaryKey && len(s.PrimaryFields) == 1
	f.kindOf(m)
	f.tables[s.Table] = m
	f.models = append(f.models, m)
	for _, rel := range relationsOf(s) {
		f.addTable(rel.FieldSchema)
		if rel.JoinTable != nil {
			f.addTable(f.joinSchema(rel, m.tenant))
		}
	}
}

func (f *Fixture) tenantField(s *schema.Schema) *schema.Field {
	for _, field := range s.Fields {
		if field.Tag.Get("tenancy") == "tenant" && field.DBName != "" {
			return s.LookUpField(field.DBName)
		}
	}
	return s.FieldsByDBName[f.column]
}

func relationsOf(s *schema.Schema) []*schema.Relationship {
	return slices.Concat(s.Relationships.BelongsTo, s.Relationships.HasOne,
		s.Relationships.HasMany, s.Relationships.Many2Many)
}

// next picks a model whose rows can be written after those before it: one that
// refers to nothing else, or, where tables refer to each other, one whose other
// references can be left null at first.
func (f *Fixture) next(all []*model) *model {
	var rest []*model
	for _, m := range all {
		if !slices.Contains(f.models, m) {
			rest = append(rest, m)
		}
	}
	waits := func(m *model, l *link) bool {
		return slices.ContainsFunc(l.targets, func(t *target) bool {
			return t.parent != m && !slices.Contains(f.models, t.parent)
		})
	}
	for _, mayWait := range []bool{false, true} {
		for _, m := range rest {
			if !slices.ContainsFunc(m.links, func(l *link) bool { return waits(m, l) && !(mayWait && l.nullable) }) {
				return m
			}
		}
	}
	return rest[0]
}

// chooseTenants takes ids that fit each tenant column.
func (f *Fixture) chooseTenants() error {
	f.tenants = f.suite.Tenants
	if f.tenants[0] != nil && f.tenants[1] != nil {
		return nil
	}
	f.tenants = [2]any{"tenant-" + ownWord, "tenant-" + foreignWord}
	for _, m := range f.models {
		if m.tenant == nil {
			continue
		}
		switch {
		case isUUID(m.tenant):
			f.tenants = [2]any{
				uuidOf(1_000_001, true, seed{key: 1_000_001}).String(),
				uuidOf(foreignNumber, true, seed{key: foreignNumber}).String(),
			}
		case m.tenant.GORMDataType == schema.Int, m.tenant.GORMDataType == schema.Uint:
			f.tenants = [2]any{901, foreignNumber + 902}
			if m.tenant.Size > 0 && m.tenant.Size < 32 {
				f.tenants = [2]any{91, 92}
			}
			return nil
		}
	}
	return nil
}

// introduce uses each model once, so that the plugin knows its table by name.
func (f *Fixture) introduce() error {
	for _, m := range f.models {
		if !m.named() || m.isPrivate() || f.suite.Backstop {
			continue
		}
		err := f.session(f.as(0), f.shared, logger.Discard).Limit(1).Find(m.slice()).Error
		if err != nil {
			return fmt.Errorf("%s: %w", m.schema.Name, err)
		}
	}
	return nil
}

// as returns the context of a tenant.
func (f *Fixture) as(tenant int) context.Context {
	return tenancy.With(f.context(), f.tenants[tenant])
}

// context returns the context that operations' own are made from.
func (f *Fixture) context() context.Context {
	if f.suite.Enforced {
		return tenancy.WithEnforcement(context.Background())
	}
	return context.Background()
}
