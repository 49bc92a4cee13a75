package tenancy

import (
	"math"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const someUUID = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"

type region string

func TestTenantHasOneSpellingForEachID(t *testing.T) {
	t.Parallel()
	id := uuid.MustParse(someUUID)
	number, name := 7, "acme"
	for _, tt := range []struct {
		value  any
		key    string
		isUUID bool
		num    any
	}{
		{id, someUUID, true, nil},
		{&id, someUUID, true, nil},
		{someUUID, someUUID, true, nil},
		{"6BA7B810-9DAD-11D1-80B4-00C04FD430C8", someUUID, true, nil},
		{"urn:uuid:" + someUUID, someUUID, true, nil},
		{"{" + someUUID + "}", someUUID, true, nil},
		{"6ba7b8109dad11d180b400c04fd430c8", "6ba7b8109dad11d180b400c04fd430c8", true, nil}, // may be a digest
		{7, "7", false, int64(7)},
		{&number, "7", false, int64(7)},
		{uint8(7), "7", false, int64(7)},
		{"7", "7", false, int64(7)},
		{"07", "07", false, nil},
		{"+7", "+7", false, nil},
		{-7, "-7", false, int64(-7)},
		{uint64(math.MaxUint64), "18446744073709551615", false, uint64(math.MaxUint64)},
		{&name, "acme", false, nil},
		{region("eu"), "eu", false, nil},
		{" acme", " acme", false, nil},
		{"ACME", "ACME", false, nil},
	} {
		got, err := newTenant(tt.value)
		require.NoError(t, err, "%v", tt.value)
		assert.Equal(t, tt.key, got.key, "%v", tt.value)
		assert.Equal(t, tt.key, got.text, "%v", tt.value)
		assert.Equal(t, tt.num, got.num, "%v", tt.value)
		assert.Equal(t, tt.isUUID, got.uuid != nil, "%v", tt.value)
	}
}

func TestTenantIsRefusedWhereNoIDIsGiven(t *testing.T) {
	t.Parallel()
	var nilID *uuid.UUID
	var nilScope Scope
	for reason, value := range map[string]any{
		"nil":                     nil,
		"a nil pointer":           nilID,
		"the zero UUID":           uuid.Nil,
		"the zero UUID as text":   "{00000000-0000-0000-0000-000000000000}",
		"a zero":                  int8(0),
		"an unsigned zero":        uint(0),
		"an empty string":         "",
		"spaces":                  " \t",
		"a NUL byte":              "ac\x00me",
		"a UUID with open braces": "{" + someUUID,
		"a malformed URN":         "URN:UUID:7",
		"a float":                 7.0,
		"a boolean":               true,
		"a slice":                 []int{7},
		"a map":                   map[string]int{},
		"a struct without a mark": struct{ ID int }{7},
		"the zero scope":          nilScope,
	} {
		_, err := newTenant(value)
		assert.Error(t, err, reason)
	}
}

type base struct {
	ID int64 `gorm:"primaryKey" tenancy:"tenant"`
}

func TestTenantIsTheMarkedKeyOfAStruct(t *testing.T) {
	t.Parallel()
	type embedded struct {
		base
		Name string
	}
	type child struct {
		ID        int64
		AccountID int64 `tenancy:"tenant"`
	}
	got, err := newTenant(&embedded{base: base{ID: 7}})
	require.NoError(t, err)
	assert.Equal(t, "7", got.key)
	_, err = newTenant(&embedded{})
	assert.Error(t, err, "a key without a value")
	_, err = newTenant(child{ID: 7, AccountID: 8})
	assert.Error(t, err, "a row of a tenant is not a tenant")
}
