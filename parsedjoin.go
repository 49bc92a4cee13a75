package tenancy

import (
	"reflect"
	"sync"

	"gorm.io/gorm"
	"gorm.io/gorm/schema"

	"github.com/gorm-tenancy/tenancy/internal/gormfacts"
)

// parsedJoin returns a join table by its name where GORM has parsed the model that
// declares it and no statement has used that model yet: association mode names the
// join table first, and the owner in no statement.
func (r *tables) parsedJoin(name string) *table {
	store := parsedModels(r.db)
	if store == nil {
		return nil
	}
	var owners []*schema.Schema
	store.Range(func(_, value any) bool {
		s, ok := value.(*schema.Schema)
		if !ok || s.ModelType == nil || gormfacts.IsDerived(s) || r.snapshot.Load().models[s] != nil {
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

// parsedModels returns where GORM keeps the models that it has parsed, which it has
// no method for; nil where it keeps them otherwise.
func parsedModels(db *gorm.DB) *sync.Map {
	field := reflect.ValueOf(db.Config).Elem().FieldByName("cacheStore")
	if !field.IsValid() || field.Type() != reflect.TypeFor[*sync.Map]() {
		return nil
	}
	return (*sync.Map)(field.UnsafePointer())
}

// joinedBy returns the relation that a join model of one's own is for, nil where
// the name is none.
func (r *tables) joinedBy(name string) *schema.Relationship {
	for _, m := range r.snapshot.Load().models {
		for _, rel := range m.rels {
			if rel.JoinTable != nil && !gormfacts.IsDerived(rel.JoinTable) && r.fold(rel.JoinTable.Table) == name {
				return rel
			}
		}
	}
	return nil
}
