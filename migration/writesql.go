package migration

import (
	"fmt"
	"io"
	"strings"
)

// WriteSQL writes the plan as one file for psql:
//
//	psql -v ON_ERROR_STOP=1 -f plan.sql
//
// The file goes through all phases. It mentions barriers but does not stop at
// them: if there are some, write one phase at a time, from copies of the plan
// that hold a single phase. Nor does it skip what is done already.
func (p *Plan) WriteSQL(w io.Writer) error {
	if err := p.Validate(); err != nil {
		return err
	}
	var b strings.Builder
	comment(&b, p.Title, "For psql: psql -v ON_ERROR_STOP=1 -f this-file, as the role that owns the tables.")
	comment(&b, p.outlook()...)
	path := "SET search_path = pg_catalog, pg_temp"
	if p.ApplicationPath {
		path = strings.TrimSpace(sqlApplicationPath)
	}
	b.WriteString("\n\\set ON_ERROR_STOP on\n" + path + ";\nSET row_security = off;\nSET statement_timeout = 0;\n")
	timeout := ""
	for i := range p.Phases {
		phase := &p.Phases[i]
		b.WriteString("\n\n-- " + strings.Repeat("=", 70) + "\n")
		comment(&b, phase.facts()...)
		for n := range phase.Steps {
			s := &phase.Steps[n]
			b.WriteByte('\n')
			if wait := s.lockTimeout(); wait != timeout {
				b.WriteString("SET lock_timeout = " + wait + ";\n")
				timeout = wait
			}
			s.writeSQL(&b)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (s *Step) writeSQL(b *strings.Builder) {
	comment(b, s.facts()...)
	for i, undo := range s.Undo {
		text := terminated(undo)
		if i == 0 {
			text = "Undo: " + text
		}
		comment(b, text)
	}
	if s.inTransaction() {
		b.WriteString("BEGIN;\n")
	}
	for _, statement := range s.statements() {
		b.WriteString(terminated(statement) + "\n")
	}
	if s.inTransaction() {
		b.WriteString("COMMIT;\n")
	}
}

// lockTimeout is how long the step's statements may wait for locks. It is
// unlimited for a statement that blocks no one while it waits.
func (s *Step) lockTimeout() string {
	if s.Lock == ShareUpdateExclusive && !s.inTransaction() {
		return "0"
	}
	return fmt.Sprintf("'%ds'", int(defaultLockTimeout.Seconds()))
}
