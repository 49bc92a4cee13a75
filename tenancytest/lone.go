package tenancytest

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/google/uuid"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
	"gorm.io/gorm/schema"
)

// openLone makes the oracle: a database for one tenant, driven by GORM without
// the plugin. All that it has of tenancy is what an application without the
// plugin would do itself: the tenant column has the tenant as its default, and
// ids that the plugin would fill are filled.
func (f *Fixture) openLone(t testing.TB) error {
	f.lone = f.suite.Lone
	if f.lone == nil {
		dialector, err := f.loneDialector(t)
		if err != nil {
			return err
		}
		if f.lone, err = gorm.Open(dialector, f.loneConfig()); err != nil {
			return fmt.Errorf("open the oracle: %w", err)
		}
		pool, err := f.lone.DB()
		if err != nil {
			return err
		}
		t.Cleanup(func() { _ = pool.Close() })
	}
	if pluginOf(f.lone) != nil {
		return fmt.Errorf("Suite.Lone has the plugin installed: it cannot be the oracle")
	}
	return f.makeOracle(f.lone)
}

// makeOracle makes an oracle of an empty database.
func (f *Fixture) makeOracle(db *gorm.DB) error {
	if err := f.migrateOracle(db); err != nil {
		return fmt.Errorf("migrate the oracle: %w", err)
	}
	const name = "tenancytest:fill"
	creation, update := db.Callback().Create(), db.Callback().Update()
	if creation.Get(name) != nil {
		return errors.Join(creation.Replace(name, f.fillCreated), update.Replace(name, f.fillUpdated))
	}
	return errors.Join(creation.Before("gorm:before_create").Register(name, f.fillCreated),
		update.Before("gorm:before_update").Register(name, f.fillUpdated))
}

func (f *Fixture) loneDialector(t testing.TB) (gorm.Dialector, error) {
	switch f.shared.Name() {
	case "postgres":
		return postgres.Open(Postgres(t).OwnerDSN), nil
	case "sqlite":
		return copyDialector(f.shared.Dialector, filepath.Join(t.TempDir(), "lone.db")+"?_pragma=foreign_keys(1)", nil)
	}
	return nil, fmt.Errorf("Suite.Lone must be set for %s", f.shared.Name())
}

// copyDialector copies a dialector, which the plugin may have wrapped, for
// another database, or for the connections of a pool. It goes by the names of its
// fields, so that this package needs no driver but its own.
func copyDialector(dialector gorm.Dialector, dsn string, pool gorm.ConnPool) (gorm.Dialector, error) {
	v := reflect.Indirect(reflect.ValueOf(dialector))
	for v.Kind() == reflect.Struct && v.FieldByName("Dialector").IsValid() {
		v = reflect.Indirect(v.FieldByName("Dialector").Elem())
	}
	another := reflect.New(v.Type())
	another.Elem().Set(v)
	field, conn := another.Elem().FieldByName("DSN"), another.Elem().FieldByName("Conn")
	if !field.IsValid() || field.Kind() != reflect.String || !conn.IsValid() {
		return nil, fmt.Errorf("no other handle can be made from a %s: Suite.Lone must be set, and Suite.Observe cannot be", v.Type())
	}
	field.SetString(dsn)
	conn.SetZero()
	if pool != nil {
		conn.Set(reflect.ValueOf(pool))
	}
	opened, ok := another.Interface().(gorm.Dialector)
	if !ok {
		return nil, fmt.Errorf("no other handle can be made from a %s: Suite.Lone must be set, and Suite.Observe cannot be", v.Type())
	}
	return opened, nil
}

// loneConfig has the settings of the handle under test that change answers.
func (f *Fixture) loneConfig() *gorm.Config {
	c := f.shared.Config
	return &gorm.Config{
		SkipDefaultTransaction:   c.SkipDefaultTransaction,
		NamingStrategy:           c.NamingStrategy,
		FullSaveAssociations:     c.FullSaveAssociations,
		Logger:                   logger.Discard,
		DisableNestedTransaction: c.DisableNestedTransaction,
		AllowGlobalUpdate:        c.AllowGlobalUpdate,
		QueryFields:              c.QueryFields,
		CreateBatchSize:          c.CreateBatchSize,
		TranslateError:           c.TranslateError,
		PropagateUnscoped:        c.PropagateUnscoped,

		DisableForeignKeyConstraintWhenMigrating: c.DisableForeignKeyConstraintWhenMigrating,
		IgnoreRelationshipsWhenMigrating:         c.IgnoreRelationshipsWhenMigrating,
	}
}

