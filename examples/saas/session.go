package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/registry"
)

const (
	sessionTime = 12 * time.Hour
	ticketTime  = time.Minute
)

// Session is that a member is logged in. It is the tenant's row: at another tenant's
// host there is none such, be the person a member there or not. It ends with the
// logout, and with the membership: one who is invited again logs in again.
type Session struct {
	tenancy.Model
	TokenHash []byte          `gorm:"not null;uniqueIndex"` // the token itself is nowhere
	MemberID  uuid.UUID       `gorm:"type:uuid;not null;index"`
	Member    registry.Member `gorm:"constraint:OnDelete:CASCADE"`
	Email     string          `gorm:"not null"` // as it was at the login, to be shown
	IsTicket  bool            `gorm:"not null"` // good for one session, and nothing else
	ExpiresAt time.Time       `gorm:"not null"`
}

// tokenSize is the length of a token's text.
var tokenSize = base64.RawURLEncoding.EncodedLen(sha256.Size)

func hashOf(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// begin makes a session, or a ticket for one, in the tenant of the context. Those of
// the tenant that have expired go.
func (a *app) begin(ctx context.Context, member registry.Member, email string, isTicket bool) (string, error) {
	var secret [sha256.Size]byte
	_, _ = rand.Read(secret[:]) // never fails
	token := base64.RawURLEncoding.EncodeToString(secret[:])
	session := Session{
		TokenHash: hashOf(token), MemberID: member.ID, Email: email, IsTicket: isTicket, ExpiresAt: time.Now().Add(sessionTime),
	}
	if isTicket {
		session.ExpiresAt = time.Now().Add(ticketTime)
	}
	db := a.db.WithContext(ctx)
	if err := db.Where("expires_at <= ?", time.Now()).Delete(&Session{}).Error; err != nil {
		return "", err
	}
	return token, db.Create(&session).Error
}

// find returns the session, or the ticket, of a token in the tenant of the context;
// gorm.ErrRecordNotFound if there is none.
func (a *app) find(ctx context.Context, token string, isTicket bool) (session Session, err error) {
	if len(token) != tokenSize {
		return session, gorm.ErrRecordNotFound
	}
	err = a.db.WithContext(ctx).Joins("Member").
		Take(&session, "token_hash = ? AND is_ticket = ? AND expires_at > ?", hashOf(token), isTicket, time.Now()).Error
	return session, err
}

// end ends the session of a token, if there is one.
func (a *app) end(ctx context.Context, token string) error {
	return a.db.WithContext(ctx).Where("token_hash = ?", hashOf(token)).Delete(&Session{}).Error
}

// greet shows who has just signed up, on another host, whom a ticket is for. A ticket is
// used by a form of the same origin alone: no link makes somebody somebody else.
func (a *app) greet(w http.ResponseWriter, r *http.Request) error {
	token := r.URL.Query().Get("ticket")
	ticket, err := a.find(r.Context(), token, true)
	if err != nil {
		return err
	}
	a.render(w, r, http.StatusOK, "enter", view{Form: map[string]string{"ticket": token}, Data: ticket.Email})
	return nil
}

// enter lets somebody in with a ticket, once.
func (a *app) enter(w http.ResponseWriter, r *http.Request) error {
	token := r.PostFormValue("ticket")
	ticket, err := a.find(r.Context(), token, true)
	if err != nil {
		return err
	}
	used := a.db.WithContext(r.Context()).Where("token_hash = ?", hashOf(token)).Delete(&Session{})
	if used.Error == nil && used.RowsAffected == 0 {
		return gorm.ErrRecordNotFound // somebody was faster
	}
	if used.Error != nil {
		return used.Error
	}
	return a.welcome(w, r, ticket.Member, ticket.Email)
}

// welcome logs a member in with a cookie, in place of whoever was logged in, and shows
// the tenant's first page. The cookie has no Domain: browsers keep it from all other
// hosts, other tenants' among them.
func (a *app) welcome(w http.ResponseWriter, r *http.Request, member registry.Member, email string) error {
	if err := a.end(r.Context(), visitorOf(r.Context()).token); err != nil {
		return err
	}
	token, err := a.begin(r.Context(), member, email, false)
	if err == nil {
		http.SetCookie(w, a.cookie(token, int(sessionTime.Seconds())))
	}
	return seeOther(w, r, "/", err)
}

// visitor is who sent a request, as far as it is known.
type visitor struct {
	token  string
	member registry.Member // of the request's tenant, for the members' pages
	email  string          // of the member
}

type visitorKey struct{}

// visitorOf returns the request's visitor, nobody where withVisitor did not run.
func visitorOf(ctx context.Context) *visitor {
	if v, ok := ctx.Value(visitorKey{}).(*visitor); ok {
		return v
	}
	return &visitor{}
}

// withVisitor reads the session's token, which programs send in the Authorization
// header and browsers as a cookie. What comes twice counts as nothing.
func (a *app) withVisitor(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := &visitor{}
		if sent := r.Header["Authorization"]; len(sent) == 1 {
			v.token, _ = strings.CutPrefix(sent[0], "Bearer ")
		} else if cookies := r.CookiesNamed(a.cookieName()); len(sent) == 0 && len(cookies) == 1 {
			v.token = cookies[0].Value
		}
		// The answer depends on it, and is one person's.
		w.Header().Add("Vary", "Authorization, Cookie")
		w.Header().Set("Cache-Control", "private, no-store")
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), visitorKey{}, v)))
	})
}

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
