// Package gormfacts holds what is assumed of GORM's insides.
package gormfacts

import "gorm.io/gorm/schema"

// IsDerived reports whether a schema is one that GORM made for a plain many-to-many
// tag.
func IsDerived(s *schema.Schema) bool { return s.ModelType.Name() == "" }
