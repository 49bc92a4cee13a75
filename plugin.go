package tenancy

import (
	"sync/atomic"

	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// Plugin scopes every statement of a *gorm.DB to the tenant in its context. Make it
// with [New], and use it once, with gorm.DB.Use. After that it is safe for concurrent
// use.
type Plugin struct {
	config   Config
	allow    func(function string) bool
	tables   *knownTables
	dialect  sqltext.Dialect
	lists    [][]string   // the lists of clauses that are known
	builders uintptr      // the clause builders that it is installed in
	builder  uintptr      // the code of those
	sends    uintptr      // the code of the callbacks that send
	preloads atomic.Int32 // that are running
	verifier Verifier     // nil when statements are not verified
	reader   TextReader   // nil when text is read by the core itself
	modes    *modes       // nil when every statement is enforced
	findings findings
}

// Name implements gorm.Plugin.
func (p *Plugin) Name() string { return "tenancy" }

// pluginOf returns the plugin of a handle, or nil. gorm.Config.Plugins may have it
// under another name than Use gives it.
func pluginOf(db *gorm.DB) *Plugin {
	for _, plugin := range db.Plugins {
		if p, ok := plugin.(*Plugin); ok && p.tables != nil {
			return p
		}
	}
	return nil
}
