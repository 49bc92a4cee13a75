package migration

import (
	"fmt"
	"strings"
)

// WriteGoose writes the plan into a directory as files for goose, up and down,
// numbered from start on: 00042_step01_name.sql. It returns their names, also those
// written before an error; a file that exists is never overwritten.
//
// Each file is a step; one that is done already has none. A barrier is a file before
// the first step of its phase. It fails, so that "goose up" ends there, until the
// setting tenancy.passed names the phase:
//
//	PGOPTIONS='-c tenancy.passed=backfill,swap' goose up
//
// It stops "goose down" as well. ALTER DATABASE … SET tenancy.passed confirms
// barriers for good, for example in databases where no old version of the program
// runs.
//
// Files with a transaction set their own lock_timeout. For the others set it on the
// connection (options=-c lock_timeout=…), except for concurrent builds of indexes,
// which wait for older transactions.
func (p *Plan) WriteGoose(dir string, start int64) ([]string, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	var files []file
	for i, part := range p.parts() {
		if phase := part.barrier; phase != nil {
			guard := []string{phase.guard("run goose again with the environment " + phase.setting())}
			if part.up = guard; !part.first {
				part.down = guard
			}
		}
		var b strings.Builder
		if !part.transaction {
			b.WriteString("-- +goose NO TRANSACTION\n")
		}
		comment(&b, part.head...)
		b.WriteString("\n-- +goose Up\n")
		part.writeGoose(&b, part.up)
		b.WriteString("\n-- +goose Down\n")
		part.writeGoose(&b, part.down)
		files = append(files, file{fmt.Sprintf("%05d_%s.sql", start+int64(i), part.name), b.String()})
	}
	return writeFiles(dir, files)
}

// writeGoose marks where each statement begins and ends: otherwise goose would split
// them at every semicolon that ends a line.
func (p *part) writeGoose(b *strings.Builder, statements []string) {
	if p.transaction && len(statements) > 0 {
		statements = append([]string{setLockTimeout()}, statements...)
	}
	for _, statement := range statements {
		b.WriteString("-- +goose StatementBegin\n" + terminated(statement) + "\n-- +goose StatementEnd\n")
	}
}

func setLockTimeout() string {
	return fmt.Sprintf("SET LOCAL lock_timeout = '%ds'", int(defaultLockTimeout.Seconds()))
}
