package registry_test

import (
	"context"
	"errors"
	"fmt"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"log"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/citus/distribution"
	"github.com/gorm-tenancy/tenancy/keys"
	"github.com/gorm-tenancy/tenancy/migration"
	"github.com/gorm-tenancy/tenancy/registry"
)

// What the package comment and README.md show stands here, compiled.

func openRegistry(ctx context.Context, db *gorm.DB) (*registry.Registry, error) {
	reg, err := registry.New(db, registry.Config{
		Models: []any{&Project{}, &Task{}, &Label{}},
		Bases:  []string{"example.com"},
	})
	if err != nil {
		return nil, err
	}
	go func() {
		if err := reg.Listen(ctx); ctx.Err() == nil {
			log.Printf("changes of other processes are seen %v late: %v", 500*time.Millisecond, err)
		}
	}()
	return reg, nil
}

func signUp(ctx context.Context, reg *registry.Registry, user string) error {
	acme, err := reg.Provision(ctx, registry.NewTenant{
		Slug: "acme", Name: "Acme Ltd", Owner: user,
		Domain: "acme.example.com", DomainVerified: true, // given by the application
	})
	if err != nil {
		return err
	}
	_, err = reg.LookupDomain(ctx, "ACME.example.com:8443")
	if err != nil {
		return err
	}
	_, err = reg.Membership(ctx, acme.ID, user)
	return err
}

func claimDomain(ctx context.Context, reg *registry.Registry, acme registry.Tenant, resolver *net.Resolver) error {
	claim, err := reg.AddDomain(ctx, acme.ID, "www.acme.org")
	if err != nil {
		return err
	}
	fmt.Println("put a TXT record at", registry.ChallengeLabel+"."+claim.Host, "with", claim.Challenge)
	_, err = reg.VerifyDomain(ctx, acme.ID, claim.Host, registry.CheckDNS(resolver))
	return err
}

func inviteAndTransfer(ctx context.Context, reg *registry.Registry, acme registry.Tenant, ann, bob string) error {
	invitation, token, err := reg.Invite(ctx, acme.ID, registry.NewInvitation{
		Email: "bob@acme.org", Role: "editor", Permissions: []string{"publish"}, By: ann,
	})
	if err != nil {
		return err
	}
	fmt.Println("mail the token to", invitation.Email)
	if _, _, err := reg.Accept(ctx, token, bob); err != nil {
		return err // registry.ErrInvitation: used, revoked, expired or unknown
	}
	if err := reg.TransferOwnership(ctx, acme.ID, ann, bob); err != nil {
		return err
	}
	return reg.RemoveMember(ctx, acme.ID, ann)
}

func nightly(ctx context.Context, reg *registry.Registry, db *gorm.DB) error {
	swept, err := reg.ForEach(ctx, registry.Sweep{Parallel: 8}, func(ctx context.Context, tenant registry.Tenant) error {
		return db.WithContext(ctx).Where("title = ?", "draft").Delete(&Task{}).Error // the tenant's own
	})
	if err != nil {
		return err // of those in swept.Failed; the others are done
	}
	fmt.Println(swept.Visited, "tenants")

	var usage []struct {
		TenantID uuid.UUID
		Tasks    int
	}
	return reg.Report(ctx, registry.Query{Model: &Task{}, Select: []string{"count(*) AS tasks"}}, &usage)
}

func deleteTenant(ctx context.Context, reg *registry.Registry, id uuid.UUID, confirmed func([]registry.TableCount) bool) error {
	if _, err := reg.Archive(ctx, id); err != nil {
		return err
	}
	counted, err := reg.CountRows(ctx, id)
	if err != nil || !confirmed(counted) {
		return err
	}
	if err := reg.Purge(ctx, id, counted); err != nil {
		return err // registry.ErrChanged: not the rows that were counted
	}
	return reg.Delete(ctx, id)
}

func firstProject(db *gorm.DB) (*registry.Registry, error) {
	return registry.New(db, registry.Config{
		After: []registry.Hook{func(ctx context.Context, tx *gorm.DB, event registry.Event) error {
			if event.Op != registry.OpProvision {
				return nil
			}
			return tx.Create(&Project{Title: "Welcome"}).Error // the new tenant's
		}},
	})
}

func TestExamples(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{})
	running, cancel := context.WithCancel(ctx)
	defer cancel()
	reg, err := openRegistry(running, w.db)
	require.NoError(t, err)
	require.NoError(t, signUp(ctx, reg, "ann"))
	acme, err := reg.LookupSlug(ctx, "acme")
	require.NoError(t, err)
	nowhere := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("no network")
	}}
	err = claimDomain(ctx, reg, acme, nowhere)
	require.Error(t, err)
	require.NotErrorIs(t, err, registry.ErrUnverified, "it was not found out")
	require.NoError(t, inviteAndTransfer(ctx, reg, acme, "ann", "bob"))
	for _, title := range []string{"draft", "done"} {
		p := Project{Title: title}
		require.NoError(t, w.as(acme).Create(&p).Error)
		require.NoError(t, w.as(acme).Create(&Task{ProjectID: p.ID, Title: title}).Error)
	}
	require.NoError(t, nightly(ctx, reg, w.db))
	require.NoError(t, deleteTenant(ctx, reg, acme.ID, func(counted []registry.TableCount) bool { return len(counted) == 4 }))
	welcoming, err := firstProject(w.db)
	require.NoError(t, err)
	globex, err := welcoming.Provision(ctx, registry.NewTenant{Slug: "globex", Owner: "ann"})
	require.NoError(t, err)
	var n int64
	require.NoError(t, w.db.WithContext(tenancy.With(ctx, globex)).Model(&Project{}).Count(&n).Error)
	assert.EqualValues(t, 1, n)
}

// spread is run by the tests of distributed tables.
func spread(ctx context.Context, owner *gorm.DB, models ...any) error {
	_, err := tenancy.Distribute(ctx, owner, tenancy.DistributeOptions{
		Keys: keys.Options{Shared: []catalog.Name{{Schema: "public", Name: "tenant_names"}}},
		Run:  migration.Options{Apply: true, Passed: []string{distribution.Spread}},
	}, models...)
	return err
}

func TestSnippetsOfPackageComment(t *testing.T) {
	t.Parallel()
	normal := func(text string) string { return strings.Join(strings.Fields(text), " ") }
	source, err := os.ReadFile("example_test.go")
	require.NoError(t, err)
	file, err := parser.ParseFile(token.NewFileSet(), "doc.go", nil, parser.ParseComments)
	require.NoError(t, err)
	count := 0
	for _, block := range new(comment.Parser).Parse(file.Doc.Text()).Content {
		if code, ok := block.(*comment.Code); ok {
			assert.Contains(t, normal(string(source)), normal(code.Text))
			count++
		}
	}
	assert.Equal(t, 4, count)
}
