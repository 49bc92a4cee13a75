package tenancy

import (
	"runtime"
	"strconv"
	"strings"
)

const module = "github.com/gorm-tenancy/tenancy"

// callSite returns the innermost file and line that are neither GORM's nor this
// package's: where a statement comes from. Tests count as callers, GORM's own
// included.
func callSite() string {
	var pcs [128]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for {
		frame, more := frames.Next()
		ours := strings.HasPrefix(frame.Function, "gorm.io/") || strings.HasPrefix(frame.Function, "runtime.") ||
			strings.HasPrefix(frame.Function, module+".") || strings.HasPrefix(frame.Function, module+"/internal/")
		if frame.File != "" && (!ours || strings.HasSuffix(frame.File, "_test.go")) {
			return frame.File + ":" + strconv.Itoa(frame.Line)
		}
		if !more {
			return ""
		}
	}
}
