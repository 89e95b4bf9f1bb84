package interop

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// program is the path of the program to test, set by TestMain.
var program string

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "interop:", err)
		code = 1
	}
	os.Exit(code)
}

// run builds the program, unless the environment names one, and runs the tests.
func run(m *testing.M) (code int, err error) {
	if program = os.Getenv("SOFTKEY"); program != "" {
		return m.Run(), nil
	}
	dir, err := os.MkdirTemp("", "softkey-interop-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "softkey")
	build := exec.Command("go", "build", "-o", program, "./cmd/softkey")
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("go build: %w: %s", err, out)
	}
	return m.Run(), nil
}

// command is a page that is the program `softkey webauthn`, with a key in a
// state directory.
type command struct {
	t       *testing.T
	state   string
	profile string
	origin  string
}

func newCommand(t *testing.T, profile string) command {
	t.Helper()
	return command{t, filepath.Join(t.TempDir(), "state"), profile, "https://" + rpID}
}

func (c command) Create(options any) []byte {
	c.t.Helper()
	return c.ask("create", options)
}

func (c command) Get(options any) []byte {
	c.t.Helper()
	return c.ask("get", options)
}

func (c command) ask(ceremony string, options any) []byte {
	c.t.Helper()
	request, err := json.Marshal(options)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.run(request, "webauthn", ceremony, "--origin", c.origin, "--device", "loopback", "--profile", c.profile, "--state", c.state)
}

func (c command) run(stdin []byte, args ...string) []byte {
	c.t.Helper()
	cmd := exec.Command(program, args...)
	var stderr bytes.Buffer
	cmd.Stdin, cmd.Stderr = bytes.NewReader(stdin), &stderr
	out, err := cmd.Output()
	if err != nil {
		c.t.Fatalf("softkey %v: %v: %s", args, err, &stderr)
	}
	return out
}

// root returns the certificate that vouches for the key, which must have been
// used before.
func (c command) root() *x509.Certificate {
	c.t.Helper()
	out := c.run(nil, "attestation", "export", "--state", c.state)
	block, _ := pem.Decode(out)
	if block == nil {
		c.t.Fatalf("softkey attestation export printed no PEM: %s", out)
	}
	root, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		c.t.Fatal(err)
	}
	return root
}
