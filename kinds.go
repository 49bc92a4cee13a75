package tenancy

import (
	"fmt"
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// A Kind says whose the rows of a table are.
type Kind uint8

const (
	// KindTenant is a table that holds rows of tenants.
	KindTenant Kind = iota
	// KindRoot is the tenants' own table: its key is the tenant.
	KindRoot
	// KindMixed is a table of tenants with rows for everybody; see [Config.Mixed].
	KindMixed
	// KindLinked is a table whose rows are seen by tenants that link to them; see
	// [Config.Linked].
	KindLinked
	// KindShared is a table of nobody that tenants read; see [Config.Shared].
	KindShared
	// KindPrivate is a table that no tenant reaches; see [Config.Private].
	KindPrivate
	// KindFree is a table that needs no scope; see [Config.Free].
	KindFree
)

// String returns the kind as errors and tags have it.
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

// isScoped reports whether statements get a predicate for the table.
func (t *table) isScoped() bool { return t != nil && (t.column != "" || t.kind == KindLinked) }

// linkedQualifier is the qualifier of a table that stands alone in its query, where
// a predicate of it needs one.
func (t *table) linkedQualifier() string {
	if t.kind == KindLinked {
		return t.qualifier
	}
	return ""
}

// writesForEverybody reports whether the statement may write rows without a tenant.
func (ex *execution) writesForEverybody() bool {
	return ex.scope.mode == modeBypass && ex.table != nil && ex.table.kind == KindMixed
}

// insertsForEverybody reports whether the rows that are inserted are for everybody.
// Their conflicts have another target than those of tenants' rows.
func (ex *execution) insertsForEverybody(stmt *gorm.Statement) bool {
	if !ex.writesForEverybody() {
		return false
	}
	values := ex.conflict.values
	at := slices.IndexFunc(values.Columns, func(c clause.Column) bool { return ex.isTenantColumn(c.Name) })
	none := 0
	for _, row := range values.Values {
		if at < 0 || row[at] == nil {
			none++
		}
	}
	if none > 0 && none < len(values.Values) {
		stmt.AddError(ex.errorOn(ex.table.name, ErrTenantMismatch, "upsert rows for everybody apart from those of tenants"))
	}
	return none > 0
}

// isTenants reports whether each row of a table is a tenant's.
func (t *table) isTenants() bool { return t != nil && (t.kind == KindTenant || t.kind == KindRoot) }

// joinedKind is what the derived join table of two models without tenants is. One
// that joins a table which is not read by everybody is read by nobody.
func joinedKind(owner, related *table) declaration {
	switch {
	case owner.kind == KindFree && related.kind == KindFree:
		return declaration{kind: KindFree, writable: true}
	case owner.kind.isOpen() && related.kind.isOpen():
		return declaration{kind: KindShared, writable: owner.writable || related.writable}
	}
	return declaration{kind: KindPrivate}
}

// readOnlyDetail says how a table of a kind may be written.
func (k Kind) readOnlyDetail() string {
	if k == KindLinked {
		return "its rows are linked: write them under Bypass, or declare the Link Writable"
	}
	return ""
}

// mayReach refuses a table that the scope does not reach in any way.
func (ex *execution) mayReach(t *table) error {
	if ex.scope.mode == modeNone && t.kind != KindFree {
		if err := ex.lacksTenant(t.name); err != nil {
			return err
		}
	}
	if t.kind == KindPrivate && ex.scope.mode != modeBypass {
		return ex.errorOn(t.name, ErrPrivate, "the application reaches it under Bypass")
	}
	return nil
}
