package tenancytest

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/gorm-tenancy/tenancy"
)

// The models have every kind of relation and of key.
type (
	account struct {
		ID   uuid.UUID `gorm:"type:uuid;primaryKey" tenancy:"tenant"`
		Name string
	}

	country struct {
		_    struct{} `tenancy:"shared"`
		Code string   `gorm:"primaryKey;size:2"`
		Name string
	}

	company struct {
		tenancy.TenantModel
		ID          uint
		Name        string
		Size        int
		CountryCode *string
		Country     *country `gorm:"foreignKey:CountryCode"`
		Members     []member
		Comments    []comment `gorm:"polymorphic:Subject"`
		CreatedAt   time.Time
		UpdatedAt   time.Time
		DeletedAt   gorm.DeletedAt
	}

	member struct {
		tenancy.Model
		Name      string
		Email     string `gorm:"uniqueIndex:idx_members_email"`
		Age       int
		Nick      *string
		Active    bool
		CompanyID *uint
		Company   *company
		ManagerID *uuid.UUID `gorm:"type:uuid"`
		Manager   *member
		Team      []member `gorm:"foreignKey:ManagerID"`
		Profile   *profile
		Orders    []order
		Tags      []tag `gorm:"many2many:member_tags"`
		DeletedAt gorm.DeletedAt
	}

	profile struct {
		tenancy.TenantModel
		ID       int64
		MemberID *uuid.UUID `gorm:"type:uuid"`
		Bio      string
		Score    float64
		Comment  comment `gorm:"polymorphic:Subject"`
	}

	order struct {
		tenancy.TenantModel
		Region   string `gorm:"primaryKey"`
		Number   int    `gorm:"primaryKey;autoIncrement:false"`
		Total    int
		Note     *string
		MemberID *uuid.UUID `gorm:"type:uuid"`
		Member   *member
		PlacedAt time.Time
	}

	tag struct {
		tenancy.TenantModel
		Slug    string `gorm:"primaryKey"`
		Label   string
		Hits    int
		Members []member `gorm:"many2many:member_tags"`
	}

	comment struct {
		tenancy.TenantModel
		ID          uint
		Text        string
		SubjectID   *int64
		SubjectType string
		DeletedAt   gorm.DeletedAt
	}
)

var allModels = []any{&account{}, &country{}, &company{}, &member{}, &profile{}, &order{}, &tag{}, &comment{}}

// skipShort leaves out a test of many operations with -short.
func skipShort(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("it runs thousands of operations")
	}
}

// sampled draws some operations of each model with -short.
func sampled(s Suite) Suite {
	if testing.Short() {
		s.Sample = 100
	}
	return s
}

// open opens a database, with the models' tables and keys that contain the
// tenant, or empty.
func open(t *testing.T, composite bool) *gorm.DB {
	t.Helper()
	db := openAs(t, Postgres(t).OwnerDSN, &gorm.Config{TranslateError: true})
	if composite {
		for _, statement := range compositeTables {
			require.NoError(t, db.Exec(statement).Error, statement)
		}
	}
	return db
}

func openAs(t *testing.T, dsn string, config *gorm.Config) *gorm.DB {
	t.Helper()
	config.Logger = logger.Discard
	db, err := gorm.Open(postgres.Open(dsn), config)
	require.NoError(t, err)
	pool, err := db.DB()
	require.NoError(t, err)
	t.Cleanup(func() { _ = pool.Close() })
	return db
}

