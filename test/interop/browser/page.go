package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
)

//go:embed page.html
var document []byte

// step is what the page is to do: create or get a credential, or abort what it is
// doing.
type step struct {
	Call    string `json:"call"`
	Options any    `json:"options,omitempty"`
}

// answer is what came of a create or get; one of its members is set.
type answer struct {
	Credential json.RawMessage `json:"credential"`
	Error      *exception      `json:"error"`
}

// exception is the DOMException that a browser rejected a call with.
type exception struct {
	Name    string `json:"name"`
	Message string `json:"message"`
}

func (e *exception) Error() string { return e.Name + ": " + e.Message }

// page is the document that the browser shows, and the server it comes from. The
// document asks for a step, does it, posts what came of it, and asks again:
//
//	GET  /        the document
//	GET  /step    the next step, as soon as there is one
//	POST /answer  an answer
//
// One call at a time is under way, and one goroutine uses a page.
type page struct {
	origin  string
	steps   chan step
	answers chan answer
	calling bool // an answer is to come
}

// withPage serves a page on a port of this machine while f runs.
func withPage(f func(*page) error) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	p := &page{
		origin:  fmt.Sprintf("http://localhost:%d", l.Addr().(*net.TCPAddr).Port),
		steps:   make(chan step),
		answers: make(chan answer, 1),
	}
	server := &http.Server{Handler: p.handler()}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	err = f(p)
	closed := server.Close()
	if serve := <-served; !errors.Is(serve, http.ErrServerClosed) {
		closed = serve
	}
	return errors.Join(err, closed)
}

func (p *page) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", p.document)
	mux.HandleFunc("GET /step", p.next)
	mux.HandleFunc("POST /answer", p.answer)
	return mux
}

func (p *page) document(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Write(document)
}

func (p *page) next(w http.ResponseWriter, r *http.Request) {
	select {
	case s := <-p.steps:
		json.NewEncoder(w).Encode(s)
	case <-r.Context().Done():
	}
}

func (p *page) answer(w http.ResponseWriter, r *http.Request) {
	var a answer
	if err := json.NewDecoder(r.Body).Decode(&a); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	select {
	case p.answers <- a:
	case <-r.Context().Done():
	}
}

// Do has the page call navigator.credentials.create or get, with options as a site
// sends them, and returns the credential in JSON, or an *exception.
func (p *page) Do(ctx context.Context, call string, options any) ([]byte, error) {
	if err := p.send(ctx, step{call, options}); err != nil {
		return nil, err
	}
	p.calling = true
	return p.wait(ctx)
}

func (p *page) send(ctx context.Context, s step) error {
	select {
	case p.steps <- s:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("the browser does not ask for the step %s: %w", s.Call, ctx.Err())
	}
}

func (p *page) wait(ctx context.Context) ([]byte, error) {
	select {
	case a := <-p.answers:
		p.calling = false
		if a.Error != nil {
			return nil, a.Error
		}
		return a.Credential, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("the browser does not answer: %w", ctx.Err())
	}
}

// Abort has the page abort the call that is under way.
func (p *page) Abort(ctx context.Context) error { return p.send(ctx, step{Call: "abort"}) }

// Clear ends a call that Do gave up on, so that there can be another.
func (p *page) Clear(ctx context.Context) error {
	if !p.calling {
		return nil
	}
	if err := p.Abort(ctx); err != nil {
		return err
	}
	_, err := p.wait(ctx)
	if _, rejected := errors.AsType[*exception](err); rejected {
		return nil
	}
	return err
}
