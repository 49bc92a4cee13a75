package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/registry"
)

// demo is a company that is there to be tried, where the data is forgotten anyway.
type demo struct {
	Name, Slug, Email, Login, project string
}

const demoPassword = "open sesame please"

// introduce says where the service is and what keeps its data. On a database of its own
// it makes two companies to try.
func (a *app) introduce(ctx context.Context, out io.Writer, isOwn bool) error {
	if !isOwn {
		_, err := fmt.Fprintf(out, "Open %s\nThe data is kept in the database that DATABASE_URL names.\n", a.site)
		return err
	}
	var version string
	if err := a.people.db.WithContext(ctx).Raw("SHOW server_version").Scan(&version).Error; err != nil {
		return err
	}
	for _, d := range []demo{
		{Name: "Acme", Slug: "acme", Email: "ann@acme.example", project: "Anvils"},
		{Name: "Globex", Slug: "globex", Email: "bob@globex.example", project: "Volcano"},
	} {
		if err := a.makeDemo(ctx, &d); err != nil {
			return fmt.Errorf("the company %s: %w", d.Name, err)
		}
		a.demo = append(a.demo, d)
	}
	_, err := fmt.Fprintf(out, "Open %s\n"+
		"The data is in a PostgreSQL %s of this program's own (TENANCY_TEST_DSN, or started here), in a database\n"+
		"that is dropped when the program ends. DATABASE_URL names one to keep it in.\n", a.site, version)
	for _, d := range a.demo {
		_, e := fmt.Fprintf(out, "To try: %s at %s, as %s with the password %q\n", d.Name, d.Login, d.Email, demoPassword)
		err = errors.Join(err, e)
	}
	return err
}

func (a *app) makeDemo(ctx context.Context, d *demo) error {
	return a.people.enter(ctx, d.Email, demoPassword, func(person Person) error {
		tenant, err := a.tenants.Provision(ctx, registry.NewTenant{Slug: d.Slug, Name: d.Name, Owner: person.ID.String()})
		if err != nil {
			return err
		}
		d.Login = a.tenantURL(tenant, "/login", nil)
		return a.db.WithContext(tenancy.With(ctx, tenant)).Create(&Project{Name: d.project}).Error
	})
}
