package rls

import (
	"context"
	"strings"

	"github.com/gorm-tenancy/tenancy"
)

// everyone is the value of the set's setting in a bypass. A set begins with a brace.
const everyone = "all"

// An identity is what a statement runs under. The zero value is nobody.
type identity struct {
	tenant string // in canonical spelling; empty unless it is one
	set    string // an array literal of several, or everyone
}

// spans says whether it is for the span role.
func (i identity) spans() bool { return i.set != "" }

// identityOf reads the scope of a context. No scope, and one that cannot be used,
// are nobody.
func identityOf(ctx context.Context) identity {
	scope, _ := tenancy.From(ctx)
	if scope.IsBypass() {
		return identity{set: everyone}
	}
	if tenant, ok := scope.Tenant(); ok {
		return identity{tenant: tenant}
	}
	if tenants := scope.Tenants(); len(tenants) > 0 {
		return identity{set: arrayLiteral(tenants)}
	}
	return identity{}
}

// refuse says why a statement of the context is not to be sent.
func (o *Options) refuse(ctx context.Context) error {
	scope, ok := tenancy.From(ctx)
	switch {
	case !ok:
		return nil
	case scope.Err() != nil:
		return scope.Err()
	case o.SpanRole == "" && identityOf(ctx).spans():
		return ErrSpan
	}
	return nil
}

// arrayLiteral writes an array as PostgreSQL reads it, every element in quotes.
func arrayLiteral(elements []string) string {
	var b strings.Builder
	b.WriteByte('{')
	for i, element := range elements {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('"')
		for _, c := range []byte(element) {
			if c == '"' || c == '\\' {
				b.WriteByte('\\')
			}
			b.WriteByte(c)
		}
		b.WriteByte('"')
	}
	b.WriteByte('}')
	return b.String()
}

// plainLiteral writes a text as a literal that means the same under every setting
// of the session and in every encoding that holds ASCII: what is neither a letter
// nor a digit is escaped.
func plainLiteral(text string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	b.WriteString("E'")
	for _, r := range text {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-':
			b.WriteRune(r)
		default:
			b.WriteString(`\U`)
			for shift := 28; shift >= 0; shift -= 4 {
				b.WriteByte(hex[r>>shift&15])
			}
		}
	}
	b.WriteByte('\'')
	return b.String()
}
