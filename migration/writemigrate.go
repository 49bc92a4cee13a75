package migration

import (
	"fmt"
	"strings"
)

// WriteGolangMigrate writes the plan into a directory as files for golang-migrate,
// numbered from start on: 000042_step01_name.up.sql and 000042_step01_name.down.sql. It
// returns their names, also those written before an error; a file that exists is never
// overwritten, and one without a statement is not written.
//
// The drivers for PostgreSQL send a file as one query. Several statements in a query
// form a transaction, in which indexes cannot be built concurrently and batches cannot
// commit. So a file is either a whole transaction, which it begins and commits itself,
// or a single statement; a step of several statements is split into several files.
// Leave the drivers' x-multi-statement off, which splits files at semicolons.
//
// A barrier is a version before the first step of its phase, and fails as
// [Plan.WriteGoose] says. golang-migrate then marks the version as dirty; "migrate
// force" with that version confirms the barrier. What WriteGoose says of lock_timeout
// holds here, too.
func (p *Plan) WriteGolangMigrate(dir string, start int64) ([]string, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	var files []file
	version := start
	for _, step := range p.parts() {
		for _, part := range step.divided() {
			if phase := part.barrier; phase != nil {
				part.up = []string{phase.guard(fmt.Sprintf("say so with: migrate force %d. %s would have passed it", version, phase.setting()))}
				if !part.first {
					part.down = []string{phase.guard(fmt.Sprintf("say so with: migrate force %d. %s would have passed it", version-1, phase.setting()))}
				}
			}
			name := fmt.Sprintf("%06d_%s", version, part.name)
			if len(part.up) > 0 {
				files = append(files, file{name + ".up.sql", part.golangMigrate(part.up)})
			}
			if len(part.down) > 0 {
				files = append(files, file{name + ".down.sql", part.golangMigrate(part.down)})
			}
			version++
		}
	}
	return writeFiles(dir, files)
}

func (p *part) golangMigrate(statements []string) string {
	var b strings.Builder
	comment(&b, p.head...)
	if p.transaction {
		b.WriteString("BEGIN;\n" + setLockTimeout() + ";\n")
	}
	for _, statement := range statements {
		b.WriteString(terminated(statement) + "\n")
	}
	if p.transaction {
		b.WriteString("COMMIT;\n")
	}
	return b.String()
}
