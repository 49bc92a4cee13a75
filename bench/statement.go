package main

import (
	"github.com/google/uuid"
	"gorm.io/gorm"
)

// A statement is one in both of its forms. They give the same answer.
type statement struct {
	name string
	// prepare makes the tables ready for n executions; nil where they are as they
	// are.
	prepare func(f *fixture, n int) error
	// The two forms. The number of the execution says which row is meant, where
	// each can be meant once.
	hand, plugin operation
}

// An operation is one execution of a statement. It returns how many rows it
// read or wrote.
type operation func(db *gorm.DB, tenant uuid.UUID, i int) (int64, error)

func statements() []statement {
	return append(append(reads(), relations()...), append(creates(), changes()...)...)
}

// A side is the plugin or its absence.
type side int

const (
	byHand side = iota
	withPlugin
)

func (s side) String() string {
	if s == byHand {
		return "by hand"
	}
	return "plugin"
}

// run executes a side of a statement n times.
func (f *fixture) run(s *statement, of side, n int) error {
	db, ctx, do := f.hand, f.plain, s.hand
	if of == withPlugin {
		db, ctx, do = f.scoped, f.ctx, s.plugin
	}
	for i := range n {
		if _, err := do(db.WithContext(ctx), f.tenant, i+1); err != nil {
			return err
		}
	}
	return nil
}

// ready prepares n executions.
func (f *fixture) ready(s *statement, n int) error {
	if s.prepare == nil {
		return nil
	}
	return s.prepare(f, n)
}

// rows is what an operation returns of a finished chain.
func rows(tx *gorm.DB) (int64, error) { return tx.RowsAffected, tx.Error }

// emptied prepares statements that fill tables.
func emptied(tables ...string) func(*fixture, int) error {
	return func(f *fixture, _ int) error { return f.empty(tables...) }
}
