package distribution

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/keys"
	"github.com/gorm-tenancy/tenancy/migration"
)

// WriteReport writes, for people, everything to know before anything is changed:
// the cluster, the tables, the biggest tenants, the obstacles, what the plan
// requires, the plan itself and the undo of each step. w and plan may be nil.
func (a *Analysis) WriteReport(out io.Writer, w *Weight, plan *migration.Plan) error {
	b := bufio.NewWriter(out)
	a.reportCluster(b)
	a.reportTables(b)
	if w != nil {
		w.report(b)
	}
	a.reportNeeds(b)
	a.reportFindings(b)
	if plan != nil {
		if err := reportPlan(b, plan); err != nil {
			return err
		}
		if !a.back {
			fmt.Fprintln(b, "\nThen let the application's role plan each statement with its values (package citus says why):\n"+
				"  ALTER ROLE … SET plan_cache_mode = force_custom_plan;")
		}
	}
	return b.Flush()
}

func (a *Analysis) reportCluster(b *bufio.Writer) {
	c := &a.Cluster
	fmt.Fprintf(b, "Cluster of %s: ", a.database)
	if c.Installed == "" {
		fmt.Fprintln(b, "the extension Citus is not in the database")
		return
	}
	fmt.Fprintf(b, "Citus %s, %d shards a table\n", c.Installed, a.shards())
	for i := range c.Nodes {
		n := &c.Nodes[i]
		role := "worker"
		if n.Group == 0 {
			role = "coordinator"
		}
		if n.Shards {
			role += " with shards"
		}
		if !n.Reachable {
			fmt.Fprintf(b, "  %s  %s, cannot be reached\n", n, role)
			continue
		}
		fmt.Fprintf(b, "  %s  %s, PostgreSQL %d.%d, wal_level %s, %s free\n",
			n, role, n.Version/10000, n.Version%10000, n.WALLevel, size(n.DiskFree))
	}
}

func (a *Analysis) reportTables(b *bufio.Writer) {
	fmt.Fprintln(b, "\nTables:")
	table := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "  TABLE\tIS\tBECOMES\tROWS\tSIZE\tBY NODE")
	for _, t := range a.Tables {
		is, becomes := t.live.Distribution.Definition(), t.wanted()
		if is == "" {
			is = "local"
		}
		if a.back {
			becomes = "local"
			if t.managed {
				becomes = string(catalog.Managed)
			}
		}
		rows := "unknown"
		if t.live.Rows >= 0 {
			rows = fmt.Sprintf("%.0f", t.live.Rows)
		}
		if t.live.Distribution.Method != catalog.NotDistributed {
			rows = "in shards"
		}
		fmt.Fprintf(table, "  %s\t%s\t%s\t%s\t%s\t%s\n", t.Name, is, becomes, rows, size(a.sizeOf(t)), a.byNode(t))
	}
	_ = table.Flush() // b says when it cannot
}

// byNode says how much each node holds of a table.
func (a *Analysis) byNode(t *Table) string {
	var nodes []string
	for _, s := range a.Cluster.Sizes {
		if s.Table == t.Name {
			nodes = append(nodes, fmt.Sprintf("%s %s", s.Node, size(s.Bytes)))
		}
	}
	if len(nodes) == 0 {
		return "all here"
	}
	return strings.Join(nodes, ", ")
}

func (w *Weight) report(b *bufio.Writer) {
	about := ""
	if w.Sampled {
		about = " (big tables by samples)"
	}
	fmt.Fprintf(b, "\n%d tenants with %d rows, %s%s. The biggest:\n", w.Count, w.Rows, size(w.Bytes), about)
	for _, t := range w.Tenants {
		shard := ""
		if t.Shard >= 0 {
			shard = fmt.Sprintf(", shard %d", t.Shard)
		}
		fmt.Fprintf(b, "  %s  %d rows, %s%s\n", t.Tenant, t.Rows, size(t.Bytes), shard)
	}
	if w.ShardBytes > 0 {
		fmt.Fprintf(b, "The largest shard is number %d, with %s of all tables.\n", w.Shard, size(w.ShardBytes))
	}
}

func (a *Analysis) reportNeeds(b *bufio.Writer) {
	needs := a.Needs()
	if len(needs) == 0 {
		return
	}
	fmt.Fprintln(b, "\nTaken at the peak, by estimate:")
	for _, need := range needs {
		n := need.Node
		fmt.Fprintf(b, "  %s  %d locks of %d (max_locks_per_transaction %d), %s of disk and WAL, %s free\n",
			n, need.Locks, n.Locks(), n.LocksEach, size(need.Disk), size(n.DiskFree))
	}
}

func (a *Analysis) reportFindings(b *bufio.Writer) {
	if len(a.Findings)+len(a.Questions) == 0 {
		fmt.Fprintln(b, "\nNothing stands in the way.")
		return
	}
	fmt.Fprintln(b, "\nTo be read, or cleared, before:")
	for _, q := range a.Questions {
		fmt.Fprintf(b, "  question: %s\n", q)
	}
	for _, f := range keys.Grouped(a.Findings) {
		fmt.Fprintf(b, "  %s\n", f)
	}
}

// reportPlan writes the plan, and the undo of each step.
func reportPlan(b *bufio.Writer, plan *migration.Plan) error {
	fmt.Fprintln(b)
	if len(plan.Phases) == 0 {
		fmt.Fprintln(b, plan.Title+": nothing to do.")
		return nil
	}
	if err := plan.WriteTable(b); err != nil {
		return err
	}
	fmt.Fprintln(b, "\nUndo, the last step first:")
	for _, phase := range slices.Backward(plan.Phases) {
		for i := range slices.Backward(phase.Steps) {
			step := &phase.Steps[i]
			switch {
			case step.NoUndo != "":
				fmt.Fprintf(b, "  %s\n    POINT OF NO RETURN: %s\n", step.Name, step.NoUndo)
			case len(step.Undo) == 0:
				fmt.Fprintf(b, "  %s\n    nothing to undo\n", step.Name)
			default:
				fmt.Fprintf(b, "  %s\n", step.Name)
				for _, statement := range step.Undo {
					fmt.Fprintf(b, "    %s;\n", shortened(statement))
				}
			}
			if step.PointOfNoReturn {
				fmt.Fprintln(b, "    POINT OF NO RETURN: once rows are written that the old keys forbid, this undo fails.")
			}
		}
	}
	return nil
}

// shortened returns a statement on one line, without the text of a block.
func shortened(statement string) string {
	if tag, block := strings.CutPrefix(statement, "DO $"); block {
		tag, _, _ = strings.Cut(tag, "$")
		return "DO $" + tag + "$ … $" + tag + "$"
	}
	return strings.Join(strings.Fields(statement), " ")
}
