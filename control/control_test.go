package control

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/test/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }

// fakeKey counts how often it was plugged in.
type fakeKey struct {
	plugged bool
	err     error
}

func (k *fakeKey) Unplug(context.Context) error { k.plugged = false; return k.err }
func (k *fakeKey) Plug(context.Context) error   { k.plugged = true; return k.err }
func (k *fakeKey) Plugged() bool                { return k.plugged }
func (k *fakeKey) Addresses() []string          { return []string{"unix:/tmp/key"} }

func do(h http.Handler, method, path string, header ...string) (int, map[string]any) {
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	var body map[string]any
	_ = json.Unmarshal(w.Body.Bytes(), &body)
	return w.Code, body
}

func TestPlug(t *testing.T) {
	key := &fakeKey{plugged: true}
	h := Handler(key, nil)
	for _, tt := range []struct {
		method, path string
		plugged      bool
	}{
		{"GET", "/v1/state", true}, {"POST", "/v1/unplug", false}, {"POST", "/v1/unplug", false}, {"POST", "/v1/plug", true},
	} {
		code, body := do(h, tt.method, tt.path)
		if code != http.StatusOK || body["plugged"] != tt.plugged || key.plugged != tt.plugged {
			t.Errorf("%s: got %d %v, want plugged %v", tt.path, code, body, tt.plugged)
		}
	}
	key.err = errors.New("no such bus")
	if code, body := do(h, "POST", "/v1/plug"); code != http.StatusInternalServerError || body["error"] != "no such bus" {
		t.Errorf("got %d %v, want the error", code, body)
	}
}

// What is not there is told as other errors are.
func TestNoSuchRequest(t *testing.T) {
	h := Handler(&fakeKey{}, nil)
	for _, tt := range []struct {
		method, path string
		code         int
		says         string
	}{
		{"GET", "/v1/touch", http.StatusMethodNotAllowed, "/v1/touch takes POST"},
		{"POST", "/v1/state", http.StatusMethodNotAllowed, "/v1/state takes GET"},
		{"POST", "/v1/press", http.StatusNotFound, "there is no /v1/press"},
		{"GET", "/", http.StatusNotFound, "there is no /"},
	} {
		if code, body := do(h, tt.method, tt.path); code != tt.code || body["error"] != tt.says {
			t.Errorf("%s %s: got %d %v, want %d %s", tt.method, tt.path, code, body, tt.code, tt.says)
		}
	}
}

func TestAnswers(t *testing.T) {
	for path, want := range map[string]error{"/v1/touch": nil, "/v1/refuse": ctap.StatusOperationDenied} {
		synctest.Test(t, func(t *testing.T) {
			consent := NewConsent()
			h := Handler(&fakeKey{}, consent)
			if code, _ := do(h, "POST", path); code != http.StatusConflict {
				t.Errorf("%s with nothing asked: got %d, want %d", path, code, http.StatusConflict)
			}
			answer := make(chan error, 1)
			go func() {
				answer <- consent.Confirm(t.Context(), authenticator.Prompt{
					Operation: "authenticatorSelection", Kind: authenticator.KindSelect, RPID: "example.com",
				})
			}()
			synctest.Wait()
			_, state := do(h, "GET", "/v1/state")
			if prompt, _ := state["prompt"].(map[string]any); prompt["rpId"] != "example.com" || prompt["kind"] != "select" {
				t.Errorf("state %v, want the prompt", state)
			}
			if code, body := do(h, "POST", path); code != http.StatusOK || body["prompt"] == nil {
				t.Errorf("%s: got %d %v", path, code, body)
			}
			if err := <-answer; !errors.Is(err, want) {
				t.Errorf("%s: the key heard %v, want %v", path, err, want)
			}
			if _, state := do(h, "GET", "/v1/state"); state["prompt"] != nil {
				t.Errorf("state %v, want no prompt", state)
			}
		})
	}
}

