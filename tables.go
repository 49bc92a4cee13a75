package tenancy

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"

	"gorm.io/gorm"
	"gorm.io/gorm/schema"

	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// table is what is known of one table of the database.
type table struct {
	name     string
	kind     Kind
	writable bool  // by tenants, of a table that is not theirs
	link     *link // of a linked table

	// Of a tenants' table:
	column    string // the tenant column
	quoted    string // the same, quoted
	qualifier string // the table's name without its schema, quoted
	id        idType
	bind      func(Scope) ([]any, error) // of TenantTable
	key       []string                   // the model's primary key without the tenant column
	derived   bool                       // a plain many-to-many table: a join model of its own says more

	keys     atomic.Pointer[uniqueKeys]   // that the database has; see uniquekeys.go
	modelled atomic.Pointer[modelledKeys] // that the models want
}

// model is what is known of one GORM schema.
type model struct {
	*table
	tenant *schema.Field          // nil for a DTO without the column, and a shared model
	ids    []*schema.Field        // UUIDv7 ids to fill
	rels   []*schema.Relationship // what a value carries along
}

// tables is the registry: models by their schema, tables by their name. Readers
// see one immutable snapshot; it grows as models are first used.
type tables struct {
	db       *gorm.DB
	config   *Config
	dialect  sqltext.Dialect
	modes    *modes
	grow     sync.Mutex
	snapshot atomic.Pointer[snapshot]
	guards   map[*schema.Field]*schema.Field // see associationowner.go
	declared *declarations
	hasFree  atomic.Bool // there is a table that needs no scope
	replaced sync.Map    // schemas of derived join tables, before and after they have their tenant column
}

type snapshot struct {
	models map[*schema.Schema]*model
	names  map[string]*table
	bare   map[string]*table // a tenant's, by its name without its schema
}

// add adds a table under its folded name. The search path decides which table a
// name without a schema is, and no statement shows it: it is a tenant's where one of
// that name is.
func (s *snapshot) add(name string, t *table) error {
	schemaName, last := cutSchema(name)
	for other, known := range s.names {
		otherSchema, otherLast := cutSchema(other)
		if otherLast != last || other == name || schemaName != "" && otherSchema != "" {
			continue
		}
		if known.column != t.column || known.kind != t.kind {
			return fmt.Errorf("tenancy: %s and %s are the same table or not, as the search path has it, and one of them only "+
				"has the tenants of the other: give both their schema in TableName", known.name, t.name)
		}
	}
	s.names[name] = t
	if schemaName != "" && t.column != "" {
		s.bare[last] = t
	}
	return nil
}

// keyed reports whether the tenant column is to be in a table's keys: not where
// rows may be written that have none.
func (r *tables) keyed(t *table) bool {
	return t != nil && t.column != "" && r.modeOf(t.name) != Observe
}

// modeOf returns the mode of a table by its model's name for it.
func (r *tables) modeOf(name string) Mode {
	if r.modes == nil {
		return Enforce
	}
	return r.modes.of(cutSchema(r.fold(name)))
}

func newTables(db *gorm.DB, config *Config, dialect sqltext.Dialect) (*tables, error) {
	r := &tables{db: db, config: config, dialect: dialect, guards: map[*schema.Field]*schema.Field{}}
	var err error
	if r.declared, err = newDeclarations(r.fold, config); err != nil {
		return nil, err
	}
	names := map[string]*table{}
	for name, say := range r.declared.names {
		if !say.kind.hasColumn() {
			names[name] = r.newOther(name, say)
		}
	}
	r.snapshot.Store(&snapshot{models: map[*schema.Schema]*model{}, names: names, bare: map[string]*table{}})
	if err := r.declareAll(config); err != nil {
		return nil, err
	}
	return r, nil
}

// declareAll makes all models of a configuration known, and then what needs them.
func (r *tables) declareAll(config *Config) error {
	for _, list := range []struct {
		where   string
		entries []any
		named   bool // an entry may be a table's name, which is declared already
	}{
		{"Config.Shared", config.Shared, true}, {"Config.Private", config.Private, true}, {"Config.Mixed", config.Mixed, true},
		{"Config.Free", config.Free, true}, {"Config.Models", config.Models, false},
	} {
		for _, entry := range list.entries {
			if w, ok := entry.(writable); ok {
				entry = w.model
			}
			if _, isName := entry.(string); isName && list.named {
				continue
			}
			if err := r.declare(entry, list.where); err != nil {
				return err
			}
		}
	}
	names := r.snapshot.Load().names
	for name, say := range r.declared.names {
		if names[name] != nil {
			continue
		}
		if say.table == nil {
			return fmt.Errorf("tenancy: %s: no known model has the table %q: list it in Config.Models or Config.Tables", say.where, name)
		}
		t, err := r.tableNamed(say)
		if err != nil {
			return err
		}
		names[name] = t
	}
	for i := range config.Linked {
		where := fmt.Sprintf("Config.Linked[%d]", i)
		l, linked, err := r.resolveLink(&config.Linked[i], where)
		if err != nil {
			return err
		}
		linked.link = l
	}
	return nil
}

