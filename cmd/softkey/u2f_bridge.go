package main

import (
	"context"
	"crypto/subtle"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/softkey-project/softkey/client/u2fjson"
)

// u2fAPI is a JavaScript function that takes the URL of a bridge, and gives the
// page that calls it window.u2f.
//
//go:embed u2f_api.js
var u2fAPI []byte

// bridge answers pages that call window.u2f:
//
//	GET  URL/u2f-api.js          the script that gives a page window.u2f
//	POST URL/register?timeout=D  a request as JSON; its answer, or an error object
//	POST URL/sign?timeout=D      likewise
//
// The origin that the browser tells is the facet of the request.
type bridge struct {
	address string // "127.0.0.1:7001"
	secret  string // a path that cannot be guessed
	origins []string
	timeout time.Duration // the longest that a request may take
	use     func(ctx context.Context, f func(key u2fjson.Key) error) error
	log     *slog.Logger
}

// url is what the script asks.
func (b *bridge) url() string { return "http://" + b.address + "/" + b.secret }

// script is what a page loads.
func (b *bridge) script() string { return b.url() + "/u2f-api.js" }

// handler returns the bridge as a web server. It may be called from any
// goroutine.
func (b *bridge) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{secret}/u2f-api.js", b.serveScript)
	mux.Handle("/{secret}/register", b.forPages(b.ceremony("register", u2fjson.Register)))
	mux.Handle("/{secret}/sign", b.forPages(b.ceremony("sign", u2fjson.Authenticate)))
	return b.forThoseWhoKnow(mux)
}

// forThoseWhoKnow lets requests through whose path begins with the secret. How
// long it takes does not tell how much of the secret was right.
func (b *bridge) forThoseWhoKnow(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		secret, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		if subtle.ConstantTimeCompare([]byte(secret), []byte(b.secret)) != 1 {
			http.NotFound(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (b *bridge) serveScript(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin") // for pages that isolate themselves
	fmt.Fprintf(w, "%s(%q)\n", u2fAPI, b.url())
}

// allows tells whether pages of an origin are answered.
func (b *bridge) allows(origin string) bool { return slices.Contains(b.origins, origin) }

// forPages lets requests of allowed origins through. Browsers ask first whether
// they may send JSON, and whether to an address of the machine itself.
func (b *bridge) forPages(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		if !b.allows(origin) {
			b.log.Warn("a page was refused: its origin is not allowed", "origin", origin)
			http.Error(w, "the origin is not allowed: softkey u2f serve --allow-origin "+origin, http.StatusForbidden)
			return
		}
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Vary", "Origin")
		switch r.Method {
		case http.MethodPost:
			next(w, r)
		case http.MethodOptions:
			h.Set("Access-Control-Allow-Headers", "Content-Type")
			h.Set("Access-Control-Allow-Private-Network", "true")
			w.WriteHeader(http.StatusNoContent)
		default:
			http.Error(w, "it takes POST", http.StatusMethodNotAllowed)
		}
	})
}

// ceremony answers with what a page's callback is to get.
func (b *bridge) ceremony(name string, do ceremony) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		timeout, err := time.ParseDuration(r.URL.Query().Get("timeout"))
		if err != nil || timeout <= 0 {
			http.Error(w, "timeout is not a duration above zero", http.StatusBadRequest)
			return
		}
		request, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), min(timeout, b.timeout))
		defer cancel()
		origin := r.Header.Get("Origin")
		answer, err := b.ask(ctx, do, origin, request)
		b.log.Info("u2f "+name, "origin", origin, "outcome", endOf(err))
		w.Header().Set("Content-Type", "application/json")
		w.Write(answer)
	}
}

// ask returns the response to a request, or the error object of the JavaScript
// API and why it came to that.
func (b *bridge) ask(ctx context.Context, do ceremony, origin string, request []byte) (answer []byte, err error) {
	err = b.use(ctx, func(key u2fjson.Key) error {
		answer, err = do(ctx, key, origin, request)
		return err
	})
	if err == nil {
		return answer, nil
	}
	var failed *u2fjson.Error
	if !errors.As(err, &failed) {
		failed = &u2fjson.Error{Code: u2fjson.OtherError, Err: err}
	}
	answer, _ = json.Marshal(failed) // a number and a name
	return answer, failed
}

// endOf tells how a request ended.
func endOf(err error) string {
	if err == nil {
		return "done"
	}
	return err.Error()
}
