//go:build !cgo

package sqlguard

// PostgreSQL's parser is written in C. The name that is not defined here says so to who
// builds without it.
var _ = sqlguard_requires_cgo__set_CGO_ENABLED_to_1_and_install_a_C_compiler
