package distribution

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/internal/sqlstate"
	"github.com/gorm-tenancy/tenancy/keys"
	"github.com/gorm-tenancy/tenancy/migration"
)

// A trial makes the tables as they will be, empty and under names of its own. Citus
// distributes them into one shard each, and the transaction is rolled back. So
// obstacles are found by asking Citus, and not from a list. The trial's tables are in
// the schemas of the real ones: when Citus looks on the workers for what a table
// needs, it does not see a schema that the transaction has made.
type trial struct {
	analysis *Analysis
	tx       *sql.Tx
	names    map[string]string // of the trial → of the table, constraint or index
	tables   map[catalog.Name]catalog.Name
	missing  map[catalog.Name]bool // those that Citus does not take
	settled  map[*foreign]bool     // those that Citus does not take
	left     int                   // how often it may start again
	state    string                // the SQLSTATE of the last refusal
}

// trialTries is how often a trial starts over without having settled anything.
const trialTries = 5

// errDisturbed ends a trial that must start over. Another session has changed the same
// rows of a catalogue or holds locks, or an earlier error of the trial has aborted a
// transaction on a worker. Rolling back to a savepoint does not free a worker whose
// transaction Citus began after the savepoint.
var errDisturbed = errors.New("distribution: the trial was disturbed")

// refuses reports whether the last refusal is about the table itself. Other refusals
// are about privileges, locks, resources and nodes.
func (t *trial) refuses() bool {
	if t.state == sqlstate.InsufficientPrivilege {
		return false
	}
	return slices.Contains([]string{"0A", "XX", "42", "22", "2B"}, t.state[:min(2, len(t.state))])
}

// trySpread carries the trial out. It is skipped while the cluster itself has
// obstacles. What could not be tried is a warning.
func (a *Analysis) trySpread(ctx context.Context, db keys.Beginner) error {
	hinders := func(f keys.Finding) bool { return blocks(f) && f.Table == clusterName }
	if a.anchor == nil || len(a.moving()) == 0 || a.Cluster.Installed == "" || slices.ContainsFunc(a.Findings, hinders) {
		return nil
	}
	t := &trial{analysis: a, names: map[string]string{}, tables: map[catalog.Name]catalog.Name{}, missing: map[catalog.Name]bool{}, settled: map[*foreign]bool{}}
	for t.left = trialTries; ; {
		known := len(t.missing) + len(t.settled)
		err := t.run(ctx, db)
		if !errors.Is(err, errDisturbed) {
			return err
		}
		if len(t.missing)+len(t.settled) == known {
			t.left--
		}
	}
}

