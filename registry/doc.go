// Package registry keeps the tenants of an application: their states, domains,
// members and invitations, on GORM with the tenancy plugin.
package registry
