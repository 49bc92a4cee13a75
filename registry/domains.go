package registry

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"slices"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// A Check finds out whether the holder of a domain has published its challenge:
// it returns nil if so, otherwise an error that wraps [ErrUnverified].
type Check func(ctx context.Context, host, challenge string) error

// ChallengeLabel is the label in front of a domain whose TXT record [CheckDNS]
// looks for.
const ChallengeLabel = "_tenancy-challenge"

// CheckDNS returns a [Check] that looks for the challenge among the TXT records
// of _tenancy-challenge.<host>. Nil means net.DefaultResolver.
func CheckDNS(resolver *net.Resolver) Check {
	if resolver == nil {
		resolver = net.DefaultResolver
	}
	return func(ctx context.Context, host, challenge string) error {
		records, err := resolver.LookupTXT(ctx, ChallengeLabel+"."+host+".")
		var missing *net.DNSError
		if errors.As(err, &missing) && missing.IsNotFound {
			return ErrUnverified
		}
		if err != nil {
			return fmt.Errorf("registry: the domain's challenge could not be looked up: %w", err)
		}
		if !slices.Contains(records, challenge) {
			return ErrUnverified
		}
		return nil
	}
}

// newDomain makes the row of a domain.
func (r *Registry) newDomain(host string, verified bool) (*Domain, error) {
	host, err := NormalizeHost(host)
	if err != nil {
		return nil, err
	}
	d := &Domain{Host: host, Challenge: rand.Text()}
	if verified {
		now := r.now()
		d.VerifiedAt = &now
		return d, nil
	}
	return d, r.checkBases(host)
}

// AddDomain records that a tenant claims a domain, and returns the claim with the
// challenge that proves it. Until the claim is verified, the domain resolves to
// no tenant, and any number of tenants may claim it. An existing claim is
// returned as it is.
func (r *Registry) AddDomain(ctx context.Context, id uuid.UUID, host string) (Domain, error) {
	d, err := r.newDomain(host, false)
	if err != nil {
		return Domain{}, fmt.Errorf("registry: %s: %w", OpAddDomain, err)
	}
	event := Event{Op: OpAddDomain, Host: d.Host}
	_, err = r.run(ctx, operation{event: event, id: id, states: []State{Active}, locks: lockShared}, func(c *change) error {
		made := c.tx.Clauses(clause.OnConflict{DoNothing: true}).Create(d)
		if made.Error != nil || made.RowsAffected == 1 {
			return made.Error
		}
		c.same = true
		return c.domain(d, d.Host)
	})
	if err != nil {
		return Domain{}, err
	}
	return *d, nil
}

// VerifyDomain turns a claim into a domain of the tenant: check must find its
// challenge, and no other tenant may hold the domain ([ErrTaken]). The first
// domain of a tenant becomes its primary one. check runs outside any transaction;
// nil is [ErrInvalid].
func (r *Registry) VerifyDomain(ctx context.Context, id uuid.UUID, host string, check Check) (Domain, error) {
	d, err := r.domain(ctx, id, host)
	if err != nil {
		return Domain{}, err
	}
	if check == nil {
		return Domain{}, fmt.Errorf("%w: a domain cannot be verified without a check", ErrInvalid)
	}
	if err := check(ctx, d.Host, d.Challenge); err != nil {
		return Domain{}, err
	}
	checked := d.Challenge
	event := Event{Op: OpVerifyDomain, Host: d.Host}
	op := operation{event: event, id: id, states: []State{Active}, locks: lockAlone, takes: []key{{kindHost, d.Host}}}
	_, err = r.run(ctx, op, func(c *change) error {
		if err := c.domain(&d, d.Host); err != nil {
			return err
		}
		if d.Challenge != checked { // removed and claimed again while it was checked
			return ErrUnverified
		}
		if err := c.take(key{kindHost, d.Host}); err != nil {
			return err
		}
		var others int64
		if err := c.tx.Model(&Domain{}).Where("is_primary").Count(&others).Error; err != nil {
			return err
		}
		now := r.now()
		d.VerifiedAt, d.IsPrimary = &now, d.IsPrimary || others == 0
		return c.tx.Model(&d).Select("verified_at", "is_primary").Updates(&d).Error
	})
	if err != nil {
		return Domain{}, err
	}
	return d, nil
}

// SetPrimary makes a verified domain the tenant's primary one. An unverified one
// is [ErrUnverified].
func (r *Registry) SetPrimary(ctx context.Context, id uuid.UUID, host string) error {
	host, err := NormalizeHost(host)
	if err != nil {
		return err
	}
	op := operation{event: Event{Op: OpSetPrimary, Host: host}, id: id, states: []State{Active}, locks: lockAlone}
	_, err = r.run(ctx, op, func(c *change) error {
		var d Domain
		if err := c.domain(&d, host); err != nil {
			return err
		}
		if !d.IsVerified() {
			return ErrUnverified
		}
		if err := c.tx.Model(&Domain{}).Where("is_primary").Update("is_primary", false).Error; err != nil {
			return err
		}
		return c.tx.Model(&d).Update("is_primary", true).Error
	})
	return err
}

// RemoveDomain removes a domain or a claim. Other tenants cannot take a verified
// domain for [Config.Hold]. The primary domain can be removed only as the last
// verified one ([ErrPrimary]). RemoveDomain works in every state of the tenant.
func (r *Registry) RemoveDomain(ctx context.Context, id uuid.UUID, host string) error {
	host, err := NormalizeHost(host)
	if err != nil {
		return err
	}
	op := operation{event: Event{Op: OpRemoveDomain, Host: host}, id: id, locks: lockAlone}
	_, err = r.run(ctx, op, func(c *change) error {
		var d Domain
		if err := c.domain(&d, host); err != nil {
			return err
		}
		if d.IsPrimary {
			var others int64
			err := c.tx.Model(&Domain{}).Where("verified_at IS NOT NULL AND NOT is_primary").Count(&others).Error
			if err != nil {
				return err
			}
			if others > 0 {
				return ErrPrimary
			}
		}
		if d.IsVerified() {
			if err := c.giveUp(key{kindHost, d.Host}); err != nil {
				return err
			}
		}
		return c.tx.Delete(&d).Error
	})
	return err
}

// domain reads a domain of a tenant outside of a transaction.
func (r *Registry) domain(ctx context.Context, id uuid.UUID, host string) (d Domain, err error) {
	if host, err = NormalizeHost(host); err != nil {
		return d, err
	}
	c := &change{tx: r.in(ctx, id)}
	return d, c.domain(&d, host)
}

// domain reads a domain of the tenant.
func (c *change) domain(d *Domain, host string) error {
	*d = Domain{}
	err := c.tx.Where("host = ?", host).Take(d).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return ErrNotFound
	}
	return err
}