// run tries all tables and foreign keys that an earlier run has not settled.
func (t *trial) run(ctx context.Context, db keys.Beginner) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("distribution: try to spread the tables: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // that is what a trial is
	t.tx = tx
	if refusal, err := t.do(ctx, append(slices.Clone(setUp), "SET LOCAL lock_timeout = '2s'")...); err != nil || refusal != "" {
		return t.untried(clusterName, refusal, err)
	}
	for _, table := range t.analysis.Tables {
		if t.missing[table.Name] {
			continue
		}
		if err := t.table(ctx, table); err != nil {
			return err
		}
	}
	for _, f := range t.analysis.foreign {
		if err := t.foreign(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

// do executes statements after a savepoint. refusal is the server's message about the
// first statement that it refuses. The error is the connection's, or errDisturbed.
func (t *trial) do(ctx context.Context, statements ...string) (refusal string, err error) {
	if _, err := t.tx.ExecContext(ctx, "SAVEPOINT trial"); err != nil {
		return "", fmt.Errorf("distribution: try to spread the tables: %w", err)
	}
	for _, statement := range statements {
		_, err := t.tx.ExecContext(ctx, statement)
		if err == nil {
			continue
		}
		t.state = sqlstate.Of(err)
		if t.state == "" || ctx.Err() != nil {
			return "", fmt.Errorf("distribution: try to spread the tables: %w", err)
		}
		if migration.Transient(err) || t.state == sqlstate.InFailedTransaction {
			if t.left > 0 {
				return "", errDisturbed
			}
			t.state = sqlstate.LockNotAvailable
		}
		if _, back := t.tx.ExecContext(ctx, "ROLLBACK TO SAVEPOINT trial"); back != nil {
			return "", fmt.Errorf("distribution: try to spread the tables: %w", errors.Join(err, back))
		}
		return t.inWords(err.Error()), nil
	}
	_, err = t.tx.ExecContext(ctx, "RELEASE SAVEPOINT trial")
	return "", err
}

// inWords returns a message with the trial's names replaced by the real ones.
func (t *trial) inWords(message string) string {
	message = regexp.MustCompile(`^ERROR: | \(SQLSTATE \w+\)$`).ReplaceAllString(message, "")
	for own, name := range t.names {
		message = strings.ReplaceAll(message, own, name)
	}
	return message
}

// own returns the trial's name for a name.
func (t *trial) own(name string) string {
	own := fmt.Sprintf("tenancy_trial_%06d", len(t.names))
	t.names[own] = name
	return own
}

// name returns a table's name in the trial.
func (t *trial) name(name catalog.Name) catalog.Name {
	if _, there := t.tables[name]; !there {
		t.tables[name] = catalog.Name{Schema: name.Schema, Name: t.own(name.Name)}
	}
	return t.tables[name]
}

// untried warns of what could not be tried.
func (t *trial) untried(table catalog.Name, refusal string, err error) error {
	if err == nil {
		t.analysis.found(keys.Warning, table, "", "try it on a copy of the structure first",
			"not tried on the cluster whether Citus takes it: %s", refusal)
	}
	return err
}

// table tries to spread a table with its partitions.
func (t *trial) table(ctx context.Context, table *Table) error {
	for _, member := range table.family() {
		refusal, err := t.do(ctx, t.createSQL(member)...)
		if err != nil {
			return err
		}
		if refusal != "" {
			t.missing[table.Name] = true
			return t.untried(member.Name, refusal, nil)
		}
	}
	refusal, err := t.do(ctx, t.spreadSQL(table))
	if err != nil || refusal == "" {
		return err
	}
	t.missing[table.Name] = true
	if !t.refuses() {
		return t.untried(table.Name, refusal, nil)
	}
	t.refused(table, refusal)
	return nil
}

// refused adds a blocker, unless another one gives the reason already, or the table is
// distributed.
func (t *trial) refused(table *Table, refusal string) {
	a := t.analysis
	for _, member := range table.family() {
		if table.spread() || slices.ContainsFunc(a.Findings, func(f keys.Finding) bool { return blocks(f) && f.Table == member.Name }) {
			return
		}
	}
	a.block(table.Name, "", "change that, or name the table in Skip of the keys' options", "Citus does not take it: %s", refusal)
}

// createSQL makes a table as it will be, without defaults from sequences: Citus would
// lock the sequences, and make them on the workers, where they would stay.
// findSequences finds the sequences that Citus refuses.
func (t *trial) createSQL(table *Table) (sql []string) {
	after, name := table.after, t.name(table.Name)
	create := "CREATE TABLE " + name.String()
	if whole := after.PartitionOf; whole != (catalog.Name{}) {
		create += " PARTITION OF " + t.name(whole).String() + " " + after.Bound
	} else {
		var columns []string
		for _, column := range after.Columns {
			if !column.Generated && nextval.MatchString(column.Default) {
				column.Default = ""
			}
			columns = append(columns, catalog.Quote(column.Name)+" "+column.Definition())
		}
		create += " (" + strings.Join(columns, ", ") + ")"
	}
	if after.Partitioned {
		create += " PARTITION BY " + after.Key
	}
	sql = append(sql, create)
	for i := range after.Constraints {
		if c := &after.Constraints[i]; c.Foreign == nil && !c.Inherited {
			sql = append(sql, "ALTER TABLE "+name.String()+" ADD CONSTRAINT "+t.own(c.Name)+" "+c.Definition())
		}
	}
	for i := range after.Indexes {
		if index := &after.Indexes[i]; index.Constraint == "" && !index.Inherited {
			sql = append(sql, index.CreateSQL(t.own(index.Name), name, false))
		}
	}
	for i := range after.Policies {
		policy := &after.Policies[i]
		sql = append(sql, "CREATE POLICY "+catalog.Quote(policy.Name)+" ON "+name.String()+" "+policy.Definition())
	}
	return sql
}

// spreadSQL spreads it into one shard.
func (t *trial) spreadSQL(table *Table) string {
	name := literal(t.name(table.Name).String())
	switch table.Method {
	case catalog.Reference:
		return "SELECT pg_catalog.create_reference_table(" + name + ")"
	case catalog.Managed:
		return "SELECT pg_catalog.citus_add_local_table_to_metadata(" + name + ")"
	}
	with := "colocate_with => 'none', shard_count => 1"
	if anchor := table.anchor; anchor != table && !t.missing[anchor.Name] {
		with = "colocate_with => " + literal(t.name(anchor.Name).String())
	}
	return "SELECT pg_catalog.create_distributed_table(" + name + ", " + literal(table.Column) + ", " + with + ")"
}

// foreign tries to make a foreign key between tables that Citus has accepted.
func (t *trial) foreign(ctx context.Context, f *foreign) error {
	a := t.analysis
	child, parent := a.names[f.child], a.names[f.parent]
	if t.settled[f] || f.want == nil || child == nil || parent == nil || t.missing[a.whole(child).Name] || t.missing[a.whole(parent).Name] {
		return nil
	}
	key, to := *f.want, *f.want.Foreign
	to.Table = t.name(f.parent)
	key.Foreign = &to
	refusal, err := t.do(ctx, "ALTER TABLE "+t.name(f.child).String()+" ADD CONSTRAINT "+t.own(key.Name)+" "+key.Definition())
	if err != nil || refusal == "" {
		return err
	}
	t.settled[f] = true
	known := func(finding keys.Finding) bool {
		return blocks(finding) && finding.Table == f.child && (finding.Object == f.name || finding.Object == "")
	}
	if !a.changes(f) || slices.ContainsFunc(a.Findings, known) {
		return nil
	}
	if !t.refuses() {
		return t.untried(f.child, refusal, nil)
	}
	a.block(f.child, f.name, dropOrName, "Citus does not take it: %s", refusal)
	return nil
}

// whole is the table that a table is a part of, or itself.
func (a *Analysis) whole(t *Table) *Table {
	for a.names[t.live.PartitionOf] != nil {
		t = a.names[t.live.PartitionOf]
	}
	return t
}
