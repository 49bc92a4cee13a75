package tenancy

import (
	"cmp"
	"database/sql/driver"
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/schema"

	"github.com/gorm-tenancy/tenancy/internal/gormfacts"
	"github.com/gorm-tenancy/tenancy/internal/modeltag"
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
	guards   map[*schema.Field]*schema.Field // see owner.go
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

// model returns what is known of a schema, adopting it when it is new. Its
// table is nil when it is undeclared.
func (r *tables) model(s *schema.Schema) (*model, error) {
	if m := r.snapshot.Load().models[s]; m != nil {
		return m, nil
	}
	r.grow.Lock()
	defer r.grow.Unlock()
	old := r.snapshot.Load()
	next := &snapshot{models: maps.Clone(old.models), names: maps.Clone(old.names), bare: maps.Clone(old.bare)}
	m, err := r.adopt(next, s)
	if err != nil {
		return nil, err
	}
	r.snapshot.Store(next)
	return m, nil
}

// adopt adds a schema and all that its relations lead to.
func (r *tables) adopt(next *snapshot, s *schema.Schema) (*model, error) {
	if m := next.models[s]; m != nil {
		return m, nil
	}
	// GORM hands out schemas that another goroutine is still parsing; Parse waits.
	if err := (&gorm.Statement{DB: r.db}).Parse(reflect.New(s.ModelType).Interface()); err != nil {
		return nil, err
	}
	field, err := r.tenantField(s)
	if err != nil {
		return nil, err
	}
	m := &model{tenant: field, ids: generatedIDs(s)}
	m.table, err = r.tableOf(next, s, field)
	if err != nil {
		return nil, err
	}
	if m.table == nil && gormfacts.IsDerived(s) {
		if m.table, err = r.throughSides(next, s, field); err != nil {
			return nil, err
		}
	}
	if m.table == nil {
		return m, nil // not kept: its table may be declared later
	}
	next.models[s] = m
	m.rels = relationsOf(s)
	for _, rel := range m.rels {
		related, err := r.adopt(next, rel.FieldSchema)
		if err != nil {
			return nil, err
		}
		if rel.JoinTable == nil {
			continue
		}
		if err := r.adoptJoinTable(next, rel, m, related); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// throughSides finds the table of a derived join table that is used before its
// relation is: by the models that it joins.
func (r *tables) throughSides(next *snapshot, s *schema.Schema, field *schema.Field) (*table, error) {
	for _, side := range s.Relationships.Relations {
		if _, err := r.adopt(next, side.FieldSchema); err != nil {
			return nil, err
		}
	}
	return r.tableOf(next, s, field)
}

// tableOf finds or makes the table of a schema; nil when it is undeclared.
func (r *tables) tableOf(next *snapshot, s *schema.Schema, field *schema.Field) (*table, error) {
	name := r.fold(s.Table)
	known := next.names[name]
	say, declared, err := r.declared.of(r.fold, s)
	if err != nil {
		return nil, err
	}
	if declared && field != nil && !say.kind.hasColumn() {
		return nil, fmt.Errorf("tenancy: %s has a tenant column (%s) and is declared %s by %s: it can be one only",
			s.Name, field.DBName, say.kind, say.where)
	}
	if known == nil || known.derived && field != nil && field.DBName != known.column && !gormfacts.IsDerived(s) {
		if known, err = r.newTableOf(s, field, say, declared); known == nil || err != nil {
			return nil, err
		}
		return known, next.add(name, known)
	}
	switch {
	case field != nil && known.column != field.DBName:
		return nil, fmt.Errorf("tenancy: %s has the tenant column %s, another model of its table has %s",
			s.Name, field.DBName, cmp.Or(known.column, "none: it is "+known.kind.String()))
	case declared && say.kind != known.kind && !(say.kind == KindTenant && say.table != nil):
		return nil, fmt.Errorf("tenancy: %s is declared %s by %s, another model of its table is %s",
			s.Name, say.kind, say.where, known.kind)
	case field != nil:
		return known, r.checkField(s, field, known, say)
	}
	return known, nil
}

// newTableOf makes the table of a schema; nil when it is undeclared.
func (r *tables) newTableOf(s *schema.Schema, field *schema.Field, say declaration, declared bool) (*table, error) {
	switch {
	case declared && !say.kind.hasColumn():
		return r.newOther(s.Table, say), nil
	case field == nil && say.table != nil:
		t, err := r.tableNamed(say)
		if t != nil {
			t.key = keyBeside(s, t.column)
		}
		return t, err
	case field == nil && declared:
		return nil, fmt.Errorf("tenancy: %s is declared %s by %s and has no tenant column %s", s.Name, say.kind, say.where, r.columnOf(say))
	case field == nil:
		return nil, nil
	}
	id, err := idTypeOf(field)
	if err != nil {
		return nil, fmt.Errorf("tenancy: %s.%s cannot be the tenant column: %w", s.Name, field.Name, err)
	}
	if err := r.checkDeclared(field, id); err != nil {
		return nil, fmt.Errorf("tenancy: %s.%s cannot be the tenant column: %w", s.Name, field.Name, err)
	}
	if sqltext.Clip(r.dialect, field.DBName) != field.DBName {
		return nil, fmt.Errorf("tenancy: %s.%s cannot be the tenant column: PostgreSQL cuts its name off, behind 63 bytes", s.Name, field.Name)
	}
	t := r.newTable(s.Table, field.DBName, id)
	t.key = keyBeside(s, field.DBName)
	switch t.kind = say.kind; {
	case isRootKey(s, field) && (say.kind == KindRoot || say.kind == KindTenant && say.table == nil):
		t.kind = KindRoot
	case say.kind == KindRoot:
		return nil, fmt.Errorf("tenancy: %s is declared the root by %s, and %s is not its primary key", s.Name, say.where, field.DBName)
	}
	return t, r.checkField(s, field, t, say)
}

// isRootKey reports whether a tenant column is the key of the tenants' own table.
func isRootKey(s *schema.Schema, field *schema.Field) bool {
	return field.PrimaryKey && len(s.PrimaryFields) == 1
}

// checkField sees to it that a model's tenant column can be that of its table.
func (r *tables) checkField(s *schema.Schema, field *schema.Field, t *table, say declaration) error {
	switch {
	case t.kind == KindMixed && (field.NotNull || field.PrimaryKey):
		return fmt.Errorf("tenancy: %s is declared mixed, and its tenant column %s cannot be NULL: make it a pointer that is neither not null nor part of the key",
			s.Name, field.Name)
	case t.kind == KindTenant && isRootKey(s, field):
		return fmt.Errorf("tenancy: %s has the tenant column as its primary key: say Root in its entry of Config.Tables", s.Name)
	case say.table == nil || say.table.Type == "":
		return nil
	}
	declared, err := idTypeNamed(say.table.Type)
	own, _ := idTypeOf(field)
	if err == nil && declared.kind != own.kind {
		err = fmt.Errorf("%s.%s is of another type", s.Name, field.Name)
	}
	if err != nil {
		return fmt.Errorf("tenancy: %s says Type %q: %w", say.where, say.table.Type, err)
	}
	return nil
}

// tenantField finds the tenant column of a schema: the marked field, else the
// one of the configured name.
func (r *tables) tenantField(s *schema.Schema) (marked *schema.Field, err error) {
	if joined, err := r.joinedTenant(s); joined != nil || err != nil {
		return joined, err // a derived join table has the marks of both its sides
	}
	for _, field := range s.Fields {
		if field.Tag.Get(modeltag.Name) != modeltag.Tenant || field.DBName == "" {
			continue
		}
		if marked != nil && marked.Name != field.Name {
			return nil, fmt.Errorf("tenancy: %s marks two tenant columns, %s and %s", s.Name, marked.Name, field.Name)
		}
		marked = s.LookUpField(field.Name)
	}
	say, _, err := r.declared.of(r.fold, s)
	column := r.columnOf(say)
	switch {
	case err != nil:
		return nil, err
	case marked != nil && say.table != nil && marked.DBName != column:
		return nil, fmt.Errorf("tenancy: %s marks the tenant column %s, and %s says %s", s.Name, marked.DBName, say.where, column)
	case marked != nil:
		return marked, nil
	}
	return s.FieldsByDBName[column], nil
}

func generatedIDs(s *schema.Schema) (ids []*schema.Field) {
	for _, field := range s.Fields {
		if modeltag.Has(field, modeltag.UUIDv7) && field.DBName != "" {
			ids = append(ids, field)
		}
	}
	return ids
}

// relationsOf lists the relations that a value of the schema carries.
func relationsOf(s *schema.Schema) (rels []*schema.Relationship) {
	for _, list := range [][]*schema.Relationship{
		s.Relationships.BelongsTo, s.Relationships.HasOne,
		s.Relationships.HasMany, s.Relationships.Many2Many,
	} {
		rels = append(rels, list...)
	}
	return rels
}

// keyBeside returns the columns of a schema's primary key without the tenant's.
func keyBeside(s *schema.Schema, tenant string) []string {
	return slices.DeleteFunc(slices.Clone(s.PrimaryFieldDBNames), func(name string) bool { return name == tenant })
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

// idType is the type of a tenant column.
type idType struct {
	kind     idKind
	bits     int // of an integer column
	unsigned bool
	bounded  bool // a text column with a length drops the spaces at its end
}

type idKind uint8

const (
	idUUID     idKind = iota + 1
	idUUIDText        // a UUID that the model holds as a string
	idText
	idInteger
)

func idTypeOf(field *schema.Field) (idType, error) {
	typ := field.IndirectFieldType
	isUUID := strings.EqualFold(string(field.DataType), "uuid")
	_, hasValue := reflect.New(typ).Interface().(driver.Valuer)
	switch kind := typ.Kind(); {
	case field.Serializer != nil:
		return idType{}, errors.New("a serialized field holds no id")
	case hasValue && kind != reflect.Array:
		return idType{}, fmt.Errorf("a %s may store another value than it holds", typ)
	case kind == reflect.Array && typ.ConvertibleTo(uuidType) && !storesUUID(typ):
		return idType{}, fmt.Errorf("a %s is stored and spelled in a way of its own: hold it as a string, in a column of type text", typ)
	case kind == reflect.Array && typ.ConvertibleTo(uuidType):
		return idType{kind: idUUID}, nil
	case kind == reflect.String && isUUID:
		return idType{kind: idUUIDText}, nil
	case kind == reflect.String:
		return idType{kind: idText, bounded: field.Size > 0 || strings.Contains(string(field.DataType), "(")}, nil
	case kind >= reflect.Int && kind <= reflect.Int64:
		return idType{kind: idInteger, bits: min(typ.Bits(), sizeOf(field))}, nil
	case kind >= reflect.Uint && kind <= reflect.Uint64:
		return idType{kind: idInteger, bits: min(typ.Bits(), sizeOf(field)), unsigned: true}, nil
	default:
		return idType{}, fmt.Errorf("a %s is neither a UUID nor a string nor an integer", typ)
	}
}

func sizeOf(field *schema.Field) int {
	if field.Size == 0 {
		return 64
	}
	return field.Size
}

// value returns a tenant's id as the column wants it.
func (id idType) value(t *tenant) (any, error) {
	var value any
	switch id.kind {
	case idUUID:
		value = t.uuid
	case idUUIDText:
		if id, ok := t.uuid.(uuid.UUID); ok {
			return id.String(), nil
		}
	case idText:
		if !id.bounded || !strings.HasSuffix(t.key, " ") {
			value = t.text
		}
	case idInteger:
		value = id.number(t.num)
	}
	if value == nil {
		return nil, ErrInvalidTenant
	}
	return value, nil
}

// number returns n when the column can hold it, else nil.
func (id idType) number(n any) any {
	signed, ok := n.(int64)
	if !ok || signed < 0 && id.unsigned {
		return nil // beyond int64, which PostgreSQL's bigint cannot hold
	}
	bits := id.bits
	if id.unsigned {
		bits++
	}
	if bits < 64 && (signed > math.MaxInt64>>(64-bits) || signed < math.MinInt64>>(64-bits)) {
		return nil
	}
	return n
}
