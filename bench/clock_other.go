//go:build !unix

package main

import (
	"errors"
	"time"
)

// processTime is not told here.
func processTime() (time.Duration, error) { return 0, errors.ErrUnsupported }
