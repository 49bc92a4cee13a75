package suite

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/logger"

	"github.com/gorm-tenancy/tenancy"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// recorder keeps the SQL that was sent.
type recorder struct {
	logger.Interface
	sent []string
}

func (r *recorder) LogMode(logger.LogLevel) logger.Interface { return r }

func (r *recorder) Trace(_ context.Context, _ time.Time, sql func() (string, int64), err error) {
	text, _ := sql()
	if err != nil {
		text += "\n  -- " + err.Error()
	}
	r.sent = append(r.sent, text)
}

// goldenStatements are what the golden files show, in their order.
var goldenStatements = []struct {
	name string
	run  func(db *gorm.DB) error
}{
	{"find", func(db *gorm.DB) error { return db.Find(&[]Tag{}).Error }},
	{"find with or", func(db *gorm.DB) error { return db.Where("name = ?", "x").Or("name = 'y'").Find(&[]User{}).Error }},
	{"first by id", func(db *gorm.DB) error { return ignoreNotFound(db.First(&User{}, 1).Error) }},
	{"count", func(db *gorm.DB) error { return db.Model(&Tag{}).Count(new(int64)).Error }},
	{"group", func(db *gorm.DB) error {
		return db.Model(&Order{}).Select("user_id, sum(amount)").Group("user_id").Having("sum(amount) > ?", 1).Find(&[]map[string]any{}).Error
	}},
	{"table with alias", func(db *gorm.DB) error {
		return db.Table("orders AS o").Where("o.amount > 1").Find(&[]OrderRow{}).Error
	}},
	{"two tables", func(db *gorm.DB) error {
		return db.Table("users u, orders o").Where("o.user_id = u.id").Count(new(int64)).Error
	}},
	{"smaller struct", func(db *gorm.DB) error { return db.Model(&Order{}).Find(&[]OrderRow{}).Error }},
	{"relation join", func(db *gorm.DB) error { return db.Select("users.id").Joins("Company").Find(&[]User{}).Error }},
	{"nested join", func(db *gorm.DB) error {
		return db.Select("users.id").InnerJoins("Manager").Joins("Manager.Company", db.Where("1=1 or 2=2")).Find(&[]User{}).Error
	}},
	{"text join", func(db *gorm.DB) error {
		return db.Select("users.id").Joins("LEFT JOIN orders o ON o.user_id = users.id AND o.amount > ?", 1).Find(&[]User{}).Error
	}},
	{"right join", func(db *gorm.DB) error {
		return db.Table("orders o").Select("o.id").Joins("RIGHT JOIN users u ON o.user_id = u.id AND u.age > ?", 1).Find(&[]map[string]any{}).Error
	}},
	{"subquery", func(db *gorm.DB) error {
		return db.Where("id IN (?)", db.Model(&Order{}).Select("user_id").Where("amount > 1 or 1=1")).Find(&[]User{}).Error
	}},
	{"from subquery", func(db *gorm.DB) error {
		return db.Table("(?) AS u", db.Model(&User{}).Select("name")).Where("u.name = ?", "x").Count(new(int64)).Error
	}},
	{"preload", func(db *gorm.DB) error {
		return db.Preload("Tags").Preload("Orders", "amount > 1").Find(&[]User{}).Error
	}},
	{"association find", func(db *gorm.DB) error {
		return db.Model(&User{Model: gorm.Model{ID: 1}}).Association("Tags").Find(&[]Tag{})
	}},
	{"create map", func(db *gorm.DB) error { return db.Model(&Tag{}).Create(map[string]any{"Name": "x"}).Error }},
	{"upsert", func(db *gorm.DB) error {
		return db.Clauses(clause.OnConflict{UpdateAll: true}).Create(&Tag{ID: 1, Name: "x"}).Error
	}},
	{"update", func(db *gorm.DB) error { return db.Model(&Tag{}).Where("id = 1").Update("name", "x").Error }},
	{"update all columns", func(db *gorm.DB) error { return db.Select("*").Where("1=1").Updates(&Tag{ID: 1}).Error }},
	{"global update", func(db *gorm.DB) error {
		return db.Session(&gorm.Session{AllowGlobalUpdate: true}).Model(&Tag{}).Update("name", "x").Error
	}},
	{"soft delete", func(db *gorm.DB) error { return db.Delete(&User{}, 1).Error }},
	{"delete", func(db *gorm.DB) error { return db.Unscoped().Delete(&Tag{}, []int{1, 2}).Error }},
}

func ignoreNotFound(err error) error {
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil
	}
	return err
}

var times = regexp.MustCompile(`["']\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[^"']*["']`)

func TestGolden(t *testing.T) {
	t.Parallel()
	A := uuid.MustParse("aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa")
	B := uuid.MustParse("bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb")
	both(t, func(t *testing.T, w *world) {
		one := tenancy.With(context.Background(), A)
		set := tenancy.WithSet(context.Background(), A, B)
		bypass := tenancy.Bypass(context.Background(), "golden")
		var out strings.Builder
		for _, scope := range []struct {
			name string
			ctx  context.Context
		}{{"one tenant", one}, {"a set", set}, {"bypass", bypass}} {
			for _, s := range goldenStatements {
				r := &recorder{Interface: logger.Discard}
				db := w.db.Session(&gorm.Session{Context: scope.ctx, Logger: r, NewDB: true})
				tx := db.Begin()
				err := s.run(tx)
				tx.Rollback()
				fmt.Fprintf(&out, "-- %s, %s\n%s\n", s.name, scope.name, strings.Join(r.sent, "\n"))
				if scope.name == "one tenant" {
					require.NoError(t, err, s.name)
				}
			}
		}
		got := times.ReplaceAllString(out.String(), "'now'")
		file := filepath.Join("testdata", w.db.Name()+".sql")
		if *update {
			require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
		}
		want, err := os.ReadFile(file)
		require.NoError(t, err)
		wantLines, gotLines := strings.Split(string(want), "\n"), strings.Split(got, "\n")
		for i := range min(len(wantLines), len(gotLines)) {
			require.Equal(t, wantLines[i], gotLines[i], "%s:%d; run with -update if the change is meant", file, i+1)
		}
		require.Len(t, gotLines, len(wantLines))
	})
}
