package migration

import (
	"encoding/json"
	"io"
)

// WriteJSON writes the plan as indented JSON. [json.Unmarshal] gives the same
// plan again, which can be reviewed, kept and carried out later.
func (p *Plan) WriteJSON(w io.Writer) error {
	if err := p.Validate(); err != nil {
		return err
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false) // SQL is full of < and >
	encoder.SetIndent("", "  ")
	return encoder.Encode(p)
}
