package tenancy

import (
	"reflect"

	"gorm.io/gorm"
	"gorm.io/gorm/schema"
)

// adoptJoinTable makes a many-to-many table known. The one that GORM derives
// from a plain tag gets a tenant column, one for both of its sides; a join model
// of one's own must bring it.
func (r *tables) adoptJoinTable(next *snapshot, rel *schema.Relationship, owner, related *model) error {
	joined, err := r.adopt(next, rel.JoinTable)
	switch {
	case err != nil, joined.tenant != nil, rel.JoinTable.ModelType.Name() != "":
		return err
	case joined.table != nil && joined.shared:
		return nil
	}
	tenant := owner.tenant
	if tenant == nil {
		tenant = related.tenant
	}
	if tenant == nil {
		if owner.table != nil && related.table != nil && owner.shared && related.shared {
			next.names[r.fold(rel.JoinTable.Table)] = &table{
				name: rel.JoinTable.Table, shared: true, writable: owner.writable || related.writable,
			}
			_, err = r.adopt(next, rel.JoinTable)
		}
		return err
	}
	if err := r.replaceJoinTable(rel, tenant); err != nil {
		return err
	}
	_, err = r.adopt(next, rel.JoinTable)
	return err
}

// replaceJoinTable gives a relation a join table with a tenant column, in the
// way of gorm.DB.SetupJoinTable.
func (r *tables) replaceJoinTable(rel *schema.Relationship, tenant *schema.Field) error {
	old := rel.JoinTable
	fields := []reflect.StructField{{
		Name: "Tenancy" + tenant.Name,
		Type: tenant.IndirectFieldType,
		Tag:  joinColumnTag(r.config.Column, tenant),
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
			side.Schema = joined
			for _, ref := range side.References {
				ref.ForeignKey = joined.LookUpField(ref.ForeignKey.DBName)
			}
			joined.Relationships.Relations[name] = side
		}
	}
	rel.JoinTable = joined
	return nil
}

func joinColumnTag(column string, tenant *schema.Field) reflect.StructTag {
	tag := "column:" + column + ";primaryKey;autoIncrement:false;not null"
	if tenant.TagSettings["TYPE"] != "" {
		tag += ";type:" + tenant.TagSettings["TYPE"]
	}
	return reflect.StructTag(`gorm:"` + tag + `" ` + tagName + `:"` + tagTenant + `"`)
}