// migrateOracle makes the oracle's tables as GORM makes them, with the tenant
// column's default.
func (f *Fixture) migrateOracle(db *gorm.DB) error {
	var values []any
	for _, m := range f.models {
		if !m.named() {
			continue
		}
		values = append(values, m.new())
		for _, rel := range relationsOf(m.schema) {
			if err := setupJoinTable(db, m, rel); err != nil {
				return err
			}
		}
	}
	var fields []*schema.Field
	for _, value := range values {
		stmt := &gorm.Statement{DB: db}
		if err := stmt.Parse(value); err != nil {
			return err
		}
		f.unbind(stmt.Schema)
		field := f.tenantField(stmt.Schema)
		if field == nil || field.PrimaryKey || field.HasDefaultValue {
			continue
		}
		field.HasDefaultValue, field.DefaultValue = true, "'"+f.spelled()[0]+"'"
		fields = append(fields, field)
	}
	err := db.AutoMigrate(values...)
	for _, field := range fields {
		field.HasDefaultValue, field.DefaultValue = false, ""
	}
	for _, m := range f.models {
		err = errors.Join(err, f.narrowIndexes(db, m))
	}
	return err
}

// narrowIndexes adds the unique indexes that a database without tenants has:
// those that begin with the tenant column, without it.
func (f *Fixture) narrowIndexes(db *gorm.DB, m *model) error {
	if !m.named() {
		return nil
	}
	for _, index := range m.schema.ParseIndexes() {
		isOwned := slices.ContainsFunc(index.Fields, func(o schema.IndexOption) bool { return o.Field == m.tenant })
		if index.Class != "UNIQUE" || index.Where != "" || !isOwned || m.root {
			continue
		}
		stmt := &gorm.Statement{DB: db}
		for _, option := range index.Fields {
			if option.Field == nil {
				return nil // an expression
			}
			if option.Field != m.tenant {
				stmt.WriteString([]string{"", ", "}[min(stmt.SQL.Len(), 1)])
				stmt.WriteQuoted(option.DBName)
			}
		}
		_, err := db.Statement.ConnPool.ExecContext(context.Background(), "CREATE UNIQUE INDEX "+
			f.quote("tenancytest_"+index.Name)+" ON "+f.quote(m.table)+" ("+stmt.SQL.String()+")")
		if err != nil {
			return err
		}
	}
	return nil
}

// setupJoinTable repeats for the oracle what gorm.DB.SetupJoinTable did for the
// handle under test.
func setupJoinTable(db *gorm.DB, m *model, rel *schema.Relationship) error {
	if rel.JoinTable == nil || rel.JoinTable.ModelType.Name() == "" {
		return nil
	}
	return db.SetupJoinTable(m.new(), rel.Name, reflect.New(rel.JoinTable.ModelType).Interface())
}

// fillCreated fills in what the plugin would: the tenant, and UUIDv7 ids.
func (f *Fixture) fillCreated(db *gorm.DB) {
	if s := db.Statement.Schema; s != nil {
		if tenant := f.filledField(s); tenant != nil {
			eachCreated(db, func(v reflect.Value) { fillField(db, tenant, v, f.tenants[0]) })
		}
	}
	f.fillIDs(db)
}

// fillIDs fills in the ids that the plugin would, in structs.
func (f *Fixture) fillIDs(db *gorm.DB) {
	eachCreated(db, func(v reflect.Value) {
		for _, field := range db.Statement.Schema.Fields {
			if field.Tag.Get("tenancy") == "uuidv7" && field.DBName != "" {
				fillField(db, field, v, uuid.Must(uuid.NewV7()))
			}
		}
	})
}

