package main

import (
	"context"
	"errors"
	"net/mail"
	"strings"

	"github.com/google/uuid"
	"golang.org/x/crypto/bcrypt"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// errLogin does not say whether there is such an account.
var errLogin = errors.New("address and password do not match")

const (
	minPassword = 10
	maxPassword = 72 // bytes, which is as far as bcrypt reads
)

// people are the accounts. An account is nobody's proof of an e-mail address: a
// service in earnest sends a mail first, and slows down who guesses passwords.
type people struct {
	db   *gorm.DB
	cost int // of bcrypt
}

// enter returns the account of an address, which it makes where there is none. An
// account that is there wants its password.
func (p people) enter(ctx context.Context, email, password string) (Person, error) {
	email, err := cleanEmail(email)
	if err != nil {
		return Person{}, err
	}
	if len(password) < minPassword || len(password) > maxPassword {
		return Person{}, inputError("choose a password of 10 to 72 characters")
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(password), p.cost)
	if err != nil {
		return Person{}, err
	}
	person := Person{ID: uuid.New(), Email: email, PasswordHash: hash}
	made := p.db.WithContext(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&person)
	if made.Error == nil && made.RowsAffected == 0 {
		return p.logIn(ctx, email, password)
	}
	return person, made.Error
}

// logIn returns the account whose password it is, or errLogin, which takes as long
// without an account as with one.
func (p people) logIn(ctx context.Context, email, password string) (Person, error) {
	email, err := cleanEmail(email)
	if err != nil {
		return Person{}, err
	}
	var person Person
	err = p.db.WithContext(ctx).Where("email = ?", email).Take(&person).Error
	hash := person.PasswordHash
	if errors.Is(err, gorm.ErrRecordNotFound) {
		hash, err = nobodysHash, nil
	}
	if err != nil {
		return Person{}, err
	}
	if bcrypt.CompareHashAndPassword(hash, []byte(password)) != nil || person.ID == uuid.Nil ||
		len(password) > maxPassword {
		return Person{}, errLogin
	}
	return person, nil
}

// nobodysHash is compared with where there is no account.
var nobodysHash, _ = bcrypt.GenerateFromPassword([]byte(uuid.NewString()), bcrypt.DefaultCost)

// emails returns the addresses of accounts, of which the caller has the ids from
// its own members.
func (p people) emails(ctx context.Context, ids []string) (map[string]string, error) {
	var found []Person
	if err := p.db.WithContext(ctx).Select("id", "email").Find(&found, "id IN ?", ids).Error; err != nil {
		return nil, err
	}
	emails := make(map[string]string, len(found))
	for _, person := range found {
		emails[person.ID.String()] = person.Email
	}
	return emails, nil
}

func cleanEmail(text string) (string, error) {
	address, err := mail.ParseAddress(strings.TrimSpace(text))
	if err != nil || address.Name != "" || len(address.Address) > 254 {
		return "", inputError("that is no e-mail address")
	}
	return strings.ToLower(address.Address), nil
}
