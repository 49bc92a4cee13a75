package registry

import (
	"gorm.io/gorm/clause"
)

// kindRetired is the kind of name for the id of a deleted tenant. It stays for
// ever, so that no other tenant gets the id and reads leftovers of the deleted
// one.
const kindRetired kind = "retired"

// retire makes sure that the tenant's id is never used again.
func (c *change) retire() error {
	retired := claim{Kind: kindRetired, Name: c.tenant.ID.String()}
	return c.tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&retired).Error
}

// checkRetired refuses the id of a deleted tenant. It runs when the tenant's row
// exists or is locked: a concurrent deletion of the tenant has committed by then.
func (c *change) checkRetired() error {
	var found int64
	err := c.tx.Model(&claim{}).Where("kind = ? AND name = ?", kindRetired, c.tenant.ID.String()).Count(&found).Error
	if err == nil && found > 0 {
		return ErrRetired
	}
	return err
}
