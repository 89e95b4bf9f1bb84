package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// key is a `softkey run` on uhid, with a control socket.
type key struct {
	command *exec.Cmd
	trace   string // the file that it writes its trace to
	hand    http.Client
}

// These are in a key's trace when it has done something.
const (
	denied    = "CTAP2_ERR_OPERATION_DENIED"
	excludes  = "CTAP2_ERR_CREDENTIAL_EXCLUDED"
	cancelled = "CTAP2_ERR_KEEPALIVE_CANCEL"
	pinToken  = "/ pinUvAuthToken /"
)

// plugIn starts the program softkey and returns when udev has seen the key. What
// the key writes is in files that begin with name, in whose folder it runs.
func plugIn(softkey, name string, flags ...string) (*key, error) {
	socket := name + ".control"
	k := &key{trace: name + ".trace", hand: handOf(socket)}
	k.command = exec.Command(softkey, append([]string{"run", "--ephemeral", "--transport", "uhid",
		"--control", "unix:" + socket, "--trace", k.trace}, flags...)...)
	k.command.Dir = filepath.Dir(name)
	log, err := os.Create(name + ".log")
	if err != nil {
		return nil, err
	}
	defer log.Close()
	k.command.Stderr = log
	stdout, err := k.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := k.command.Start(); err != nil {
		return nil, err
	}
	if err := untilReady(stdout); err != nil {
		return nil, errors.Join(err, k.Unplug())
	}
	return k, exec.Command("udevadm", "settle").Run()
}

// untilReady reads the two ready lines: of the node, and of the control socket.
func untilReady(stdout io.Reader) error {
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "ready control ") {
			return nil
		}
	}
	return errors.New("softkey run ends before it is ready")
}

// handOf returns a client of the control socket at path.
func handOf(path string) http.Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}
	return http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}
}

// Unplug ends the program in good order.
func (k *key) Unplug() error {
	if err := k.command.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return k.command.Wait()
}

// do sends a request to the control socket, as docs/control.md has them.
func (k *key) do(ctx context.Context, method, path string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, "http://key/v1/"+path, nil)
	if err != nil {
		return nil, err
	}
	response, err := k.hand.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s: %s", path, response.Status, body)
	}
	return body, nil
}

// Hand does one of touch, refuse, unplug and plug; a touch and a refusal wait for
// the key to ask.
func (k *key) Hand(ctx context.Context, what string) error {
	_, err := k.do(ctx, http.MethodPost, what+"?wait=1m")
	return err
}

// TouchAlways touches the key whenever it asks, until ctx is done.
func (k *key) TouchAlways(ctx context.Context) error {
	for {
		if err := k.Hand(ctx, "touch"); err != nil {
			return err
		}
	}
}

// AwaitPrompt returns when the key asks for a touch, or when it no longer does.
func (k *key) AwaitPrompt(ctx context.Context, asks bool) error {
	for {
		body, err := k.do(ctx, http.MethodGet, "state")
		if err != nil {
			return err
		}
		var state struct{ Prompt *struct{} }
		if err := json.Unmarshal(body, &state); err != nil {
			return err
		}
		if (state.Prompt != nil) == asks {
			return nil
		}
		if err := sleep(ctx, pause); err != nil {
			return fmt.Errorf("the key's prompt: got %s, want one: %v: %w", body, asks, err)
		}
	}
}

// Traced returns how often text is in the key's trace.
func (k *key) Traced(text string) (int, error) {
	trace, err := os.ReadFile(k.trace)
	return strings.Count(string(trace), text), err
}

// AwaitTrace returns when text is in the key's trace for n times or more.
func (k *key) AwaitTrace(ctx context.Context, text string, n int) error {
	for {
		got, err := k.Traced(text)
		if err != nil || got >= n {
			return err
		}
		if err := sleep(ctx, pause); err != nil {
			return fmt.Errorf("the key's trace has %s %d times, want %d: %w", text, got, n, err)
		}
	}
}

// pause is the time between two looks at something.
const pause = 20 * time.Millisecond

// sleep returns after the duration, or with an error when ctx is done.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
