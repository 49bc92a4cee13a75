package citus

// Planned are the statements of the golden plans, for tests on a cluster.
var Planned = planned
