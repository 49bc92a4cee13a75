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

// knownTables holds the models by their schema and the tables by their name. Readers
// see one immutable snapshot; it grows as models are first used.
type knownTables struct {
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
			return fmt.Errorf("tenancy: %s and %s may be the same table, as the search path decides, and are declared "+
				"differently: give both their schema in TableName", known.name, t.name)
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
func (r *knownTables) keyed(t *table) bool {
	return t != nil && t.column != "" && r.modeOf(t.name) != Observe
}

// modeOf returns the mode of a table by its model's name for it.
func (r *knownTables) modeOf(name string) Mode {
	if r.modes == nil {
		return Enforce
	}
	return r.modes.of(cutSchema(r.fold(name)))
}

// newOther makes a table without a tenant column.
func (r *knownTables) newOther(name string, say declaration) *table {
	if say.kind == KindFree {
		r.hasFree.Store(true)
	}
	return &table{name: name, kind: say.kind, writable: say.writable, qualifier: r.qualifier(name)}
}

// columnOf returns the name of the tenant column that a declaration goes with.
func (r *knownTables) columnOf(say declaration) string {
	if say.table != nil && say.table.Column != "" {
		return say.table.Column
	}
	return r.config.Column
}

// allowsUndeclared reports whether a table that is not known is taken for a
// shared one. The catalogues never are: their statistics hold values of all rows.
func (r *knownTables) allowsUndeclared(schemaName, name string) bool {
	if !r.config.AllowUndeclared {
		return false
	}
	schemaName, name = sqltext.Lower(schemaName), sqltext.Lower(name)
	return schemaName != "information_schema" && !strings.HasPrefix(schemaName, "pg_") &&
		!strings.HasPrefix(name, "pg_") && !strings.HasPrefix(name, "sqlite_")
}

func (r *knownTables) newTable(name, column string, id idType) *table {
	return &table{
		name: name, column: column, id: id, bind: binder(id), quoted: r.quote(column), qualifier: r.qualifier(name),
	}
}

// qualifier is a table's name without its schema, quoted.
func (r *knownTables) qualifier(name string) string {
	return r.quote(name[strings.LastIndexByte(name, '.')+1:])
}

func (r *knownTables) quote(name string) string {
	return (&gorm.Statement{DB: r.db}).Quote(name)
}

// fold returns a table's name as the database compares it. GORM takes it with
// quotes, too.
func (r *knownTables) fold(name string) string {
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

// cutSchema cuts a name at the dot after its schema.
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

// isScoped reports whether statements get a predicate for the table.
func (t *table) isScoped() bool { return t != nil && (t.column != "" || t.kind == KindLinked) }

// linkedQualifier is the qualifier of a table that stands alone in its query, where
// a predicate of it needs one.
func (t *table) linkedQualifier() string {
	if t.kind == KindLinked {
		return t.qualifier
	}
	return ""
}

// isTenants reports whether each row of a table is a tenant's.
func (t *table) isTenants() bool { return t != nil && (t.kind == KindTenant || t.kind == KindRoot) }

// link is a [Link] with the tables found.
type link struct {
	via        *table
	viaQuoted  string // its name
	foreignKey string // quoted, of via
	key        string // quoted, of the linked table
	names      [2]string
	where      string // what a row of via must be to count, for the alias linkAlias; empty: nothing
}

// modelledKeys are the keys that models want of a table.
type modelledKeys struct {
	at *snapshot // the models that were known
	uniqueKeys
}

// tableNamed makes the table of an entry of [Config.Tables].
func (r *knownTables) tableNamed(say declaration) (*table, error) {
	id, err := idTypeNamed(say.table.Type)
	if err != nil {
		return nil, fmt.Errorf("tenancy: %s: %w", say.where, err)
	}
	t := r.newTable(say.table.Name, r.columnOf(say), id)
	t.kind = say.kind
	return t, nil
}

// linkAlias is the name of the linking table in a predicate, where no other
// table is to be seen.
const linkAlias = "tenancy_link"
