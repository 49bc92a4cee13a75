package tenancy

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestColumnTypeKeepsIDsApart(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		kind       idKind
		columnType string
		apart      bool
	}{
		{idUUID, "uuid", true},
		{idUUID, "character(36)", true},
		{idUUID, "character(35)", false},
		{idUUID, "citext", false},
		{idText, "text", true},
		{idText, "character varying(40)", true},
		{idText, "character(8)", false},
		{idText, "name", false},
		{idText, "bigint", false},
		{idText, "uuid", false},
		{idInteger, "bigint", true},
		{idInteger, "numeric(20)", true},
		{idInteger, "numeric(20,0)", true},
		{idInteger, "numeric(20, 0)", true},
		{idInteger, "numeric(20,-2)", false},
		{idInteger, "real", false},
		{idInteger, "double precision", false},
		{idInteger, "money", false},
		{idInteger, "a_type_of_tomorrow", false},
	} {
		assert.Equal(t, tt.apart, tt.kind.check(tt.columnType, true) == nil, "%v in %s", tt.kind, tt.columnType)
	}
	assert.Error(t, idText.check("text", false), "a collation that forgets case")
	assert.NoError(t, idInteger.check("text", false), "digits have no case")
}

// The rules and examples are those of "Determination Of Column Affinity" in SQLite's
// documentation of datatypes.
func TestAffinityIsThatOfSQLite(t *testing.T) {
	t.Parallel()
	for declared, want := range map[string]string{
		"INT": "INTEGER", "tinyint": "INTEGER", "unsigned big int": "INTEGER", "CHARINT": "INTEGER", "FLOATING POINT": "INTEGER",
		"varchar(255)": "TEXT", "nchar(55)": "TEXT", "clob": "TEXT", "text": "TEXT",
		"blob": "BLOB", "": "BLOB",
		"real": "REAL", "double precision": "REAL", "float": "REAL",
		"numeric": "NUMERIC", "decimal(10,5)": "NUMERIC", "boolean": "NUMERIC", "date": "NUMERIC", "uuid": "NUMERIC",
	} {
		assert.Equal(t, want, affinityOf(declared), declared)
	}
}

func TestCollationIsReadFromTheTextOfATable(t *testing.T) {
	t.Parallel()
	const text = `CREATE TABLE t (id integer, "tenant_id" text NOT NULL COLLATE "NOCASE" DEFAULT 'a collate b',
		other text collate rtrim, plain text DEFAULT (lower('x') || 'collate y'))`
	for column, want := range map[string]string{"tenant_id": "NOCASE", "TENANT_ID": "NOCASE", "other": "rtrim", "plain": "", "id": "", "missing": ""} {
		assert.Equal(t, want, collationOf(text, column), column)
	}
	assert.Empty(t, collationOf("CREATE TABLE t AS SELECT 1", "tenant_id"))
}
