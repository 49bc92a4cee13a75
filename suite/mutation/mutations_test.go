package main

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var all = slices.Concat(bySuite.mutations, clusterMutations, rewriterMutations)

// A mutation whose text has changed meanwhile switches nothing off.
func TestMutationsApply(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	_, err = newOverlay(root, t.TempDir()).several(all)
	assert.NoError(t, err)
	for _, m := range all {
		_, _, err := m.locate(root)
		assert.NoError(t, err, m.trap)
	}
}

// A mutation whose tests have another name meanwhile is seen by nobody.
func TestMutationsNameTests(t *testing.T) {
	t.Parallel()
	for _, m := range all {
		_, err := m.targets("../..")
		assert.NoError(t, err, m.trap)
	}
}

// Mutations are known by their traps.
func TestTrapsAreDistinct(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, m := range all {
		assert.False(t, seen[m.trap], m.trap)
		seen[m.trap] = true
	}
	for _, list := range []map[string]string{invisible, redundant} {
		for trap := range list {
			assert.True(t, seen[trap], trap)
		}
	}
}
