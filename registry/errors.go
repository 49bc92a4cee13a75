package registry

import "errors"

// The errors of this package, possibly wrapped: use [errors.Is]. Their texts hold
// no host, slug, token or id. Errors of the database and of the tenancy plugin are
// returned as they are.
var (
	// ErrNotFound: there is no such tenant, domain or invitation, or the tenant is
	// archived. Lookups also return it for text that cannot be a host, a slug or
	// an id.
	ErrNotFound = errors.New("registry: not found")

	// ErrNotMember: the user is not a member of the tenant.
	ErrNotMember = errors.New("registry: not a member")

	// ErrAlreadyMember: the user is already a member of the tenant.
	ErrAlreadyMember = errors.New("registry: already a member")

	// ErrOwner: a tenant's owner cannot be removed; transfer the ownership first.
	// A transfer returns it if the giving user is not the owner.
	ErrOwner = errors.New("registry: a tenant has exactly one owner")

	// ErrTaken: the slug, the domain or the id is another tenant's, or the slug or
	// domain recently was; see [Config.Hold].
	ErrTaken = errors.New("registry: name is taken")

	// ErrReserved: no tenant may take the slug or the domain; see
	// [Config.Reserved] and [Config.Bases].
	ErrReserved = errors.New("registry: name is reserved")

	// ErrInvalidSlug: the text cannot be a slug; see [NormalizeSlug].
	ErrInvalidSlug = errors.New("registry: invalid slug")

	// ErrInvalidHost: the text cannot be a domain; see [NormalizeHost].
	ErrInvalidHost = errors.New("registry: invalid host")

	// ErrInvalid: another argument is wrong. The text that wraps it says which.
	ErrInvalid = errors.New("registry: invalid argument")

	// ErrUnverified: it is not proved that the tenant holds the domain.
	ErrUnverified = errors.New("registry: domain is not verified")

	// ErrPrimary: the primary domain cannot be removed while other domains are
	// verified; make another one primary first.
	ErrPrimary = errors.New("registry: domain is the primary one")

	// ErrState: the tenant's state does not allow the operation.
	ErrState = errors.New("registry: the tenant's state does not allow it")

	// ErrInvitation: the invitation is unknown, used, revoked or expired. The
	// error does not tell a holder of a token which.
	ErrInvitation = errors.New("registry: invitation is not valid")

	// ErrNotEmpty: the tenant still has rows, so it is not deleted. Archive and
	// purge it first.
	ErrNotEmpty = errors.New("registry: the tenant still has rows")

	// ErrChanged: the rows are not those that were counted.
	ErrChanged = errors.New("registry: the tenant's rows are not those that were counted")

	// ErrBusy: [Config.MaxLookups] lookups were reading from the database, and
	// none ended in time. Package middleware answers it with 503, like any error
	// but ErrNotFound.
	ErrBusy = errors.New("registry: too many lookups at once")

	// ErrRetired: the id was a deleted tenant's, and is never used again.
	ErrRetired = errors.New("registry: the id was that of a deleted tenant")

	// ErrNoNotifications: the database or the driver cannot send notifications,
	// or something between them, such as a pooler, keeps them back.
	ErrNoNotifications = errors.New("registry: notifications do not arrive")
)