func TestTouchWaitsForThePrompt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		consent := NewConsent()
		h := Handler(&fakeKey{}, consent)
		answer := make(chan error, 1)
		time.AfterFunc(time.Second, func() { answer <- consent.Confirm(context.Background(), authenticator.Prompt{}) })
		if code, body := do(h, "POST", "/v1/touch?wait=2s"); code != http.StatusOK {
			t.Errorf("got %d %v", code, body)
		}
		if err := <-answer; err != nil {
			t.Errorf("the key heard %v", err)
		}
		start := time.Now()
		if code, _ := do(h, "POST", "/v1/touch?wait=2s"); code != http.StatusConflict || time.Since(start) != 2*time.Second {
			t.Errorf("got %d after %v, want %d after 2s", code, time.Since(start), http.StatusConflict)
		}
	})
}

func TestCancelledPromptGoesAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		consent := NewConsent()
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, ctap.StatusUserActionTimeout)
		defer cancel()
		if err := consent.Confirm(ctx, authenticator.Prompt{}); !errors.Is(err, ctap.StatusUserActionTimeout) {
			t.Errorf("got %v, want %v", err, ctap.StatusUserActionTimeout)
		}
		if _, ok := consent.Prompt(); ok {
			t.Error("the prompt still stands")
		}
	})
}

// Of many answers at once one counts, and none waits for ever.
func TestAnswersRace(t *testing.T) {
	consent := NewConsent()
	for range 200 {
		heard := make(chan error, 1)
		go func() { heard <- consent.Confirm(context.Background(), authenticator.Prompt{}) }()
		var counted atomic.Int32
		var hands sync.WaitGroup
		for range 4 {
			hands.Go(func() {
				ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
				defer cancel()
				if _, ok := consent.answer(ctx, nil); ok {
					counted.Add(1)
				}
			})
		}
		hands.Wait()
		if got := counted.Load(); got != 1 {
			t.Fatalf("%d answers counted, want 1", got)
		}
		if err := <-heard; err != nil {
			t.Fatalf("the key heard %v", err)
		}
	}
}

func TestVerify(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		consent := NewConsent()
		for _, tt := range []struct {
			answer error
			want   bool
		}{{nil, true}, {ctap.StatusOperationDenied, false}} {
			time.AfterFunc(time.Second, func() { consent.answer(context.Background(), tt.answer) })
			if ok, err := consent.Verify(t.Context(), authenticator.Prompt{}); ok != tt.want || err != nil {
				t.Errorf("answer %v: got %v, %v; want %v", tt.answer, ok, err, tt.want)
			}
		}
	})
}

func TestRefusals(t *testing.T) {
	h := Handler(&fakeKey{}, NewConsent())
	for _, tt := range []struct {
		name, method, path string
		header             []string
		want               int
	}{
		{"unknown path", "POST", "/v1/explode", nil, http.StatusNotFound},
		{"wrong method", "GET", "/v1/touch", nil, http.StatusMethodNotAllowed},
		{"wait for ever", "POST", "/v1/touch?wait=9h", nil, http.StatusBadRequest},
		{"wait for nonsense", "POST", "/v1/touch?wait=soon", nil, http.StatusBadRequest},
		{"a web page", "POST", "/v1/touch", []string{"Origin", "https://evil.example"}, http.StatusForbidden},
		{"a web page without an origin", "POST", "/v1/touch", []string{"Sec-Fetch-Site", "cross-site"}, http.StatusForbidden},
	} {
		if code, _ := do(h, tt.method, tt.path, tt.header...); code != tt.want {
			t.Errorf("%s: got %d, want %d", tt.name, code, tt.want)
		}
	}
	if code, _ := do(Handler(&fakeKey{}, nil), "POST", "/v1/touch"); code != http.StatusConflict {
		t.Errorf("no consent: got %d, want %d", code, http.StatusConflict)
	}
}

// Serve ends, even while a request waits for a prompt that never comes.
func TestServeEnds(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- Serve(ctx, ln, Handler(&fakeKey{}, NewConsent())) }()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	if resp, err := client.Get("http://" + ln.Addr().String() + "/v1/state"); err != nil {
		t.Error(err)
	} else {
		_ = resp.Body.Close()
	}
	waited := make(chan struct{})
	go func() {
		defer close(waited)
		resp, err := client.Post("http://"+ln.Addr().String()+"/v1/touch?wait=1m", "", nil)
		if err == nil {
			_ = resp.Body.Close()
		}
	}()
	cancel()
	if err := <-served; err != nil {
		t.Errorf("Serve = %v, want nil", err)
	}
	<-waited
}
