// Package sqlstate reads the code by which PostgreSQL says what an error is, from
// whatever driver. The codes have the names of the PostgreSQL manual's appendix A.
package sqlstate

import "errors"

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

// Of is the code of an error; empty if the server has not said it, as where the
// connection broke.
func Of(err error) string {
	var coded interface{ SQLState() string }
	if errors.As(err, &coded) {
		return coded.SQLState()
	}
	return ""
}
