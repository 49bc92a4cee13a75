package rls

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/catalog"
)

// The names of the policies.
const (
	tenantPolicy = "tenancy"
	spanPolicy   = "tenancy_span"
	sharedPolicy = "tenancy_shared"
	lockPolicy   = "tenancy_shared_lock"

	everybodyPolicy     = "tenancy_everybody"
	spanEverybodyPolicy = "tenancy_span_everybody"
	spanLinkedPolicy    = "tenancy_span_linked"
	spanLockPolicy      = "tenancy_span_lock"
)

// Policies say what the generated policies are like. The zero value is for one tenant
// at a time, under the setting "app.tenant_id".
//
// A tenant's table shows, and takes, the rows of the tenant in the setting, and none
// while the setting is empty. A shared table shows all of its rows, and takes writes if
// it is declared writable. The comparison is an equality with a value that is looked up
// once a statement. PostgreSQL sees that it and the predicate of package tenancy say
// the same, and compares the two tenants once before it reads a row.
type Policies struct {
	// Setting is the name of the setting that holds the tenant, the same as in
	// [Options]. Empty means [DefaultSetting].
	Setting string

	// SpanRole is the role that sets of tenants and bypasses run as. It has separate
	// policies, because a policy for both would cost single tenants the equality. It
	// needs the privileges of the application's role, and neither a login nor
	// BYPASSRLS. Empty means that there are no such policies.
	SpanRole string

	// Plain leaves out the subquery around the setting, which Citus does not allow in
	// policies. The setting is then looked up for each row that no index selects. It is
	// set automatically if the database has the citus extension.
	Plain bool

	// Tables are those without a model, as [TablesOf] finds them in the catalogue. What
	// a model says of its table takes precedence. Nil means the models' tables only.
	Tables []tenancy.TenantTable
}

func (p Policies) complete() (Policies, error) {
	if p.Setting == "" {
		p.Setting = DefaultSetting
	}
	return p, checkSetting(p.Setting)
}

// A policy is one that a table is to have.
type policy struct {
	name, command, role string
	using, check        string // check is empty for SELECT
}

// sql creates it.
func (w *policy) sql(table catalog.Name) string {
	role := "PUBLIC"
	if w.role != "" {
		role = catalog.Quote(w.role)
	}
	text := "CREATE POLICY " + w.name + " ON " + table.String() + " FOR " + w.command + " TO " + role + " USING (" + w.using + ")"
	if w.check != "" {
		text += " WITH CHECK (" + w.check + ")"
	}
	return text
}

// is says whether a policy of the catalogue is this one.
func (w *policy) is(p *catalog.Policy) bool {
	role := "public"
	if w.role != "" {
		role = w.role
	}
	return p.Permissive && p.Command == w.command && len(p.Roles) == 1 && p.Roles[0] == role &&
		same(p.Using, w.using) && same(p.WithCheck, w.check)
}

// policiesOf are the policies of a table.
// via is the table that a linked one's rows are seen through.
func (s *survey) policiesOf(known tenancy.TenantTable, table, via *catalog.Table) ([]policy, error) {
	p := &s.policies
	all := p.once(lookup(p.Setting+setSuffix) + " = '" + everyone + "'")
	switch known.Kind {
	case tenancy.KindTenant, tenancy.KindRoot, tenancy.KindShared, tenancy.KindFree, tenancy.KindMixed:
	case tenancy.KindPrivate: // without a policy for tenants, none of them reaches it
		return p.spanned(nil, all), nil
	case tenancy.KindLinked:
		return s.policiesOfLinked(known, table, via, all)
	default:
		return nil, fmt.Errorf("rls: %s is %s, which has no policies", table.Name, known.Kind)
	}
	if known.Column == "" {
		if known.Writable {
			return []policy{{sharedPolicy, "ALL", "", "true", "true"}}, nil
		}
		// Without a policy for UPDATE there would be no row to SELECT … FOR UPDATE.
		list := []policy{{sharedPolicy, "SELECT", "", "true", ""}, {lockPolicy, "UPDATE", "", "true", "false"}}
		return p.spanned(list, all), nil
	}
	own, set, err := s.tenantIs(table, known, catalog.Quote(known.Column))
	if err != nil {
		return nil, err
	}
	if known.Kind != tenancy.KindMixed {
		return p.spanned([]policy{{tenantPolicy, "ALL", "", own, own}}, all+" OR "+set), nil
	}
	// Rows for everybody are read by who reads rows of their own, and written by who
	// spans all tenants. A DELETE has no check, and takes what the policy shows. A policy
	// by which a tenant could lock them would let it give them its own id: the checks of
	// all policies for UPDATE are one.
	everybody := catalog.Quote(known.Column) + " IS NULL AND " + p.once("nullif("+lookup(p.Setting)+", '') IS NOT NULL")
	list := p.spanned([]policy{{tenantPolicy, "ALL", "", own, own}}, all+" OR "+set)
	list = append(list, policy{everybodyPolicy, "SELECT", "", everybody, ""})
	if p.SpanRole != "" {
		spansSome := catalog.Quote(known.Column) + " IS NULL AND " + p.once("nullif("+lookup(p.Setting+setSuffix)+", '') IS NOT NULL")
		list = append(list, policy{spanEverybodyPolicy, "SELECT", p.SpanRole, spansSome, ""})
	}
	return list, nil
}

