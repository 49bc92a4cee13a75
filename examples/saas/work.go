package main

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy/registry"
)

// The roles of members. A tenant's owner may do everything.
const (
	roleEditor = "editor" // changes projects
	roleViewer = "viewer" // looks at them
)

var errForbidden = errors.New("your role does not allow that")

// inputError is what somebody has to mend in what they sent.
type inputError string

func (e inputError) Error() string { return string(e) }

// statusOf returns the answer's status and what it says. What is not known to be
// fit for a visitor's eyes stays in the log.
func statusOf(err error) (status int, text string) {
	var input inputError
	switch {
	case errors.As(err, &input):
		return http.StatusUnprocessableEntity, input.Error()
	case errors.Is(err, errLogin):
		return http.StatusUnauthorized, errLogin.Error()
	case errors.Is(err, errForbidden):
		return http.StatusForbidden, errForbidden.Error()
	case errors.Is(err, gorm.ErrRecordNotFound), errors.Is(err, registry.ErrNotMember):
		return http.StatusNotFound, "Not Found"
	case errors.Is(err, registry.ErrTaken), errors.Is(err, registry.ErrReserved):
		return http.StatusUnprocessableEntity, "this address cannot be had; choose another"
	case errors.Is(err, registry.ErrInvalidSlug):
		return http.StatusUnprocessableEntity, "an address is letters a to z, digits, and hyphens between them"
	case errors.Is(err, registry.ErrInvitation):
		return http.StatusNotFound, "this invitation is not valid"
	case errors.Is(err, registry.ErrAlreadyMember):
		return http.StatusConflict, "you are a member already"
	case errors.Is(err, registry.ErrOwner):
		return http.StatusConflict, "the owner cannot be removed"
	default:
		return http.StatusInternalServerError, "Something went wrong. It is in the log."
	}
}

// posts are the blog's articles. They are shared: any context may read them that
// says whose it is, or that it is nobody's.
func (a *app) posts(ctx context.Context) (posts []Post, err error) {
	return posts, a.db.WithContext(ctx).Order("id").Find(&posts).Error
}

// What follows is one tenant's work. No tenant is named: it is the context's.

func (a *app) projects(ctx context.Context) (projects []Project, err error) {
	return projects, a.db.WithContext(ctx).Preload("Tasks").Order("created_at, id").Find(&projects).Error
}

func (a *app) project(ctx context.Context, id string) (project Project, err error) {
	key, err := uuid.Parse(id)
	if err != nil {
		return project, gorm.ErrRecordNotFound
	}
	err = a.db.WithContext(ctx).
		Preload("Tasks", func(db *gorm.DB) *gorm.DB { return db.Order("created_at, id") }).
		Take(&project, "id = ?", key).Error
	return project, err
}

func (a *app) addProject(ctx context.Context, name string) (project Project, err error) {
	if err := mayEdit(ctx); err != nil {
		return project, err
	}
	if name, err = cleanText(name); err != nil {
		return project, err
	}
	project.Name = name
	return project, a.db.WithContext(ctx).Create(&project).Error
}

func (a *app) addTask(ctx context.Context, projectID, title string) (task Task, err error) {
	if err := mayEdit(ctx); err != nil {
		return task, err
	}
	if title, err = cleanText(title); err != nil {
		return task, err
	}
	project, err := a.project(ctx, projectID)
	if err != nil {
		return task, err
	}
	task = Task{ProjectID: project.ID, Title: title}
	return task, a.db.WithContext(ctx).Create(&task).Error
}

func (a *app) setDone(ctx context.Context, id string, done bool) (task Task, err error) {
	if err := mayEdit(ctx); err != nil {
		return task, err
	}
	key, err := uuid.Parse(id)
	if err != nil {
		return task, gorm.ErrRecordNotFound
	}
	db := a.db.WithContext(ctx)
	if err := db.Take(&task, "id = ?", key).Error; err != nil {
		return task, err
	}
	return task, db.Model(&task).Update("done", done).Error
}

func mayEdit(ctx context.Context) error {
	if m := visitorOf(ctx).member; m.IsOwner || m.Role == roleEditor {
		return nil
	}
	return errForbidden
}

func mayManage(ctx context.Context) error {
	if visitorOf(ctx).member.IsOwner {
		return nil
	}
	return errForbidden
}

func cleanText(text string) (string, error) {
	text = strings.TrimSpace(text)
	if text == "" || !utf8.ValidString(text) || strings.ContainsRune(text, 0) || utf8.RuneCountInString(text) > 200 {
		return "", inputError("write 1 to 200 characters")
	}
	return text, nil
}
