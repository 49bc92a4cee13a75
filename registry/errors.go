package registry

import "errors"

// The errors of this package. They come wrapped: test for them with [errors.Is].
// No text of theirs holds a host, a slug, a token or an id. Errors of the
// database and of the tenancy plugin come through as they are.
var (
	// ErrNotFound: there is no such tenant, domain or invitation, or the tenant
	// is archived. A lookup gives it for what cannot be a host, a slug or an id
	// as well.
	ErrNotFound = errors.New("registry: not found")

	// ErrNotMember: the user is no member of the tenant.
	ErrNotMember = errors.New("registry: not a member")

	// ErrAlreadyMember: the user is a member of the tenant already.
	ErrAlreadyMember = errors.New("registry: already a member")

	// ErrOwner: a tenant's owner cannot be removed; transfer the ownership first.
	// A transfer gives it when the one who gives is not the owner.
	ErrOwner = errors.New("registry: a tenant has exactly one owner")

	// ErrTaken: the slug, the domain or the id is another tenant's, or the slug or
	// domain was until lately; see [Config.Hold].
	ErrTaken = errors.New("registry: name is taken")

	// ErrReserved: nobody may take the slug or the domain; see [Config.Reserved]
	// and [Config.Bases].
	ErrReserved = errors.New("registry: name is reserved")

	// ErrInvalidSlug: the text cannot be a slug; see [NormalizeSlug].
	ErrInvalidSlug = errors.New("registry: invalid slug")

	// ErrInvalidHost: the text cannot be a domain; see [NormalizeHost].
	ErrInvalidHost = errors.New("registry: invalid host")

	// ErrInvalid: something else that was given cannot be right. The text that
	// wraps it says what.
	ErrInvalid = errors.New("registry: invalid argument")

	// ErrUnverified: nothing proves that the tenant holds the domain.
	ErrUnverified = errors.New("registry: domain is not verified")

	// ErrPrimary: the primary domain stays while there are others that are
	// verified; make another one primary first.
	ErrPrimary = errors.New("registry: domain is the primary one")

	// ErrState: the tenant's state does not allow the operation.
	ErrState = errors.New("registry: the tenant's state does not allow it")

	// ErrInvitation: the invitation is unknown, used, revoked or expired. Which
	// of them is not told to whoever holds a token.
	ErrInvitation = errors.New("registry: invitation is not valid")

	// ErrNotEmpty: the tenant still has rows, so it is not deleted. Archive and
	// purge it first.
	ErrNotEmpty = errors.New("registry: the tenant still has rows")

	// ErrChanged: the rows are not those that were counted.
	ErrChanged = errors.New("registry: the tenant's rows are not those that were counted")

	// ErrBusy: as many lookups as [Config.MaxLookups] allows are reading from the
	// database, and it was not this one's turn in time. Package middleware answers it
	// with 503, as any other error that is not ErrNotFound.
	ErrBusy = errors.New("registry: too many lookups at once")

	// ErrRetired: the id was a deleted tenant's, and is not given again.
	ErrRetired = errors.New("registry: the id was that of a deleted tenant")

	// ErrNoNotifications: the database or the driver cannot send notifications,
	// or something between them, such as a pooler, keeps them back.
	ErrNoNotifications = errors.New("registry: notifications do not arrive")
)
