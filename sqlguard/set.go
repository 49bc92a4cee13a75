//go:build cgo

package sqlguard

import (
	"strings"
)

// Under a set of tenants each row may meet rows of its own tenant only. One table
// of a level, the anchor, has any tenant of the set; the other tables, and the
// subqueries in the level's expressions, have the anchor's tenant. What cannot be
// matched this way is refused.

const reasonMeet = "under a set of tenants its rows could meet another tenant's; join tenants' tables by name, or narrow the scope to one"

const reasonShadow = "under a set of tenants a subquery's table needs another name than the one outside; give it an alias"

// settle chooses the anchor.
func (c *compiler) settle(l *level) {
	if !c.multi() || len(l.leaves) == 0 || c.err != nil {
		return
	}
	if l.pin != nil {
		for _, name := range l.aliases {
			if name == l.pin.qualifier {
				c.refuse(RuleSet, l.leaves[0].rv.GetLocation(), reasonShadow)
			}
		}
		return
	}
	for _, leaf := range l.leaves {
		if leaf.anchors() {
			l.anchor = leaf
			return
		}
	}
}

// anchors reports whether a leaf's tenant is that of each row of its level.
func (leaf *leaf) anchors() bool {
	return !leaf.mixed && leaf.link == nil && leaf.place.where && leaf.nulled < 0 && leaf.hidden < 0
}

// lateralAnchor is the leaf with which later items of the list may be matched.
func (w *listWalk) lateralAnchor() *leaf {
	if w.multi() && w.pin == nil {
		for _, leaf := range w.leaves {
			if leaf.anchors() {
				return leaf
			}
		}
	}
	return nil
}

// meet refuses a level in which rows of several tenants could meet.
func (c *compiler) meet(l *level) {
	if !c.multi() {
		return
	}
	loose := l.derived + l.sublinks
	switch {
	case l.pin != nil && l.derived > 0:
	case l.pin == nil && len(l.leaves) > 0 && loose > 0:
	case l.pin == nil && loose > 1:
	default:
		return
	}
	offset := int32(-1)
	if len(l.leaves) > 0 {
		offset = l.leaves[0].rv.GetLocation()
	}
	c.refuse(RuleSet, offset, reasonMeet)
}

// predicate returns what binds a leaf to the scope.
func (c *compiler) predicate(l *level, leaf *leaf) string {
	if c.meetsSeveral(l, leaf) {
		c.refuse(RuleSet, leaf.rv.GetLocation(), reasonMeet)
		return ""
	}
	switch {
	case !c.multi():
		return c.bound(leaf)
	case l.pin != nil:
		c.pinned++
		return leaf.column + " = " + l.pin.column
	case leaf == l.anchor, len(l.leaves) == 1:
		return c.bound(leaf)
	}
	if partner := c.partner(l, leaf); partner != nil {
		return leaf.column + " = " + partner.column
	}
	c.refuse(RuleSet, leaf.rv.GetLocation(), reasonMeet)
	return ""
}

// partner returns the leaf that another is matched with.
func (c *compiler) partner(l *level, leaf *leaf) *leaf {
	j := leaf.place.join
	if leaf.place.where {
		if leaf.hidden >= 0 {
			return nil
		}
		return l.anchor
	}
	if j == nil {
		return nil
	}
	others := l.leaves[j.left:j.right]
	for _, left := range others {
		if left == leaf {
			others = l.leaves[j.right:j.after]
		}
	}
	for _, other := range others {
		if other.nulled <= j.depth && other.hidden <= j.depth && !(other.place.join == j) && other.place != (placement{}) {
			return other
		}
	}
	return nil
}

// meetsSeveral reports whether rows for everybody, or linked rows, would be
// matched with tenants' rows. An equality of tenants cannot express that.
func (c *compiler) meetsSeveral(l *level, leaf *leaf) bool {
	return c.multi() && (leaf.mixed || leaf.link != nil) && (l.pin != nil || len(l.leaves) > 1)
}

// bound binds a leaf's rows to the scope: those of its tenants, and those for
// everybody.
func (c *compiler) bound(leaf *leaf) string {
	switch {
	case leaf.link != nil:
		return c.linked(leaf)
	case leaf.mixed:
		return "(" + c.owned(leaf) + " OR " + leaf.column + " IS NULL)"
	}
	return c.owned(leaf)
}

// owned compares a leaf's column with the scope's values.
func (c *compiler) owned(leaf *leaf) string {
	return c.compared(leaf.column, c.plan.tables[leaf.table].slot)
}

// compared compares a column with the values of a slot.
func (c *compiler) compared(column string, slot int) string {
	if c.tenants == 1 {
		return column + " = " + c.placeholder(slot, 0)
	}
	var b strings.Builder
	b.WriteString(column)
	b.WriteString(" IN (")
	for i := range c.tenants {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(c.placeholder(slot, i))
	}
	b.WriteString(")")
	return b.String()
}
