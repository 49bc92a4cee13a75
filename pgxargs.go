package tenancy

import (
	"reflect"
	"strings"
	"sync"

	"github.com/google/uuid"

	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// instructs reports whether the first of a statement's values is an instruction to
// pgx: a query mode, a result format, or a rewriter of the statement. pgx takes
// those from the front of the arguments, which shifts the placeholders, or replaces
// the text when it has been judged (github.com/jackc/pgx/v5, Conn.Query).
func (p *Plugin) instructs(vars []any) bool {
	return len(vars) > 0 && p.dialect == sqltext.Postgres && isInstruction(vars[0])
}

const reasonInstruction = "the first value is an instruction to the driver; only Trust and Bypass send it"

// instructions are the types that were looked at: reflect.Type to bool.
var instructions sync.Map

func isInstruction(value any) bool {
	switch value.(type) {
	case nil, string, int, int64, bool, float64, []byte, uuid.UUID:
		return false
	}
	typ := reflect.TypeOf(value)
	known, ok := instructions.Load(typ)
	if !ok {
		known, _ = instructions.LoadOrStore(typ, isInstructionType(typ))
	}
	return known.(bool)
}

func isInstructionType(typ reflect.Type) bool {
	_, rewrites := typ.MethodByName("RewriteQuery")
	for typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	path := typ.PkgPath()
	return rewrites || strings.HasPrefix(path, "github.com/jackc/pgx/") && !strings.HasSuffix(path, "/pgtype")
}
