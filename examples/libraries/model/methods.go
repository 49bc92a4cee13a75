package model

import "gorm.io/gen"

// ProjectMethods are written by hand, and gen writes the code after them.
type ProjectMethods interface {
	// where(name=@name)
	ByName(name string) ([]*gen.T, error)
	// SELECT * FROM @@table ORDER BY name
	InOrder() ([]*gen.T, error)
	// UPDATE @@table SET name = @name
	RenameAll(name string) (gen.RowsAffected, error)
}
