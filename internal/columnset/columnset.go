// Package columnset compares lists of column names.
package columnset

import "slices"

// Contain reports whether each of some columns is in a list.
func Contain(list, some []string) bool {
	for _, column := range some {
		if !slices.Contains(list, column) {
			return false
		}
	}
	return true
}

// Same reports whether two lists hold the same columns, in any order.
func Same(a, b []string) bool {
	return len(a) == len(b) && Contain(a, b) && Contain(b, a)
}

// Lead returns the columns with first in front, whether or not it was among
// them.
func Lead(first string, columns []string) []string {
	led := []string{first}
	for _, column := range columns {
		if column != first {
			led = append(led, column)
		}
	}
	return led
}
