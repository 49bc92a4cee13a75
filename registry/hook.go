package registry

import (
	"context"

	"gorm.io/gorm"
)

// Op is an operation of the registry that changes something.
type Op string

// The operations.
const (
	OpProvision    Op = "provision"
	OpEnroll       Op = "enroll"
	OpRename       Op = "rename"    // the slug, the name
	OpConfigure    Op = "configure" // the settings
	OpSuspend      Op = "suspend"
	OpResume       Op = "resume"
	OpArchive      Op = "archive"
	OpPurge        Op = "purge"
	OpDelete       Op = "delete"
	OpAddDomain    Op = "add domain"
	OpVerifyDomain Op = "verify domain"
	OpSetPrimary   Op = "set primary domain"
	OpRemoveDomain Op = "remove domain"
	OpInvite       Op = "invite"
	OpRevoke       Op = "revoke invitation"
	OpAccept       Op = "accept invitation"
	OpAddMember    Op = "add member"
	OpSetRole      Op = "set role"
	OpRemoveMember Op = "remove member"
	OpTransfer     Op = "transfer ownership"
)

// Event is what a [Hook] is called with.
type Event struct {
	Op     Op
	Tenant Tenant // before the operation in a hook before it, after it in one after it
	User   string // the user that joins, leaves, invites or becomes the owner; empty if there is none
	Host   string // of the domain; empty if there is none
}

// A Hook runs before or after an operation, in its transaction: an error undoes the
// operation, which returns the error, wrapped. A hook after the operation does not
// run if nothing has changed, for example if a claim exists already. ctx and tx are
// scoped to the tenant in every mode of the plugin. The tenant does not exist before
// [OpProvision] and after [OpDelete]. Whatever cannot be undone, such as a mail,
// belongs after the operation and not in a hook. The same holds for other operations
// of the registry on the tenant, which would wait for this one for ever. A Hook must
// be safe for concurrent use.
type Hook func(ctx context.Context, tx *gorm.DB, event Event) error
