package migration

import (
	"fmt"
	"strings"
)

// WriteGolangMigrate writes the plan into a directory as files for golang-migrate,
// numbered from start on: 000042_name.up.sql and 000042_name.down.sql. It returns
// their names, also those written before an error; a file that exists is never
// overwritten.
//
// The drivers for PostgreSQL send a file as one query, and several statements in
// a query are a transaction, in which neither an index is built concurrently nor
// a batch committed. So a file is a step in a transaction, which it begins and
// commits itself, or a single statement. The drivers' x-multi-statement, which
// divides files at semicolons, has to stay off.
//
// No file belongs to two phases, so "migrate goto" stops at a barrier, which is a
// comment of the first file behind it. What [Plan.WriteGoose] says of
// lock_timeout holds here, too.
func (p *Plan) WriteGolangMigrate(dir string, start int64) ([]string, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	var files []file
	for i, part := range p.parts() {
		name := fmt.Sprintf("%06d_%s", start+int64(i), part.name)
		files = append(files,
			file{name + ".up.sql", part.golangMigrate(part.up)},
			file{name + ".down.sql", part.golangMigrate(part.down)})
	}
	return writeFiles(dir, files)
}

func (p *part) golangMigrate(statements []string) string {
	var b strings.Builder
	comment(&b, p.head...)
	transaction := p.transaction && len(statements) > 0
	if transaction {
		b.WriteString("BEGIN;\n" + setLockTimeout() + ";\n")
	}
	for _, statement := range statements {
		b.WriteString(terminated(statement) + "\n")
	}
	if transaction {
		b.WriteString("COMMIT;\n")
	}
	return b.String()
}
