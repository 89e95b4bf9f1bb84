package control

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/ctap"
)

// Key is what can be unplugged. Its methods may be called from any goroutine,
// return when it is done, and do nothing where it is done already.
type Key interface {
	Unplug(ctx context.Context) error
	Plug(ctx context.Context) error
	Plugged() bool
	Addresses() []string // where it is, or was, plugged in
}

// maxWait bounds how long a request may wait for the key to ask.
const maxWait = time.Minute

// Handler returns the interface to a key and, if consent is not nil, to its
// user.
func Handler(key Key, consent *Consent) http.Handler {
	s := &server{key, consent}
	mux := http.NewServeMux()
	route(mux, "POST", "/v1/touch", s.answer(nil))
	route(mux, "POST", "/v1/refuse", s.answer(ctap.StatusOperationDenied))
	route(mux, "POST", "/v1/unplug", s.change(key.Unplug))
	route(mux, "POST", "/v1/plug", s.change(key.Plug))
	route(mux, "GET", "/v1/state", s.state)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fail(w, http.StatusNotFound, "there is no "+r.URL.Path)
	})
	return http.MaxBytesHandler(sameMachine(mux), 1<<16)
}

// route has h answer the method at path, and tells of it where there is another.
func route(mux *http.ServeMux, method, path string, h http.HandlerFunc) {
	mux.HandleFunc(method+" "+path, h)
	mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Allow", method)
		fail(w, http.StatusMethodNotAllowed, path+" takes "+method)
	})
}

// sameMachine refuses what a web page could send here: a browser always says
// where a request that changes something comes from.
func sameMachine(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != "" {
			fail(w, http.StatusForbidden, "not for web pages")
			return
		}
		next.ServeHTTP(w, r)
	})
}

type server struct {
	key     Key
	consent *Consent
}

// answer tells the key what the user says.
func (s *server) answer(err error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if s.consent == nil {
			fail(w, http.StatusConflict, "somebody else is asked: the key was not started with --presence control")
			return
		}
		ctx, cancel, bad := waiting(r)
		if bad != nil {
			fail(w, http.StatusBadRequest, bad.Error())
			return
		}
		defer cancel()
		prompt, ok := s.consent.answer(ctx, err)
		if !ok {
			fail(w, http.StatusConflict, "the key asks nothing")
			return
		}
		reply(w, http.StatusOK, map[string]any{"prompt": describe(prompt)})
	}
}

// waiting returns the context of a request that may wait for so long as its
// parameter says; at once, without one.
func waiting(r *http.Request) (context.Context, context.CancelFunc, error) {
	var wait time.Duration
	if text := r.URL.Query().Get("wait"); text != "" {
		var err error
		if wait, err = time.ParseDuration(text); err != nil || wait < 0 || wait > maxWait {
			return nil, nil, fmt.Errorf("wait %q is not a duration up to %v", text, maxWait)
		}
	}
	ctx, cancel := context.WithTimeout(r.Context(), wait)
	return ctx, cancel, nil
}

func (s *server) change(do func(context.Context) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := do(r.Context()); err != nil {
			fail(w, http.StatusInternalServerError, err.Error())
			return
		}
		s.state(w, r)
	}
}

func (s *server) state(w http.ResponseWriter, _ *http.Request) {
	now := map[string]any{"plugged": s.key.Plugged(), "addresses": s.key.Addresses(), "prompt": nil}
	if s.consent != nil {
		if prompt, ok := s.consent.Prompt(); ok {
			now["prompt"] = describe(prompt)
		}
	}
	reply(w, http.StatusOK, now)
}

// describe is the JSON form of a prompt.
func describe(p authenticator.Prompt) map[string]any {
	return map[string]any{
		"operation": p.Operation, "kind": p.Kind, "rpId": p.RPID, "rpIdHash": hex.EncodeToString(p.RPIDHash[:]),
		"user": p.User, "long": p.Long, "timeoutMs": p.Timeout.Milliseconds(),
	}
}

func fail(w http.ResponseWriter, status int, message string) {
	reply(w, status, map[string]string{"error": message})
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // whoever asked is gone
}

// shutdownTimeout is how long connections are waited for at the end, before they
// are closed.
const shutdownTimeout = time.Second

// Serve answers requests on ln until ctx is done, and closes it. It returns
// after its requests have. It keeps web pages out that the name of a site has
// led here, and sets limits to how much is sent here, and how slowly.
func Serve(ctx context.Context, ln net.Listener, h http.Handler) error {
	base, cancel := context.WithCancel(context.Background())
	defer cancel()
	var conns sync.WaitGroup
	s := newServer(base, h, &conns)
	served := make(chan error, 1)
	go func() { served <- s.Serve(&limited{Listener: ln}) }()
	var failed error
	select {
	case failed = <-served:
	case <-ctx.Done():
	}
	cancel() // ends the requests that wait for a prompt
	err := errors.Join(failed, shutdown(s))
	if failed == nil {
		<-served
	}
	conns.Wait()
	return err
}

// newServer returns a server whose requests end with base. It counts the
// goroutines of its connections.
func newServer(base context.Context, h http.Handler, conns *sync.WaitGroup) *http.Server {
	return &http.Server{
		Handler:        whole(ownName(h)),
		MaxHeaderBytes: maxHeader,
		ReadTimeout:    requestTimeout,
		IdleTimeout:    idleTimeout,
		BaseContext:    func(net.Listener) context.Context { return base },
		ErrorLog:       slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
		ConnState: func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				conns.Add(1)
			case http.StateClosed:
				conns.Done()
			}
		},
	}
}

// shutdown closes the listener of s, and its connections when they have had time
// for their answers: one that sends half a request would keep it up.
func shutdown(s *http.Server) error {
	grace, stop := context.WithTimeout(context.Background(), shutdownTimeout)
	defer stop()
	err := s.Shutdown(grace)
	if errors.Is(err, context.DeadlineExceeded) {
		return s.Close()
	}
	return err
}
