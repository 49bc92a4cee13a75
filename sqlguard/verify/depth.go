//go:build cgo

package verify

import (
	"strings"

	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// maxDepth bounds the depth of a text's tree. PostgreSQL's parser, in C, walks
// its tree recursively without checking its stack, and a stack overflow ends the
// process. Stacks have held ten times this depth.
const maxDepth = 2000

// tooDeep reports whether the tree of a text could be too deep. It counts what
// nests: parentheses, and all words and operators of an expression, up to a
// comma, AND or OR. Joins and set operations nest across these.
func tooDeep(sql string) bool {
	if len(sql) < 2*maxDepth {
		return false // each level takes two characters
	}
	lexer := sqltext.Lexer{Text: sql}
	var d depth
	for {
		switch t := lexer.Next(); t.Kind {
		case sqltext.End:
			return d.exceeded
		case sqltext.Bad:
			return d.exceeded || len(sql)-t.Start > maxDepth
		default:
			d.token(t.Kind, lexer.Raw(t))
		}
	}
}

// depth counts what is open.
type depth struct {
	outer    []int // what was open before each parenthesis
	lasting  int   // joins and set operations, here and outside
	passing  int   // the expression at hand
	exceeded bool
}

func (d *depth) token(kind sqltext.Kind, text string) {
	switch kind {
	case sqltext.Literal, sqltext.Param:
		return
	case sqltext.Word:
		switch strings.ToLower(text) {
		case "and", "or":
			d.passing = 0
		case "join", "union", "intersect", "except":
			d.lasting++
			d.passing = 0
		default:
			d.passing++
		}
	default:
		switch text {
		case "(", "[":
			d.outer = append(d.outer, d.lasting, d.passing)
			d.lasting, d.passing = d.lasting+d.passing+1, 0
		case ")", "]":
			if n := len(d.outer); n > 0 {
				d.lasting, d.passing = d.outer[n-2], d.outer[n-1]+1
				d.outer = d.outer[:n-2]
			}
		case ",":
			d.passing = 0
		default:
			d.passing++
		}
	}
	d.exceeded = d.exceeded || d.lasting+d.passing > maxDepth
}
