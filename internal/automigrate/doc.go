// Package automigrate makes the tables of models with keys that begin with the tenant
// column, and changes existing tables. The plugin's AutoMigrate and migrator use it.
// The plugin tells it about the tables of models through [Tables].
//
// A run ([Migrator.Migrate]) works out which keys the models want (wantedkeys.go,
// wantedforeign.go), reads which the tables have (tablekeys_postgres.go,
// tablekeys_sqlite.go), and compares both (comparekeys.go, compareforeign.go). GORM's
// own migrator updates the columns (columnmigrator.go). Then keys are added while the
// program runs (addkeys.go), or replaced on tables without rows (replacekeys.go;
// rebuild_sqlite.go, because SQLite cannot drop keys). Missing tables are made
// (createtable.go), and foreign keys come last (changeforeign.go).
package automigrate
