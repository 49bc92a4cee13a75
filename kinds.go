package tenancy

import (
	"fmt"
)

// A Kind says whose the rows of a table are.
type Kind uint8

const (
	// KindTenant is a table that holds rows of tenants.
	KindTenant Kind = iota
	// KindRoot is the tenants' own table: its key is the tenant.
	KindRoot
	// KindMixed is a tenants' table that also holds rows for everybody; see
	// [Config.Mixed].
	KindMixed
	// KindLinked is a table whose rows are seen by the tenants that link to them; see
	// [Config.Linked].
	KindLinked
	// KindShared is a table without a tenant that all tenants read; see
	// [Config.Shared].
	KindShared
	// KindPrivate is a table that no tenant reaches; see [Config.Private].
	KindPrivate
	// KindFree is a table that needs no scope; see [Config.Free].
	KindFree
)

// String returns the kind as error texts have it.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

var kindNames = [...]string{"a tenant's", "the root", "mixed", "linked", "shared", "private", "free"}

// isOpen reports whether what is not known of such a table's namesake in another
// schema must stay unknown: rows of tables of these kinds are given to everybody.
func (k Kind) isOpen() bool { return k == KindShared || k == KindFree }

// isLoose reports whether a row of such a table may meet rows of several tenants:
// as a row for everybody, or as one that several link to.
func (k Kind) isLoose() bool { return k == KindMixed || k == KindLinked }

// hasColumn reports whether such a table has the tenant column.
func (k Kind) hasColumn() bool { return k == KindTenant || k == KindRoot || k == KindMixed }

// readOnlyDetail says how a table of a kind may be written.
func (k Kind) readOnlyDetail() string {
	if k == KindLinked {
		return "its rows are linked: write them under Bypass, or declare the Link Writable"
	}
	return ""
}
