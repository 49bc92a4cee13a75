package tenancy

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/schema"

	"github.com/gorm-tenancy/tenancy/internal/gormfacts"
	"github.com/gorm-tenancy/tenancy/internal/modeltag"
	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// model returns what is known of a schema, registering it when it is new. Its
// table is nil if it is undeclared.
func (r *knownTables) model(s *schema.Schema) (*model, error) {
	if m := r.snapshot.Load().models[s]; m != nil {
		return m, nil
	}
	r.grow.Lock()
	defer r.grow.Unlock()
	old := r.snapshot.Load()
	next := &snapshot{models: maps.Clone(old.models), names: maps.Clone(old.names), bare: maps.Clone(old.bare)}
	m, err := r.register(next, s)
	if err != nil {
		return nil, err
	}
	r.snapshot.Store(next)
	return m, nil
}

// register adds a schema and all that its relations lead to.
func (r *knownTables) register(next *snapshot, s *schema.Schema) (*model, error) {
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
		related, err := r.register(next, rel.FieldSchema)
		if err != nil {
			return nil, err
		}
		if rel.JoinTable == nil {
			continue
		}
		if err := r.registerJoinTable(next, rel, m, related); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// throughSides finds the table of a derived join table that is used before its
// relation is: by the models that it joins.
func (r *knownTables) throughSides(next *snapshot, s *schema.Schema, field *schema.Field) (*table, error) {
	for _, side := range s.Relationships.Relations {
		if _, err := r.register(next, side.FieldSchema); err != nil {
			return nil, err
		}
	}
	return r.tableOf(next, s, field)
}

// tableOf finds or makes the table of a schema; nil if it is undeclared.
func (r *knownTables) tableOf(next *snapshot, s *schema.Schema, field *schema.Field) (*table, error) {
	name := r.fold(s.Table)
	known := next.names[name]
	say, declared, err := r.declared.of(r.fold, s)
	if err != nil {
		return nil, err
	}
	if declared && field != nil && !say.kind.hasColumn() {
		return nil, fmt.Errorf("tenancy: %s has a tenant column (%s) and is declared %s by %s: it cannot be both",
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

// newTableOf makes the table of a schema; nil if it is undeclared.
func (r *knownTables) newTableOf(s *schema.Schema, field *schema.Field, say declaration, declared bool) (*table, error) {
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
		return nil, fmt.Errorf("tenancy: %s.%s cannot be the tenant column: PostgreSQL cuts names off after 63 bytes: shorten it", s.Name, field.Name)
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
func (r *knownTables) checkField(s *schema.Schema, field *schema.Field, t *table, say declaration) error {
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
func (r *knownTables) tenantField(s *schema.Schema) (marked *schema.Field, err error) {
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

// byName finds a table by the name that a statement has for it.
func (r *knownTables) byName(schemaName, name string) *table {
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

// parsedJoin returns a join table by its name where GORM has parsed the model that
// declares it and no statement has used that model yet: association mode names the
// join table first, and the owner in no statement.
func (r *knownTables) parsedJoin(name string) *table {
	store := gormfacts.ParsedModels(r.db)
	if store == nil {
		return nil
	}
	var owners []*schema.Schema
	known := r.snapshot.Load().models
	store.Range(func(_, value any) bool {
		s, ok := value.(*schema.Schema)
		if !ok || known[s] != nil || s.ModelType == nil || gormfacts.IsDerived(s) {
			return true
		}
		stmt := &gorm.Statement{DB: r.db}
		if stmt.Parse(reflect.New(s.ModelType).Interface()) != nil { // waits for who is parsing it
			return true
		}
		for _, rel := range relationsOf(stmt.Schema) {
			if rel.JoinTable != nil && r.fold(rel.JoinTable.Table) == name {
				owners = append(owners, stmt.Schema)
			}
		}
		return true
	})
	for _, owner := range owners {
		if _, err := r.model(owner); err != nil {
			return nil
		}
	}
	return r.snapshot.Load().names[name]
}

// joinedBy returns the relation for which the user has a join model of this name;
// nil if there is none.
func (r *knownTables) joinedBy(name string) *schema.Relationship {
	for _, m := range r.snapshot.Load().models {
		for _, rel := range m.rels {
			if rel.JoinTable != nil && !gormfacts.IsDerived(rel.JoinTable) && r.fold(rel.JoinTable.Table) == name {
				return rel
			}
		}
	}
	return nil
}
