package migration

import (
	"fmt"
	"strconv"

	"github.com/gorm-tenancy/tenancy/catalog"
)

// Validate checks that the plan can be written and carried out: phases and
// steps have unique names, and each step has something to do. The error is
// [ErrInvalidPlan].
func (p *Plan) Validate() error {
	phases, steps := map[string]bool{}, map[string]bool{}
	for _, phase := range p.Phases {
		if phase.Name == "" || phases[phase.Name] {
			return invalid("a phase's name must be unique: %q", phase.Name)
		}
		phases[phase.Name] = true
		for i := range phase.Steps {
			s := &phase.Steps[i]
			if s.Name == "" || steps[s.Name] {
				return invalid("a step's name must be unique: %q", s.Name)
			}
			steps[s.Name] = true
			if err := s.validate(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Step) validate() error {
	switch {
	case s.Batch == nil && len(s.SQL) == 0:
		return invalid("step %q has neither SQL nor a batch", s.Name)
	case s.Batch != nil && len(s.SQL) > 0:
		return invalid("step %q has both SQL and a batch", s.Name)
	case s.Batch != nil && (s.Batch.SQL == "" || s.Batch.Left == "" || s.Batch.Table == catalog.Name{}):
		return invalid("the batch of step %q must have a table, SQL and Left", s.Name)
	case len(s.Undo) > 0 && s.NoUndo != "":
		return invalid("step %q has an undo and says that it cannot have one", s.Name)
	}
	return nil
}

func invalid(format string, args ...any) error {
	return &detailError{ErrInvalidPlan, fmt.Sprintf(format, args...)}
}

// A located step knows its phase.
type located struct {
	*Step
	phase int
}

// steps are the plan's steps in order.
func (p *Plan) steps() []located {
	var steps []located
	for n := range p.Phases {
		for i := range p.Phases[n].Steps {
			steps = append(steps, located{&p.Phases[n].Steps[i], n})
		}
	}
	return steps
}

func quoted(name string) string { return strconv.Quote(name) }
