//go:build cgo

package sqlguard

import (
	"errors"
	"sort"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// token is one token of the text, as PostgreSQL's scanner reads it.
type token struct {
	start, end int
	kind       pg.Token
	match      int // of a parenthesis: the index of the other one
}

// tokens are the tokens of a text, without its comments.
type tokens struct {
	text string
	list []token
}

const (
	open  = pg.Token_ASCII_40
	shut  = pg.Token_ASCII_41
	comma = pg.Token_ASCII_44
	dot   = pg.Token_ASCII_46
	semi  = pg.Token_ASCII_59
	star  = pg.Token_ASCII_42
	none  = pg.Token_NUL
)

var errParenthesis = errors.New("a parenthesis has no counterpart")

// errTooDeep is for texts whose tree would be too deep. PostgreSQL's parser
// builds chains such as 1 + 1 + 1 … without a limit, and the C code that then
// walks the tree recurses until the process dies. So they must be found before
// they are parsed.
var errTooDeep = errors.New("the text is nested or chained too deeply")

const maxDepth = 500

func scan(text string) (tokens, error) {
	result, err := pg.Scan(text)
	if err != nil {
		return tokens{}, err
	}
	ts := tokens{text: text, list: make([]token, 0, len(result.GetTokens()))}
	var opened []int
	for _, t := range result.GetTokens() {
		kind := t.GetToken()
		if kind == pg.Token_SQL_COMMENT || kind == pg.Token_C_COMMENT {
			continue
		}
		index := len(ts.list)
		tok := token{start: int(t.GetStart()), end: int(t.GetEnd()), kind: kind, match: -1}
		if tok.start < 0 || tok.end > len(text) || tok.start > tok.end {
			return tokens{}, errors.New("a token lies outside of the text")
		}
		switch kind {
		case open:
			opened = append(opened, index)
		case shut:
			if len(opened) == 0 {
				return tokens{}, errParenthesis
			}
			tok.match = opened[len(opened)-1]
			ts.list[tok.match].match = index
			opened = opened[:len(opened)-1]
		}
		ts.list = append(ts.list, tok)
	}
	if len(opened) > 0 {
		return tokens{}, errParenthesis
	}
	if ts.tooDeep() {
		return tokens{}, errTooDeep
	}
	return ts, nil
}

// tooDeep counts, from the inside out, the tokens that can make the tree deeper:
// within an item of a list or an operand of AND and OR, which are flat, all of
// them may stand on one path.
func (ts *tokens) tooDeep() bool {
	type group struct{ sum, deepest int }
	groups := make([]group, 1, 16)
	for i := range ts.list {
		top := &groups[len(groups)-1]
		switch kind := ts.list[i].kind; kind {
		case open:
			groups = append(groups, group{})
		case shut:
			inner := max(top.sum, top.deepest) + 1
			groups = groups[:len(groups)-1]
			groups[len(groups)-1].sum += inner
		case comma, pg.Token_AND, pg.Token_OR:
			top.deepest = max(top.deepest, top.sum)
			top.sum = 0
		default:
			if deepens(kind) {
				top.sum++
			}
		}
		if len(groups) > maxDepth || groups[len(groups)-1].sum > maxDepth {
			return true
		}
	}
	return false
}

// deepens reports whether a token can make a tree deeper: operators, and the
// keywords that join two operands or take one. Names, values, and the keywords
// that begin a clause do not.
func deepens(kind pg.Token) bool {
	switch kind {
	case pg.Token_IDENT, pg.Token_UIDENT, pg.Token_SCONST, pg.Token_USCONST, pg.Token_FCONST, pg.Token_ICONST,
		pg.Token_BCONST, pg.Token_XCONST, pg.Token_PARAM, dot,
		pg.Token_SELECT, pg.Token_FROM, pg.Token_WHERE, pg.Token_AS, pg.Token_ON, pg.Token_INSERT, pg.Token_INTO,
		pg.Token_VALUES, pg.Token_SET, pg.Token_UPDATE, pg.Token_DELETE_P, pg.Token_GROUP_P, pg.Token_BY,
		pg.Token_ORDER, pg.Token_ASC, pg.Token_DESC, pg.Token_NULL_P, pg.Token_TRUE_P, pg.Token_FALSE_P,
		pg.Token_DEFAULT, pg.Token_WHEN, pg.Token_THEN, pg.Token_END_P, pg.Token_ALL, pg.Token_LEFT,
		pg.Token_RIGHT, pg.Token_FULL, pg.Token_INNER_P, pg.Token_OUTER_P, pg.Token_USING:
		return false
	}
	return true
}

// at returns the index of the token that begins at an offset, or -1.
func (ts *tokens) at(offset int32) int {
	i := sort.Search(len(ts.list), func(i int) bool { return ts.list[i].start >= int(offset) })
	if i < len(ts.list) && ts.list[i].start == int(offset) {
		return i
	}
	return -1
}

// kind returns a token's kind; none beyond the text.
func (ts *tokens) kind(i int) pg.Token {
	if i < 0 || i >= len(ts.list) {
		return none
	}
	return ts.list[i].kind
}

// keyword is the kind of a token that is a keyword where it stands: not a label
// after AS, nor a column after a dot.
func (ts *tokens) keyword(i int) pg.Token {
	if ts.isLabel(i) {
		return none
	}
	return ts.kind(i)
}

func (ts *tokens) isLabel(i int) bool {
	as := false // whether an odd number of AS stand before it: every other one is a label itself
	for i--; ts.kind(i) == pg.Token_AS; i-- {
		as = !as
	}
	if ts.kind(i) == dot {
		return !as
	}
	return as
}

// isFrom reports whether a token begins a FROM clause, and is not the end of IS
// DISTINCT FROM.
func (ts *tokens) isFrom(i int) bool {
	if ts.keyword(i) != pg.Token_FROM {
		return false
	}
	if ts.kind(i-1) != pg.Token_DISTINCT {
		return true
	}
	before := ts.kind(i - 2)
	return before != pg.Token_IS && (before != pg.Token_NOT || ts.kind(i-3) != pg.Token_IS)
}

// start and end are the offsets of a token.
func (ts *tokens) start(i int) int {
	if i >= len(ts.list) {
		return len(ts.text)
	}
	return ts.list[max(i, 0)].start
}

func (ts *tokens) end(i int) int {
	if i < 0 || i >= len(ts.list) {
		return 0
	}
	return ts.list[i].end
}

// next returns the index after a token, or after the group that it opens.
func (ts *tokens) next(i int) int {
	if ts.kind(i) == open {
		return ts.list[i].match + 1
	}
	return i + 1
}

// name returns the index after a qualified name, with the escape characters
// that may follow its parts: U&"d!0061ta" UESCAPE '!'.
func (ts *tokens) name(i int) int {
	for {
		i++
		if ts.kind(i) == pg.Token_UESCAPE && ts.kind(i+1) == pg.Token_SCONST {
			i += 2
		}
		if ts.kind(i) != dot {
			return i
		}
		i++
	}
}
