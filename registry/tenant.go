package registry

import (
	"bytes"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/google/uuid"
)

// State is the state of a tenant, which decides what may be done with it. The zero
// value is not a state.
type State string

// The states of a tenant.
const (
	Active    State = "active"    // in use
	Suspended State = "suspended" // found by lookups, to be refused with a word of why
	Archived  State = "archived"  // not found by lookups; its rows are kept
)

// Tenant is a tenant as the registry knows it, and the model of the root table
// "tenants". Its values can be passed to tenancy.With. The zero value is not a
// tenant. Changing a copy changes nothing else.
type Tenant struct {
	ID        uuid.UUID `gorm:"type:uuid;primaryKey" json:"id" tenancy:"tenant"`
	Slug      string    `gorm:"size:63;not null" json:"slug"`
	Name      string    `gorm:"size:200;not null" json:"name"`
	State     State     `gorm:"size:16;not null;index" json:"state"`
	Settings  Settings  `gorm:"type:jsonb;not null" json:"settings"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// TableName implements GORM's schema.Tabler.
func (Tenant) TableName() string { return "tenants" }

// TenancyID implements tenancy.Tenanter, so that tenancy.With need not search for
// the key.
func (t *Tenant) TenancyID() any { return &t.ID }

// IsActive reports whether the tenant is in use; false for the zero Tenant.
func (t Tenant) IsActive() bool { return t.State == Active }

// IsSuspended reports whether the tenant is suspended.
func (t Tenant) IsSuspended() bool { return t.State == Suspended }

// RegistryTenant implements [Account].
func (t *Tenant) RegistryTenant() Tenant { return *t }

// SetRegistryTenant implements [Account].
func (t *Tenant) SetRegistryTenant(to Tenant) { *t = to }

// Account is an application's own model of its tenants, which replaces [Tenant]: a
// pointer to a struct whose only primary key is a UUID and marked
// `tenancy:"tenant"`. The table may have other columns, and other names for those
// of Tenant. The registry does not change what SetRegistryTenant does not set.
type Account interface {
	// RegistryTenant returns the row's values that the registry needs.
	RegistryTenant() Tenant
	// SetRegistryTenant sets these values in the row.
	SetRegistryTenant(Tenant)
}

// maxSettings is the longest text of settings, in bytes. It bounds what a tenant
// takes in the cache.
const maxSettings = 16 << 10

// Settings are the settings of a tenant: a JSON object. The zero value is the empty
// object. It is immutable, so that the cache can return it without a copy.
type Settings struct{ text string }

// NewSettings returns v, a struct or a map, as settings. The error is [ErrInvalid]
// if v is not a JSON object, is longer than 16 KiB, or holds text that PostgreSQL
// cannot store in JSON (a NUL byte, half of a surrogate pair).
func NewSettings(v any) (Settings, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return Settings{}, fmt.Errorf("%w: settings: %w", ErrInvalid, err)
	}
	return parseSettings(text)
}

func parseSettings(text []byte) (Settings, error) {
	var compact bytes.Buffer
	if err := json.Compact(&compact, text); err != nil {
		return Settings{}, fmt.Errorf("%w: settings are not JSON", ErrInvalid)
	}
	switch text := compact.String(); {
	case !isStorable(text):
		return Settings{}, fmt.Errorf("%w: settings hold a NUL byte, or half of a character", ErrInvalid)
	case len(text) > maxSettings:
		return Settings{}, fmt.Errorf("%w: settings are longer than %d bytes", ErrInvalid, maxSettings)
	case text == "{}", text == "null":
		return Settings{}, nil
	case text[0] != '{':
		return Settings{}, fmt.Errorf("%w: settings are no JSON object", ErrInvalid)
	default:
		return Settings{text}, nil
	}
}

// isStorable reports whether the strings of a JSON text hold what a column of type
// jsonb can: no NUL, no lone surrogate, valid UTF-8.
func isStorable(text string) bool {
	if !utf8.ValidString(text) {
		return false
	}
	for escape := strings.IndexByte(text, '\\'); escape >= 0; escape = strings.IndexByte(text, '\\') {
		if text[escape+1] != 'u' {
			text = text[escape+2:]
			continue
		}
		c, rest := unit(text[escape:])
		if utf16.IsSurrogate(c) {
			second, behind := unit(rest)
			if utf16.DecodeRune(c, second) == utf8.RuneError {
				return false
			}
			rest = behind
		}
		if c == 0 {
			return false
		}
		text = rest
	}
	return true
}

// unit returns the UTF-16 unit that is escaped at the beginning of a text, and the
// rest of the text; zero if there is none.
func unit(text string) (c rune, rest string) {
	const length = len(`\u0000`)
	if len(text) < length || text[:2] != `\u` {
		return 0, text
	}
	n, _ := strconv.ParseUint(text[2:length], 16, 16)
	return rune(n), text[length:]
}

// String returns the JSON text.
func (s Settings) String() string {
	if s.text == "" {
		return "{}"
	}
	return s.text
}

// Decode puts the settings into v, as json.Unmarshal does.
func (s Settings) Decode(v any) error { return json.Unmarshal([]byte(s.String()), v) }

// MarshalJSON implements json.Marshaler.
func (s Settings) MarshalJSON() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalJSON implements json.Unmarshaler.
func (s *Settings) UnmarshalJSON(text []byte) (err error) {
	*s, err = parseSettings(text)
	return err
}

// Value implements driver.Valuer.
func (s Settings) Value() (driver.Value, error) { return s.String(), nil }

// Scan implements sql.Scanner.
func (s *Settings) Scan(value any) (err error) {
	switch value := value.(type) {
	case nil:
		*s = Settings{}
	case string:
		*s, err = parseSettings([]byte(value))
	case []byte:
		*s, err = parseSettings(value)
	default:
		err = errors.New("registry: settings are neither text nor bytes")
	}
	return err
}
