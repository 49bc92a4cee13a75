package main

// exampleMutations switch off what examples/saas adds, which is made to be copied.
var exampleMutations = []mutation{
	{"saas: a failed sign-up keeps the account", "examples/saas/people.go", "made := tx.Clauses(", "made := p.db.WithContext(ctx).Clauses(", "TestNoAccountWithoutMembership"},
	{"saas: a sign-up in vain says whether there is an account", "examples/saas/public.go", "if err == nil { // before the account", "if false { // before the account", "TestNoAccountWithoutMembership"},
	{"saas: an account is entered without its password", "examples/saas/people.go", "if err := p.compare(ctx, person, hash, password); err != nil {\n\t\t\treturn err", "if err := p.compare(ctx, person, hash, password); err != nil && false {\n\t\t\treturn err", "TestSignUpRefuses"},
	{"saas: a session counts at every tenant's host", "examples/saas/app.go", "found, err := a.find(r.Context(), v.token, false)", "found, err := a.find(tenancy.Bypass(context.Background(), \"a mutant\"), v.token, false)", "TestSessionCountsAtItsHostAlone"},
	{"saas: the site answers for hosts that are nobody's", "examples/saas/public.go", "if host != a.site.Hostname() {", "if false {", "TestStrangers"},
	{"saas: a token works after the logout", "examples/saas/session.go", "Delete(&Session{}).Error\n}", "Find(&[]Session{}).Error\n}", "TestSessionEnds"},
	{"saas: a session outlives the membership", "examples/saas/session.go", "constraint:OnDelete:CASCADE", "constraint:-", "TestSessionEnds"},
	{"saas: a ticket is good twice", "examples/saas/session.go", "Delete(&Session{})\n\tif used", "Find(&[]Session{})\n\tif used", "TestTicket"},
	{"saas: a ticket is a session", "examples/saas/session.go", "is_ticket = ? AND", "(is_ticket OR is_ticket = ?) AND", "TestTicket"},
	{"saas: a ticket does not expire", "examples/saas/session.go", "AND expires_at > ?\", hashOf", "AND created_at < ?\", hashOf", "TestTicket"},
	{"saas: a cookie twice", "examples/saas/session.go", "len(cookies) == 1", "len(cookies) > 0", "TestSessionSentTwice"},
	{"saas: a header twice", "examples/saas/session.go", "len(sent) == 1 {", "len(sent) > 0 {", "TestSessionSentTwice"},
	{"saas: forms of other origins", "examples/saas/app.go", "http.NewCrossOriginProtection().Handler(a.withVisitor(mux))", "a.withVisitor(mux)", "TestCrossOrigin"},
	{"saas: another tenant's invitation is an error of its own", "examples/saas/public.go", "if errors.Is(err, tenancy.ErrTenantMismatch) {", "if false {", "TestInvitation"},
	{"saas: a name has no bound", "examples/saas/work.go", "utf8.RuneCountInString(text) > 200", "utf8.RuneCountInString(text) < 0", "TestOddInput"},
	{"saas: a page has more rows", "examples/saas/work.go", "p.Rows = p.Rows[:pageSize]\n", "", "TestPagesHaveBounds"},
	{"saas: HEAD by a stranger", "examples/saas/app.go", "r.Method == http.MethodGet || r.Method == http.MethodHead", "r.Method == http.MethodGet", "TestSurface"},
	{"saas: static files are listed", "examples/saas/app.go", "\"GET /static/style.css\"", "\"GET /static/\"", "TestSurface"},
	{"saas: a site of which tenants can have no subdomains", "examples/saas/main.go", "|| !isDomain(strings.ToLower(site.Hostname())) {", "{", "TestSiteURL"},
	{"saas: passwords are tried without end", "examples/saas/limit.go", "return a.count[who] <= a.limit", "return true", "TestAttempts"},
	{"saas: hosts that are nobody's take all connections", "examples/saas/data.go", "pool.SetMaxOpenConns(conns)", "pool.SetMaxOpenConns(0)", "TestMembersAreServedInAFlood"},
}
