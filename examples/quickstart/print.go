package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"gorm.io/gorm/logger"

	"github.com/gorm-tenancy/tenancy"
)

const width = 110

// journal prints the statements that are sent, and remembers them. It is GORM's
// logger. One goroutine may use it at a time.
type journal struct {
	out    io.Writer
	colour bool
	silent bool
	mark   string   // what is coloured in SQL
	texts  []string // the statements, as the database gets them
	rows   []int64
}

// LogMode, Info, Warn and Error do nothing: errors are returned to the program.
func (j *journal) LogMode(logger.LogLevel) logger.Interface { return j }

func (*journal) Info(context.Context, string, ...any)  {}
func (*journal) Warn(context.Context, string, ...any)  {}
func (*journal) Error(context.Context, string, ...any) {}

// ParamsFilter sees a statement before its values are written into it.
func (j *journal) ParamsFilter(_ context.Context, sql string, params ...any) (string, []any) {
	j.texts = append(j.texts, sql)
	return sql, params
}

// Trace prints a statement. One that was refused was not sent, but for an upsert
// that met another tenant's row, which is rolled back.
func (j *journal) Trace(_ context.Context, _ time.Time, fc func() (string, int64), err error) {
	var refused *tenancy.ScopeError
	if errors.As(err, &refused) && !errors.Is(err, tenancy.ErrCrossTenantConflict) {
		return
	}
	sql, rows := fc()
	j.rows = append(j.rows, rows)
	verb, _, _ := strings.Cut(sql, " ")
	operation := map[string]string{"INSERT": "create", "SELECT": "query", "UPDATE": "update", "DELETE": "delete"}[verb]
	unit := "rows"
	if rows == 1 {
		unit = "row"
	}
	j.block(fmt.Sprintf("    %-6s %d %-6s", operation, rows, unit), sql)
}

// heading begins a part of the output.
func (j *journal) heading(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	j.line("\n%s\n%s", j.paint("1", text), j.paint("2", strings.Repeat("─", len(text))))
}

// call prints the Go that is about to run.
func (j *journal) call(s step) {
	j.line("%-19s%s", s.title, j.paint("36", s.code))
}

// block prints text behind its label, broken into lines of equal indent.
func (j *journal) block(label, text string) {
	indent := len(label)
	for _, line := range wrap(text, width-indent) {
		line = strings.ReplaceAll(line, j.mark, j.paint("1;32", j.mark))
		j.line("%s%s", j.paint("2", label), line)
		label = strings.Repeat(" ", indent)
	}
}

func (j *journal) line(format string, args ...any) {
	if !j.silent {
		fmt.Fprintf(j.out, format+"\n", args...)
	}
}

func (j *journal) paint(code, text string) string {
	if !j.colour {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// wrap breaks text after spaces and commas.
func wrap(text string, width int) (lines []string) {
	for len(text) > width {
		at := 1 + strings.LastIndexAny(text[:width], " ,")
		if at == 0 {
			break
		}
		lines, text = append(lines, strings.TrimSpace(text[:at])), text[at:]
	}
	return append(lines, text)
}

// isTerminal reports whether a file takes colours; see https://no-color.org.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 &&
		os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}
