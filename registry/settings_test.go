package registry_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy/registry"
)

func TestSettings(t *testing.T) {
	t.Parallel()
	var zero registry.Settings
	assert.Equal(t, "{}", zero.String())
	var theme struct{ Theme string }
	require.NoError(t, zero.Decode(&theme))
	settings, err := registry.NewSettings(map[string]string{"theme": "dark"})
	require.NoError(t, err)
	require.NoError(t, settings.Decode(&theme))
	assert.Equal(t, "dark", theme.Theme)
	text, err := json.Marshal(registry.Tenant{Settings: settings})
	require.NoError(t, err)
	var back registry.Tenant
	require.NoError(t, json.Unmarshal(text, &back))
	assert.Equal(t, settings, back.Settings)

	for reason, v := range map[string]any{
		"no object": []int{1}, "a text": "x", "no JSON": math.Inf(1), "long": map[string]string{"x": strings.Repeat("x", 16<<10)},
	} {
		_, err := registry.NewSettings(v)
		assert.ErrorIs(t, err, registry.ErrInvalid, reason)
	}
	empty, err := registry.NewSettings(map[string]string{})
	require.NoError(t, err)
	assert.Equal(t, zero, empty)
	assert.Error(t, back.Settings.Scan(1))
}
