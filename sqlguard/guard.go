//go:build cgo

package sqlguard

import (
	"context"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/sqlguard/verify"
)

// Options configures a [Guard]. The zero value is the safest one.
type Options struct {
	// VerifyAll verifies each statement before it is sent, including those whose
	// text is in the cache and those that the plugin has scoped. Each costs a
	// parse. False means that a text is verified once, when it is rewritten. What
	// depends on the bound values is checked each time in any case.
	VerifyAll bool

	// CacheSize is how many rewritten texts are kept. Together they take at most
	// 8 KiB for each of that number. Zero means 2048; a negative value means that
	// no text is kept.
	CacheSize int

	// Functions names further SQL functions, your own or those of extensions,
	// that text may call: "name" or "schema.name", folded as PostgreSQL folds it.
	// A function can read any table, so list only functions that do not. Empty
	// means the functions of PostgreSQL and of well-known extensions that touch
	// no table, no session and no file.
	Functions []string
}

// Guard scopes SQL text; it implements [tenancy.TextScoper],
// [tenancy.Verifier] and [tenancy.ErrorTranslator]. It is made by [New] and safe for concurrent use.
type Guard struct {
	options   Options
	functions map[string]bool
	cache     *cache
	verify    func(tenancy.RawStatement) error
}

var (
	_ tenancy.Verifier        = (*Guard)(nil)
	_ tenancy.ErrorTranslator = (*Guard)(nil)
)

// New returns a Guard for [tenancy.Config.RawSQL].
func New(o Options) *Guard {
	g := &Guard{options: o, functions: make(map[string]bool, len(o.Functions)),
		verify: verify.New(verify.Options{Functions: o.Functions}).Statement}
	for _, name := range o.Functions {
		g.functions[name] = true
	}
	size := o.CacheSize
	if size == 0 {
		size = defaultEntries
	}
	g.cache = newCache(size)
	return g
}

// Stats are the counters of the cache of rewritten texts.
type Stats struct {
	Hits   uint64 // texts that were found
	Misses uint64 // texts that had to be parsed, refused ones among them
	Size   int    // texts that are kept
	Bytes  int    // what they take, about
}

// Stats returns the counters of the cache.
func (g *Guard) Stats() Stats { return g.cache.stats() }

// Scope implements [tenancy.TextScoper]. The statement that it returns reads and
// changes rows of the scope's tenants only; their ids are bound after the
// caller's values. An error is a [*Refusal] or the scope's own. Scope does not
// change the vars that it is given.
func (g *Guard) Scope(_ context.Context, stmt tenancy.RawStatement) (string, []any, error) {
	key, err := shapeOf(&stmt)
	if err != nil {
		return "", nil, err
	}
	var insufficient *shape
	for {
		p, cached := g.cache.get(key)
		if cached {
			cached = p.fits(&stmt)
		}
		if !cached {
			if p, err = g.rewrite(key, &stmt); err != nil {
				return "", nil, err
			}
		}
		vars, named, err := p.bind(&stmt, key)
		if err != nil {
			return "", nil, err
		}
		if !named {
			// The text names another tenant than the scope's. With both
			// predicates it finds nothing.
			key.strict = true
			continue
		}
		if !cached || p.copies || g.options.VerifyAll {
			if err := g.check(p.sql, p.masked(vars, &stmt), &stmt); err != nil {
				if len(p.soft) == 0 {
					return "", nil, err
				}
				// The author's predicate is not enough for the verifier.
				lenient := key
				insufficient, key.strict = &lenient, true
				continue
			}
		}
		if !cached {
			g.cache.put(key, p)
			if insufficient != nil {
				g.cache.put(*insufficient, p)
			}
		}
		return p.sql, vars, nil
	}
}

// VerifiesAll implements [tenancy.Verifier]: it is Options.VerifyAll.
func (g *Guard) VerifiesAll() bool { return g.options.VerifyAll }

// Verify implements [tenancy.Verifier]: it judges a statement that the plugin or
// the author has scoped. The error is a [*Refusal].
func (g *Guard) Verify(_ context.Context, stmt tenancy.RawStatement) error {
	return g.check(stmt.SQL, stmt.Vars, &stmt)
}

func (g *Guard) check(sql string, vars []any, stmt *tenancy.RawStatement) error {
	err := g.verify(tenancy.RawStatement{SQL: sql, Vars: vars, Dialect: stmt.Dialect, Scope: stmt.Scope, Table: stmt.Table})
	if err == nil {
		return nil
	}
	return &Refusal{Rule: RuleUnproven, Reason: "the scoped statement could not be proven safe: " + err.Error(), Err: tenancy.ErrUnscopedSQL}
}
