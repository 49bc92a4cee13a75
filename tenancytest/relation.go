package tenancytest

import (
	"context"
	"reflect"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/schema"
)

// relation is one relation of a model, and what operations ask of it.
type relation struct {
	*schema.Relationship
	m      *model // whose relation it is
	target *model // what it leads to
	name   string // of Joins and Association
	path   string // of Preload
}

func (f *Fixture) addRelation(m *model, rel *schema.Relationship) {
	target := f.tables[rel.FieldSchema.Table]
	if m == nil || target == nil || m.schema.Relationships.Relations[rel.Name] == nil {
		return
	}
	if rel.JoinTable != nil && m.tenant != nil && f.tables[rel.JoinTable.Table].tenant == nil && !f.suite.unscoped {
		return // a join table without a tenant column is refused as a whole
	}
	m.rels = append(m.rels, &relation{
		Relationship: rel, m: m, target: target,
		name: rel.Name, path: strings.Join(rel.Field.EmbeddedBindNames, "."),
	})
}

// only leaves the operation out for other kinds of relations.
func (r *relation) only(kinds ...schema.RelationshipType) {
	for _, kind := range kinds {
		if r.Type == kind {
			return
		}
	}
	panic(inapplicable{})
}

// direct leaves the operation out for relations through a join table.
func (r *relation) direct() { r.only(schema.BelongsTo, schema.HasOne, schema.HasMany) }

// writable leaves the operation out for relations to shared tables, which stay as
// they are although rows are saved with them.
func (r *relation) writable() {
	if r.target.tenant == nil && !r.target.isOwnKind() {
		panic(inapplicable{})
	}
}

// toMany reports whether there may be several related rows.
func (r *relation) toMany() bool {
	return r.Type == schema.HasMany || r.Type == schema.Many2Many
}

// new returns a new related value, not stored yet.
func (r *relation) new(n int) any { return r.target.made(n) }

// stored returns a related row that is stored already.
func (r *relation) stored(n int) any { return r.target.row(n) }

// other returns a related row of the other tenant.
func (r *relation) other(n int) any {
	if r.target.tenant == nil {
		panic(inapplicable{})
	}
	return r.target.foreign(n)
}

// with puts related values into the owner's field, as they would be saved with
// it, and returns the owner.
func (r *relation) with(owner any, related ...any) any {
	field := r.Field.ReflectValueOf(context.Background(), reflect.ValueOf(owner).Elem())
	for _, value := range related {
		v := reflect.ValueOf(value)
		element := field.Type()
		if r.toMany() {
			element = element.Elem()
		}
		if element.Kind() != reflect.Pointer {
			v = v.Elem()
		}
		if r.toMany() {
			field.Set(reflect.Append(field, v))
		} else {
			field.Set(v)
		}
	}
	return owner
}

// on is the text that joins the related table, under a name of its own.
func (r *relation) on(left, right string) string {
	var terms []string
	for _, ref := range r.References {
		switch {
		case ref.PrimaryValue != "":
			terms = append(terms, right+"."+r.m.c(ref.ForeignKey)+" = '"+ref.PrimaryValue+"'")
		case ref.OwnPrimaryKey:
			terms = append(terms, right+"."+r.m.c(ref.ForeignKey)+" = "+left+"."+r.m.c(ref.PrimaryKey))
		default:
			terms = append(terms, right+"."+r.m.c(ref.PrimaryKey)+" = "+left+"."+r.m.c(ref.ForeignKey))
		}
	}
	return strings.Join(terms, " AND ")
}

// join is the text of a join to the related table as alias, through the join
// table where there is one.
func (r *relation) join(kind, alias string) string {
	left, target := r.m.f.name(r.m.table), r.m.f.name(r.target.table)
	if r.Type != schema.Many2Many {
		return kind + " " + target + " " + alias + " ON " + r.on(left, alias)
	}
	var own, related []string
	for _, ref := range r.References {
		if ref.OwnPrimaryKey {
			own = append(own, "via."+r.m.c(ref.ForeignKey)+" = "+left+"."+r.m.c(ref.PrimaryKey))
			continue
		}
		related = append(related, alias+"."+r.m.c(ref.PrimaryKey)+" = via."+r.m.c(ref.ForeignKey))
	}
	return kind + " " + r.m.f.name(r.JoinTable.Table) + " via ON " + strings.Join(own, " AND ") + " " +
		kind + " " + target + " " + alias + " ON " + strings.Join(related, " AND ")
}

// association opens association mode on one row of the owner.
func (r *relation) association(tx *gorm.DB, owner any) *gorm.Association {
	return tx.Model(owner).Association(r.name)
}

// columns selects the owner's columns and one of the related table's.
func (r *relation) columns(alias string) string {
	return r.m.q(r.m.any()) + " AS mine, " + alias + "." + r.target.c(r.target.any()) + " AS theirs"
}
