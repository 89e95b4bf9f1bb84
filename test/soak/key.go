package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/softkey-project/softkey/ctaphid"
)

// firstPIN is the PIN that the key starts with, in a file.
const firstPIN = "correct horse"

// touchTimeout is how long the key waits for a touch: longer than any that
// comes takes.
const touchTimeout = 5 * time.Second

// key is one `softkey run`, and where it can be reached.
type key struct {
	cmd        *exec.Cmd
	state      string
	control    string // the path of its control socket
	transports []transport
	log        *log
	reading    sync.WaitGroup
}

// transport is one place where the key is plugged in.
type transport struct{ name, address string }

func (t transport) dial(ctx context.Context) (ctaphid.Transport, error) {
	conn, err := new(net.Dialer).DialContext(ctx, t.name, t.address)
	if err != nil {
		return nil, err
	}
	if t.name == "udp" {
		return ctaphid.NewPacket(conn), nil
	}
	return ctaphid.NewStream(conn), nil
}

// startKey starts the program with its state in dir, and returns when it is
// ready.
func startKey(program, dir string) (*key, error) {
	pin := filepath.Join(dir, "pin")
	if err := os.WriteFile(pin, []byte(firstPIN+"\n"), 0o600); err != nil {
		return nil, err
	}
	k := &key{state: filepath.Join(dir, "state"), log: &log{}}
	run := filepath.Join(dir, "run")
	k.cmd = exec.Command(program, "run", "--json", "--state", k.state, "--pin-file", pin,
		"--transport", "unix:"+filepath.Join(run, "key.sock"), "--transport", "tcp:127.0.0.1:0", "--transport", "udp:127.0.0.1:0",
		"--control", "unix:"+filepath.Join(run, "control.sock"), "--presence", "control", "--presence-timeout", touchTimeout.String())
	k.cmd.Env = append(os.Environ(), "SOFTKEY_DUMPABLE=1") // or its /proc is for root alone
	stderr, err := k.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := k.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := k.cmd.Start(); err != nil {
		return nil, err
	}
	k.reading.Go(func() { k.log.read(stderr) })
	if err := k.ready(bufio.NewReader(stdout)); err != nil {
		k.kill()
		return nil, fmt.Errorf("%w; it says %q", err, k.log.lines())
	}
	return k, nil
}

// ready reads the four lines that say where the key is.
func (k *key) ready(stdout *bufio.Reader) error {
	patience := time.AfterFunc(time.Minute, func() { k.cmd.Process.Kill() })
	defer patience.Stop()
	for range 4 {
		line, err := stdout.ReadBytes('\n')
		if err != nil {
			return fmt.Errorf("the key did not get ready: %w", err)
		}
		var event struct{ Event, Transport, Address string }
		if err := json.Unmarshal(line, &event); err != nil || event.Event != "ready" {
			return fmt.Errorf("the key printed %q, want a ready line", line)
		}
		name, address, _ := strings.Cut(event.Address, ":")
		if event.Transport == "control" {
			k.control = address
			continue
		}
		k.transports = append(k.transports, transport{name, address})
	}
	return nil
}

// stop ends the program as a service manager would.
func (k *key) stop() error {
	if err := k.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	patience := time.AfterFunc(time.Minute, func() { k.cmd.Process.Kill() })
	defer patience.Stop()
	k.reading.Wait()
	return k.cmd.Wait()
}

// kill ends a program that may have ended before.
func (k *key) kill() {
	k.cmd.Process.Kill()
	k.reading.Wait()
	k.cmd.Wait()
}

// log is what a key says on standard error.
type log struct {
	mu   sync.Mutex
	said []string
}

func (l *log) read(from io.Reader) {
	for lines := bufio.NewScanner(from); lines.Scan(); {
		l.mu.Lock()
		l.said = append(l.said, lines.Text())
		l.mu.Unlock()
	}
}

func (l *log) lines() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.said
}

// at returns the lines of a level.
func (l *log) at(level string) (list []string) {
	for _, line := range l.lines() {
		if strings.HasPrefix(line, "softkey: "+level+": ") {
			list = append(list, line)
		}
	}
	return list
}

// errNoAnswer is a datagram that was lost, or a key that hangs: who gets it says
// which.
var errNoAnswer = errors.New("no answer in a minute")
