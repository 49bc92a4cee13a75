//go:build cgo

package sqlguard

import (
	"slices"
	"strconv"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// named judges the values of a tenant column that the author wrote.
func (c *compiler) named(in *insertion, source *pg.SelectStmt) {
	if source.GetOp() != pg.SetOperation_SETOP_NONE {
		c.named(in, source.GetLarg())
		c.named(in, source.GetRarg())
		return
	}
	if rows := source.GetValuesLists(); len(rows) > 0 {
		for _, row := range rows {
			items := row.GetList().GetItems()
			if in.column >= len(items) {
				c.refuse(RuleTenantValue, in.stmt.GetRelation().GetLocation(), "a row has no value for the tenant column; add one, or leave the column out")
				return
			}
			if slices.ContainsFunc(items, isStar) {
				c.refuse(RuleTenantValue, in.stmt.GetRelation().GetLocation(), "a * hides which value the tenant column gets; write each value")
				return
			}
			c.value(in, items[in.column], c.isPlain(source))
		}
		return
	}
	item := selected(source, in.column)
	if item == nil {
		c.refuse(RuleTenantValue, in.stmt.GetRelation().GetLocation(), "the tenant column gets its value from a *; name the columns")
		return
	}
	if column := item.GetColumnRef(); column != nil {
		c.copied(column)
		return
	}
	c.value(in, item, c.isPlain(source))
}

// selected returns what a query selects as its nth column; nil if a * before
// it hides that.
func selected(s *pg.SelectStmt, n int) *pg.Node {
	for i, target := range s.GetTargetList() {
		value := target.GetResTarget().GetVal()
		if isStar(value) {
			return nil
		}
		if i == n {
			return value
		}
	}
	return nil
}

func isStar(n *pg.Node) bool {
	fields := n.GetColumnRef().GetFields()
	if n.GetAIndirection() != nil {
		fields = n.GetAIndirection().GetIndirection()
	}
	return len(fields) > 0 && fields[len(fields)-1].GetAStar() != nil
}

// value judges a single value of the tenant column. A constant becomes a
// placeholder if it is the tenant's id.
func (c *compiler) value(in *insertion, n *pg.Node, plain bool) {
	ck := check{slot: c.plan.tables[in.target.table].slot, offset: int(location(n))}
	inner := n
	if cast := n.GetTypeCast(); cast != nil && keepsID[lastName(cast.GetTypeName().GetNames())] &&
		len(cast.GetTypeName().GetTypmods()) == 0 && len(cast.GetTypeName().GetArrayBounds()) == 0 {
		inner = cast.GetArg()
	}
	switch v := inner.GetNode().(type) {
	case *pg.Node_ParamRef:
		ck.param = int(v.ParamRef.GetNumber())
		c.uses[ck.param]--
		c.plan.hard = append(c.plan.hard, ck)
		return
	case *pg.Node_SetToDefault:
		if i := c.at(v.SetToDefault.GetLocation()); !c.set && i >= 0 && c.kind(i) == pg.Token_DEFAULT {
			c.replace(c.start(i), c.end(i), c.tenant(in))
			return
		}
	case *pg.Node_AConst:
		i := c.at(v.AConst.GetLocation())
		if !c.literal(v.AConst, &ck) || i < 0 || !plain || inner != n && c.kind(i+1) != pg.Token_TYPECAST {
			break
		}
		c.plan.hard = append(c.plan.hard, ck)
		if !c.set {
			c.replace(c.start(i), c.end(i), c.tenant(in))
		}
		return
	}
	c.refuse(RuleTenantValue, location(n), "the tenant column gets a value that cannot be judged; leave the column out, or use a placeholder")
}

// keepsID are the types that represent each id exactly, or fail.
var keepsID = set(`uuid text varchar int2 int4 int8`)

func (c *compiler) literal(k *pg.A_Const, ck *check) bool {
	switch v := k.GetVal().(type) {
	case *pg.A_Const_Sval:
		ck.literal = v.Sval.GetSval()
	case *pg.A_Const_Ival:
		ck.literal, ck.number = strconv.Itoa(int(v.Ival.GetIval())), true
	case *pg.A_Const_Fval:
		ck.literal, ck.number = v.Fval.GetFval(), true
	default:
		return false
	}
	return true
}

// copied judges a column that is selected as the tenant. The column may hold a
// value that the author chose, so the verifier decides, each time, whether it is
// the tenant of a row that the query can see.
func (c *compiler) copied(column *pg.ColumnRef) {
	name := lastName(column.GetFields())
	for i := range c.plan.tables {
		if t := &c.plan.tables[i]; t.slot >= 0 && t.known.Column == name {
			c.plan.copies = true
			return
		}
	}
	c.refuse(RuleTenantValue, column.GetLocation(), "the tenant column gets a column that is not a tenant's; leave it out of the list")
}

// carriesTenant reports whether the new rows have the tenant of the rows that
// they are made from.
func (c *compiler) carriesTenant(in *insertion, source *pg.SelectStmt) bool {
	if in.column < 0 || source.GetOp() != pg.SetOperation_SETOP_NONE || len(source.GetValuesLists()) > 0 {
		return false
	}
	item := selected(source, in.column)
	return item.GetColumnRef() != nil
}

// location is where a value stands, or -1.
func location(n *pg.Node) int32 {
	switch e := n.GetNode().(type) {
	case *pg.Node_ColumnRef:
		return e.ColumnRef.GetLocation()
	case *pg.Node_ParamRef:
		return e.ParamRef.GetLocation()
	case *pg.Node_AConst:
		return e.AConst.GetLocation()
	case *pg.Node_TypeCast:
		return e.TypeCast.GetLocation()
	case *pg.Node_FuncCall:
		return e.FuncCall.GetLocation()
	case *pg.Node_SubLink:
		return e.SubLink.GetLocation()
	case *pg.Node_SetToDefault:
		return e.SetToDefault.GetLocation()
	default:
		return -1
	}
}
