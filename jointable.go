package tenancy

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/schema"

	"github.com/gorm-tenancy/tenancy/internal/gormfacts"
	"github.com/gorm-tenancy/tenancy/internal/modeltag"
)

// registerJoinTable makes a many-to-many table known by its name. The one that GORM
// derives from a plain tag has a tenant column, one for both of its sides, that
// its schema knows nothing of; a join model of one's own must bring it.
func (r *knownTables) registerJoinTable(next *snapshot, rel *schema.Relationship, owner, related *model) error {
	name := r.fold(rel.JoinTable.Table)
	if next.names[name] != nil || rel.JoinTable.ModelType.Name() != "" {
		_, err := r.register(next, rel.JoinTable)
		return err
	}
	tenant := owner.tenant
	if tenant == nil {
		tenant = related.tenant
	}
	column := r.config.Column
	if own, err := r.joinedTenant(rel.JoinTable); err != nil {
		return err
	} else if own != nil {
		tenant, column = own, own.DBName
	}
	id, err := joinedID(tenant, owner, related)
	if err != nil {
		return err
	}
	say, declared, err := r.declared.of(r.fold, rel.JoinTable)
	switch {
	case err != nil:
		return err
	case declared && tenant == nil && say.table != nil:
		// Its entry in Config.Tables says what it is.
	case id != nil:
		joined := r.newTable(rel.JoinTable.Table, column, *id)
		joined.key = keyBeside(rel.JoinTable, column)
		joined.derived = true
		if !owner.isTenants() && !related.isTenants() {
			joined.kind = KindMixed // rows for everybody are joined for everybody
		}
		if err := next.add(name, joined); err != nil {
			return err
		}
	case owner.table != nil && related.table != nil:
		if err := next.add(name, r.newOther(rel.JoinTable.Table, joinedKind(owner.table, related.table))); err != nil {
			return err
		}
	}
	_, err = r.register(next, rel.JoinTable)
	return err
}

// joinedID returns the type of a derived join table's tenant column: that of a side,
// which Config.Tables may say in place of a field. Nil if neither is a tenant's.
func joinedID(tenant *schema.Field, owner, related *model) (*idType, error) {
	if tenant != nil {
		id, err := idTypeOf(tenant)
		return &id, err
	}
	for _, side := range []*model{owner, related} {
		if side.table != nil && side.column != "" {
			return &side.id, nil
		}
	}
	return nil, nil
}

// joinedTenant returns the column of a derived join table that holds the tenant
// already, nil if there is none: what refers to the root, or to a key that
// contains the tenant. Of several, the rows hold the same in each, but where tenants
// are joined with tenants: the row is then its owner's.
func (r *knownTables) joinedTenant(s *schema.Schema) (found *schema.Field, err error) {
	if !gormfacts.IsDerived(s) || len(relationsOf(s)) > 0 {
		return nil, nil // it is none of GORM's
	}
	best := 0
	sides := s.Relationships.Relations
	for _, name := range slices.Sorted(maps.Keys(sides)) {
		side := sides[name].FieldSchema
		tenant, err := r.tenantField(side)
		if err != nil {
			return nil, err
		}
		for _, ref := range sides[name].References {
			if tenant == nil || ref.PrimaryKey == nil || ref.PrimaryKey.DBName != tenant.DBName {
				continue
			}
			rank := 1
			switch {
			case ref.ForeignKey.DBName == r.config.Column:
				rank = 4
			case isRootKey(side, tenant) && name == side.Name:
				rank = 3
			case isRootKey(side, tenant):
				rank = 2
			}
			if rank > best || rank == best && ref.ForeignKey.DBName < found.DBName {
				found, best = ref.ForeignKey, rank
			}
		}
	}
	return found, nil
}

