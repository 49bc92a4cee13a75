// Command quickstart runs one program for two tenants of one database and shows
// the SQL that it sends, then what it cannot do.
//
//	go run ./examples/quickstart
//
// The database is embedded and in memory. With DATABASE_URL it is PostgreSQL, in
// a schema of its own that is dropped at the end.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
)

func main() {
	if err := run(os.Stdout, os.Getenv("DATABASE_URL"), isTerminal(os.Stdout)); err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

func run(out io.Writer, dsn string, colour bool) (err error) {
	j := &journal{out: out, colour: colour, silent: true}
	db, closeDB, err := open(dsn, j)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeDB()) }()

	if err := db.Use(tenancy.New(tenancy.Config{Models: []any{&User{}}})); err != nil {
		return err
	}
	if err := db.AutoMigrate(&Country{}, &Company{}, &Tag{}, &User{}, &Order{}); err != nil {
		return err
	}
	setup := tenancy.Bypass(context.Background(), "countries belong to no tenant")
	if err := db.WithContext(setup).Create(&Country{Code: "DE", Name: "Germany"}).Error; err != nil {
		return err
	}

	acme := tenancy.With(context.Background(), "acme")
	globex := tenancy.With(context.Background(), "globex")
	j.silent = false
	j.line("One program, two tenants, one database (%s). Bound values are shown in their place.", db.Name())
	j.line("GORM logs a create when all of it is done: what is saved along with a row stands before the row.")
	first, err := j.perform(acme, db, "acme")
	if err != nil {
		return err
	}
	if err := j.repeat(globex, db, first); err != nil {
		return err
	}
	if err := j.refuse(acme, globex, db); err != nil {
		return err
	}
	return j.total(db)
}

// statements is what a program sent, and how many rows that concerned.
type statements struct {
	texts []string
	rows  []int64
}

// perform runs the program for the tenant of a context.
func (j *journal) perform(ctx context.Context, db *gorm.DB, tenant string) (statements, error) {
	j.mark, j.texts, j.rows = tenant, nil, nil
	for _, section := range program(ctx, db) {
		j.heading("%s, as %s", section.title, tenant)
		for _, s := range section.steps {
			j.call(s)
			if err := s.run(); err != nil {
				return statements{}, fmt.Errorf("%s: %w", s.code, err)
			}
		}
	}
	return statements{j.texts, j.rows}, nil
}

// repeat runs the program for a second tenant and compares.
func (j *journal) repeat(ctx context.Context, db *gorm.DB, first statements) error {
	j.heading("The same program, as globex")
	j.silent = true
	second, err := j.perform(ctx, db, "globex")
	j.silent = false
	if err != nil {
		return err
	}
	if !slices.Equal(first.texts, second.texts) || !slices.Equal(first.rows, second.rows) {
		return errors.New("the second tenant's statements differ from the first's")
	}
	j.line("%d statements: the same text, word for word, globex bound for acme; the same number of rows each.",
		len(second.texts))
	return nil
}

// refuse shows what acme cannot do, and with what error.
func (j *journal) refuse(acme, globex context.Context, db *gorm.DB) error {
	var theirs Company
	j.silent = true
	if err := db.WithContext(globex).First(&theirs).Error; err != nil {
		return err
	}
	j.silent, j.mark = false, "acme"
	j.heading("What acme cannot do (theirs is a company of globex)")
	for _, s := range refusals(acme, db, theirs) {
		j.call(s)
		err := s.run()
		if err == nil {
			return fmt.Errorf("%s: was not refused", s.code)
		}
		j.block("    error          ", err.Error())
	}
	return nil
}

// total counts the rows of both.
func (j *journal) total(db *gorm.DB) error {
	var counts []struct {
		TenantID      string
		Users, Orders int
	}
	j.silent = true
	all := db.WithContext(tenancy.Bypass(context.Background(), "count everybody's rows"))
	err := all.Model(&User{}).Joins("LEFT JOIN orders o ON o.user_id = users.id").Group("users.tenant_id").
		Select("users.tenant_id, count(DISTINCT users.id) AS users, count(o.id) AS orders").
		Order("users.tenant_id").Find(&counts).Error
	if err != nil {
		return err
	}
	j.silent = false
	j.heading("Rows at the end")
	for _, c := range counts {
		j.line("%-8s %d users, %d orders", c.TenantID, c.Users, c.Orders)
	}
	return nil
}
