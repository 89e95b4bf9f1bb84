// Package chromium has Chromium, without a window, show a page, and speaks the
// DevTools protocol with it over a pipe.
//
// It tests pages, not Chromium's own security keys: page scripts that Start is
// given may answer navigator.credentials in their place, by calls of Go.
package chromium

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// program is Chromium itself: Debian's start script in /usr/bin adds settings of
// the machine's to the command line.
const program = "/usr/lib/chromium/chromium"

// patience is how long an answer of the browser is waited for.
const patience = 2 * time.Minute

// Browser is a running Chromium with one page. One goroutine uses it.
type Browser struct {
	command  *exec.Cmd
	requests *os.File      // messages to the browser, each ended by a zero byte
	messages *os.File      // messages from it, likewise
	reader   *bufio.Reader // of messages
	last     int           // the ID of the last request
	session  string        // of the page
	calls    map[string]func(payload string)
}

// message is a request, its response or an event of the protocol.
type message struct {
	ID      int             `json:"id,omitempty"`
	Session string          `json:"sessionId,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  any             `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *failure        `json:"error,omitempty"`
}

type failure struct{ Message string }

// Start runs Chromium with an empty page; its profile and its log are in dir.
func Start(dir string) (*Browser, error) {
	if _, err := os.Stat(program); err != nil {
		return nil, fmt.Errorf("chromium: %w; hint: apt-get install chromium", err)
	}
	log, err := os.Create(dir + "/chromium.log")
	if err != nil {
		return nil, err
	}
	defer log.Close()
	command := exec.Command(program, "--headless", "--no-sandbox", "--remote-debugging-pipe", "--disable-gpu", "--disable-dev-shm-usage",
		"--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic",
		"--hide-scrollbars", "--user-data-dir="+dir+"/profile", "about:blank")
	command.Stdout, command.Stderr = log, log
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	b := &Browser{command: command, calls: map[string]func(string){}}
	if err := b.start(); err != nil {
		return nil, err
	}
	if err := b.openPage(); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

// start starts the program, which reads requests from descriptor 3 and writes
// messages to 4.
func (b *Browser) start() error {
	theirRequests, requests, err := os.Pipe()
	if err != nil {
		return err
	}
	defer theirRequests.Close()
	messages, theirMessages, err := os.Pipe()
	if err != nil {
		return errors.Join(err, requests.Close())
	}
	defer theirMessages.Close()
	b.requests, b.messages, b.reader = requests, messages, bufio.NewReader(messages)
	b.command.ExtraFiles = []*os.File{theirRequests, theirMessages}
	if err := b.command.Start(); err != nil {
		return errors.Join(err, requests.Close(), messages.Close())
	}
	return nil
}

func (b *Browser) openPage() error {
	var target struct{ TargetID string }
	if err := b.Do("Target.createTarget", map[string]any{"url": "about:blank"}, &target); err != nil {
		return err
	}
	var attached struct{ SessionID string }
	if err := b.Do("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached); err != nil {
		return err
	}
	b.session = attached.SessionID
	return errors.Join(b.Do("Page.enable", nil, nil), b.Do("Runtime.enable", nil, nil))
}

// Close ends the browser and all its processes.
func (b *Browser) Close() error {
	err := syscall.Kill(-b.command.Process.Pid, syscall.SIGKILL)
	_ = b.command.Wait() // "signal: killed"
	return errors.Join(err, b.requests.Close(), b.messages.Close())
}

// Offer gives pages a function of one string, which calls f while Do waits for
// something else. f may Post, and not Do.
func (b *Browser) Offer(name string, f func(payload string)) error {
	b.calls[name] = f
	return b.Do("Runtime.addBinding", map[string]any{"name": name}, nil)
}

// Do sends a request and reads its result into one, if that is not nil.
func (b *Browser) Do(method string, params, result any) error {
	id, err := b.Post(method, params)
	if err != nil {
		return err
	}
	if err := b.messages.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	for {
		m, err := b.read()
		if err != nil {
			return fmt.Errorf("chromium: %s: %w", method, err)
		}
		switch {
		case m.ID != id:
			continue
		case m.Error != nil:
			return fmt.Errorf("chromium: %s: %s", method, m.Error.Message)
		case result == nil:
			return nil
		}
		return json.Unmarshal(m.Result, result)
	}
}

// Post sends a request whose result nobody waits for.
func (b *Browser) Post(method string, params any) (id int, err error) {
	b.last++
	request, err := json.Marshal(message{ID: b.last, Session: b.session, Method: method, Params: params})
	if err != nil {
		return 0, err
	}
	_, err = b.requests.Write(append(request, 0))
	return b.last, err
}

// read returns the next message; a call by a page it answers by itself.
func (b *Browser) read() (*message, error) {
	text, err := b.reader.ReadString(0)
	if err != nil {
		return nil, err
	}
	call := struct{ Name, Payload string }{}
	m := &message{Params: &call}
	if err := json.Unmarshal([]byte(strings.TrimSuffix(text, "\x00")), m); err != nil {
		return nil, err
	}
	if f := b.calls[call.Name]; m.Method == "Runtime.bindingCalled" && f != nil {
		f(call.Payload)
	}
	return m, nil
}
