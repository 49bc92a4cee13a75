package keys_test

import (
	"context"
	"database/sql"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/internal/draw"
	"github.com/gorm-tenancy/tenancy/keys"
	"github.com/gorm-tenancy/tenancy/migration"
)

// A partitioned table with partitions of partitions, a key and uniques that others refer
// to, whose columns they name in another order, and uniques that nobody refers to.
const divided = accounts + `
CREATE TABLE events (id int, at date, tenant_id bigint NOT NULL REFERENCES accounts, code int, n int, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2026-02-01') TO ('2026-03-01') PARTITION BY LIST (at);
CREATE TABLE events_2_a PARTITION OF events_2 FOR VALUES IN ('2026-02-01');
CREATE TABLE events_2_b PARTITION OF events_2 DEFAULT;
ALTER TABLE events ADD CONSTRAINT events_code UNIQUE (code, at);
ALTER TABLE events ADD CONSTRAINT events_free UNIQUE (at, n, code);
CREATE UNIQUE INDEX events_n ON events (n, at);
CREATE TABLE lines (id int PRIMARY KEY, tenant_id bigint NOT NULL REFERENCES accounts, event_at date, event_id int, event_code int,
	CONSTRAINT lines_event FOREIGN KEY (event_at, event_id) REFERENCES events (at, id) ON DELETE CASCADE DEFERRABLE,
	CONSTRAINT lines_code FOREIGN KEY (event_code, event_at) REFERENCES events (code, at));
CREATE TABLE marks (id int, day date, tenant_id bigint NOT NULL, event_at date, event_id int, PRIMARY KEY (id, day),
	CONSTRAINT marks_event FOREIGN KEY (event_id, event_at) REFERENCES events) PARTITION BY RANGE (day);
CREATE TABLE marks_1 PARTITION OF marks DEFAULT;
COMMENT ON CONSTRAINT events_pkey ON events IS 'the key'; COMMENT ON CONSTRAINT lines_event ON lines IS 'of an event';
COMMENT ON CONSTRAINT events_1_pkey ON events_1 IS 'its part'; COMMENT ON INDEX events_n IS 'n';
INSERT INTO accounts VALUES (1), (2);
INSERT INTO events SELECT g, '2026-01-01'::date + g, 1 + g % 2, g, g FROM generate_series(0, 50) g;
INSERT INTO lines SELECT id, tenant_id, at, id, code FROM events;
INSERT INTO marks SELECT id, at, tenant_id, at, id FROM events;`

// structure is all that a schema has, with what is said of it.
func structure(t *testing.T, db *sql.DB, schema string) string {
	t.Helper()
	var text strings.Builder
	require.NoError(t, read(t, db, schema).Dump(&text))
	return without(schema, text.String()) + strings.Join(told(t, db, schema), "\n")
}

// TestPartitionAtATime expects the keys of a partitioned table to be built a partition
// at a time, to leave one index, and to be undone, wherever the plan was ended and
// whether it was kept or made again.
func TestPartitionAtATime(t *testing.T) {
	t.Parallel()
	db, name := schema(t, divided)
	o := keys.Options{Root: in(name).name("accounts")}
	analyze := func() *keys.Analysis {
		a, err := keys.Analyze(read(t, db, name), o)
		require.NoError(t, err)
		require.Empty(t, a.Questions)
		return a
	}
	before := structure(t, db, name)
	analysis := analyze()
	plan, err := analysis.Plan()
	require.NoError(t, err)
	steps := 0
	for _, phase := range plan.Phases {
		for _, step := range phase.Steps {
			steps++
			if !strings.Contains(step.Table.Name, "marks") || !strings.Contains(step.Name, "_event") { // whose foreign key is validated at once
				builds := strings.Contains(strings.Join(step.SQL, " "), "CREATE UNIQUE INDEX CONCURRENTLY")
				assert.Equal(t, builds, step.Lock == migration.ShareUpdateExclusive && step.Bytes > 0 && !strings.Contains(step.Name, "validate"), step.Name)
				assert.True(t, builds || step.Bytes == 0 || strings.Contains(step.Name, "validate"), step.Name)
			}
		}
	}
	after := ""
	first, stride := draw.Points(t, 4)
	for n := 9 * first; n <= steps; n += 9 * stride {
		done, options := 0, all(plan)
		options.Progress = func(e migration.Event) {
			if e.Kind == migration.StepDone {
				done++
			}
		}
		options.Throttle = func(context.Context) error {
			if done >= n {
				return errEnded
			}
			return nil
		}
		_, err := migration.Execute(t.Context(), db, plan, options)
		if done < steps {
			require.ErrorIs(t, err, errEnded)
		}
		again, err := analyze().Plan()
		require.NoError(t, err)
		result, err := migration.Execute(t.Context(), db, again, all(again))
		require.NoError(t, err, "%d: %+v", n, result)
		if after == "" {
			after = structure(t, db, name)
			checkDivided(t, read(t, db, name), in(name), analysis)
		}
		require.Equal(t, after, structure(t, db, name), n)
		rest, err := analyze().Plan()
		require.NoError(t, err)
		require.Empty(t, rest.Phases, "nothing is missing")
		back := plan
		if last := plan.Phases[len(plan.Phases)-1]; n%2 == 1 && n <= steps-len(last.Steps) { // before the point of no return
			back = again
		}
		result, err = migration.Undo(t.Context(), db, back, all(back))
		require.NoError(t, err, "%d: %+v", n, result)
		// Who has lost the plan after the swap does not know in which order a foreign key
		// named its columns.
		reordered := strings.NewReplacer("(event_id, event_at) REFERENCES events (id, at) ON", "(event_at, event_id) REFERENCES events (at, id) ON")
		require.Equal(t, before, reordered.Replace(structure(t, db, name)), n)
	}
}

// checkDivided looks at what the plan has left.
func checkDivided(t *testing.T, c *catalog.Catalog, s in, analysis *keys.Analysis) {
	t.Helper()
	events := c.Table(s.name("events"))
	var indexes []string
	for _, index := range events.Indexes {
		indexes = append(indexes, index.Name+" "+index.Definition())
	}
	assert.Equal(t, []string{
		"events_code UNIQUE USING btree (tenant_id, code, at)", "events_free UNIQUE USING btree (tenant_id, at, n, code)",
		"events_n UNIQUE USING btree (tenant_id, n, at)", "events_pkey UNIQUE USING btree (tenant_id, id, at)",
	}, indexes)
	for _, part := range []string{"events_1", "events_2_a", "events_2_b"} {
		assert.Len(t, c.Table(s.name(part)).Indexes, 4, part)
		for _, index := range c.Table(s.name(part)).Indexes {
			assert.True(t, index.Inherited, index.Name)
		}
		assert.Equal(t, part+"_pkey", c.Table(s.name(part)).PrimaryKey().Name)
	}
	for _, whole := range []string{"lines", "marks", "events"} {
		foretold := analysis.After().Table(s.name(whole))
		for _, constraint := range c.Table(s.name(whole)).Constraints {
			require.NotNil(t, foretold.Constraint(constraint.Name), constraint.Name)
			assert.Equal(t, foretold.Constraint(constraint.Name).Definition(), constraint.Definition())
			if constraint.Foreign != nil && constraint.Foreign.Table.Name == "events" && constraint.Name != "lines_code" {
				assert.Equal(t, "events_pkey", constraint.Index, constraint.Name)
			}
		}
		assert.Len(t, foretold.Indexes, len(c.Table(s.name(whole)).Indexes), whole)
	}
}
