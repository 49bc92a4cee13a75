package registry

import (
	"errors"
	"fmt"
	"runtime/debug"
)

// PanicError says that code of the application panicked where the panic would have
// ended the process: in a goroutine of this package, or in [Registry.Listen]. Such
// code is: visits and Progress of [Registry.ForEach], [Config.OnListen], and, in
// lookups, hooks of the tenants' model, callbacks of other plugins, and the methods
// of an [Account].
type PanicError struct {
	// Value is the argument of panic. It may hold anything, so it is not part of
	// the error's text.
	Value any
	// Stack is that of the goroutine, as debug.Stack has it.
	Stack []byte
}

// Error implements error.
func (e *PanicError) Error() string {
	return fmt.Sprintf("registry: the application's code panicked with a %T; see PanicError.Value and Stack", e.Value)
}

// Unwrap returns Value where it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

var errExited = errors.New("registry: the application's code ended its goroutine by runtime.Goexit")

// guard calls then with the error of do. If do does not return, the error says that
// it panicked or called runtime.Goexit.
func guard(do func() error, then func(error)) {
	err := errExited
	defer func() {
		if value := recover(); value != nil {
			err = &PanicError{Value: value, Stack: debug.Stack()}
		}
		then(err)
	}()
	err = do()
}

// guarded returns the error of do, or its panic as an error.
func guarded(do func() error) (err error) {
	guard(do, func(ended error) { err = ended })
	return err
}
