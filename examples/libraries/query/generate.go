//go:build ignore

// generate writes the query code of the models.
package main

import (
	"gorm.io/driver/postgres"
	"gorm.io/gen"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy/examples/libraries/model"
)

func main() {
	db, err := gorm.Open(postgres.New(postgres.Config{DSN: "host=nowhere"}), &gorm.Config{DryRun: true, DisableAutomaticPing: true})
	if err != nil {
		panic(err)
	}
	g := gen.NewGenerator(gen.Config{OutPath: "."})
	g.UseDB(db)
	g.ApplyBasic(model.Project{})
	g.ApplyInterface(func(model.ProjectMethods) {}, model.Project{})
	g.Execute()
}
