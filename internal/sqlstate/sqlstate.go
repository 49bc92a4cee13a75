// Package sqlstate reads PostgreSQL's code of an error, from any driver. The codes
// have the names of appendix A of the PostgreSQL manual.
package sqlstate

import "errors"

// The codes that this library acts on.
const (
	DependentObjectsStillExist = "2BP01"
	DeadlockDetected           = "40P01"
	FeatureNotSupported        = "0A000"
	ForeignKeyViolation        = "23503"
	InFailedTransaction        = "25P02"
	InsufficientPrivilege      = "42501"
	InternalError              = "XX000"
	InvalidTextRepresentation  = "22P02"
	LockNotAvailable           = "55P03"
	NotNullViolation           = "23502"
	QueryCanceled              = "57014"
	SyntaxError                = "42601"
	UniqueViolation            = "23505"
)

// Of returns the code of an error; empty if it does not come from the server, as
// when the connection broke.
func Of(err error) string {
	var coded interface{ SQLState() string }
	if errors.As(err, &coded) {
		return coded.SQLState()
	}
	return ""
}
