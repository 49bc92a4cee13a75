package suite

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
)

type taggedFree struct {
	_  struct{} `tenancy:"free"`
	ID uint
}

type taggedTwice struct {
	_  struct{} `tenancy:"free"`
	_  struct{} `tenancy:"private"`
	ID uint
}

type taggedWrongly struct {
	_  struct{} `tenancy:"privat"`
	ID uint
}

type strictMixed struct {
	tenancy.TenantModel
	ID uint
}

type linkless struct {
	tenancy.TenantModel
	ID uint
}

type twoLinks struct {
	tenancy.TenantModel
	ID       uint
	MadeByID uint
	MadeBy   *Person
	UsedByID uint
	UsedBy   *Person
}

// Invoice is of another package, which knows no tenants.
type Invoice struct {
	ID    uint
	Total int
	Lines []InvoiceLine
}

type InvoiceLine struct {
	ID        uint
	InvoiceID uint
	Text      string
}

func TestDeclarationsThatContradict(t *testing.T) {
	t.Parallel()
	link := func(l tenancy.Link) []tenancy.Link { return []tenancy.Link{l} }
	for name, c := range map[string]struct {
		config tenancy.Config
		names  []string
	}{
		"shared and private":        {tenancy.Config{Shared: []any{&Rule{}}, Private: []any{&Rule{}}}, []string{"Config.Shared[0]", "Config.Private[0]"}},
		"private and free":          {tenancy.Config{Private: []any{&Rule{}}, Free: []any{Rule{}}}, []string{"Config.Private[0]", "Config.Free[0]"}},
		"a model and its table":     {tenancy.Config{Private: []any{"rules"}, Free: []any{Rule{}}}, []string{"Config.Private[0]", "Config.Free[0]"}},
		"a tag and the config":      {tenancy.Config{Private: []any{&taggedFree{}}}, []string{`tenancy:"free"`, "Config.Private[0]"}},
		"two tags":                  {tenancy.Config{Models: []any{&taggedTwice{}}}, []string{`tenancy:"free"`, `tenancy:"private"`}},
		"a tag that is not known":   {tenancy.Config{Models: []any{&taggedWrongly{}}}, []string{"privat"}},
		"linked and shared":         {tenancy.Config{Shared: []any{&Person{}}, Linked: link(tenancy.Link{Model: &Person{}, Via: &Membership{}})}, []string{"Config.Shared[0]", "Config.Linked[0]"}},
		"linked twice":              {tenancy.Config{Linked: []tenancy.Link{{Model: &Person{}, Via: &Membership{}}, {Model: &Person{}, Via: &twoLinks{}, ForeignKey: "MadeByID"}}}, []string{"Config.Linked[0]", "Config.Linked[1]"}},
		"mixed and shared":          {tenancy.Config{Mixed: []any{&Label{}}, Shared: []any{"labels"}}, []string{"Config.Mixed[0]", "Config.Shared[0]"}},
		"a tenant's and private":    {tenancy.Config{Private: []any{&Chore{}}}, []string{"tenant_id", "Config.Private[0]"}},
		"a tenant's and free":       {tenancy.Config{Free: []any{&Chore{}}}, []string{"tenant_id", "Config.Free[0]"}},
		"a tenant's and linked":     {tenancy.Config{Linked: link(tenancy.Link{Model: &Chore{}, Via: &Membership{}})}, []string{"tenant_id", "Config.Linked[0]"}},
		"mixed and not null":        {tenancy.Config{Mixed: []any{&strictMixed{}}}, []string{"mixed", "TenantID"}},
		"mixed without column":      {tenancy.Config{Mixed: []any{&Rule{}}}, []string{"Config.Mixed[0]", "tenant_id"}},
		"mixed by an unknown name":  {tenancy.Config{Mixed: []any{"labels"}}, []string{"Config.Mixed[0]", "labels"}},
		"private is no model":       {tenancy.Config{Private: []any{7}}, []string{"Config.Private[0]"}},
		"private without a name":    {tenancy.Config{Private: []any{""}}, []string{"Config.Private[0]"}},
		"free without a name":       {tenancy.Config{Free: []any{""}}, []string{"Config.Free[0]", "empty"}},
		"free in an empty schema":   {tenancy.Config{Free: []any{".jobs"}}, []string{"Config.Free[0]", "empty"}},
		"free of a schema alone":    {tenancy.Config{Free: []any{"app."}}, []string{"Config.Free[0]", "empty"}},
		"free with a NUL byte":      {tenancy.Config{Free: []any{"jobs\x00"}}, []string{"Config.Free[0]", "NUL"}},
		"free with a space":         {tenancy.Config{Free: []any{" jobs"}}, []string{"Config.Free[0]", "white space"}},
		"shared of three parts":     {tenancy.Config{Shared: []any{tenancy.Writable("a.b.c")}}, []string{"Config.Shared[0]", "schema.table"}},
		"a table of three parts":    {tenancy.Config{Tables: []tenancy.Table{{Name: "a.b.c"}}}, []string{"Config.Tables[0]", "schema.table"}},
		"a table with a NUL byte":   {tenancy.Config{Tables: []tenancy.Table{{Name: "a\x00b"}}}, []string{"Config.Tables[0]", "NUL"}},
		"a mode of three parts":     {tenancy.Config{Modes: []tenancy.TableMode{{Table: "a.b.c", Mode: tenancy.Observe}}}, []string{"Config.Modes[0]", "schema.table"}},
		"a link that leads nowhere": {tenancy.Config{Linked: link(tenancy.Link{Model: &Person{}, Via: &linkless{}})}, []string{"Config.Linked[0]", "ForeignKey"}},
		"two links":                 {tenancy.Config{Linked: link(tenancy.Link{Model: &Person{}, Via: &twoLinks{}})}, []string{"Config.Linked[0]", "ForeignKey"}},
		"a field that is not there": {tenancy.Config{Linked: link(tenancy.Link{Model: &Person{}, Via: &Membership{}, ForeignKey: "UserID"})}, []string{"UserID"}},
		"a link through shared":     {tenancy.Config{Shared: []any{&Power{}}, Linked: link(tenancy.Link{Model: &Person{}, Via: &Power{}, ForeignKey: "ID"})}, []string{"Config.Linked[0].Via", "shared"}},
		"a link through mixed":      {tenancy.Config{Mixed: []any{&Label{}}, Linked: link(tenancy.Link{Model: &Person{}, Via: &Label{}, ForeignKey: "ID"})}, []string{"Config.Linked[0].Via", "mixed"}},
		"a link by unknown names":   {tenancy.Config{Linked: link(tenancy.Link{Model: "people", Via: "memberships"})}, []string{"Config.Linked[0].Via", "memberships"}},
		"a table twice":             {tenancy.Config{Tables: []tenancy.Table{{Name: "x"}, {Name: "x"}}}, []string{"Config.Tables[0]", "Config.Tables[1]"}},
		"a table without a name":    {tenancy.Config{Tables: []tenancy.Table{{}}}, []string{"Config.Tables[0]"}},
		"a table of no type":        {tenancy.Config{Tables: []tenancy.Table{{Name: "x", Type: "float8"}}}, []string{"Config.Tables[0]", "float8"}},
		"a table that is shared":    {tenancy.Config{Shared: []any{"x"}, Tables: []tenancy.Table{{Name: "x"}}}, []string{"Config.Shared[0]", "Config.Tables[0]"}},
		"a table of another type":   {tenancy.Config{Models: []any{&Chore{}}, Tables: []tenancy.Table{{Name: "chores", Type: "bigint"}}}, []string{"Config.Tables[0]", "bigint"}},
		"a table of another column": {tenancy.Config{Models: []any{&Chore{}}, Tables: []tenancy.Table{{Name: "chores", Column: "org"}}}, []string{"Config.Tables[0]", "org"}},
		"a table that is the root":  {tenancy.Config{Models: []any{&Invoice{}}, Tables: []tenancy.Table{{Name: "invoices", Column: "id", Type: "bigint"}}}, []string{"Root"}},
		"a root by no key":          {tenancy.Config{Models: []any{&Invoice{}}, Tables: []tenancy.Table{{Name: "invoices", Column: "total", Type: "bigint", Root: true}}}, []string{"Config.Tables[0]", "primary key"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := openSQLite(t).Use(tenancy.New(c.config))
			require.Error(t, err)
			for _, part := range c.names {
				require.ErrorContains(t, err, part)
			}
		})
	}
}

