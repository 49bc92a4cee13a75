package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A mutation whose text has changed meanwhile switches nothing off.
func TestMutationsApply(t *testing.T) {
	t.Parallel()
	for _, m := range slices.Concat(mutations, lockMutations, registryMutations, middlewareMutations, guardMutations, rewriterMutations) {
		text, err := os.ReadFile(filepath.Join("..", "..", m.file))
		require.NoError(t, err, m.trap)
		assert.Equal(t, 1, strings.Count(string(text), m.old), "%s: how often %s has %q", m.trap, m.file, m.old)
	}
}
