package rls_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/tenancytest"
)

type (
	company struct {
		tenancy.TenantModel
		ID          uint
		Name        string
		CountryCode *string
		Country     *country `gorm:"foreignKey:CountryCode"`
		Members     []member
		DeletedAt   gorm.DeletedAt
	}
	member struct {
		tenancy.Model
		Name      string
		Email     string `gorm:"uniqueIndex"`
		Age       int
		CompanyID *uint
		Company   *company
		Orders    []order
		Labels    []label `gorm:"many2many:member_labels"`
	}
	order struct {
		tenancy.TenantModel
		ID       int64
		Total    int
		MemberID *uuid.UUID `gorm:"type:uuid"`
		Member   *member
		PlacedAt time.Time
	}
	label struct {
		tenancy.TenantModel
		Slug string `gorm:"primaryKey"`
		Text string
	}
)

// TestConformance runs the suite on row-level security alone, without the
// plugin, where nothing may leak, and on both, where every answer must be right.
// With TENANCY_TEST_LONG it takes all models, which lasts a minute or more.
func TestConformance(t *testing.T) {
	models := []any{&account{}, &country{}, &company{}, &member{}, &order{}, &label{}}
	checked, sample := []any{&label{}, &order{}}, 0
	if testing.Short() {
		sample = 60
	}
	if os.Getenv("TENANCY_TEST_LONG") != "" {
		checked = models
	}
	for _, plugin := range []bool{false, true} {
		t.Run(map[bool]string{false: "alone", true: "with the plugin"}[plugin], func(t *testing.T) {
			t.Parallel()
			d := newDatabase(t)
			d.protect(t, models...)
			tenancytest.Suite{
				DB: d.app(t, plugin), Models: checked, Sample: sample,
				Owner:    open(t, with(with(d.DSN, "role", d.span), "app.tenant_id_set", "all")),
				Reading:  tenancy.Bypass(context.Background(), "conformance suite"),
				Backstop: !plugin,
			}.Run(t)
		})
	}
}