// spanned adds what the role may reach that spans tenants.
func (p *Policies) spanned(list []policy, reach string) []policy {
	if p.SpanRole == "" {
		return list
	}
	return append(list, policy{spanPolicy, "ALL", p.SpanRole, reach, reach})
}

// tenantIs writes that a column holds the tenant that is set, and one of the set.
func (s *survey) tenantIs(table *catalog.Table, known tenancy.TenantTable, name string) (own, set string, err error) {
	p, column := &s.policies, table.Column(known.Column)
	if column == nil {
		return "", "", fmt.Errorf("rls: %s has no column %s", table.Name, catalog.Quote(known.Column))
	}
	columnType, loose := column.Type, slices.Contains(s.loose, column.Collation)
	cast := castOf(columnType)
	if d, is := s.domains[columnType]; is {
		columnType, loose, cast = d.base, loose || column.Collation == "" && d.loose, castOf(d.base)
		name += "::" + cast
	}
	if known.Type == "" {
		known.Type = typeOf(columnType)
	}
	if err := known.CheckColumn(columnType, !loose); err != nil {
		return "", "", fmt.Errorf("rls: the tenant column %s of %s: %w", catalog.Quote(known.Column), table.Name, err)
	}
	own = name + " = " + p.once("nullif("+lookup(p.Setting)+", '')::"+cast)
	all := p.once("nullif(nullif(" + lookup(p.Setting+setSuffix) + ", ''), '" + everyone + "')")
	return own, name + " = ANY (" + all + "::" + cast + "[])", nil
}

// policiesOfLinked are those of a table whose rows are seen through another's.
func (s *survey) policiesOfLinked(known tenancy.TenantTable, table, via *catalog.Table, all string) ([]policy, error) {
	p, l := &s.policies, known.Link
	if l == nil || via == nil {
		return nil, fmt.Errorf("rls: %s is linked, and the table of its Link is not in the database", table.Name)
	}
	if p.Plain {
		return nil, fmt.Errorf("rls: %s is linked: its policy would need a subquery, which Citus does not take; "+
			"leave the table to the plugin, or give its rows a tenant", table.Name)
	}
	link := func(is string) string {
		text := "EXISTS (SELECT FROM " + via.Name.String() + " " + l.Alias + " WHERE " + l.Alias + "." + catalog.Quote(l.ForeignKey) +
			" = " + catalog.Quote(table.Name.Name) + "." + catalog.Quote(l.Key) + " AND " + is
		if l.Where != "" {
			text += " AND (" + l.Where + ")"
		}
		return text + ")"
	}
	own, set, err := s.tenantIs(via, l.Via, l.Alias+"."+catalog.Quote(l.Via.Column))
	if err != nil {
		return nil, err
	}
	if known.Writable {
		return p.spanned([]policy{{tenantPolicy, "ALL", "", link(own), "true"}}, all+" OR "+link(set)), nil
	}
	list := p.spanned([]policy{{tenantPolicy, "SELECT", "", link(own), ""}, {lockPolicy, "UPDATE", "", link(own), "false"}}, all)
	if p.SpanRole != "" { // a set reads, and a bypass writes as well
		list = append(list, policy{spanLinkedPolicy, "SELECT", p.SpanRole, link(set), ""},
			policy{spanLockPolicy, "UPDATE", p.SpanRole, link(set), "false"})
	}
	return list, nil
}

func lookup(setting string) string { return "current_setting('" + setting + "', true)" }

// once has an expression evaluated once a statement.
func (p *Policies) once(expression string) string {
	if p.Plain {
		return "(" + expression + ")"
	}
	return "(SELECT " + expression + ")"
}

// castOf is the type that the setting is cast to. A type with a length would cut a
// tenant's id off, and make it another's.
func castOf(columnType string) string {
	base, _, _ := strings.Cut(columnType, "(")
	switch base {
	case "character varying":
		return "text"
	case "character":
		return "bpchar"
	}
	return base
}

// same says whether two conditions are the same but for what PostgreSQL adds when
// it writes one down: parentheses, casts to text, names of results.
func same(a, b string) bool { return strings.Join(tokens(a), " ") == strings.Join(tokens(b), " ") }

// tokens are those of a condition that tell it from others.
func tokens(condition string) []string {
	var list []string
	for rest := condition; rest != ""; {
		n := tokenEnd(rest)
		token := rest[:n]
		rest = rest[n:]
		switch {
		case strings.TrimSpace(token) == "" || token == "(" || token == ")":
		case token[0] == '"':
			list = append(list, strings.ReplaceAll(strings.Trim(token, `"`), `""`, `"`))
		case token[0] == '\'':
			list = append(list, token)
		default:
			list = append(list, strings.ToLower(token))
		}
	}
	kept := list[:0]
	for i := 0; i < len(list); i++ {
		isText := list[i] == "::" && i+1 < len(list) && list[i+1] == "text" && (i+2 == len(list) || list[i+2] != "[")
		if list[i] == "as" || isText {
			i++
			continue
		}
		kept = append(kept, list[i])
	}
	return kept
}

// tokenEnd is where the first token of the text ends.
func tokenEnd(text string) int {
	isWord := func(c byte) bool {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '$' || c >= 0x80
	}
	n := 1
	switch c := text[0]; {
	case c == '\'' || c == '"':
		for n < len(text) && text[n] != c {
			n++
		}
		return min(n+1, len(text))
	case isWord(c):
		for n < len(text) && isWord(text[n]) {
			n++
		}
	case strings.HasPrefix(text, "::"):
		return 2
	}
	return n
}
