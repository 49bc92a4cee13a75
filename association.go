package tenancy

import (
	"runtime"
	"slices"
	"strings"
)

// inAssociation reports whether a statement comes from association mode, other
// than from an Append that only saves. GORM builds those statements from the
// owner's key and leaves out who the owner is, so that among several tenants they
// would find, or clear, the rows of every owner with that key. Nothing in the
// statement tells them from others; only the stack does.
func inAssociation() bool { return calledByAssociation([]string{"saveAssociation", "Append"}) }

// calledByAssociation reports whether a method of association mode is among the
// callers, other than those that are named.
func calledByAssociation(others []string) bool {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])])
	for {
		frame, more := frames.Next()
		if name, ok := strings.CutPrefix(frame.Function, "gorm.io/gorm.(*Association)."); ok && !slices.Contains(others, name) {
			return true
		}
		if !more {
			return false
		}
	}
}