// compositeTables is what the models' tables are meant to be: the tenant first
// in keys, unique constraints and foreign keys.
var compositeTables = []string{
	`CREATE TABLE accounts (id uuid PRIMARY KEY, name text)`,
	`CREATE TABLE countries (code varchar(2) PRIMARY KEY, name text)`,
	`CREATE TABLE companies (tenant_id uuid NOT NULL, id bigserial, name text, size bigint,
		country_code varchar(2) REFERENCES countries, created_at timestamptz, updated_at timestamptz,
		deleted_at timestamptz, PRIMARY KEY (tenant_id, id))`,
	`CREATE TABLE members (tenant_id uuid NOT NULL, id uuid, created_at timestamptz, updated_at timestamptz,
		name text, email text, age bigint, nick text, active boolean, company_id bigint, manager_id uuid,
		deleted_at timestamptz, PRIMARY KEY (tenant_id, id), UNIQUE (tenant_id, email),
		FOREIGN KEY (tenant_id, company_id) REFERENCES companies, FOREIGN KEY (tenant_id, manager_id) REFERENCES members)`,
	`CREATE TABLE profiles (tenant_id uuid NOT NULL, id bigserial, member_id uuid, bio text, score double precision,
		PRIMARY KEY (tenant_id, id), FOREIGN KEY (tenant_id, member_id) REFERENCES members)`,
	`CREATE TABLE orders (tenant_id uuid NOT NULL, region text, number bigint, total bigint, note text, member_id uuid,
		placed_at timestamptz, PRIMARY KEY (tenant_id, region, number), FOREIGN KEY (tenant_id, member_id) REFERENCES members)`,
	`CREATE TABLE tags (tenant_id uuid NOT NULL, slug text, label text, hits bigint, PRIMARY KEY (tenant_id, slug))`,
	`CREATE TABLE member_tags (tenant_id uuid NOT NULL, member_id uuid, tag_slug text,
		PRIMARY KEY (tenant_id, member_id, tag_slug),
		FOREIGN KEY (tenant_id, member_id) REFERENCES members, FOREIGN KEY (tenant_id, tag_slug) REFERENCES tags)`,
	`CREATE TABLE comments (tenant_id uuid NOT NULL, id bigserial, text text, subject_id bigint, subject_type text,
		deleted_at timestamptz, PRIMARY KEY (tenant_id, id))`,
}

func TestRun(t *testing.T) {
	t.Parallel()
	db := open(t, true)
	require.NoError(t, db.Use(tenancy.New(tenancy.Config{})))
	sampled(Suite{DB: db, Models: allModels}).Run(t)
}

// The keys that GORM's migrator makes are the ids alone, and hold globally.
func TestRunGlobalKeys(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a minute or more; the short run has TestRun on a part of the models")
	}
	t.Parallel()
	db := open(t, false)
	require.NoError(t, db.Use(tenancy.New(tenancy.Config{})))
	Suite{DB: db, Models: allModels, brief: true}.Run(t)
}

// The application's role owns nothing; and prepared statements are shared by the
// tenants.
func TestRunAsApplication(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a minute or more; the short run has TestRun on a part of the models")
	}
	t.Parallel()
	database := Postgres(t)
	owner := openAs(t, database.OwnerDSN, &gorm.Config{})
	for _, statement := range compositeTables {
		require.NoError(t, owner.Exec(statement).Error, statement)
	}
	db := openAs(t, database.DSN, &gorm.Config{PrepareStmt: true, SkipDefaultTransaction: true, QueryFields: true})
	require.NoError(t, db.Use(tenancy.New(tenancy.Config{})))
	Suite{DB: db, Models: allModels, brief: true}.Run(t)
}

type (
	note struct {
		tenancy.TenantModelOf[string]
		ID    uint
		Title string
		Lines []line
	}

	line struct {
		ID       string `gorm:"type:uuid;default:gen_random_uuid()"`
		TenantID string // found by its name
		NoteID   uint
		Words    string
	}
)

// Tenants have names, and one model does not know of tenancy.
func TestRunTextTenants(t *testing.T) {
	skipShort(t)
	t.Parallel()
	db := open(t, false)
	require.NoError(t, db.Use(tenancy.New(tenancy.Config{})))
	Suite{DB: db, Models: []any{&note{}, &line{}}, Tenants: [2]any{"acme", "zeta-" + foreignWord}, brief: true}.Run(t)
}
