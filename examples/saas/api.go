package main

import (
	"encoding/json"
	"errors"
	"io"
	"log"
	"mime"
	"net/http"
)

// apiError is the body of every answer of the API that is an error.
type apiError struct {
	Error string `json:"error"`
}

// apiRoutes are for programs, who log in at /api/session and send what they get in
// the Authorization header.
func (a *app) apiRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /api/projects", api(func(w http.ResponseWriter, r *http.Request) (int, any, error) {
		projects, err := a.projects(r.Context(), r.URL.Query().Get("after"))
		linkNext(w, r, projects.Next)
		return http.StatusOK, projects.Rows, err
	}))
	mux.HandleFunc("POST /api/projects", api(func(_ http.ResponseWriter, r *http.Request) (int, any, error) {
		var sent struct{ Name string }
		if err := readJSON(r, &sent); err != nil {
			return 0, nil, err
		}
		project, err := a.addProject(r.Context(), sent.Name)
		return http.StatusCreated, project, err
	}))
	mux.HandleFunc("GET /api/projects/{id}", api(func(w http.ResponseWriter, r *http.Request) (int, any, error) {
		project, next, err := a.tasks(r.Context(), r.PathValue("id"), r.URL.Query().Get("after"))
		linkNext(w, r, next)
		return http.StatusOK, project, err
	}))
	mux.HandleFunc("POST /api/projects/{id}/tasks", api(func(_ http.ResponseWriter, r *http.Request) (int, any, error) {
		var sent struct{ Title string }
		if err := readJSON(r, &sent); err != nil {
			return 0, nil, err
		}
		task, err := a.addTask(r.Context(), r.PathValue("id"), sent.Title)
		return http.StatusCreated, task, err
	}))
	mux.HandleFunc("PATCH /api/tasks/{id}", api(func(_ http.ResponseWriter, r *http.Request) (int, any, error) {
		var sent struct{ Done *bool }
		if err := readJSON(r, &sent); err != nil {
			return 0, nil, err
		}
		if sent.Done == nil {
			return 0, nil, inputError("say whether it is done")
		}
		task, err := a.setDone(r.Context(), r.PathValue("id"), *sent.Done)
		return http.StatusOK, task, err
	}))
	mux.HandleFunc("DELETE /api/session", func(w http.ResponseWriter, r *http.Request) {
		if err := a.end(r.Context(), visitorOf(r.Context()).token); err != nil {
			a.fail(w, r, err)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("/api/", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusNotFound, apiError{http.StatusText(http.StatusNotFound)})
	})
}

func (a *app) apiLogIn(_ http.ResponseWriter, r *http.Request) (int, any, error) {
	var sent struct{ Email, Password string }
	if err := readJSON(r, &sent); err != nil {
		return 0, nil, err
	}
	member, email, err := a.logIn(r, sent.Email, sent.Password)
	if err != nil {
		return 0, nil, err
	}
	token, err := a.begin(r.Context(), member, email, false)
	return http.StatusCreated, map[string]string{"token": token}, err
}

// linkNext says where a list goes on (RFC 8288).
func linkNext(w http.ResponseWriter, r *http.Request, after string) {
	if after != "" {
		w.Header().Set("Link", "<"+r.URL.Path+"?after="+after+`>; rel="next"`)
	}
}

// api is a handler whose results and errors become JSON.
func api(handle func(http.ResponseWriter, *http.Request) (int, any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		status, body, err := handle(w, r)
		if err != nil {
			var text string
			if status, text = statusOf(err); status >= http.StatusInternalServerError {
				log.Printf("saas: %s %s: %v", r.Method, r.URL.Path, err)
			}
			body = apiError{text}
		}
		writeJSON(w, status, body)
	}
}

// readJSON reads one JSON value. Other content types are refused: a form of another
// site could send them without asking.
func readJSON(r *http.Request, into any) error {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return inputError("send application/json")
	}
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return inputError("send a JSON object of the fields that the operation has")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return inputError("send one JSON value")
	}
	return nil
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		log.Printf("saas: JSON: %v", err)
		status, text = http.StatusInternalServerError, []byte(`{"error":"Internal Server Error"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n')) // the program may have gone
}
