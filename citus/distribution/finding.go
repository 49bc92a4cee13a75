package distribution

import (
	"errors"
	"fmt"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/keys"
)

// block adds a blocker.
func (a *Analysis) block(table catalog.Name, object, remedy, problem string, args ...any) {
	a.found(keys.Blocker, table, object, remedy, problem, args...)
}

func (a *Analysis) found(severity keys.Severity, table catalog.Name, object, remedy, problem string, args ...any) {
	a.Findings = append(a.Findings, keys.Finding{Severity: severity, Table: table, Object: object,
		Problem: fmt.Sprintf(problem, args...), Remedy: remedy})
}

// Blocked returns all open questions and blockers, which prevent a plan. Each
// is [ErrUndecided]. It is nil if there are none.
func (a *Analysis) Blocked() error {
	var errs []error
	for _, q := range a.Questions {
		errs = append(errs, fmt.Errorf("%w: %s", ErrUndecided, q))
	}
	for _, f := range keys.Grouped(a.Findings) {
		if blocks(f) {
			errs = append(errs, fmt.Errorf("%w: %s", ErrUndecided, f))
		}
	}
	return errors.Join(errs...)
}
