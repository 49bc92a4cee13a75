// Package verify judges SQL text: is every reference to a tenant's table,
// everywhere in a statement, certain to touch only rows of the scope?
//
// It is an independent lock. It parses the text with PostgreSQL's grammar, and
// does not care whether a predicate comes from the GORM plugin, a rewriter or
// the author:
//
//	err := verify.Statement(stmt) // a tenancy.RawStatement; nil is yes
//
// # What binds a reference
//
// A reference is one table in FROM, USING, UPDATE, DELETE, INSERT or MERGE. It
// is bound when an equality of its tenant column holds for every row in which
// it takes part:
//
//   - with a value of the scope: a parameter or a literal, a list of them
//     (IN, = ANY), or the same in a row comparison;
//   - with the tenant column of another reference that is bound, in the same
//     query or in one around it;
//   - with a column of a subquery or a WITH query that is provably the tenant
//     column of a bound reference, or a value of the scope.
//
// It holds if it is a conjunct of WHERE or of the ON (or USING, NATURAL) of an
// inner join; the ON of an outer join counts for the side that the join
// null-extends. An OR binds what each of its arms binds. Nothing else binds:
// not HAVING, FILTER, CASE or NOT, nor a condition of a query around the one
// with the reference.
//
// No reference is bound through itself: what is bound follows from the scope's
// values in a finite number of steps.
//
// # What is refused
//
// Everything that is not known: statements other than SELECT, INSERT, UPDATE,
// DELETE and MERGE; several statements in one text; tables that are neither a
// tenant's nor shared, including views and the system catalogues; writes to
// shared tables that are not writable; functions outside a list of those that
// compute from their arguments alone; casts to types that look names up in the
// catalogue; changes of the tenant column; inserts that do not name a tenant of
// the scope.
//
// # What is not seen
//
// Triggers, rules, defaults, and the functions behind operators, casts and
// domains are the database's own code. So is a function of a table's row that
// is written as a column (u.full_name): only the tenant column is known here.
// EXPLAIN is refused, because its estimates count the rows of all tenants.
//
// The grammar is PostgreSQL 17's, and standard_conforming_strings is assumed to
// be on.
package verify