func TestDeclarationsThatAgree(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]tenancy.Config{
		"a tag and the config":  {Free: []any{&taggedFree{}}},
		"a model and its table": {Private: []any{&Rule{}, "rules"}},
		"a link by names":       {Models: []any{&Membership{}}, Linked: []tenancy.Link{{Model: "people", Via: "memberships", ForeignKey: "person_id", Key: "id"}}},
		"a link by fields":      {Linked: []tenancy.Link{{Model: &Person{}, Via: &twoLinks{}, ForeignKey: "MadeByID", Key: "ID"}}},
		"a mixed table by name": {Mixed: []any{"x"}, Tables: []tenancy.Table{{Name: "x", Column: "org"}}},
		"a mixed model's table": {Mixed: []any{&Rule{}}, Tables: []tenancy.Table{{Name: "rules", Column: "org", Type: "text"}}},
	} {
		require.NoError(t, openSQLite(t).Use(tenancy.New(c)), name)
	}
}

func TestTablesOfModelsThatDoNotSaySo(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB) *gorm.DB{"sqlite": openSQLite, "postgres": openPostgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			require.NoError(t, db.Exec("CREATE TABLE invoices (org varchar(40) NOT NULL, id integer, total integer, PRIMARY KEY (org, id))").Error)
			require.NoError(t, db.Exec("CREATE TABLE invoice_lines (org varchar(40) NOT NULL, id integer, invoice_id integer, text text, PRIMARY KEY (org, id))").Error)
			require.NoError(t, db.Use(tenancy.New(tenancy.Config{Tables: []tenancy.Table{
				{Name: "invoices", Column: "org", Type: "varchar"}, {Name: "invoice_lines", Column: "org", Type: "varchar"},
			}})))
			w := &world{db: db, A: uuid.New()}
			a, b := w.as("acme"), w.as("globex")
			for _, one := range []*gorm.DB{a, b} {
				require.NoError(t, one.Create(&Invoice{ID: 1, Total: 1, Lines: []InvoiceLine{{ID: 1, Text: "x"}, {ID: 2, Text: "y"}}}).Error)
			}
			require.NoError(t, a.Model(&Invoice{ID: 1}).Update("total", 5).Error)
			require.NoError(t, a.Save(&Invoice{ID: 1, Total: 6}).Error)
			require.NoError(t, a.Where("text = ?", "y").Delete(&InvoiceLine{}).Error)
			var got Invoice
			require.NoError(t, b.Preload("Lines").First(&got).Error)
			require.Equal(t, 1, got.Total)
			require.Len(t, got.Lines, 2)
			var n int64
			require.NoError(t, a.Table("invoices").Joins("JOIN invoice_lines l ON l.invoice_id = invoices.id").Count(&n).Error)
			require.Equal(t, int64(1), n)
			require.NoError(t, w.bypass().Model(&Invoice{}).Joins("JOIN invoice_lines l ON l.invoice_id = invoices.id").Count(&n).Error)
			require.Equal(t, int64(3), n)
			require.ErrorIs(t, w.bypass().Create(&Invoice{ID: 9}).Error, tenancy.ErrTenantMismatch)
			require.ErrorIs(t, w.db.Find(&[]Invoice{}).Error, tenancy.ErrNoTenant)
		})
	}
}
