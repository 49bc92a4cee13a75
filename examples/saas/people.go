package main

import (
	"context"
	"errors"
	"net/mail"
	"runtime"
	"strings"
	"unicode"

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
// service in earnest sends a mail first, and makes the account when it is answered.
type people struct {
	db    *gorm.DB
	cost  int           // of bcrypt
	slots chan struct{} // as many passwords at a time as there are processors
}

func newPeople(db *gorm.DB) people {
	return people{db, bcrypt.DefaultCost, make(chan struct{}, runtime.GOMAXPROCS(0))}
}

// enter calls then with the account of an address, and makes it if there is none;
// when then fails, it has not been made. An account that is there needs its password.
func (p people) enter(ctx context.Context, email, password string, then func(Person) error) error {
	email, err := cleanEmail(email)
	if err != nil {
		return err
	}
	if len(password) < minPassword || len(password) > maxPassword {
		return inputError("choose a password of 10 to 72 characters")
	}
	person, hash, err := p.find(ctx, email)
	if err != nil {
		return err
	}
	if person.ID != uuid.Nil {
		if err := p.compare(ctx, person, hash, password); err != nil {
			return err
		}
		return then(person)
	}
	if err := p.wait(ctx); err != nil {
		return err
	}
	hash, err = bcrypt.GenerateFromPassword([]byte(password), p.cost)
	<-p.slots
	if err != nil {
		return err
	}
	return p.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		person := Person{ID: uuid.New(), Email: email, PasswordHash: hash}
		made := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&person)
		if made.Error == nil && made.RowsAffected == 0 {
			return errLogin // somebody was faster
		}
		if made.Error != nil {
			return made.Error
		}
		return then(person)
	})
}

// logIn returns the account whose password it is, or errLogin, which takes as long
// without an account as with one.
func (p people) logIn(ctx context.Context, email, password string) (Person, error) {
	email, err := cleanEmail(email)
	if err != nil {
		return Person{}, err
	}
	person, hash, err := p.find(ctx, email)
	if err != nil {
		return Person{}, err
	}
	return person, p.compare(ctx, person, hash, password)
}

// find returns the account of an address, or the zero Person with nobody's hash.
func (p people) find(ctx context.Context, email string) (person Person, hash []byte, err error) {
	err = p.db.WithContext(ctx).Where("email = ?", email).Take(&person).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return Person{}, nobodysHash, nil
	}
	return person, person.PasswordHash, err
}

func (p people) compare(ctx context.Context, person Person, hash []byte, password string) error {
	if err := p.wait(ctx); err != nil {
		return err
	}
	defer func() { <-p.slots }()
	if bcrypt.CompareHashAndPassword(hash, []byte(password)) != nil || person.ID == uuid.Nil ||
		len(password) > maxPassword {
		return errLogin
	}
	return nil
}

// wait takes a slot, which the caller gives back.
func (p people) wait(ctx context.Context) error {
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
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

// cleanEmail returns an address in one spelling. Nothing in it can end a header's line.
func cleanEmail(text string) (string, error) {
	address, err := mail.ParseAddress(strings.TrimSpace(text))
	if err != nil || address.Name != "" || len(address.Address) > 254 ||
		strings.ContainsFunc(address.Address, func(r rune) bool { return !unicode.IsGraphic(r) || unicode.IsSpace(r) }) {
		return "", inputError("that is no e-mail address")
	}
	return strings.ToLower(address.Address), nil
}
