package sqliteddl

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseKeepsTheText(t *testing.T) {
	t.Parallel()
	for _, sql := range []string{
		"CREATE TABLE t (a)",
		"CREATE TABLE `a b` (`id` integer PRIMARY KEY AUTOINCREMENT,`x` text NOT NULL DEFAULT 'a,b(' COLLATE NOCASE) STRICT",
		"CREATE TABLE t (a int CHECK (a > (1)) REFERENCES u(b) ON DELETE SET NULL NOT DEFERRABLE,PRIMARY KEY (a)) WITHOUT ROWID",
		"CREATE TABLE t (a varchar(10, 2) DEFAULT NULL NULL,b AS (a || 'x') STORED,c int GENERATED ALWAYS AS (1) VIRTUAL)",
		"CREATE TABLE t (a text CHECK (a -- it's a, b\n> 1),b)",
	} {
		table, err := Parse(sql)
		require.NoError(t, err, sql)
		require.Equal(t, sql, table.String())
	}
	for _, sql := range []string{"CREATE VIRTUAL TABLE t USING fts5(a)", "CREATE TABLE t", "CREATE TABLE t (a", "CREATE TABLE t (a,)", "CREATE TABLE t ('a)"} {
		_, err := Parse(sql)
		require.Error(t, err, sql)
	}
}

func TestConstraints(t *testing.T) {
	t.Parallel()
	table, err := Parse(`CREATE TABLE t ("i""d" TEXT CONSTRAINT k PRIMARY KEY NOT NULL, u int UNIQUE ON CONFLICT IGNORE DEFAULT 1,
f int NULL REFERENCES [p] (x) ON DELETE SET DEFAULT ON UPDATE SET NULL DEFERRABLE INITIALLY DEFERRED,
CONSTRAINT "unique" UNIQUE (u, f) CHECK (u <> 2), UNIQUE (u COLLATE nocase), FOREIGN KEY (u, f) REFERENCES q)`)
	require.NoError(t, err)
	keys := table.Constraints(PrimaryKey)
	require.Len(t, keys, 1)
	require.Equal(t, []string{`i"d`}, keys[0].Columns)
	require.False(t, keys[0].More)
	uniques := table.Constraints(Unique)
	require.Len(t, uniques, 3)
	require.True(t, uniques[0].More)
	require.Equal(t, []string{"u", "f"}, uniques[1].Columns)
	require.False(t, uniques[1].More)
	require.True(t, uniques[2].More)
	foreign := table.Constraints(Foreign)
	require.Len(t, foreign, 2)
	require.Equal(t, "p", foreign[0].Parent)
	require.Equal(t, "DEFERRABLE INITIALLY DEFERRED", foreign[0].Deferral)
	require.Equal(t, []string{"u", "f"}, foreign[1].Columns)

	table.Drop(keys[0], uniques[1], foreign[0])
	table.Add("PRIMARY KEY (a)")
	table.SetNotNull(`i"d`)
	table.SetNotNull("F")
	require.Equal(t, `CREATE TABLE t ("i""d" TEXT NOT NULL,u int UNIQUE ON CONFLICT IGNORE DEFAULT 1,f int NULL NOT NULL,`+
		`CHECK (u <> 2),UNIQUE (u COLLATE nocase),FOREIGN KEY (u, f) REFERENCES q,PRIMARY KEY (a))`, table.String())
}