// migrateJoinTables gives the derived join tables of a schema, and of those that
// it leads to, the tenant column that the migrator is to make.
func (r *knownTables) migrateJoinTables(s *schema.Schema, done map[*schema.Schema]bool) error {
	if done[s] {
		return nil
	}
	done[s] = true
	for _, rel := range relationsOf(s) {
		if err := r.migrateJoinTables(rel.FieldSchema, done); err != nil {
			return err
		}
		if rel.JoinTable == nil || !gormfacts.IsDerived(rel.JoinTable) {
			continue
		}
		t := r.byName("", r.fold(rel.JoinTable.Table))
		if t == nil || !r.keyed(t) || rel.JoinTable.LookUpField(t.column) != nil {
			continue
		}
		tenant, err := r.tenantField(rel.Schema)
		if tenant == nil && err == nil {
			tenant, err = r.tenantField(rel.FieldSchema)
		}
		if err != nil {
			return err
		}
		if tenant == nil {
			continue // Config.Tables has its sides, and their tables have the column already
		}
		if err := r.replaceJoinTable(rel, tenant, t.kind == KindMixed); err != nil {
			return err
		}
	}
	return nil
}

// tenantOfSides returns the tenant column of a model that a derived join table joins. Nil
// where Config.Tables has it, or its sides: the table has the column already.
func (r *knownTables) tenantOfSides(s *schema.Schema) (*schema.Field, error) {
	relations := s.Relationships.Relations
	for _, name := range slices.Sorted(maps.Keys(relations)) {
		if tenant, err := r.tenantField(relations[name].FieldSchema); tenant != nil || err != nil {
			return tenant, err
		}
	}
	if say, _, err := r.declared.of(r.fold, s); err != nil || say.table != nil {
		return nil, err
	}
	for _, relation := range relations {
		if side, err := r.model(relation.FieldSchema); err != nil || side.table != nil && side.column != "" {
			return nil, err
		}
	}
	return nil, fmt.Errorf("tenancy: neither side of the join table %s has a tenant column: give one side the column, or declare the join table", s.Table)
}

// replaceJoinTable gives a relation a join table with a tenant column, in the
// way of gorm.DB.SetupJoinTable.
func (r *knownTables) replaceJoinTable(rel *schema.Relationship, tenant *schema.Field, mixed bool) error {
	old := rel.JoinTable
	fields := []reflect.StructField{{
		Name: "Tenancy" + tenant.Name,
		Type: tenant.IndirectFieldType,
		Tag:  joinColumnTag(r.config.Column, tenant, mixed),
	}}
	for i := range old.ModelType.NumField() {
		fields = append(fields, old.ModelType.Field(i))
	}
	stmt := &gorm.Statement{DB: r.db}
	if err := stmt.Parse(reflect.New(reflect.StructOf(fields)).Interface()); err != nil {
		return err
	}
	joined := stmt.Schema
	joined.Name, joined.Table = old.Name, old.Table
	for _, ref := range rel.References {
		f := joined.LookUpField(ref.ForeignKey.DBName)
		f.DataType, f.GORMDataType = ref.ForeignKey.DataType, ref.ForeignKey.GORMDataType
		if f.Size == 0 {
			f.Size = ref.ForeignKey.Size
		}
		ref.ForeignKey = f
	}
	for name, side := range old.Relationships.Relations {
		if _, ok := joined.Relationships.Relations[name]; !ok {
			own := *side
			own.Schema, own.References = joined, nil
			for _, ref := range side.References {
				ref := *ref
				ref.ForeignKey = joined.LookUpField(ref.ForeignKey.DBName)
				own.References = append(own.References, &ref)
			}
			joined.Relationships.Relations[name] = &own
		}
	}
	rel.JoinTable = joined
	r.replaced.Store(old, joined)
	return nil
}

func joinColumnTag(column string, tenant *schema.Field, mixed bool) reflect.StructTag {
	tag := "column:" + column
	if !mixed {
		tag += ";primaryKey;autoIncrement:false;not null"
	}
	if tenant.TagSettings["TYPE"] != "" {
		tag += ";type:" + tenant.TagSettings["TYPE"]
	}
	return reflect.StructTag(`gorm:"` + tag + `" ` + modeltag.Name + `:"` + modeltag.Tenant + `"`)
}

// joinedKind is what the derived join table of two models without tenants is. One
// that joins a table which is not read by everybody is read by nobody.
func joinedKind(owner, related *table) declaration {
	switch {
	case owner.kind == KindFree && related.kind == KindFree:
		return declaration{kind: KindFree, writable: true}
	case owner.kind.isOpen() && related.kind.isOpen():
		return declaration{kind: KindShared, writable: owner.writable || related.writable}
	}
	return declaration{kind: KindPrivate}
}
