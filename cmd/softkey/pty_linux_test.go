package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"syscall"
	"testing"
	"unsafe"

	"github.com/softkey-project/softkey/test/socketdir"
)

// pty is a pseudo-terminal: a test is at one end, softkey at the other.
type pty struct {
	t           *testing.T
	user, inner *os.File
	screen      *lines
	watchers    sync.WaitGroup
}

// farewell is what a test writes to the terminal after the end of a process: all
// that the process wrote comes before it.
const farewell = "\x00"

func newPTY(t *testing.T) *pty {
	t.Helper()
	user, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip("this machine has no pseudo-terminals: ", err)
	}
	var number, unlock uint32
	ioctlOn(t, user, syscall.TIOCSPTLCK, unsafe.Pointer(&unlock))
	ioctlOn(t, user, syscall.TIOCGPTN, unsafe.Pointer(&number))
	inner, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	p := &pty{t: t, user: user, inner: inner, screen: newLines()}
	var reader sync.WaitGroup
	reader.Go(p.read)
	t.Cleanup(func() {
		p.watchers.Wait()
		inner.Close()
		user.Close()
		reader.Wait()
	})
	return p
}

func (p *pty) read() {
	var buf [4096]byte
	for {
		n, err := p.user.Read(buf[:])
		if err != nil {
			return
		}
		for i, text := range bytes.Split(buf[:n], []byte(farewell)) {
			if i > 0 {
				p.screen.end()
			}
			p.screen.Write(text)
		}
	}
}

// ioctlOn does an ioctl; arg points to what it reads or writes.
func ioctlOn(t *testing.T, f *os.File, request uintptr, arg unsafe.Pointer) {
	t.Helper()
	conn, err := f.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var errno syscall.Errno
	err = conn.Control(func(fd uintptr) { _, _, errno = syscall.Syscall(syscall.SYS_IOCTL, fd, request, uintptr(arg)) })
	if err != nil || errno != 0 {
		t.Fatalf("ioctl %#x: %v, %v", request, err, errno)
	}
}

// raw tells whether the terminal is in raw mode.
func (p *pty) raw() bool {
	p.t.Helper()
	var state syscall.Termios
	ioctlOn(p.t, p.inner, syscall.TCGETS, unsafe.Pointer(&state))
	return state.Lflag&(syscall.ICANON|syscall.ECHO|syscall.ISIG) == 0
}

// start runs softkey at the terminal. Its standard input is stdin, or the
// terminal where that is nil.
func (p *pty) start(stdin *os.File, args ...string) *process {
	p.t.Helper()
	cmd, err := softkeyCommand(args...)
	if err != nil {
		p.t.Fatal(err)
	}
	cmd.Env = append(cmd.Env, "TERM=xterm", "NO_COLOR=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 3}
	cmd.ExtraFiles = []*os.File{p.inner}
	cmd.Stdin = p.inner
	if stdin != nil {
		cmd.Stdin = stdin
	}
	cmd.Stdout, cmd.Stderr = p.inner, p.inner
	running, err := startProcess(cmd)
	if err != nil {
		p.t.Fatal(err)
	}
	p.screen.begin()
	p.watchers.Go(func() {
		<-running.ended
		p.inner.WriteString(farewell)
	})
	p.t.Cleanup(running.stop)
	return running
}

// await waits until the screen shows a match of want, or all processes at the
// terminal have ended without.
func (p *pty) await(want string) {
	p.t.Helper()
	if _, err := p.screen.await(regexp.MustCompile(want)); err != nil {
		p.t.Fatal(err)
	}
}

func (p *pty) press(keys string) {
	p.t.Helper()
	if _, err := p.user.WriteString(keys); err != nil {
		p.t.Fatal(err)
	}
}

// client starts softkey as another program, which asks the key at address.
func (p *pty) client(address string) *process {
	p.t.Helper()
	cmd, err := softkeyCommand("webauthn", "create", "--origin", "https://example.com", "--device", address)
	if err != nil {
		p.t.Fatal(err)
	}
	cmd.Stdin = p.options()
	running, err := startProcess(cmd)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(running.stop)
	return running
}

// options returns a file with options for `webauthn create`.
func (p *pty) options() *os.File {
	p.t.Helper()
	path := filepath.Join(p.t.TempDir(), "options.json")
	const options = `{"rp": {"id": "example.com", "name": "Example"}, "user": {"id": "AAAA", "name": "alice", "displayName": "A"},
		"challenge": "AAAA", "pubKeyCredParams": [{"type": "public-key", "alg": -7}]}`
	if err := os.WriteFile(path, []byte(options), 0o600); err != nil {
		p.t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { f.Close() })
	return f
}

func wantExit(t *testing.T, what string, p *process, want int) {
	t.Helper()
	if got := p.finish(); got != want {
		t.Errorf("%s ended with %d, want %d; stderr: %s", what, got, want, p.stderr)
	}
}

// A prompt takes the terminal in raw mode, and gives it back whatever happens.
func TestPromptAtTerminal(t *testing.T) {
	tests := []struct {
		name   string
		end    func(p *pty, key, client *process)
		client int // exit codes
		key    int
		last   string
	}{
		{"approved", func(p *pty, _, _ *process) { p.press("y") }, exitDone, -1, "  approved\r\n"},
		{"refused", func(p *pty, _, _ *process) { p.press("n") }, exitRefused, -1, "  refused\r\n"},
		{"withdrawn", func(_ *pty, _, client *process) { client.cmd.Process.Signal(os.Interrupt) }, exitFailed, -1, "  withdrawn"},
		{"SIGTERM", func(_ *pty, key, _ *process) { key.cmd.Process.Signal(syscall.SIGTERM) }, exitFailed, exitDone, "  withdrawn"},
		{"Ctrl-C", func(p *pty, _, _ *process) { p.press("\x03") }, exitRefused, exitDone, "  refused\r\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newPTY(t)
			address := "unix:" + filepath.Join(socketdir.New(t), "key.sock")
			key := p.start(nil, "run", "--ephemeral", "--transport", address)
			p.await("ready " + regexp.QuoteMeta(address))
			p.press("y\n") // at nobody's request

			client := p.client(address)
			p.await(`Register\?\r\n  site     example\.com\r\n  account  alice\r\n`)
			p.await(`\r  approve\? y/n  30 s `)
			if !p.raw() {
				t.Error("the terminal is not in raw mode while it asks")
			}
			tt.end(p, key, client)
			p.await(regexp.QuoteMeta(tt.last))
			if tt.key >= 0 {
				wantExit(t, "the key", key, tt.key)
			}
			if tt.name != "Ctrl-C" { // the answer may come, or the end before it
				wantExit(t, "the client", client, tt.client)
			}
			if p.raw() {
				t.Error("the terminal is left in raw mode")
			}
		})
	}
}

