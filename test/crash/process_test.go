package crash

import (
	"bufio"
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/ctaphid"
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

// machine is where keys run one after the other: a program, a state directory
// and a socket.
type machine struct {
	program, state, socket string
}

func newMachine(t *testing.T) machine {
	t.Helper()
	dir := t.TempDir()
	return machine{program(t), filepath.Join(dir, "state"), filepath.Join(dir, "run", "key.sock")}
}

// process is one `softkey run`.
type process struct {
	cmd    *exec.Cmd
	stderr bytes.Buffer
}

// launch starts a key and does not wait for it. It is killed when the test ends.
func (m machine) launch(t *testing.T) (*process, *bufio.Reader) {
	t.Helper()
	p := &process{cmd: exec.Command(m.program, "run", "--transport", "unix:"+m.socket, "--state", m.state, "--presence", "approve")}
	p.cmd.Stderr = &p.stderr
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	return p, bufio.NewReader(stdout)
}

// start starts a key and returns when it is ready.
func (m machine) start(t *testing.T) *process {
	t.Helper()
	p, stdout := m.launch(t)
	patience := time.AfterFunc(time.Minute, func() { p.cmd.Process.Kill() })
	defer patience.Stop()
	line, err := stdout.ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "ready ") {
		t.Fatalf("the key printed %q, %v; want a line that begins with ready; stderr: %s", line, err, &p.stderr)
	}
	return p
}

// kill ends the process as a power cut would, and waits for the end. It may
// have ended before.
func (p *process) kill() {
	p.cmd.Process.Kill()
	p.cmd.Wait()
}

// stop ends the process as a service manager would.
func (p *process) stop(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("after SIGTERM: got %v, want exit code 0; stderr: %s", err, &p.stderr)
	}
}

// open opens the running key.
func (m machine) open(t *testing.T) *client.Device {
	t.Helper()
	conn, err := net.Dial("unix", m.socket)
	if err != nil {
		t.Fatal(err)
	}
	key, err := client.Open(t.Context(), ctaphid.NewStream(conn))
	if err != nil {
		t.Fatal(err)
	}
	return key
}
