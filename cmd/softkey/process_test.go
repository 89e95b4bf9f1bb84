package main

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience is how long a test waits for what should come soon.
const patience = 30 * time.Second

// process is a softkey that runs beside a test.
type process struct {
	cmd            *exec.Cmd
	stdout, stderr *lines
	ended          chan struct{} // closed after the end
	waiter         sync.WaitGroup
}

// startProcess starts cmd, and takes its output unless that goes elsewhere. stop
// ends it, and waits for what is started here.
func startProcess(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, stdout: newLines(), stderr: newLines(), ended: make(chan struct{})}
	if cmd.Stdout == nil {
		cmd.Stdout, cmd.Stderr = p.stdout, p.stderr
	}
	cmd.WaitDelay = patience
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p.stdout.begin()
	p.stderr.begin()
	p.waiter.Go(func() {
		cmd.Wait() // the exit code is in its ProcessState
		p.stdout.end()
		p.stderr.end()
		close(p.ended)
	})
	return p, nil
}

// startSoftkey starts `softkey args…`; who calls it stops it.
func startSoftkey(t *testing.T, args ...string) *process {
	t.Helper()
	cmd, err := softkeyCommand(args...)
	if err != nil {
		t.Fatal(err)
	}
	p, err := startProcess(cmd)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// addresses returns what the first n ready lines say.
func (p *process) addresses(n int) ([]string, error) {
	found, err := p.stdout.await(regexp.MustCompile(fmt.Sprintf(`^((ready |\{).*\n){%d}`, n)))
	if err != nil {
		return nil, fmt.Errorf("%w; stderr: %s", err, p.stderr)
	}
	return strings.Split(strings.TrimSuffix(strings.ReplaceAll(found, "ready ", ""), "\n"), "\n"), nil
}

// finish waits for the end of the process, and returns its exit code.
func (p *process) finish() int {
	timer := time.AfterFunc(patience, func() { p.cmd.Process.Kill() })
	defer timer.Stop()
	<-p.ended
	return p.cmd.ProcessState.ExitCode()
}

// stop kills the process, if it has not ended.
func (p *process) stop() {
	p.cmd.Process.Kill()
	p.waiter.Wait()
}

// lines is the output of processes, of which parts can be waited for.
type lines struct {
	mu      sync.Mutex
	text    strings.Builder
	writers int           // that have begun and not ended
	changed chan struct{} // closed at each change, and replaced
}

func newLines() *lines { return &lines{changed: make(chan struct{})} }

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Write(p)
	l.change()
	return len(p), nil
}

func (l *lines) begin() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.writers++
}

func (l *lines) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.writers--
	l.change()
}

func (l *lines) change() {
	close(l.changed)
	l.changed = make(chan struct{})
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// await returns the first match of want, as soon as there is one, or an error as
// soon as there can be none any more.
func (l *lines) await(want *regexp.Regexp) (string, error) {
	timeout := time.After(patience)
	for {
		l.mu.Lock()
		text, ended, changed := l.text.String(), l.writers == 0, l.changed
		l.mu.Unlock()
		if found := want.FindString(text); found != "" {
			return found, nil
		}
		if ended {
			return "", fmt.Errorf("the process ended with the output %q, want a match of %s", text, want)
		}
		select {
		case <-changed:
		case <-timeout:
			return "", fmt.Errorf("after %v the output is %q, want a match of %s", patience, text, want)
		}
	}
}

// quickExit makes a program with the race detector end without a second's sleep.
const quickExit = "GORACE=atexit_sleep_ms=0"

// softkeyCommand returns the command softkey, which is this binary.
func softkeyCommand(args ...string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(os.Environ(), beSoftkey+"=1", quickExit)
	return cmd, nil
}
