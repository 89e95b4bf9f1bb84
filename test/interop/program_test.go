package interop

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/go-webauthn/webauthn/metadata"

	"github.com/softkey-project/softkey/certs"
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
	flags   []string // more that say what key it is
}

func newCommand(t *testing.T, profile string) command {
	t.Helper()
	return command{t: t, state: filepath.Join(t.TempDir(), "state"), profile: profile, origin: "https://" + rpID}
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
	return c.run(request, "webauthn", ceremony, "--origin", c.origin, "--device", "loopback")
}

// run runs a command of the program on the key, and returns what it printed.
func (c command) run(stdin []byte, args ...string) []byte {
	c.t.Helper()
	args = slices.Concat(args, []string{"--profile", c.profile, "--state", c.state}, c.flags)
	cmd := exec.Command(program, args...)
	var stderr bytes.Buffer
	cmd.Stdin, cmd.Stderr = bytes.NewReader(stdin), &stderr
	out, err := cmd.Output()
	if err != nil {
		c.t.Fatalf("softkey %v: %v: %s", args, err, &stderr)
	}
	return out
}

// exported are the metadata of the key, which must have been used before.
func (c command) exported() *metadata.Metadata {
	c.t.Helper()
	roots, err := certs.ParsePEM(c.run(nil, "attestation", "export", "--format", "blob-root"))
	if err != nil {
		c.t.Fatal(err)
	}
	decoded, err := decode(c.run(nil, "attestation", "export", "--format", "blob"), roots[0])
	if err != nil {
		c.t.Fatal(err)
	}
	return decoded
}
