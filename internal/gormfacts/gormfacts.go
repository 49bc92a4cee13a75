// Package gormfacts holds what is assumed of GORM's insides, where GORM has no interface
// for what the plugin must know. Each assumption is a function or a constant here, and
// has a test of its name, which fails when GORM changes.
package gormfacts

import (
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"unsafe"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"
	"gorm.io/gorm/schema"
)

// SavedAssociations is a setting that GORM passes only to the statements that save a
// statement's associations.
const SavedAssociations = "gorm:saved_association_map"

// IsDerived reports whether a schema is one that GORM made for a plain many-to-many
// tag: its model is a struct without a name.
func IsDerived(s *schema.Schema) bool { return s.ModelType.Name() == "" }

// IsSubquery reports whether a statement is built as a subquery among another
// statement's arguments: GORM does so in a dry run with the discarding logger, and
// never sends it by itself.
func IsSubquery(db *gorm.DB) bool { return db.DryRun && db.Logger == logger.Discard }

// IsSave reports whether an update is that of [gorm.DB.Save]: it selects all columns of
// the value that is its model as well.
func IsSave(stmt *gorm.Statement) bool {
	v, w := reflect.ValueOf(stmt.Dest), reflect.ValueOf(stmt.Model)
	return slices.Contains(stmt.Selects, "*") &&
		v.Kind() == reflect.Pointer && w.Kind() == reflect.Pointer && v.UnsafePointer() == w.UnsafePointer()
}

// IsChain reports whether a value is one of the chains of gorm.G, whose types GORM does
// not export.
func IsChain(value any) bool {
	typ := reflect.TypeOf(value)
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	return typ.PkgPath() == "gorm.io/gorm"
}

// InAssociationMode reports whether a statement comes from association mode, except
// from the named methods of gorm.Association. GORM builds these statements from the
// owner's key and leaves out the owner, so that only the stack reveals them.
func InAssociationMode(others ...string) bool {
	return calledBy(func(function string) bool {
		name, ok := strings.CutPrefix(function, "gorm.io/gorm.(*Association).")
		return ok && !slices.Contains(others, name)
	})
}

// InExec reports whether a query is built among the values of gorm.DB.Exec. Only the
// stack tells.
func InExec() bool {
	return calledBy(func(function string) bool { return function == "gorm.io/gorm.(*DB).Exec" })
}

// calledBy reports whether a function is among the callers.
func calledBy(is func(function string) bool) bool {
	var pcs [68]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])])
	for {
		frame, more := frames.Next()
		if is(frame.Function) {
			return true
		}
		if !more {
			return false
		}
	}
}

// IsList reports whether two lists of clauses are the same slice. GORM gives a
// statement its processor's own list, so that the list differs from a copy that a
// plugin or a scope has made.
func IsList(a, b []string) bool {
	return len(a) == len(b) && unsafe.SliceData(a) == unsafe.SliceData(b)
}

// Vars is the identity of the values that a statement has bound: GORM gives the slice
// itself to the pool.
type Vars struct {
	first *any
	n     int
}

// VarsOf returns the identity of values.
func VarsOf(vars []any) Vars { return Vars{unsafe.SliceData(vars), len(vars)} }

// Builders is the identity of a handle's clause builders: sessions and copies of a
// configuration share the map.
func Builders(db *gorm.DB) uintptr { return reflect.ValueOf(db.ClauseBuilders).Pointer() }

// Code is the identity of a closure's code. All closures from the same place in the
// source share it, whatever they capture.
func Code(f any) uintptr { return reflect.ValueOf(f).Pointer() }

// IsGORMs reports whether a callback is GORM's own. It goes by the name, because the
// compiler copies closures.
func IsGORMs(callback func(*gorm.DB)) bool {
	return strings.HasPrefix(runtime.FuncForPC(Code(callback)).Name(), "gorm.io/gorm/callbacks.")
}

// ParsedModels returns the map in which GORM keeps parsed schemas, for which it has no
// method; nil if it keeps them elsewhere.
func ParsedModels(db *gorm.DB) *sync.Map {
	field := reflect.ValueOf(db.Config).Elem().FieldByName("cacheStore")
	if !field.IsValid() || field.Type() != reflect.TypeFor[*sync.Map]() {
		return nil
	}
	return (*sync.Map)(field.UnsafePointer())
}
