package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
)

const (
	// smallest is how many rows a tenant has at least: an account, a manager, a
	// project, that it is the manager of, and a task.
	smallest = 5

	// A statement has at most 65535 parameters.
	batch = 2000
)

var countries = []Country{
	{Code: "BR", Name: "Brazil"}, {Code: "DE", Name: "Germany"}, {Code: "IN", Name: "India"},
	{Code: "JP", Name: "Japan"}, {Code: "KE", Name: "Kenya"}, {Code: "TR", Name: "Türkiye"}, {Code: "US", Name: "United States"},
}

// sizes shares rows out among tenants: in inverse proportion to their rank, and to
// each what it needs.
func sizes(tenants, rows int) []int {
	sum := 0.0
	for rank := 1; rank <= tenants; rank++ {
		sum += 1 / float64(rank)
	}
	n := make([]int, tenants)
	for i := range n {
		n[i] = smallest + int(float64(rows-smallest*tenants)/sum/float64(i+1))
	}
	return n
}

// fill makes the tables, and the rows of all tenants, each as the tenant.
func (s *station) fill(ctx context.Context, o options) error {
	if err := s.restart(); err != nil {
		return err
	}
	done, err := tenancy.AutoMigrate(s.db.WithContext(ctx), models...)
	if err != nil {
		return err
	}
	for _, change := range done.Pending {
		return fmt.Errorf("left to do by hand: %s", change)
	}
	s.heading("%d accounts with about %d rows are made", o.tenants, o.rows)
	everybodys := append([]Country(nil), countries...)
	all := s.db.WithContext(tenancy.Bypass(ctx, "countries are everybody's"))
	if err := all.Create(&everybodys).Error; err != nil {
		return err
	}
	s.tenants = make([]int64, o.tenants)
	told := time.Now()
	for i, size := range sizes(o.tenants, o.rows) {
		s.tenants[i] = int64(i + 1)
		db := s.db.WithContext(tenancy.With(ctx, s.tenants[i]))
		err := db.Transaction(func(tx *gorm.DB) error { return account(tx, s.tenants[i], size, everybodys) })
		if err != nil {
			return fmt.Errorf("fill the account of rank %d: %w", i+1, err)
		}
		if time.Since(told) > 5*time.Second {
			told = time.Now()
			fmt.Fprintf(s.out, "%d of %d accounts\n", i+1, o.tenants)
		}
	}
	_, err = s.pool.ExecContext(ctx, "ANALYZE "+strings.Join(tables, ", "))
	return err
}

// account makes a tenant's rows, size of them.
func account(tx *gorm.DB, id int64, size int, everybodys []Country) error {
	if err := tx.Create(&Account{ID: id, Name: fmt.Sprintf("Account %d", id), Domain: fmt.Sprintf("account%d.example", id)}).Error; err != nil {
		return err
	}
	managers := make([]*Manager, max(1, size/40))
	for i := range managers {
		managers[i] = &Manager{
			Name: fmt.Sprintf("Manager %d", i), Email: fmt.Sprintf("manager%d@example.com", i),
			CountryID: &everybodys[(int(id)+i)%len(everybodys)].ID,
		}
	}
	if err := tx.CreateInBatches(managers, batch).Error; err != nil {
		return err
	}
	projects := make([]*Project, max(1, size/20))
	links := 0
	for i := range projects {
		projects[i] = &Project{Name: fmt.Sprintf("Project %d", i), Managers: []*Manager{managers[i%len(managers)]}}
		if len(managers) > 1 && i%4 == 0 {
			projects[i].Managers = append(projects[i].Managers, managers[(i+1)%len(managers)])
		}
		links += len(projects[i].Managers)
	}
	if err := tx.Omit("Managers.*").CreateInBatches(projects, batch).Error; err != nil {
		return err
	}
	tasks := make([]*Task, size-1-len(managers)-len(projects)-links)
	for i := range tasks {
		tasks[i] = &Task{
			ProjectID: projects[i%len(projects)].ID, Title: fmt.Sprintf("Task %d", i),
			Hours: 1 + (i*7+int(id))%16, Done: (i+int(id))%3 == 0,
		}
	}
	return tx.CreateInBatches(tasks, batch).Error
}
