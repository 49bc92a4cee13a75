package tenancytest

import (
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm/schema"
)

// seed says which row a generated value is for.
type seed struct {
	tenant int // 0 or 1, or everybody
	row    int // the first two rows have the same values, and the same as the other tenant's
	key    int // what makes keys differ
	unique int // what makes unique columns differ
}

// The values of the other tenant's rows, the first two rows apart, can be told
// from everything else: text holds this word, and numbers that have the room lie
// above this limit.
const (
	foreignWord   = "bravo"
	ownWord       = "alpha"
	everyWord     = "every"
	foreignNumber = 7_000_000
)

// uuidPrefix begins the UUIDs of the fixture; all others were generated while an
// operation ran, and differ between two runs of it.
const uuidPrefix = "7e570000-"

var (
	commonTime  = time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	ownTime     = time.Date(2021, 1, 2, 3, 4, 5, 0, time.UTC)
	foreignTime = time.Date(2022, 1, 2, 3, 4, 5, 0, time.UTC)
	// operationTime is what GORM takes for now while an operation runs.
	operationTime = time.Date(2023, 1, 2, 3, 4, 5, 0, time.UTC)
)

// build generates a tenant's row, the references included. It is the same row
// each time, so that operations may change what they get.
func (m *model) build(tenant, row int) reflect.Value {
	pointer := reflect.New(m.schema.ModelType)
	s := m.seedOf(tenant, row)
	for _, field := range m.stored() {
		if field == m.tenant || isDeletedAt(field) && row != deletedRow {
			continue
		}
		if v := value(field, m.seedFor(field, s)); v != nil {
			m.set(field, pointer, v)
		}
	}
	m.connect(pointer, tenant, row, false)
	var owner any
	if tenant != everybody {
		owner = m.f.tenants[tenant]
	}
	if m.tenant != nil && owner != nil {
		m.set(m.tenant, pointer, owner)
	}
	if m.f.suite.Adjust != nil && m.named() {
		m.f.suite.Adjust(pointer.Interface(), owner, row)
	}
	return pointer
}

// seedOf numbers the keys: all those of the first tenant are the second's as
// well, which has one above and one below them, unless the table wants them
// disjoint.
func (m *model) seedOf(tenant, row int) seed {
	if s, ok := m.kindSeed(tenant, row); ok {
		return s
	}
	s := seed{tenant: tenant, row: row, key: row + 2, unique: row + 2}
	switch {
	case tenant == 1 && row == foreignRow:
		s.key, s.unique = row+3, row+3
	case tenant == 1 && row > foreignRow:
		s.key, s.unique = 1, 1
	}
	if tenant == 1 && m.disjointKeys {
		s.key = 101 + row
	}
	if tenant == 1 && m.disjointValues {
		s.unique = 101 + row
	}
	return s
}

// seedFor makes a unique column's value differ from row to row.
func (m *model) seedFor(field *schema.Field, s seed) seed {
	if !field.PrimaryKey && m.isUnique(field) {
		s.key = s.unique
		s.row = -1
	}
	return s
}

// value generates a value for a field; nil leaves it as it is.
func value(field *schema.Field, s seed) any {
	n, isKey := s.key, field.PrimaryKey || s.row < 0
	switch {
	case field.Serializer != nil:
		return nil
	case isUUID(field):
		return uuidOf(n, isKey, s)
	case isDeletedAt(field):
		return ownTime
	case isJSON(field):
		return jsonOf(field, textOf(field, s, isKey))
	}
	switch field.GORMDataType {
	case schema.Bool:
		return s.row%2 == 0
	case schema.Int, schema.Uint:
		if isKey {
			return n
		}
		return numberOf(field, s)
	case schema.Float:
		if isKey {
			return float64(n)
		}
		return float64(numberOf(field, s)) + 0.5
	case schema.String:
		return textOf(field, s, isKey)
	case schema.Bytes:
		return []byte(textOf(field, s, isKey))
	case schema.Time:
		return timeOf(n, isKey, s)
	}
	return nil
}

func uuidOf(n int, isKey bool, s seed) uuid.UUID {
	if !isKey {
		n = numberOf(nil, s)
	}
	return uuid.MustParse(fmt.Sprintf(uuidPrefix+"0000-7000-8000-%012d", n))
}

func numberOf(field *schema.Field, s seed) int {
	bits := 64
	if field != nil && field.Size > 0 {
		bits = field.Size
	}
	if field != nil && !hasRoom(field) {
		bits = 8
	}
	switch {
	case s.row < 2:
		return 10
	case s.tenant == 0:
		return 20 + s.row
	case s.tenant == everybody:
		return 40 + s.row
	case bits < 32:
		return 70 + s.row
	}
	return foreignNumber + s.row
}

// precise is a column type with precision and scale.
var precise = regexp.MustCompile(`\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)`)

// hasRoom reports whether a decimal column takes numbers of seven digits.
func hasRoom(field *schema.Field) bool {
	precision, scale := field.Precision, field.Scale
	if parts := precise.FindStringSubmatch(string(field.DataType)); parts != nil {
		precision, _ = strconv.Atoi(parts[1])
		scale, _ = strconv.Atoi(parts[2])
	}
	return precision == 0 || precision-scale >= 8
}

func textOf(field *schema.Field, s seed, isKey bool) string {
	text := fmt.Sprintf("key-%d", s.key)
	switch {
	case isKey:
	case s.row < 2:
		text = "common"
	case s.tenant == 0:
		text = fmt.Sprintf("%s-%d", ownWord, s.row)
	case s.tenant == everybody:
		text = fmt.Sprintf("%s-%d", everyWord, s.row)
	default:
		text = fmt.Sprintf("%s-%d", foreignWord, s.row)
	}
	if field.Size > 0 && field.Size < len(text) && field.GORMDataType == schema.String {
		if isKey {
			text = text[len(text)-field.Size:]
		}
		text = text[:min(field.Size, len(text))]
	}
	return text
}

func jsonOf(field *schema.Field, text string) any {
	encoded := fmt.Sprintf(`{"word": %q}`, text)
	switch kind := field.IndirectFieldType.Kind(); {
	case kind == reflect.String:
		return encoded
	case kind == reflect.Slice && field.IndirectFieldType.Elem().Kind() == reflect.Uint8:
		return []byte(encoded)
	}
	return nil
}

func timeOf(n int, isKey bool, s seed) time.Time {
	switch {
	case isKey:
		return commonTime.AddDate(0, 0, n)
	case s.row < 2:
		return commonTime
	case s.tenant != 1:
		return ownTime.Add(time.Duration(s.row) * time.Hour)
	}
	return foreignTime.Add(time.Duration(s.row) * time.Hour)
}
