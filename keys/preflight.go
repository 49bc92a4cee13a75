package keys

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/internal/sqlrows"
	"github.com/gorm-tenancy/tenancy/internal/sqlstate"
)

// Limits bound the queries of [Analysis.Preflight].
type Limits struct {
	// Rows is how many rows each finding shows. Zero means 20.
	Rows int
	// Count is where counting the rows of a finding stops. Zero means 10,000.
	Count int64
	// Timeout is the longest that a query may run; after it, its question counts as
	// not checked. Zero means one minute; negative means no limit.
	Timeout time.Duration
}

func (l Limits) withDefaults() Limits {
	if l.Rows == 0 {
		l.Rows = 20
	}
	if l.Count == 0 {
		l.Count = 10_000
	}
	if l.Timeout == 0 {
		l.Timeout = time.Minute
	}
	return l
}

// A Beginner begins transactions: *sql.DB or *sql.Conn.
type Beginner interface {
	BeginTx(ctx context.Context, options *sql.TxOptions) (*sql.Tx, error)
}

// Preflight looks in a live database, which may be a replica, for obstacles to the
// plan: rows that refer to another tenant's rows, rows whose tenant cannot be
// found, duplicates, and transactions and replication slots that the plan would
// wait for. Each question is a read-only transaction of its own, so that none holds
// back vacuum for long. On an error of the database it returns what it has found so
// far. A question that takes longer than the limit is a warning. If it finds a
// blocker, [Analysis.Plan] makes no plan until Preflight is called again and finds
// none.
func (a *Analysis) Preflight(ctx context.Context, db Beginner, limits Limits) ([]Finding, error) {
	limits = limits.withDefaults()
	var findings []Finding
	defer func() { a.preflight = findings }()
	for _, q := range a.questions() {
		finding, err := q.ask(ctx, db, limits)
		if err != nil {
			return findings, fmt.Errorf("keys: preflight of %s: %w", q.finding.Table, err)
		}
		if finding != nil {
			findings = append(findings, *finding)
		}
	}
	findings = Grouped(findings)
	return findings, nil
}

// A query asks for rows; each row found is text.
type query struct {
	sql     string // with $1, the most rows to return
	finding Finding
}

func (q *query) ask(ctx context.Context, db Beginner, limits Limits) (*Finding, error) {
	found := q.finding
	err := q.read(ctx, db, limits, &found)
	if sqlstate.Of(err) == sqlstate.QueryCanceled && ctx.Err() == nil { // by the timeout
		found = Finding{Severity: Warning, Table: found.Table, Object: found.Object,
			Problem: "not checked within the time limit whether " + found.Problem, Remedy: "raise Limits.Timeout, or ask a replica"}
		return &found, nil
	}
	if sqlstate.Of(err) == sqlstate.InsufficientPrivilege {
		return &Finding{Severity: Blocker, Table: found.Table, Object: found.Object,
			Problem: "not checked whether " + found.Problem + ": the role may not read all of the rows (" + err.Error() + ")",
			Remedy:  rowsRemedy}, nil
	}
	if err != nil || found.Count == 0 {
		return nil, err
	}
	return &found, nil
}

const rowsRemedy = "carry the plan out as a role with BYPASSRLS, or lift FORCE ROW LEVEL SECURITY meanwhile"

func (q *query) read(ctx context.Context, db Beginner, limits Limits, found *Finding) error {
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()                                           // it only read
	if _, err := tx.ExecContext(ctx, "SET LOCAL row_security = off"); err != nil { // an error rather than rows that are not seen
		return err
	}
	if limits.Timeout > 0 {
		if _, err := tx.ExecContext(ctx, fmt.Sprintf("SET LOCAL statement_timeout = %d", limits.Timeout.Milliseconds())); err != nil {
			return err
		}
	}
	return sqlrows.Each(ctx, tx, func(row sqlrows.Row) error {
		var text string
		if err := row.Scan(&text); err != nil {
			return err
		}
		if found.Count++; len(found.Rows) < limits.Rows {
			found.Rows = append(found.Rows, text)
		}
		return nil
	}, q.sql, limits.Count)
}

