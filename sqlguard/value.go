//go:build cgo

package sqlguard

import (
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// sameTenant reports whether a bound value certainly reaches the database as the
// tenant id that a column's Bind returned. That is never certain for types that
// convert themselves.
func sameTenant(value, id any) bool {
	switch id := id.(type) {
	case uuid.UUID:
		switch v := value.(type) {
		case uuid.UUID:
			return v == id
		case *uuid.UUID:
			return v != nil && *v == id
		case [16]byte:
			return v == id
		case string:
			return len(v) == 36 && isUUID(v, id)
		case *string:
			return v != nil && len(*v) == 36 && isUUID(*v, id)
		}
	case string:
		if strings.HasSuffix(id, " ") {
			return false // PostgreSQL's character types may drop it
		}
		switch v := value.(type) {
		case string:
			return v == id
		case *string:
			return v != nil && *v == id
		case uuid.UUID:
			return isUUID(id, v) && v.String() == id
		}
	case int64:
		n, ok := integer(value)
		return ok && n == id
	}
	return false
}

func isUUID(text string, id uuid.UUID) bool {
	parsed, err := uuid.Parse(text)
	return err == nil && parsed == id
}

// integer returns a plain integer; false for one beyond int64.
func integer(value any) (int64, bool) {
	switch v := value.(type) {
	case int64:
		return v, true
	case int:
		return int64(v), true
	case int32:
		return int64(v), true
	case int16:
		return int64(v), true
	case int8:
		return int64(v), true
	case uint8:
		return int64(v), true
	case uint16:
		return int64(v), true
	case uint32:
		return int64(v), true
	case uint:
		return int64(v), int64(v) >= 0
	case uint64:
		return int64(v), int64(v) >= 0
	case *int64:
		if v != nil {
			return *v, true
		}
	case *int:
		if v != nil {
			return int64(*v), true
		}
	}
	return 0, false
}

// sameLiteral reports whether a constant of the text is the tenant id.
func sameLiteral(text string, number bool, id any) bool {
	switch id := id.(type) {
	case uuid.UUID:
		return !number && len(text) == 36 && isUUID(text, id)
	case string:
		return !number && text == id && !strings.HasSuffix(id, " ")
	case int64:
		n, err := strconv.ParseInt(text, 10, 64)
		return err == nil && n == id
	}
	return false
}
