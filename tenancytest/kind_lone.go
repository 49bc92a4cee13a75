package tenancytest

import (
	"context"
	"errors"

	"gorm.io/gorm"
	"gorm.io/gorm/schema"
)

// loneOwners are whose rows of a table the oracle holds.
func (m *model) loneOwners(tenant int) []int {
	if m.isMixed() && m.f.loneBoth {
		return []int{everybody, 1, 0}
	}
	return m.owners(tenant)
}

// unbind takes the foreign keys that lead to rows which may be hidden from the
// oracle, before it is migrated: there these rows are not.
func (f *Fixture) unbind(s *schema.Schema) {
	for _, rel := range relationsOf(s) {
		parents := []*schema.Schema{rel.FieldSchema}
		if rel.Type == schema.HasOne || rel.Type == schema.HasMany {
			parents = []*schema.Schema{rel.Schema}
		}
		if rel.Type == schema.Many2Many {
			parents = append(parents, rel.Schema)
		}
		for _, parent := range parents {
			if m := f.tables[parent.Table]; m != nil && (m.isLoose() || m.isPrivate() && f.suite.Backstop) {
				rel.Field.TagSettings["CONSTRAINT"] = "-"
				for _, unbound := range parents {
					f.tables[unbound.Table].isUnbound = true
				}
			}
		}
	}
}

const guardName = "tenancytest_everybody"

// guardLone keeps the oracle's rows for everybody as they are, whatever statements
// say: a tenant sees them and does not write them.
func (f *Fixture) guardLone() error {
	if f.loneAll || f.lone == nil {
		return nil
	}
	for _, m := range f.models {
		if !m.isMixed() || !m.named() {
			continue
		}
		for _, statement := range m.guards(f.lone) {
			if _, err := f.lone.Statement.ConnPool.ExecContext(context.Background(), statement); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *model) guards(db *gorm.DB) []string {
	table, column := m.f.quote(m.table), m.f.quote(m.tenant.DBName)
	if db.Name() == "sqlite" {
		var statements []string
		for _, event := range []string{"UPDATE", "DELETE"} {
			statements = append(statements, "CREATE TRIGGER "+m.f.quote(guardName+"_"+event+"_"+m.table)+" BEFORE "+event+
				" ON "+table+" WHEN OLD."+column+" IS NULL BEGIN SELECT RAISE(IGNORE); END")
		}
		return statements
	}
	return []string{
		"CREATE OR REPLACE FUNCTION " + guardName + "() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
		"CREATE TRIGGER " + guardName + " BEFORE UPDATE OR DELETE ON " + table +
			" FOR EACH ROW WHEN (OLD." + column + " IS NULL) EXECUTE FUNCTION " + guardName + "()",
	}
}

// unguardLone takes the guards away.
func (f *Fixture) unguardLone() (err error) {
	for _, m := range f.models {
		if !m.isMixed() || !m.named() {
			continue
		}
		statements := []string{"DROP TRIGGER IF EXISTS " + guardName + " ON " + f.quote(m.table)}
		if f.lone.Name() == "sqlite" {
			statements = nil
			for _, event := range []string{"UPDATE", "DELETE"} {
				statements = append(statements, "DROP TRIGGER IF EXISTS "+f.quote(guardName+"_"+event+"_"+m.table))
			}
		}
		for _, statement := range statements {
			_, fails := f.lone.Statement.ConnPool.ExecContext(context.Background(), statement)
			err = errors.Join(err, fails)
		}
	}
	return err
}
