package rls

import "encoding/binary"

// readSize is the size of the server's own send buffer.
const readSize = 8192

// A reply is the stream of messages that come back, without those that answer
// what the session has sent on its own.
type reply struct {
	buffer  []byte
	ready   []byte // of the buffer: to be handed on
	header  [5]byte
	have    int // bytes of the header
	left    int // bytes of the body
	dropped bool
	err     error
}

// Read implements net.Conn.
func (s *session) Read(p []byte) (int, error) {
	r := &s.in
	for len(r.ready) == 0 {
		if r.err != nil {
			err := r.err
			r.err = nil
			return 0, err
		}
		if want := min(max(len(p), readSize), 8*readSize) + len(r.header); len(r.buffer) < want {
			r.buffer = make([]byte, want)
		}
		// What a header needs that was cut in two is kept free in front.
		n, err := s.Conn.Read(r.buffer[len(r.header):])
		r.err = err
		if n > 0 {
			s.incoming(n)
		}
	}
	n := copy(p, r.ready)
	r.ready = r.ready[n:]
	return n, nil
}

// incoming sifts n bytes after the place for a header.
func (s *session) incoming(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &s.in
	kept := r.buffer[:0]
	for rest := r.buffer[len(r.header) : len(r.header)+n]; len(rest) > 0; {
		if r.left > 0 {
			part := rest[:min(r.left, len(rest))]
			rest, r.left = rest[len(part):], r.left-len(part)
			if r.header[0] == 'Z' {
				s.ended(part[len(part)-1])
			}
			if !r.dropped {
				kept = append(kept, part...)
			}
			continue
		}
		taken := copy(r.header[r.have:], rest)
		rest, r.have = rest[taken:], r.have+taken
		if r.have < len(r.header) {
			break
		}
		r.have, r.left = 0, int(binary.BigEndian.Uint32(r.header[1:]))-4
		r.dropped = s.drops(r.header[0])
		if !r.dropped {
			kept = append(kept, r.header[:]...)
		}
	}
	r.ready = kept
}

// drops says whether a message answers what the session has sent on its own. An
// error among that is the statement's: the server skips what follows.
func (s *session) drops(kind byte) bool {
	if len(s.groups) == 0 {
		return false
	}
	g := &s.groups[0]
	switch {
	case kind == 'N' || kind == 'S' || kind == 'A': // they answer nothing
		return false
	case kind == 'Z':
		return g.hidden
	case kind == 'E':
		if g.skip > 0 {
			g.skip, s.prepared = 0, [carrierCount]bool{}
		}
		return false
	case g.skip > 0:
		if kind == 'C' {
			if g.skip--; g.skip == 0 {
				s.prepared[g.carrier] = true
			}
		}
		return true
	case g.commit:
		return kind == 'C'
	case g.converted:
		return kind == '1' || kind == '2' || kind == 'n'
	}
	return false
}

// ended takes note of a ReadyForQuery.
func (s *session) ended(status byte) {
	s.status = status
	if len(s.groups) > 0 {
		s.groups = s.groups[:copy(s.groups, s.groups[1:])]
	}
}
