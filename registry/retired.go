package registry

import (
	"gorm.io/gorm/clause"
)

// kindRetired is the kind of name that the id of a deleted tenant is: it stays for
// ever, so that no other tenant gets the id and reads what was left of this one.
const kindRetired kind = "retired"

// retire keeps the tenant's id from being given again.
func (c *change) retire() error {
	retired := claim{Kind: kindRetired, Name: c.tenant.ID.String()}
	return c.tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&retired).Error
}

// checkRetired refuses the id of a deleted tenant. It runs after the tenant's row
// is there, or locked: whoever deletes the tenant at the same moment has then
// committed.
func (c *change) checkRetired() error {
	var found int64
	err := c.tx.Model(&claim{}).Where("kind = ? AND name = ?", kindRetired, c.tenant.ID.String()).Count(&found).Error
	if err == nil && found > 0 {
		return ErrRetired
	}
	return err
}
