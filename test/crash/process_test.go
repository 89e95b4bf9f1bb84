package crash

import (
	"bufio"
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/ctaphid"
	"github.com/softkey-project/softkey/test/socketdir"
)

// program returns the path of the program to test.
func program(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("SOFTKEY"); path != "" {
		return path
	}
	path := filepath.Join(t.TempDir(), "softkey")
	if out, err := exec.Command("go", "build", "-o", path, "../../cmd/softkey").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}

// machine is where keys run one after the other: a program, a profile, a state
// directory and a socket.
type machine struct {
	program, profile, state, socket string
}

func newMachine(t *testing.T, program, profile string) machine {
	t.Helper()
	dir := t.TempDir()
	return machine{program, profile, filepath.Join(dir, "state"), filepath.Join(socketdir.New(t), "run", "key.sock")}
}

// process is one `softkey run`.
type process struct {
	cmd    *exec.Cmd
	stdout *bufio.Reader
	stderr bytes.Buffer

	end    sync.Once
	killed atomic.Bool // or about to be
}

// launch starts a key and does not wait for it. It is killed when the test ends.
func (m machine) launch(t *testing.T) *process {
	t.Helper()
	return spawn(t, exec.Command(m.program, "run", "--transport", "unix:"+m.socket, "--state", m.state, "--profile", m.profile, "--presence", "approve"))
}

// start starts a key and returns when it is ready.
func (m machine) start(t *testing.T) *process {
	t.Helper()
	p := m.launch(t)
	p.ready(t)
	return p
}

func spawn(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{cmd: cmd}
	p.cmd.Stderr = &p.stderr
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.stdout = bufio.NewReader(stdout)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	return p
}

// ready waits until the key says that it is.
func (p *process) ready(t *testing.T) {
	t.Helper()
	patience := time.AfterFunc(time.Minute, func() { p.cmd.Process.Kill() })
	defer patience.Stop()
	line, err := p.stdout.ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "ready ") {
		t.Fatalf("the key printed %q, %v; want a line that begins with ready; stderr: %s", line, err, &p.stderr)
	}
}

// kill ends the process as kill -9 does, and waits for the end. It may have
// ended before. Several goroutines may call it.
func (p *process) kill() {
	p.killed.Store(true)
	p.cmd.Process.Kill()
	p.wait()
}

// wait waits for the end of the process; the first to do so learns how it was.
func (p *process) wait() (err error) {
	p.end.Do(func() { err = p.cmd.Wait() })
	return err
}

// stop ends the process as a service manager would.
func (p *process) stop(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	if err := p.wait(); err != nil {
		t.Errorf("after SIGTERM: got %v, want exit code 0; stderr: %s", err, &p.stderr)
	}
}

// open opens the running key.
func (m machine) open(t *testing.T) *client.Device {
	t.Helper()
	return openOn(t, m.dial(t))
}

func (m machine) dial(t *testing.T) ctaphid.Transport {
	t.Helper()
	conn, err := net.Dial("unix", m.socket)
	if err != nil {
		t.Fatal(err)
	}
	return ctaphid.NewStream(conn)
}

func openOn(t *testing.T, transport ctaphid.Transport) *client.Device {
	t.Helper()
	key, err := client.Open(t.Context(), transport)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
