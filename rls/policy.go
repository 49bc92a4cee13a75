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
)

// Policies say what the generated policies are like. The zero value is for one
// tenant at a time, under the setting "app.tenant_id".
//
// A tenant's table shows, and takes, the rows of the tenant in the setting; none
// while it is empty. A shared table shows all of its rows, and takes what is
// written where it is declared writable. The comparison is an equality with a
// value that is looked up once a statement: PostgreSQL sees that it and the
// predicate of package tenancy say the same, and compares the two tenants once
// before it reads a row.
type Policies struct {
	// Setting is the name of the setting that holds the tenant: the same as in
	// [Options]. Empty: [DefaultSetting].
	Setting string

	// SpanRole is the role that sets of tenants and bypasses run as: it has
	// policies of its own, because one that knew of sets would cost single tenants
	// the equality. It needs the privileges of the application's role and neither
	// a login nor BYPASSRLS. Empty: there are no such policies.
	SpanRole string

	// Plain leaves out the subquery around the setting, which Citus does not allow
	// in policies: it is then looked up for each row that no index selects. It is
	// set by itself where the database has the citus extension.
	Plain bool
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
func (s *survey) policiesOf(known tenancy.TenantTable, table *catalog.Table) ([]policy, error) {
	p := &s.policies
	all := p.once(lookup(p.Setting+setSuffix) + " = '" + everyone + "'")
	switch known.Kind {
	case tenancy.KindTenant, tenancy.KindRoot, tenancy.KindShared, tenancy.KindFree:
	default:
		return nil, fmt.Errorf("rls: %s is %s, which has no policies yet", table.Name, known.Kind)
	}
	if known.Column == "" {
		if known.Writable {
			return []policy{{sharedPolicy, "ALL", "", "true", "true"}}, nil
		}
		// Without a policy for UPDATE there would be no row to SELECT … FOR UPDATE.
		list := []policy{{sharedPolicy, "SELECT", "", "true", ""}, {lockPolicy, "UPDATE", "", "true", "false"}}
		if p.SpanRole != "" {
			list = append(list, policy{spanPolicy, "ALL", p.SpanRole, all, all})
		}
		return list, nil
	}
	column := table.Column(known.Column)
	if column == nil {
		return nil, fmt.Errorf("rls: %s has no column %s", table.Name, catalog.Quote(known.Column))
	}
	if err := known.CheckColumn(column.Type, !slices.Contains(s.loose, column.Collation)); err != nil {
		return nil, fmt.Errorf("rls: the tenant column %s of %s: %w", catalog.Quote(known.Column), table.Name, err)
	}
	cast := castOf(column.Type)
	name := catalog.Quote(column.Name)
	own := name + " = " + p.once("nullif("+lookup(p.Setting)+", '')::"+cast)
	list := []policy{{tenantPolicy, "ALL", "", own, own}}
	if p.SpanRole != "" {
		set := p.once("nullif(nullif(" + lookup(p.Setting+setSuffix) + ", ''), '" + everyone + "')")
		spanned := all + " OR " + name + " = ANY (" + set + "::" + cast + "[])"
		list = append(list, policy{spanPolicy, "ALL", p.SpanRole, spanned, spanned})
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