// questions are what the database is asked.
func (a *Analysis) questions() (list []*query) {
	for _, l := range a.links {
		list = append(list, a.crossing(l))
		if !l.old.Validated {
			list = append(list, dangling(l))
		}
	}
	for _, l := range a.redone {
		if !l.old.Validated {
			list = append(list, dangling(l))
		}
	}
	for _, t := range a.Tables {
		if t.fills() && !t.isPartition() {
			list = append(list, a.unfilled(t))
			list = append(list, unchecked(t)...)
		}
	}
	for _, r := range a.replaced {
		if r.old == nil && r.links == nil {
			list = append(list, a.twice(r))
		}
	}
	return append(list, a.waits()...)
}

// TenantSQL returns, for a table that stands in FROM under an alias, the joins to
// write after it and the expression of a row's tenant: the table's column, or,
// while it has none, what its path leads to. Both are empty for a table that
// belongs to no tenant.
func (a *Analysis) TenantSQL(table catalog.Name, alias string) (joins, tenant string) {
	t := a.byName[table]
	if t == nil || !t.owned() {
		return "", ""
	}
	return a.tenantOf(alias, t)
}

// tenantOf is an expression for the tenant of a table's row, with the joins that
// it needs.
func (a *Analysis) tenantOf(alias string, t *Table) (joins, tenant string) {
	own := ""
	if t.Table.Column(t.Column) != nil {
		own = alias + "." + catalog.Quote(t.Column)
	}
	if len(t.Path) == 0 {
		return "", own
	}
	hop := t.Path[0]
	to, next := a.byName[hop.To], alias+"_up"
	joins = " LEFT JOIN " + to.Name.String() + " AS " + next + " ON " + joined(alias, next, hop.Columns, hop.Keys)
	further, tenant := a.tenantOf(next, to)
	if own != "" && !alike(a.tenantType(t), a.tenantType(to)) { // a finding says so
		own, tenant = own+"::text", tenant+"::text"
	}
	if own != "" {
		tenant = "coalesce(" + own + ", " + tenant + ")"
	}
	return joins + further, tenant
}

// joined is the condition of a reference.
func joined(child, parent string, columns, keys []string) string {
	var on []string
	for i, column := range columns {
		on = append(on, child+"."+catalog.Quote(column)+" = "+parent+"."+catalog.Quote(keys[i]))
	}
	return strings.Join(on, " AND ")
}

// rowKey is an expression that identifies a row: its key, or its ctid.
func rowKey(alias string, t *Table) string {
	key := t.PrimaryKey()
	if key == nil {
		return "'ctid ' || " + alias + ".ctid::text"
	}
	var parts []string
	for _, column := range key.Columns {
		parts = append(parts, fmt.Sprintf("'%s=' || %s.%s::text", strings.ReplaceAll(catalog.Quote(column), "'", "''"), alias, catalog.Quote(column)))
	}
	return "concat_ws(' ', " + strings.Join(parts, ", ") + ")"
}

// crossing asks for rows that refer to another tenant's row.
func (a *Analysis) crossing(l *link) *query {
	childJoins, child := a.tenantOf("c", l.child)
	parentJoins, parent := a.tenantOf("p", l.parent)
	return &query{
		sql: fmt.Sprintf("SELECT %s || ' → ' || %s FROM %s AS c JOIN %s AS p ON %s%s%s WHERE %s::text <> %s::text LIMIT $1",
			rowKey("c", l.child), rowKey("p", l.parent), l.child.Name, l.parent.Name, joined("c", "p", l.old.Columns, l.old.Foreign.Columns),
			childJoins, parentJoins, child, parent),
		finding: Finding{Severity: Blocker, Table: l.child.Name, Object: l.old.Name,
			Problem: fmt.Sprintf("rows refer to another tenant's rows of %s", l.parent.Name),
			Remedy:  "correct or delete the rows, or clear the reference"},
	}
}

// dangling asks for rows that refer to no row. A foreign key that was never
// validated allows them.
func dangling(l *link) *query {
	sql := fmt.Sprintf("SELECT %s FROM %s AS c LEFT JOIN %s AS p ON %s WHERE p.%s IS NULL", rowKey("c", l.child), l.child.Name, l.parent.Name,
		joined("c", "p", l.old.Columns, l.old.Foreign.Columns), catalog.Quote(l.old.Foreign.Columns[0]))
	for _, column := range l.old.Columns {
		sql += " AND c." + catalog.Quote(column) + " IS NOT NULL"
	}
	return &query{
		sql: sql + " LIMIT $1",
		finding: Finding{Severity: Blocker, Table: l.child.Name, Object: l.old.Name,
			Problem: fmt.Sprintf("rows refer to rows of %s that are not there", l.parent.Name),
			Remedy:  "correct or delete the rows, or clear the reference"},
	}
}

