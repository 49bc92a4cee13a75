package rls

import (
	"context"
	"time"

	"gorm.io/gorm"
)

// checkLimit is how long the check at the start of a program may take.
const checkLimit = time.Minute

// Config configures a [Plugin]. The zero value checks the tables that the tenancy
// plugin knows.
type Config struct {
	// Policies are those that the tables must have.
	Policies Policies

	// Models are checked besides those of tenancy.Config. Empty means no others.
	Models []any

	// OnWarning is called with each warning of [Check]. Nil means that they go to
	// GORM's logger.
	OnWarning func(warning string)
}

// Plugin refuses a database in which row-level security does not hold. Make it with
// [New], and use it with gorm.DB.Use after the tenancy plugin. It keeps no state.
type Plugin struct{ config Config }

// New returns a plugin for gorm.DB.Use, which returns what [Check] finds. So the
// program does not start on a database that would not protect its tenants.
func New(config Config) *Plugin { return &Plugin{config} }

// Name implements gorm.Plugin.
func (p *Plugin) Name() string { return "tenancy:rls" }

// Initialize implements gorm.Plugin.
func (p *Plugin) Initialize(db *gorm.DB) error {
	ctx, cancel := context.WithTimeout(context.Background(), checkLimit)
	defer cancel()
	warnings, err := Check(ctx, db, p.config.Policies, p.config.Models...)
	for _, warning := range warnings {
		if p.config.OnWarning != nil {
			p.config.OnWarning(warning)
		} else {
			db.Logger.Warn(ctx, "%s", warning)
		}
	}
	return err
}
