package columnset

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestColumnset(t *testing.T) {
	t.Parallel()
	assert.True(t, Contain([]string{"a", "b"}, []string{"b"}))
	assert.False(t, Contain([]string{"b"}, []string{"a", "b"}))
	assert.True(t, Same([]string{"a", "b"}, []string{"b", "a"}), "in another order")
	assert.False(t, Same([]string{"a", "a"}, []string{"a", "b"}))
	assert.Equal(t, []string{"t", "a"}, Lead("t", []string{"a", "t"}), "another one in front")
	assert.Equal(t, []string{"t", "a"}, Lead("t", []string{"a"}), "one more in front")
}