// A client with its request on standard input asks at the terminal all the same.
func TestPromptOfClient(t *testing.T) {
	p := newPTY(t)
	client := p.start(p.options(), "webauthn", "create", "--origin", "https://example.com", "--ephemeral", "--presence", "prompt")
	p.await("approve")
	p.press("y")
	wantExit(t, "the client", client, exitDone)
	p.await(`"attestationObject"`)
	if p.raw() {
		t.Error("the terminal is left in raw mode")
	}
}

func TestResetAsks(t *testing.T) {
	tests := []struct {
		answer string
		code   int
		says   string
	}{
		{"yes\n", exitDone, "the key at loopback is erased"},
		{"y\n", exitFailed, "nothing is erased"},
		{"\x04", exitFailed, "nothing is erased"},
	}
	for _, tt := range tests {
		t.Run(tt.says, func(t *testing.T) {
			p := newPTY(t)
			reset := p.start(nil, "reset", "--device", "loopback", "--ephemeral")
			p.await("This erases every credential of the key at loopback. Type yes to go on: ")
			p.press(tt.answer)
			wantExit(t, "reset", reset, tt.code)
			p.await(tt.says)
		})
	}
}

// A PIN is asked for twice, and never shown; one at last is asked for once more
// where it was wrong.
func TestPINAtTerminal(t *testing.T) {
	p := newPTY(t)
	dir := filepath.Join(t.TempDir(), "key")
	set := p.start(nil, "pin", "set", "--device", "loopback", "--state", dir)
	p.await("New PIN: ")
	p.press("73614\r")
	p.await("New PIN again: ")
	p.press("73614\r")
	wantExit(t, "pin set", set, exitDone)
	p.await("the key at loopback has a PIN")

	change := p.start(nil, "pin", "change", "--device", "loopback", "--state", dir)
	p.await("PIN of the key: ")
	p.press("73614\r")
	p.await(`(?s)PIN of the key: .*New PIN: `)
	p.press("90210\r")
	p.await(`(?s)PIN of the key: .*New PIN again: `)
	p.press("90211\r")
	wantExit(t, "pin change", change, exitFailed)
	p.await("the two are not the same: the PIN stays as it was")

	list := p.start(nil, "credentials", "list", "--device", "loopback", "--state", dir)
	p.await(`(?s)not the same.*PIN of the key: `)
	p.press("\x03")
	wantExit(t, "credentials list", list, exitFailed)
	if p.raw() {
		t.Error("the terminal is left in raw mode")
	}
	if shown := p.screen.String(); regexp.MustCompile("7361|9021").MatchString(shown) {
		t.Errorf("the screen shows a PIN: %q", shown)
	}
}