// unfilled asks for rows whose tenant cannot be found.
func (a *Analysis) unfilled(t *Table) *query {
	joins, tenant := a.tenantOf("c", t)
	return &query{
		sql: fmt.Sprintf("SELECT %s FROM %s AS c%s WHERE %s IS NULL LIMIT $1", rowKey("c", t), t.Name, joins, tenant),
		finding: Finding{Severity: Blocker, Table: t.Name, Object: t.Column,
			Problem: "rows have no tenant, and no reference tells it",
			Remedy:  "fill or delete them; a table with rows that are everybody's is a shared one"},
	}
}

// unchecked asks for rows that violate a check that was never validated: updating
// such a row fails, and so would the backfill.
func unchecked(t *Table) (list []*query) {
	if len(t.Path) == 0 {
		return nil
	}
	unfilled := "true"
	if t.Table.Column(t.Column) != nil {
		unfilled = "c." + catalog.Quote(t.Column) + " IS NULL"
	}
	for i := range t.Constraints {
		c := &t.Constraints[i]
		if c.Kind != catalog.Check || c.Validated || c.Unenforced || c.Inherited {
			continue
		}
		condition := strings.TrimSuffix(strings.TrimPrefix(c.Text, "CHECK "), " NO INHERIT")
		list = append(list, &query{
			sql: fmt.Sprintf("SELECT %s FROM %s AS c WHERE %s AND NOT %s LIMIT $1", rowKey("c", t), t.Name, unfilled, condition),
			finding: Finding{Severity: Blocker, Table: t.Name, Object: c.Name,
				Problem: "rows break the check, which was never validated, and cannot be filled",
				Remedy:  "correct the rows, or drop the check until phase " + Build},
		})
	}
	return list
}

// twice asks for values that a wanted unique would forbid.
func (a *Analysis) twice(r *replacement) *query {
	joins, tenant := a.tenantOf("c", r.table)
	columns, shown := []string{tenant}, []string{}
	for _, part := range r.new.Parts[1:] {
		column := "c." + part.SQL
		columns = append(columns, column)
		shown = append(shown, column+"::text")
	}
	return &query{
		sql: fmt.Sprintf("SELECT concat_ws(', ', %s) FROM %s AS c%s WHERE (%s) IS NOT NULL GROUP BY %s HAVING count(*) > 1 LIMIT $1",
			strings.Join(shown, ", "), r.table.Name, joins, strings.Join(columns, ", "), strings.Join(columns, ", ")),
		finding: Finding{Severity: Blocker, Table: r.table.Name, Object: r.new.Name,
			Problem: "values are there twice within a tenant", Remedy: "make them differ, or merge the rows"},
	}
}

const (
	longTransactions = `SELECT 'process ' || pid || ' since ' || xact_start::timestamp(0) FROM pg_stat_activity
WHERE xact_start < now() - interval '5 minutes' AND pid <> pg_backend_pid() AND backend_type = 'client backend'
ORDER BY xact_start LIMIT $1`
	preparedTransactions = `SELECT gid || ' since ' || prepared::timestamp(0) FROM pg_prepared_xacts
WHERE database = current_database() ORDER BY prepared LIMIT $1`
	idleSlots = `SELECT slot_name::text FROM pg_replication_slots WHERE NOT active ORDER BY slot_name LIMIT $1`
)

// waits asks for what would make the plan wait or fill the disk.
func (a *Analysis) waits() []*query {
	if len(a.replaced) == 0 && len(a.links) == 0 {
		return nil
	}
	server := catalog.Name{Schema: "pg_catalog", Name: "pg_stat_activity"}
	return []*query{
		{longTransactions, Finding{Severity: Warning, Table: server, Problem: "transactions are open for more than five minutes",
			Remedy: "CREATE INDEX CONCURRENTLY waits for each of them"}},
		{preparedTransactions, Finding{Severity: Warning, Table: server, Problem: "prepared transactions are open",
			Remedy: "commit or roll them back: CREATE INDEX CONCURRENTLY waits for each of them"}},
		{idleSlots, Finding{Severity: Warning, Table: server, Problem: "replication slots are not read",
			Remedy: "drop them, or the backfill's WAL fills the disk"}},
	}
}
