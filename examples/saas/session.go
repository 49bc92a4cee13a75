package main

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/gorm-tenancy/tenancy/registry"
)

const (
	keySize     = 32
	sessionTime = 12 * time.Hour
)

var errSession = errors.New("the session is not valid")

// session is who is logged in, and to which tenant: at another tenant's host it is
// worth nothing, be the person a member there or not. The zero session is nobody's.
type session struct {
	person, tenant uuid.UUID
	expires        time.Time
}

// signer makes sessions that can be kept by browsers, who can read but not change
// them. Whether the person is still a member is looked up with each request.
type signer struct{ key []byte }

func newKey() []byte {
	key := make([]byte, keySize)
	_, _ = rand.Read(key) // never fails
	return key
}

const (
	bodySize  = 16 + 16 + 8
	tokenSize = bodySize + sha256.Size
	textSize  = (tokenSize*8 + 5) / 6 // without the line ends that decoding passes over
)

func (s signer) sign(it session) string {
	token := make([]byte, 0, tokenSize)
	token = append(token, it.person[:]...)
	token = append(token, it.tenant[:]...)
	token = binary.BigEndian.AppendUint64(token, uint64(it.expires.Unix()))
	return base64.RawURLEncoding.EncodeToString(append(token, s.mac(token)...))
}

func (s signer) open(text string, now time.Time) (session, error) {
	token, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(token) != tokenSize || len(text) != textSize || !hmac.Equal(token[bodySize:], s.mac(token[:bodySize])) {
		return session{}, errSession
	}
	expires := time.Unix(int64(binary.BigEndian.Uint64(token[32:bodySize])), 0)
	if !now.Before(expires) {
		return session{}, errSession
	}
	return session{person: uuid.UUID(token[:16]), tenant: uuid.UUID(token[16:32]), expires: expires}, nil
}

func (s signer) mac(body []byte) []byte {
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte("saas session v1\x00"))
	mac.Write(body)
	return mac.Sum(nil)
}

// visitor is who sent a request, as far as it is known.
type visitor struct {
	session session
	member  registry.Member // of the request's tenant, for the members' pages
}

type visitorKey struct{}

// visitorOf returns the request's visitor, nobody where withVisitor did not run.
func visitorOf(ctx context.Context) *visitor {
	if v, ok := ctx.Value(visitorKey{}).(*visitor); ok {
		return v
	}
	return &visitor{}
}

// withVisitor reads the session, which programs send in the Authorization header
// and browsers as a cookie. One that is not valid is none.
func (a *app) withVisitor(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !ok {
			// The answer depends on it, and is one person's.
			w.Header().Add("Vary", "Cookie")
			if cookie, err := r.Cookie(a.cookieName()); err == nil {
				token = cookie.Value
			}
		}
		w.Header().Set("Cache-Control", "private, no-store")
		v := &visitor{}
		if it, err := a.sessions.open(token, time.Now()); err == nil {
			v.session = it
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), visitorKey{}, v)))
	})
}

// begin logs a person in to the tenant of the request's host, and returns the
// session for programs. The cookie has no Domain: browsers keep it from all other
// hosts, other tenants' among them.
func (a *app) begin(w http.ResponseWriter, person, tenant uuid.UUID) string {
	token := a.sessions.sign(session{person: person, tenant: tenant, expires: time.Now().Add(sessionTime)})
	http.SetCookie(w, a.cookie(token, int(sessionTime.Seconds())))
	return token
}

// end makes the browser forget the session, which is good until it expires.
func (a *app) end(w http.ResponseWriter) { http.SetCookie(w, a.cookie("", -1)) }

// cookieName has, where it can, the prefix by which browsers refuse a cookie that
// another tenant's host has set for all.
func (a *app) cookieName() string {
	if a.site.Scheme == "https" {
		return "__Host-session"
	}
	return "session"
}

func (a *app) cookie(value string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name: a.cookieName(), Value: value, Path: "/", MaxAge: maxAge,
		HttpOnly: true, Secure: a.site.Scheme == "https", SameSite: http.SameSiteLaxMode,
	}
}
