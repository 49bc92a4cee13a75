package rls

import (
	"encoding/binary"
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"
)

// The statements that carry an identity are prepared under names of their own, so
// that they never take the place of the unnamed one, which is the caller's.
const preparedName = "tenancy_rls"

// A carrier is a statement that sets an identity for the transaction: with the
// role where the pool has two, and an earlier statement of the transaction, or
// this one, may want the other.
//
// Setting a role takes as long as all the rest, and where the transaction is the
// statement's own it is not needed: the span role, if the session was left with
// it, shows an identity without a set nothing more than the pool's own role.
type carrier uint8

const (
	noCarrier carrier = iota
	settings
	settingsAndRole
	carrierCount
)

func (c carrier) name() string {
	if c == settingsAndRole {
		return preparedName + "_role"
	}
	return preparedName
}

func (c carrier) sql(o *Options) string {
	text := "SELECT pg_catalog.set_config('" + o.Setting + "', $1, true), pg_catalog.set_config('" + o.Setting + setSuffix + "', $2, true)"
	if c == settingsAndRole {
		text += ", pg_catalog.set_config('role', $3, true)"
	}
	return text
}

// carrierOf is the one for a statement.
func (s *session) carrierOf(id identity) carrier {
	switch {
	case s.options.Citus:
		return noCarrier
	case s.options.SpanRole != "" && (s.status != idle || id.spans()):
		return settingsAndRole
	}
	return settings
}

// appendSetting appends what sets the identity, and says how many results it has.
func (s *session) appendSetting(out []byte, c carrier, id identity) (_ []byte, results int, err error) {
	if c == noCarrier {
		return s.appendUtilities(out, id)
	}
	if !s.keeps || !s.prepared[c] {
		if out, err = appendParse(out, c.name(), c.sql(s.options)); err != nil {
			return nil, 0, err
		}
	}
	if c == settingsAndRole {
		return appendCall(out, c.name(), id.tenant, id.set, s.roleOf(id)), 1, nil
	}
	return appendCall(out, c.name(), id.tenant, id.set), 1, nil
}

// appendCall binds text values to a prepared statement and executes it. It is what
// pgproto3 would write, without its allocations.
func appendCall(out []byte, statement string, values ...string) []byte {
	start := len(out)
	out = append(out, 'B', 0, 0, 0, 0, 0) // its length, and the unnamed portal
	out = append(out, statement...)
	out = append(out, 0, 0, 0) // all values are text
	out = binary.BigEndian.AppendUint16(out, uint16(len(values)))
	for _, value := range values {
		out = binary.BigEndian.AppendUint32(out, uint32(len(value)))
		out = append(out, value...)
	}
	out = append(out, 0, 0) // all results are text
	binary.BigEndian.PutUint32(out[start+1:], uint32(len(out)-start-1))
	return append(out, 'E', 0, 0, 0, 9, 0, 0, 0, 0, 0)
}

// roleOf is the role of the identity's statements.
func (s *session) roleOf(id identity) string {
	if id.spans() {
		return s.options.SpanRole
	}
	return s.home
}

// utilities are the statements that Citus passes on to its workers.
func (s *session) utilities(id identity) []string {
	return []string{
		"SET LOCAL citus.propagate_set_commands = 'local'",
		"SET LOCAL " + s.options.Setting + " = " + plainLiteral(id.tenant),
		"SET LOCAL " + s.options.Setting + setSuffix + " = " + plainLiteral(id.set),
		"SET LOCAL role = " + plainLiteral(s.roleOf(id)),
	}
}

// appendUtilities appends them, each a message of its own as Citus wants it, and
// in a transaction block.
func (s *session) appendUtilities(out []byte, id identity) ([]byte, int, error) {
	statements := s.utilities(id)
	if s.status == idle {
		statements = append([]string{"BEGIN"}, statements...)
	}
	var err error
	for _, statement := range statements {
		if out, err = appendParse(out, preparedName, statement); err != nil {
			return nil, 0, err
		}
		out, err = appendMessages(out, &pgproto3.Bind{PreparedStatement: preparedName}, &pgproto3.Execute{})
		if err != nil {
			return nil, 0, err
		}
	}
	return out, len(statements), nil
}

// text is the setting as text, to stand before text that may hold several
// commands, and says how many results it has. On Citus it does not reach the
// workers, which then show nothing.
func (s *session) text(id identity) (string, int) {
	if s.options.Citus {
		statements := s.utilities(id)
		return strings.Join(statements, "; ") + "; ", len(statements)
	}
	set := func(name, value string) string {
		return "pg_catalog.set_config('" + name + "', " + plainLiteral(value) + ", true)"
	}
	return "SELECT " + set(s.options.Setting, id.tenant) + ", " + set(s.options.Setting+setSuffix, id.set) + ", " +
		set("role", s.roleOf(id)) + "; ", 1
}

// appendParse prepares a statement in place of one that may be there.
func appendParse(out []byte, name, sql string) ([]byte, error) {
	return appendMessages(out, &pgproto3.Close{ObjectType: 'S', Name: name}, &pgproto3.Parse{Name: name, Query: sql})
}

func appendMessages(out []byte, messages ...pgproto3.FrontendMessage) (_ []byte, err error) {
	for _, message := range messages {
		if out, err = message.Encode(out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// controls are the words that begin commands which neither read nor write rows,
// and which a query before them, or an aborted transaction, would make fail.
var controls = map[string]bool{
	"begin": true, "start": true, "commit": true, "end": true, "rollback": true, "abort": true,
	"savepoint": true, "release": true, "set": true, "reset": true,
}

// isControl says whether the text is one such command, or none at all. A single
// command with such a word in front can be nothing else.
func isControl(text string) bool {
	text = strings.TrimSpace(text)
	if text == "" || text == ";" || text == "-- ping" {
		return true
	}
	if strings.Contains(text, ";") {
		return false
	}
	end := 0
	for end < len(text) && (text[end]|0x20 >= 'a' && text[end]|0x20 <= 'z') {
		end++
	}
	return controls[strings.ToLower(text[:end])]
}
