package rls

import (
	"encoding/binary"
	"errors"
	"net"
	"sync"

	"github.com/jackc/pgx/v5/pgproto3"
)

// The states of a transaction, as ReadyForQuery tells them.
const (
	idle    byte = 'I'
	inBlock byte = 'T'
	failed  byte = 'E'
)

// A session is the network connection below one of pgx. It puts before each
// statement what sets the identity that the statement runs under, in the same
// packet and the same transaction, and takes the answer to it out of what comes
// back. Nothing is remembered of what the server's session has: a statement that
// nobody armed is nobody's.
//
// The protocol is PostgreSQL's version 3 (manual, chapter 55): what is sent up to a
// Sync, or one simple query, is answered up to a ReadyForQuery.
type session struct {
	net.Conn
	options *Options
	keeps   bool // statements stay prepared

	mu       sync.Mutex // between who writes and who reads, pgconn's background reader
	live     bool       // connected: from now on statements are the application's
	home     string     // the role of single tenants' statements
	status   byte
	armed    identity
	single   bool // what is sent next must be one command
	groups   []group
	part     partial
	prepared [carrierCount]bool
	out      []byte

	in reply
}

// A group is what one ReadyForQuery answers.
type group struct {
	skip      int // results of ours that come first
	carrier   carrier
	converted bool // a simple query that was sent as an extended one
	hidden    bool // the answer's end is not shown: the commit's follows
	commit    bool // ours
}

// partial says how the messages after the last Sync begin.
type partial uint8

const (
	none      partial = iota
	bare              // without a setting, and without a statement so far
	preceding         // with a setting
)

// begin makes the session live.
func (s *session) begin(home string, status byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.live, s.home, s.status = true, home, status
}

// arm says whose the next statement is, and whether it must be a single command.
func (s *session) arm(id identity, single bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.armed, s.single = id, single
}

// disarm makes what is sent next nobody's.
func (s *session) disarm() { s.arm(identity{}, false) }

// Write implements net.Conn. pgx writes whole messages.
func (s *session) Write(b []byte) (int, error) {
	out, err := s.outgoing(b)
	if err != nil {
		return 0, err
	}
	n, err := s.Conn.Write(out)
	if err != nil {
		return min(n, len(b)), err
	}
	return len(b), nil
}

// outgoing returns what is sent in place of b.
func (s *session) outgoing(b []byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.live {
		return b, nil
	}
	if s.out = s.out[:0]; cap(s.out) > readSize {
		s.out = nil // of one large statement
	}
	start, executes := 0, false
	for at := 0; at < len(b); {
		if len(b)-at < 5 || int(binary.BigEndian.Uint32(b[at+1:])) < 4 || int(binary.BigEndian.Uint32(b[at+1:])) > len(b)-at-1 {
			return nil, errors.New("rls: a message was cut in two")
		}
		next := at + 1 + int(binary.BigEndian.Uint32(b[at+1:]))
		var err error
		switch b[at] {
		case 'Q':
			err = s.query(b[at:next])
			start = next
		case 'S':
			err = s.extended(b[start:next], executes, true)
			start, executes = next, false
		case 'P', 'B', 'D', 'E', 'C', 'H':
			executes = executes || b[at] == 'B' || b[at] == 'E'
		default: // of a COPY, or the end
			s.out = append(s.out, b[at:next]...)
			start = next
		}
		if err != nil {
			return nil, err
		}
		at = next
	}
	if start < len(b) {
		if err := s.extended(b[start:], executes, false); err != nil {
			return nil, err
		}
	}
	return s.out, nil
}

// extended sends messages of the extended protocol.
func (s *session) extended(messages []byte, executes, ends bool) error {
	g, commits := group{}, false
	if executes && s.part != preceding && s.status != failed {
		if s.part == bare {
			return ErrPipeline
		}
		var err error
		if g, err = s.precede(); err != nil {
			return err
		}
		commits = g.hidden
		if !ends {
			if commits {
				return ErrPipeline
			}
			s.part = preceding
		}
		s.groups = append(s.groups, g)
	} else if s.part == none {
		s.groups = append(s.groups, g)
		if !ends {
			s.part = bare
		}
	}
	s.out = append(s.out, messages...)
	if ends {
		s.part = none
	}
	if commits {
		return s.commit()
	}
	return nil
}

// precede puts the armed identity before a statement, which uses it up.
func (s *session) precede() (g group, err error) {
	g.carrier, g.hidden = s.carrierOf(s.armed), s.options.Citus && s.status == idle
	s.out, g.skip, err = s.appendSetting(s.out, g.carrier, s.armed)
	s.armed, s.single = identity{}, false
	return g, err
}

// commit ends the transaction that was begun for a single statement.
func (s *session) commit() (err error) {
	s.groups = append(s.groups, group{commit: true})
	s.out, err = appendMessages(s.out, &pgproto3.Query{String: "COMMIT"})
	return err
}

// query sends a simple query. One that must be a single command goes as an
// extended one, which PostgreSQL accepts no other of: a second command could
// otherwise undo the setting by ending the transaction, or a part of it.
func (s *session) query(message []byte) (err error) {
	text := string(message[5 : len(message)-1])
	if s.part != none {
		return ErrPipeline
	}
	if isControl(text) {
		s.groups = append(s.groups, group{})
		s.out = append(s.out, message...)
		return nil
	}
	if !s.single {
		id := s.armed
		s.armed = identity{}
		before, results := s.text(id)
		s.groups = append(s.groups, group{skip: results})
		s.out, err = appendMessages(s.out, &pgproto3.Query{String: before + text})
		return err
	}
	g := group{}
	if s.status != failed {
		if g, err = s.precede(); err != nil {
			return err
		}
	}
	g.converted = true
	s.groups = append(s.groups, g)
	s.out, err = appendMessages(s.out, &pgproto3.Parse{Query: text}, &pgproto3.Bind{},
		&pgproto3.Describe{ObjectType: 'P'}, &pgproto3.Execute{}, &pgproto3.Sync{})
	if err == nil && g.hidden {
		err = s.commit()
	}
	return err
}
