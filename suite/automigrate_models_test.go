package suite

import (
	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
)

// Shop is a root; the models that follow are what a shop has, one for each kind
// of key and relation.
type Shop struct {
	ID       uuid.UUID `gorm:"type:uuid;primaryKey" tenancy:"tenant"`
	Slug     string    `gorm:"unique"`
	ParentID *uuid.UUID
	Parent   *Shop
	OwnerID  *uint
	Owner    *Clerk
}

type ShopSettings struct {
	ShopID uuid.UUID `gorm:"type:uuid;primaryKey" tenancy:"tenant"`
	Shop   *Shop
	Theme  string
}

type Currency struct {
	_    struct{} `tenancy:"shared"`
	Code string   `gorm:"primaryKey"`
	Name string   `gorm:"uniqueIndex"`
}

type Clerk struct {
	tenancy.TenantModel
	gorm.Model
	Email        string  `gorm:"uniqueIndex"`
	Number       string  `gorm:"unique"`
	Passport     *string `gorm:"unique" tenancy:"global"`
	CurrencyCode *string
	Currency     *Currency
	BossID       *uint
	Boss         *Clerk
	DeskID       *uuid.UUID
	Desk         *Desk `gorm:"constraint:OnDelete:SET NULL"`
	Locker       *Locker
	Sales        []Sale   `gorm:"constraint:OnUpdate:CASCADE,OnDelete:CASCADE"`
	Badges       []Badge  `gorm:"foreignKey:ClerkNumber;references:Number"`
	Visas        []Visa   `gorm:"foreignKey:Passport;references:Passport"`
	Skills       []Skill  `gorm:"many2many:clerk_skills;constraint:OnDelete:CASCADE"`
	Friends      []*Clerk `gorm:"many2many:clerk_friends"`
	Shifts       []Shift  `gorm:"many2many:clerk_shifts"`
	Remarks      []Remark `gorm:"polymorphic:Owner"`
}

// Desk has a UUID, and is one half of a cycle.
type Desk struct {
	tenancy.Model
	Room    string `gorm:"index:idx_desk_place,unique,priority:2"`
	Floor   int    `gorm:"index:idx_desk_place,unique,priority:1;check:floor_is_real,floor > -10"`
	ClerkID *uint
	Clerk   *Clerk
}

type Locker struct {
	tenancy.TenantModel
	ClerkID uint   `gorm:"primaryKey;autoIncrement:false"`
	Code    string `gorm:"size:20;comment:where it's kept"`
}

// Sale has a key of text and every kind of index.
type Sale struct {
	tenancy.TenantModel
	ID      string `gorm:"primaryKey"`
	ClerkID uint   `gorm:"index"`
	Ref     string `gorm:"uniqueIndex:idx_sale_ref,expression:lower(ref),where:ref <> ''"`
	Kind    string `gorm:"index:idx_sale_kind,sort:desc;index:idx_sale_last,priority:1"`
	State   string `gorm:"uniqueIndex:idx_sale_open,where:state = 'open'"`
	Amount  int    `gorm:"index:idx_sale_big,where:amount > 100 AND (kind = 'a' OR kind = 'b')"`
	Barcode string `gorm:"uniqueIndex" tenancy:"global"`
	Lines   []SaleLine
}

type SaleLine struct {
	tenancy.TenantModel
	SaleID string `gorm:"primaryKey"`
	Line   int    `gorm:"primaryKey;autoIncrement:false"`
	Text   string
}

type Badge struct {
	tenancy.TenantModel
	ID          uint
	ClerkNumber string
}

type Visa struct {
	tenancy.TenantModel
	ID       uint
	Passport string
}

type Skill struct {
	tenancy.TenantModel
	ID     uint64 `gorm:"primaryKey"`
	Name   string
	Clerks []Clerk `gorm:"many2many:clerk_skills;constraint:OnDelete:CASCADE"`
}

type Shift struct {
	tenancy.TenantModel
	ID   uint
	Name string
}

// ClerkShift is a join model of one's own.
type ClerkShift struct {
	tenancy.TenantModel
	ClerkID uint `gorm:"primaryKey"`
	ShiftID uint `gorm:"primaryKey"`
	Since   int  `gorm:"index"`
}

type Remark struct {
	tenancy.TenantModel
	ID        uint
	OwnerID   uint
	OwnerType string
}

// Parcel has a key that is the same for all tenants.
type Parcel struct {
	tenancy.TenantModel
	ID      string `gorm:"primaryKey" tenancy:"global"`
	Returns []ParcelReturn
}

type ParcelReturn struct {
	tenancy.TenantModel
	ID       uuid.UUID `gorm:"type:uuid;primaryKey" tenancy:"uuidv7"`
	ParcelID string
}

// Booking has a composite key, an embedded part, and another tenant column.
type Booking struct {
	AccountID int64 `gorm:"column:acct;not null" tenancy:"tenant"`
	Year      int   `gorm:"primaryKey;autoIncrement:false"`
	No        int   `gorm:"primaryKey;autoIncrement:false"`
	Amount    struct {
		Cents int
		Unit  string `gorm:"index"`
	} `gorm:"embedded;embeddedPrefix:amount_"`
	Postings []Posting `gorm:"foreignKey:Year,No;references:Year,No;constraint:OnDelete:RESTRICT"`
}

type Posting struct {
	AccountID int64  `gorm:"column:acct;primaryKey;autoIncrement:false" tenancy:"tenant"`
	ID        string `gorm:"primaryKey"`
	Year      int
	No        int    `gorm:"uniqueIndex:idx_posting_text,priority:2"`
	Text      string `gorm:"uniqueIndex:idx_posting_text,priority:1"`
}

// Event log lines have no key at all.
type LogLine struct {
	tenancy.TenantModel
	Text string
}

type NobodyExpectedThisRatherVeryLongNameOfAModelInAnyDatabase struct {
	tenancy.TenantModel
	ID                                     uint
	AFieldWhoseNameWillNotFitIntoAnyOfThem string `gorm:"uniqueIndex;unique"`
	ClerkOfAnEvenLongerNameThanTheOthersID uint
	ClerkOfAnEvenLongerNameThanTheOthers   *Clerk
}

var shopModels = []any{
	&Shop{}, &ShopSettings{}, &Currency{}, &Clerk{}, &Desk{}, &Locker{}, &Sale{}, &SaleLine{}, &Badge{}, &Visa{},
	&Skill{}, &Shift{}, &ClerkShift{}, &Remark{}, &Parcel{}, &ParcelReturn{}, &Booking{}, &Posting{}, &LogLine{},
	&NobodyExpectedThisRatherVeryLongNameOfAModelInAnyDatabase{},
}

// StoreItem and StoreRack live in two schemas of PostgreSQL, and have indexes that
// SQLite does not.
type StoreItem struct {
	tenancy.TenantModel
	ID     uint
	Name   string `gorm:"uniqueIndex:,option:INCLUDE (\"id\") WITH (fillfactor=70)"`
	State  string `gorm:"index:,type:hash"`
	Tags   string `gorm:"type:jsonb;index:,type:gin"`
	Code   string `gorm:"size:20;index:,expression:lower(code) text_pattern_ops,where:state IN ('a'\\,'b') and code is not null"`
	RackID uint
	Rack   *StoreRack
}

func (StoreItem) TableName() string { return "store.items" }

type StoreRack struct {
	tenancy.TenantModel
	ID      uint
	ClerkID *uint
	Clerk   *Clerk
}

func (StoreRack) TableName() string { return "depot.racks" }
