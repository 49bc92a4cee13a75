// Package automigrate makes the tables of models with keys that begin with the tenant
// column, and changes those that are there. It is what the plugin's AutoMigrate and
// its migrator do; the plugin tells it about the tables of models through [Tables].
//
// A run ([Migrator.Migrate]) works out which keys the models want (wantedkeys.go,
// wantedforeign.go), reads which the tables have (tablekeys_postgres.go,
// tablekeys_sqlite.go), and compares both (comparekeys.go, compareforeign.go). GORM's
// own migrator brings the columns up to date (columnmigrator.go). Then keys are added
// beside the running program (addkeys.go), replaced on tables without rows
// (replacekeys.go; rebuild_sqlite.go, because SQLite drops no key), missing tables are
// made (createtable.go), and foreign keys come last (changeforeign.go).
package automigrate
