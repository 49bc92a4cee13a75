// Command bench compares statements through the plugin with the same
// statements by hand: what a careful developer writes on plain GORM, with the
// tenant's condition in each query and the tenant's id in each value.
//
// Both run in one process on the same tables through the same connection, in
// turns of a few milliseconds that begin with either by turns. It prints a
// Markdown table with the median of the rounds' time ratios, its quartiles, and
// the allocations of both.
//
//	go run ./bench                      SQLite in memory
//	TENANCY_TEST_DSN=… go run ./bench   PostgreSQL as well, in a schema of its own
//	go run ./bench -control             by hand against itself: the machine's noise
//
// The tests of this package hold the allocations to what the statements need by
// hand; its benchmarks are the same pairs for go test -bench.
package main