// tableNamed makes the table of an entry of [Config.Tables].
func (r *tables) tableNamed(say declaration) (*table, error) {
	id, err := idTypeNamed(say.table.Type)
	if err != nil {
		return nil, fmt.Errorf("tenancy: %s: %w", say.where, err)
	}
	t := r.newTable(say.table.Name, r.columnOf(say), id)
	t.kind = say.kind
	return t, nil
}

// newOther makes a table without a tenant column.
func (r *tables) newOther(name string, say declaration) *table {
	if say.kind == KindFree {
		r.hasFree.Store(true)
	}
	return &table{name: name, kind: say.kind, writable: say.writable, qualifier: r.qualifier(name)}
}

// columnOf returns the name of the tenant column that a declaration goes with.
func (r *tables) columnOf(say declaration) string {
	if say.table != nil && say.table.Column != "" {
		return say.table.Column
	}
	return r.config.Column
}

// declare parses a configured model and adopts it.
func (r *tables) declare(value any, where string) error {
	stmt := &gorm.Statement{DB: r.db}
	if err := stmt.Parse(value); err != nil {
		return fmt.Errorf("tenancy: %s: %w", where, err)
	}
	m, err := r.model(stmt.Schema)
	if err != nil {
		return err
	}
	if m.table == nil {
		return &ScopeError{Op: where, Table: stmt.Schema.Table, Err: ErrUndeclared,
			Detail: "the model has no tenant column; embed TenantModel or list it in Config.Shared"}
	}
	return nil
}

// byName finds a table by the name that a statement has for it.
func (r *tables) byName(schemaName, name string) *table {
	names := r.snapshot.Load().names
	if schemaName == "" {
		if t := names[name]; t != nil {
			return t
		}
		if t := r.snapshot.Load().bare[name]; t != nil {
			return t
		}
		return r.parsedJoin(name)
	}
	if t := names[schemaName+"."+name]; t != nil {
		return t
	}
	t := names[name]
	if t != nil && t.kind.isOpen() && schemaName != "public" && schemaName != "main" {
		return nil
	}
	return t // a tenant's, in whatever schema
}

// allowsUndeclared reports whether a table that is not known is taken for a
// shared one. The catalogues never are: their statistics hold values of all rows.
func (r *tables) allowsUndeclared(schemaName, name string) bool {
	if !r.config.AllowUndeclared {
		return false
	}
	schemaName, name = sqltext.Lower(schemaName), sqltext.Lower(name)
	return schemaName != "information_schema" && !strings.HasPrefix(schemaName, "pg_") &&
		!strings.HasPrefix(name, "pg_") && !strings.HasPrefix(name, "sqlite_")
}

func (r *tables) newTable(name, column string, id idType) *table {
	return &table{
		name: name, column: column, id: id, bind: binder(id), quoted: r.quote(column), qualifier: r.qualifier(name),
	}
}

// qualifier is a table's name without its schema, quoted.
func (r *tables) qualifier(name string) string {
	return r.quote(name[strings.LastIndexByte(name, '.')+1:])
}

func (r *tables) quote(name string) string {
	return (&gorm.Statement{DB: r.db}).Quote(name)
}

// fold returns a table's name as the database compares it. GORM takes it with
// quotes, too.
func (r *tables) fold(name string) string {
	if strings.ContainsAny(name, "\"`") {
		name = strings.NewReplacer(`"`, "", "`", "").Replace(name)
	}
	if r.dialect == sqltext.SQLite {
		return sqltext.Lower(name)
	}
	if len(name) <= 63 {
		return name
	}
	schemaName, table := cutSchema(name)
	if table = sqltext.Clip(r.dialect, table); schemaName == "" {
		return table
	}
	return sqltext.Clip(r.dialect, schemaName) + "." + table
}

// tenantRef is a reference to a tenant's table inside a statement.
type tenantRef struct {
	table     *table
	qualifier string
}

// undeclared stands for every table that AllowUndeclared or a bypass lets pass.
var undeclared = &table{kind: KindShared}

// unjudged stands for a table that is not known, in a statement that Config.RawSQL
// judges whole when it is sent: another plugin's WITH may have made its name.
var unjudged = &table{kind: KindShared}

// cutSchema cuts a name at the dot behind its schema.
func cutSchema(name string) (schema, table string) {
	i := strings.LastIndexByte(name, '.')
	return name[:max(i, 0)], name[i+1:]
}

// namedBy returns the tenant that a value of the model names.
func (m *model) namedBy(stmt *gorm.Statement, v reflect.Value) (named tenant, zero bool) {
	if m.tenant == nil {
		return tenant{}, true
	}
	if field := fieldOf(stmt, m.tenant, v); field.IsValid() {
		return tenantOf(field.Interface())
	}
	return tenant{}, true
}
