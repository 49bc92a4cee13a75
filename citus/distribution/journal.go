package distribution

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/migration"
)

// JournalTable is the name of the table that keeps a plan while it is carried out
// step by step: until foreign keys are made again, they are recorded nowhere
// else.
const JournalTable = "tenancy_distribution"

// A Journal keeps a plan in the database that the plan changes. The zero value
// means that there is no journal.
type Journal struct{ Table catalog.Name }

// FindJournal returns the journal of an unfinished run; the zero value if there
// is none.
func FindJournal(c *catalog.Catalog) Journal {
	for _, t := range c.Tables {
		if t.Name.Name == JournalTable {
			return Journal{t.Name}
		}
	}
	return Journal{}
}

// NewJournal returns a journal in the schema of the plan's tables.
func (a *Analysis) NewJournal() Journal {
	return Journal{catalog.Name{Schema: a.anchor.Schema, Name: JournalTable}}
}

// A plan in a table must be as trustworthy as one in a program: the table belongs
// to the running role, and no other role can write to it.
const (
	sqlRevoke = `DO $revoke$
DECLARE
	statement text;
BEGIN
	FOR statement IN
		SELECT DISTINCT pg_catalog.format('REVOKE ALL ON %%s FROM %%s', c.oid::pg_catalog.regclass,
			CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END)
		FROM pg_catalog.pg_class AS c, pg_catalog.aclexplode(c.relacl) AS a
		WHERE c.oid = %[1]s::pg_catalog.regclass AND a.grantee <> c.relowner
	LOOP
		EXECUTE statement;
	END LOOP;
END
$revoke$`

	sqlIsOwn = `
SELECT c.relkind = 'r' AND c.relowner = (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = current_user)
	AND NOT c.relhasrules AND NOT c.relhastriggers
	AND NOT EXISTS (SELECT FROM pg_catalog.aclexplode(c.relacl) AS a WHERE a.grantee <> c.relowner)
	AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute AS t WHERE t.attrelid = c.oid AND t.attacl IS NOT NULL)
FROM pg_catalog.pg_class AS c
WHERE c.oid = $1::text::pg_catalog.regclass`
)

// ErrJournal is returned if the table that keeps a plan belongs to another role,
// or other roles may write to it. Use errors.Is.
var ErrJournal = errors.New("distribution: the table that keeps the plan cannot be trusted")

// Save keeps the plan.
func (j Journal) Save(ctx context.Context, db *sql.DB, plan *migration.Plan) error {
	var text bytes.Buffer
	if err := plan.WriteJSON(&text); err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("distribution: keep the plan: %w", err)
	}
	_, err = tx.ExecContext(ctx, "CREATE TABLE "+j.Table.String()+" (plan text NOT NULL)")
	if err == nil {
		_, err = tx.ExecContext(ctx, fmt.Sprintf(sqlRevoke, literal(j.Table.String())))
	}
	if err == nil {
		_, err = tx.ExecContext(ctx, "INSERT INTO "+j.Table.String()+" VALUES ($1)", text.String())
	}
	if err != nil {
		_ = tx.Rollback() // the error before says more
		return fmt.Errorf("distribution: keep the plan: %w", err)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("distribution: keep the plan: %w", err)
	}
	return nil
}

// Load returns the plan. The error is [ErrJournal] if another role may have
// written it.
func (j Journal) Load(ctx context.Context, db *sql.DB) (*migration.Plan, error) {
	var own bool
	if err := db.QueryRowContext(ctx, sqlIsOwn, j.Table.String()).Scan(&own); err != nil {
		return nil, fmt.Errorf("distribution: the plan that %s keeps: %w", j.Table, err)
	}
	if !own {
		return nil, fmt.Errorf("%w: %s belongs to another role, or others have privileges on it; carry on as its owner, or drop it",
			ErrJournal, j.Table)
	}
	var text string
	if err := db.QueryRowContext(ctx, "SELECT plan FROM "+j.Table.String()).Scan(&text); err != nil {
		return nil, fmt.Errorf("distribution: the plan that %s keeps: %w", j.Table, err)
	}
	plan := &migration.Plan{}
	if err := json.Unmarshal([]byte(text), plan); err != nil {
		return nil, fmt.Errorf("distribution: the plan that %s keeps: %w", j.Table, err)
	}
	return plan, nil
}

// Forget drops the journal, once its plan is carried out or taken back.
func (j Journal) Forget(ctx context.Context, db *sql.DB) error {
	if _, err := db.ExecContext(ctx, "DROP TABLE IF EXISTS "+j.Table.String()); err != nil {
		return fmt.Errorf("distribution: forget the plan: %w", err)
	}
	return nil
}