// eachCreated calls fill with each struct that a statement creates.
func eachCreated(db *gorm.DB, fill func(v reflect.Value)) {
	s := db.Statement.Schema
	if s == nil || db.Error != nil {
		return
	}
	one := func(v reflect.Value) {
		if v = reflect.Indirect(v); v.Kind() == reflect.Struct && v.Type() == s.ModelType {
			fill(v)
		}
	}
	switch v := db.Statement.ReflectValue; v.Kind() {
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			one(v.Index(i))
		}
	case reflect.Struct:
		one(v)
	}
}

// fillUpdated fills in the tenant of a value to update from: the plugin leaves
// the column as it is.
func (f *Fixture) fillUpdated(db *gorm.DB) {
	s := db.Statement.Schema
	if s == nil || db.Error != nil {
		return
	}
	tenant, v := f.filledField(s), reflect.Indirect(reflect.ValueOf(db.Statement.Dest))
	if columns, ok := db.Statement.Dest.(map[string]any); ok && tenant != nil && len(columns) > 1 && columns[tenant.DBName] == nil {
		delete(columns, tenant.DBName) // association mode clears references that hold the tenant
	}
	if tenant == nil {
		return
	}
	selected, _ := db.Statement.SelectAndOmitColumns(false, true)
	if selected[tenant.DBName] && v.Kind() == reflect.Struct && v.CanAddr() && v.Type() == s.ModelType {
		fillField(db, tenant, v, f.tenants[f.loneTenant])
	}
}

// filledField is the tenant column of a schema; nil for the tenants' own table,
// whose rows name themselves.
func (f *Fixture) filledField(s *schema.Schema) *schema.Field {
	field := f.tenantField(s)
	if field != nil && field.PrimaryKey && len(s.PrimaryFields) == 1 {
		return nil
	}
	return field
}

func fillField(db *gorm.DB, field *schema.Field, v reflect.Value, value any) {
	if _, isZero := field.ValueOf(context.Background(), v); isZero {
		_ = db.AddError(field.Set(context.Background(), v, value))
	}
}

// startSequences makes each table's generated numbers begin at a place of its
// own, in both databases.
func (f *Fixture) startSequences() error {
	for i, m := range f.models {
		field := m.schema.PrioritizedPrimaryField
		if field == nil || !field.AutoIncrement {
			continue
		}
		from := int64((i + 4) * sequenceRoom)
		m.generated = true
		for _, db := range []*gorm.DB{f.owner, f.lone} {
			start, ok, err := startSequence(db, m, field.DBName, from)
			if err != nil {
				return fmt.Errorf("%s: start its sequence: %w", m.table, err)
			}
			m.generated = m.generated && ok
			side := db
			if db == f.owner {
				side = f.shared
			}
			f.bases[side] = append(f.bases[side], base{m.table, start})
			slices.SortFunc(f.bases[side], func(a, b base) int { return int(b.from - a.from) })
		}
	}
	return nil
}

// startSequence is false if the database generates no numbers for the column.
func startSequence(db *gorm.DB, m *model, column string, from int64) (start int64, ok bool, err error) {
	ctx, pool := context.Background(), db.Statement.ConnPool
	if db.Name() == "sqlite" {
		result, err := pool.ExecContext(ctx, "UPDATE sqlite_sequence SET seq = ? WHERE name = ?", from, m.table)
		if err != nil {
			return from, false, nil //nolint:nilerr // no table of the database counts
		}
		n, err := result.RowsAffected()
		return from, n > 0, err
	}
	var name *string
	if err := pool.QueryRowContext(ctx, "SELECT pg_get_serial_sequence($1, $2)", db.Statement.Quote(m.table), column).
		Scan(&name); err != nil || name == nil {
		return from, false, err
	}
	if _, err := pool.ExecContext(ctx, "SELECT setval($1::regclass, $2)", *name, from); err == nil {
		return from, true, nil
	}
	// Without the right to set it, an application can still count it up.
	err = pool.QueryRowContext(ctx, "SELECT nextval($1::regclass)", *name).Scan(&start)
	if err == nil && start < from {
		err = pool.QueryRowContext(ctx, "SELECT max(nextval($1::regclass)) FROM generate_series($2::bigint, $3)",
			*name, start+1, from).Scan(&start)
	}
	return start, true, err
}
