package main

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"unicode"
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
	case errors.Is(err, errTooMany):
		return http.StatusTooManyRequests, errTooMany.Error()
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusServiceUnavailable, "there is too much to do; try again"
	case errors.Is(err, gorm.ErrRecordNotFound), errors.Is(err, registry.ErrNotMember):
		return http.StatusNotFound, "Not Found"
	case errors.Is(err, registry.ErrTaken), errors.Is(err, registry.ErrReserved):
		return http.StatusUnprocessableEntity, "this address cannot be had; choose another"
	case errors.Is(err, registry.ErrInvalidSlug):
		return http.StatusUnprocessableEntity, "an address is letters a to z, digits, and hyphens between them"
	case errors.Is(err, registry.ErrInvalid):
		return http.StatusUnprocessableEntity, "that cannot be used; write something shorter and plain"
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

// posts are the blog's latest articles. They are shared: any context may read them
// that says whose it is, or that it is nobody's.
func (a *app) posts(ctx context.Context) (posts []Post, err error) {
	return posts, a.db.WithContext(ctx).Order("id DESC").Limit(pageSize).Find(&posts).Error
}

// page is a part of a list, in the order of the ids, which is that of time.
type page[T any] struct {
	Rows []T
	Next string // the id after which the next page begins; empty on the last one
}

// read reads the page of a list that begins after an id, at first the empty one.
func read[T any](db *gorm.DB, after string, idOf func(T) uuid.UUID) (p page[T], err error) {
	if after != "" {
		id, err := uuid.Parse(after)
		if err != nil {
			return p, gorm.ErrRecordNotFound
		}
		db = db.Where("id > ?", id)
	}
	if err := db.Order("id").Limit(pageSize + 1).Find(&p.Rows).Error; err != nil {
		return p, err
	}
	if len(p.Rows) > pageSize {
		p.Rows = p.Rows[:pageSize]
		p.Next = idOf(p.Rows[pageSize-1]).String()
	}
	return p, nil
}

// What follows is one tenant's work. No tenant is named: it is the context's.

func (a *app) projects(ctx context.Context, after string) (page[Project], error) {
	return read(a.db.WithContext(ctx), after, func(p Project) uuid.UUID { return p.ID })
}

// taskCounts returns how many tasks each of the projects has.
func (a *app) taskCounts(ctx context.Context, projects []Project) (map[uuid.UUID]int, error) {
	ids := make([]uuid.UUID, len(projects))
	for i, p := range projects {
		ids[i] = p.ID
	}
	var rows []struct {
		ProjectID uuid.UUID
		N         int
	}
	err := a.db.WithContext(ctx).Model(&Task{}).Select("project_id, count(*) AS n").
		Where("project_id IN ?", ids).Group("project_id").Find(&rows).Error
	counts := make(map[uuid.UUID]int, len(rows))
	for _, row := range rows {
		counts[row.ProjectID] = row.N
	}
	return counts, err
}

func (a *app) project(ctx context.Context, id string) (project Project, err error) {
	key, err := uuid.Parse(id)
	if err != nil {
		return project, gorm.ErrRecordNotFound
	}
	return project, a.db.WithContext(ctx).Take(&project, "id = ?", key).Error
}

// tasks returns a project with a page of its tasks, and what comes after that.
func (a *app) tasks(ctx context.Context, id, after string) (project Project, next string, err error) {
	if project, err = a.project(ctx, id); err != nil {
		return project, "", err
	}
	tasks, err := read(a.db.WithContext(ctx).Where("project_id = ?", project.ID), after, func(t Task) uuid.UUID { return t.ID })
	project.Tasks = tasks.Rows
	return project, tasks.Next, err
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

// cleanText returns text that is fit to be shown: of a line, with something to see, and
// without what turns around the writing of what stands beside it.
func cleanText(text string) (string, error) {
	text = strings.TrimSpace(text)
	isBad := func(r rune) bool {
		return unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp)
	}
	isSeen := func(r rune) bool { return unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S) }
	if !utf8.ValidString(text) || utf8.RuneCountInString(text) > 200 ||
		strings.ContainsFunc(text, isBad) || !strings.ContainsFunc(text, isSeen) {
		return "", inputError("write 1 to 200 characters on one line")
	}
	return text, nil
}
