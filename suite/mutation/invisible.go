package main

const (
	asNone    = "the statement has no scope, or a bypass, and nothing to be verified against"
	asAnswer  = "the statement is within its scope; its answer or its error is another"
	asErrors  = "it concerns what becomes of an error"
	asMeeting = "the verifier judges whose rows a statement reads and writes, not which of a set's meet"
	asContext = "it concerns which scope a context has: the statement is within that"
	asLite    = "the verifier judges PostgreSQL's statements"
	asLost    = "a statement that no callback of the plugin sees is handed to nobody"
	asInvalid = "what it breaks is no SQL, and the database refuses it as well"
	asObserve = "an observed statement is sent as it is, and not verified"
	asFailed  = "a handle whose Use failed has no plugin, and no verifier"
	asNamed   = "the verifier asks the plugin which tables there are, and takes the name for that of none, or of an open one, as well"
	asTyped   = "which ids a column takes for one is no part of a statement"
	asMade    = "it concerns the tables that are made, and no statement on them"
	asKeyed   = "association mode's statements have the owner's key, and not whose it is"
	asGuarded = "with a RawSQL in place the text is scoped instead of refused"
)

// invisible are the mutations that no statement shows, or that leave each
// statement within its scope, and why.
var invisible = map[string]string{
	"rewriter: rows of a set's tenants meet":                                asMeeting,
	"rewriter: a subquery that is matched by tenant means something else":   asAnswer,
	"rewriter: rows are compared with another set's tenants' by any column": asMeeting,
	"rewriter: a name of WITH is asked once, as a table":                    asMeeting,

	"the tenant is in SET":              "the column is left out of SET all the same; only the error is missing",
	"a join table has no tenant column": "the table is then not known, and its statements are refused as undeclared",

	"fragments leave their group open":                                asInvalid,
	"a line comment swallows what follows":                            asInvalid,
	"a database gets the plugin that scopes nothing":                  asLost,
	"no tenant in the context":                                        asNone,
	"a bypass joins rows of two tenants":                              asNone,
	"SQLite reads a table behind IN":                                  asLite,
	"SQLite's placeholders are moved":                                 asLite,
	"children of other kinds are refused too late":                    "the child is still refused by itself, after the row that it hangs on",
	"a subquery of a tenant's upsert is not matched":                  asMeeting,
	"a set preloads as one of its tenants":                            asAnswer,
	"rows for everybody never meet a conflict":                        asAnswer,
	"a join is matched with a row that is not there":                  asAnswer,
	"a row that is not there is needed by any join":                   asAnswer,
	"a subquery's error is dropped":                                   asErrors,
	"Row returns nil after an error":                                  asErrors,
	"raw SQL":                                                         asGuarded,
	"PostgreSQL joins literals":                                       "the parser of the verifier joins them as the database does, and sees what they become",
	"PostgreSQL's numbered placeholders":                              "a placeholder of the caller's takes another of the statement's own values",
	"the tree is judged before it is written":                         "the other tenant's row is still refused by itself, after the one that it hangs on",
	"an upsert that met another tenant's row is a success":            asAnswer,
	"the conflict's target lacks the tenant":                          asAnswer,
	"a conflict is found after the commit":                            asAnswer,
	"the target of an expression lacks the tenant":                    asAnswer,
	"a conflict by an expression is not asked for":                    asAnswer,
	"rows outside of a unique's condition count":                      asAnswer,
	"rows that were sent outside of a unique's condition count":       asAnswer,
	"a unique's collation does not count":                             asAnswer,
	"a constraint's name is compared as it is written":                asAnswer,
	"a constraint that is not known is the tenant's":                  asAnswer,
	"a function that is not known runs in a question about keys":      "the question reads no row, and is not verified",
	"the database is not asked what a target means":                   asAnswer,
	"one of two indexes is taken that a target may mean":              asAnswer,
	"a unique expression that the model keeps is about to be dropped": asAnswer,
	"an index that takes two tenants for one is the tenant's":         asLite,
	"the same, of a target that is text":                              asLite,
	"an index of some rows is one of all":                             asAnswer,
	"rows for everybody are upserted by an expression as a tenant's":  asNone,
	"Save keeps what hung on a taken key":                             asAnswer,
	"the value that was judged is not the one bound":                  "a value that gives another each time is not known to the verifier before it is sent",
	"a set's preloads mix":                                            asMeeting,
	"association mode mixes a set":                                    asMeeting,
	"a write by value stays with its tenant":                          asMeeting,
	"a preload moves to another tenant":                               asContext,
	"With inside of With":                                             asContext,
	"an expression replaces what stood before it":                     asAnswer,
	"the driver is given instructions":                                "the verifier judges text; what the driver makes of it is the core's to refuse",
	"the driver is given instructions with a key that was met":        "the verifier judges text; what the driver makes of it is the core's to refuse",
	"the driver is given instructions with a savepoint":               "the verifier judges text; what the driver makes of it is the core's to refuse",
	"the zero UUID":                                  asContext,
	"a hook takes the scope away":                    asLost,
	"an enforced table beside an observed one":       asObserve,
	"text that writes is observed as a read":         asObserve,
	"an enforced table is named without its schema":  asObserve,
	"a statement has a clause that nobody knows":     asGuarded,
	"a callback's text beside an observed statement": asObserve,

	"what nobody knows may be a view of what is enforced":        asObserve,
	"what nobody understands may reach what is enforced":         asObserve,
	"an author's condition stands for that of an enforced table": asObserve,
	"a query among raw SQL's values reaches what is enforced":    asObserve,
	"an observed Row that is refused is nil":                     asErrors,
	"a name of WITH excuses a table elsewhere":                   asObserve,
	"a keyword is an alias":                                      asObserve,
	"a write's target is a name of WITH":                         asObserve,
	"what is left of a text is not read":                         asObserve,
	"text is written after it was judged":                        asLost,
	"another plugin sends in this one's place":                   asLost,
	"a value is changed after the text was judged":               asLost,
	"a query among the values of Exec is observed as a read":     asObserve,

	"somebody's builder writes the last clause of an observed statement": asObserve,

	"a handle whose Use failed is open":                               asFailed,
	"a handle that was derived before Use failed is open":             asFailed,
	"the pool of a handle whose Use failed is open":                   asFailed,
	"an observed table's name in another schema is observed":          asObserve,
	"a schema's mode is that of every table of the name":              asObserve,
	"a context that asks for enforcement":                             asObserve,
	"a hook that asks for enforcement":                                asObserve,
	"a collation that AutoMigrate makes is not looked at":             asTyped,
	"16 bytes that are no UUID pass for one":                          asTyped,
	"a model says that its tenant column merges ids":                  asTyped,
	"a column with a length drops the spaces of an id":                asTyped,
	"the catalogue says that a tenant column merges ids":              asTyped,
	"a table is migrated whose tenant column merges ids":              asTyped,
	"a foreign key keeps a tenant column of its own":                  asMade,
	"a join table has a second tenant column":                         asMade,
	"AssignRows takes other tenants' rows":                            asMade,
	"association mode takes another tenant's owner":                   asKeyed,
	"association mode takes the owner of a model that was not listed": asKeyed,
	"association mode takes a map for another tenant's owner":         asKeyed,
	"text with a tenant's table is sent as it is":                     asGuarded,
	"text writes a table that tenants only read":                      asGuarded,
	"text hides a table behind a name of its WITH":                    asGuarded,
	"text that is not understood is sent as it is":                    asGuarded,
	"a list of tables is text that names none":                        asLite,
	"PostgreSQL cuts names off":                                       asNamed,
	"the search path chooses between two tables":                      asNamed,
	"a name without its schema is nobody's":                           asNamed,
	"a tenant's table in another schema is nobody's":                  asNamed,
	"a shared table's name in another schema is shared":               asNamed,
	"a LIMIT is asked for each tenant":                                asMeeting,
	"a LIMIT behind a subquery is asked for each tenant":              asMeeting,
	"Across lets rows of two tenants meet":                            asMeeting,
	"a read by value loads another tenant's row":                      asMeeting,
	"rows of two tenants that share a key are one group":              asMeeting,
	"a new tenant takes rows of another's along":                      asNone,
	"a new row belongs to rows of two tenants":                        asMeeting,
	"a new row inherits a tenant beyond the set":                      "the row is refused all the same; only the value that was given is changed",

	"a bypass is assumed":                                             asNone,
	"a row for everybody is saved over a tenant's":                    asNone,
	"two linked rows meet":                                            asMeeting,
	"a row for everybody brings others into a set":                    asMeeting,
	"rows meet beside a row for everybody":                            asMeeting,
	"a column that was not read is a row for everybody":               asMeeting,
	"a preload from an observed table meets the whole set":            asObserve,
	"a preload from an observed table leaves the set":                 asObserve,
	"an enforced statement without a tenant is sent as some tenant's": asObserve,
	"no tenant hides what else is found":                              asObserve,
	"a function stands behind parentheses that are no call's":         asInvalid,
}

// redundant are the mutations that no test sees, for another defence does the same.
var redundant = map[string]string{
	"registry: a handle that scopes nothing": "the plugin refuses the statements of a handle whose callbacks were taken away",
}
