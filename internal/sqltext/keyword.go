package sqltext

// A keyword is a bare word that means something to this package.
type keyword uint8

const (
	noKeyword keyword = iota
	kwAs
	kwCross
	kwDistinct
	kwFrom
	kwFull
	kwIn
	kwInner
	kwInto
	kwJoin
	kwLateral
	kwLeft
	kwNatural
	kwOn
	kwOnly
	kwOrdinality
	kwOuter
	kwQuery // a word that begins a query
	kwRight
	kwSetOperator // a word that joins queries
	kwTies
	kwTime
	kwUsing
	kwValues
	kwWith
	kwEndsValue // a word that can follow a value, and so end it
	kwReserved  // another word that is no alias
)

// keywordOf folds a bare word and looks it up; it does not allocate.
func keywordOf(word string) keyword {
	if len(word) < 2 || len(word) > 11 {
		return noKeyword
	}
	var buf [11]byte
	switch string(foldInto(buf[:0], word)) {
	case "as":
		return kwAs
	case "cross":
		return kwCross
	case "distinct":
		return kwDistinct
	case "from":
		return kwFrom
	case "full":
		return kwFull
	case "in":
		return kwIn
	case "inner":
		return kwInner
	case "into":
		return kwInto
	case "join":
		return kwJoin
	case "lateral":
		return kwLateral
	case "left":
		return kwLeft
	case "natural":
		return kwNatural
	case "on":
		return kwOn
	case "only":
		return kwOnly
	case "ordinality":
		return kwOrdinality
	case "outer":
		return kwOuter
	case "select", "table":
		return kwQuery
	case "union", "intersect", "except":
		return kwSetOperator
	case "right":
		return kwRight
	case "ties":
		return kwTies
	case "time":
		return kwTime
	case "using":
		return kwUsing
	case "values":
		return kwValues
	case "with":
		return kwWith
	case "where", "returning", "set", "do", "group", "order", "having", "limit":
		return kwEndsValue
	case "tablesample", "indexed", "not", "offset", "fetch", "for", "window", "and", "or":
		return kwReserved
	}
	return noKeyword
}
