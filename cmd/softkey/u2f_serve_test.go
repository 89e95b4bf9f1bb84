//go:build unix

package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/test/socketdir"
)

// page is a web page that has the address of a bridge.
type page struct {
	t      *testing.T
	client *http.Client
	bridge string
}

// send makes a request as u2f-api.js does.
func (p page) send(name, request string) (*http.Response, error) {
	req, err := http.NewRequest("POST", p.bridge+name+"?timeout=30s", strings.NewReader(request))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Origin", "https://example.com")
	return p.client.Do(req)
}

// call returns what a callback gets.
func (p page) call(name, request string) (answer map[string]any) {
	p.t.Helper()
	resp, err := p.send(name, request)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || resp.StatusCode != http.StatusOK {
		p.t.Fatalf("%s: got %s and %v", name, resp.Status, err)
	}
	return answer
}

// register registers, and returns the key handle.
func (p page) register() string {
	p.t.Helper()
	answer := p.call("register", `{"appId":"https://example.com","registerRequests":[{"version":"U2F_V2","challenge":"abc"}],"registeredKeys":[]}`)
	text, _ := answer["registrationData"].(string)
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		p.t.Fatal(err)
	}
	registration, err := ctap.ParseU2FRegisterResponse(data)
	if err != nil {
		p.t.Fatalf("%v: %v", answer, err)
	}
	return base64.RawURLEncoding.EncodeToString(registration.KeyHandle)
}

// sign signs in, and fails without a signature.
func (p page) sign(handle string) {
	p.t.Helper()
	answer := p.call("sign", fmt.Sprintf(`{"appId":"https://example.com","challenge":"def","registeredKeys":[{"version":"U2F_V2","keyHandle":%q}]}`, handle))
	if answer["keyHandle"] != handle || answer["signatureData"] == "" {
		p.t.Errorf("got %v, want a signature", answer)
	}
}

// startRun starts `softkey args…`, and returns its n addresses.
func startRun(t *testing.T, n int, args ...string) (*process, []string) {
	t.Helper()
	p := startSoftkey(t, args...)
	t.Cleanup(p.stop)
	addresses, err := p.addresses(n)
	if err != nil {
		t.Fatal(err)
	}
	return p, addresses
}

// serveU2F starts a bridge, and opens a page that has loaded its script.
func serveU2F(t *testing.T, flags ...string) (*process, page) {
	t.Helper()
	p, addresses := startRun(t, 1, append([]string{"u2f", "serve", "--allow-origin", "https://example.com"}, flags...)...)
	url, ok := strings.CutPrefix(addresses[0], "u2f ")
	if !ok || !regexp.MustCompile(`^http://127\.0\.0\.1:\d+/[a-z2-7]{26}/u2f-api\.js$`).MatchString(url) {
		t.Fatalf("it is ready at %q", addresses[0])
	}
	client := &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	script, err := io.ReadAll(resp.Body)
	bridge := strings.TrimSuffix(url, "u2f-api.js")
	if err != nil || !strings.Contains(string(script), `("`+strings.TrimSuffix(bridge, "/")+`")`) {
		t.Fatalf("the script does not name %s: %v\n%s", bridge, err, script)
	}
	return p, page{t, client, bridge}
}

// A key in the process of the bridge is the same for all requests.
func TestServeU2F(t *testing.T) {
	p, page := serveU2F(t, "--ephemeral")
	handle := page.register()
	page.sign(handle)
	again := page.call("register", fmt.Sprintf(`{"registerRequests":[{"version":"U2F_V2","challenge":"abc","appId":"https://example.com"}],
		"signRequests":[{"version":"U2F_V2","challenge":"abc","appId":"https://example.com","keyHandle":%q}]}`, handle))
	if again["errorCode"] != 4.0 || again["errorMessage"] != "DEVICE_INELIGIBLE" {
		t.Errorf("got %v, want that the key is registered", again)
	}
	if _, err := p.stderr.await(regexp.MustCompile(`u2f register origin=https://example\.com outcome="DEVICE_INELIGIBLE \(4\): `)); err != nil {
		t.Error(err)
	}
	p.cmd.Process.Signal(syscall.SIGTERM)
	if code := p.finish(); code != exitDone {
		t.Errorf("exit code %d, want %d; stderr: %s", code, exitDone, p.stderr)
	}
}

// A key elsewhere may be unplugged and plugged in again between requests.
func TestServeU2FAtASocket(t *testing.T) {
	device, hand := startControlled(t, "approve")
	_, page := serveU2F(t, "--device", device)
	handle := page.register()
	page.hand(hand + "/v1/unplug")
	if got := page.call("register", validU2F); got["errorCode"] != 1.0 {
		t.Errorf("got %v of a key that is gone, want error code 1", got)
	}
	page.hand(hand + "/v1/plug")
	page.sign(handle)
}

// A signal ends the command in good order while a page waits for a touch.
func TestServeU2FStops(t *testing.T) {
	device, hand := startControlled(t, "control")
	p, page := serveU2F(t, "--device", device)
	var asked sync.WaitGroup
	defer asked.Wait()
	asked.Go(func() {
		if resp, err := page.send("register", validU2F); err == nil {
			resp.Body.Close() // the end of the command may be faster than its answer
		}
	})
	page.hand(hand + "/v1/refuse?wait=30s") // after which the page waits on, as with a U2F key that nobody touches
	p.cmd.Process.Signal(syscall.SIGTERM)
	if code := p.finish(); code != exitDone {
		t.Errorf("exit code %d, want %d; stderr: %s", code, exitDone, p.stderr)
	}
}

// startControlled starts a key on a socket, and returns its address and the URL
// of the hand on it.
func startControlled(t *testing.T, presence string) (device, hand string) {
	t.Helper()
	_, addresses := startRun(t, 2, "run", "--ephemeral", "--presence", presence,
		"--transport", "unix:"+filepath.Join(socketdir.New(t), "run", "key"), "--control", "tcp:127.0.0.1:0")
	return addresses[0], "http://" + strings.TrimPrefix(addresses[1], "control tcp:")
}

// hand does something to the key; pages may not.
func (p page) hand(url string) {
	p.t.Helper()
	resp, err := p.client.Post(url, "", nil)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		p.t.Fatalf("%s: %s", url, resp.Status)
	}
}
