package main

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/pinuv"
	"github.com/softkey-project/softkey/ctaphid"
	"github.com/softkey-project/softkey/test/socketdir"
)

// A key is given a PIN, and then another; tokens are asked for with the right one
// and with a wrong one. Then neither the PINs nor the tokens, which have ended,
// nor the secrets that both were encrypted under are left in the memory of the
// process, nor are they in its log or its trace.
//
// A PIN has more letters than a register has bytes, so that one saved register is
// no copy of it. The secret of protocol one is not looked for in memory: it is an
// AES key, and crypto/aes keeps those.
func TestPINsLeaveMemory(t *testing.T) {
	dir := t.TempDir()
	trace, mark := filepath.Join(dir, "trace"), "mark-"+rand.Text()
	t.Setenv(dumpableVariable, "1")
	t.Setenv("SOFTKEY_TEST_MARK", mark)
	p, addresses := startRun(t, 1, "run", "--ephemeral", "--presence", "approve", "--log-level", "debug",
		"--trace", trace, "--transport", "unix:"+filepath.Join(socketdir.New(t), "run", "key"))
	s := secrets{}
	usePINs(t, strings.TrimPrefix(addresses[0], "unix:"), s)

	traced, err := os.ReadFile(trace)
	if err != nil || !bytes.Contains(traced, []byte("authenticatorClientPIN")) {
		t.Fatalf("the trace of %d bytes tells of no PIN: %v", len(traced), err)
	}
	for name, text := range map[string][]byte{"trace": traced, "log": []byte(p.stderr.String())} {
		if found := s.foundIn(text); len(found) > 0 {
			t.Errorf("the %s holds %q", name, found)
		}
	}
	delete(s, "the shared secret of protocol 1")
	if found := s.inMemory(t, p.cmd.Process.Pid); len(found) > 0 {
		t.Errorf("left in memory: %v", found)
	}
	if found := (secrets{"mark": []byte(mark)}).inMemory(t, p.cmd.Process.Pid); found["mark"] == 0 {
		t.Error("the environment is not found in memory: the test sees nothing")
	}
}

// usePINs keeps the secrets of a client that makes use of a key's PIN.
func usePINs(t *testing.T, path string, s secrets) {
	t.Helper()
	transport, err := dialUnix(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	host, err := ctaphid.Open(t.Context(), transport)
	if err != nil {
		t.Fatal(err)
	}
	defer host.Close()
	pin := ""
	for number := range uint64(2) {
		c := &pinClient{t, host, pinuv.ByNumber(number + 1), s}
		next := "PIN-" + rand.Text()
		s.keep(fmt.Sprintf("PIN %d", number+1), []byte(next))
		c.change(pin, next)
		pin = next
		c.token("wrong-"+pin, ctap.StatusPINInvalid)
		c.token(pin, ctap.StatusOK)
	}
	c := &pinClient{t, host, pinuv.ByNumber(2), s}
	c.change(pin, "last-"+rand.Text()) // which ends the token
}

// pinClient is a client of which the secrets are known.
type pinClient struct {
	t        *testing.T
	host     *ctaphid.Host
	protocol pinuv.Protocol
	secrets  secrets
}

// change gives the key its first PIN, or another.
func (c *pinClient) change(pin, next string) {
	c.t.Helper()
	secret, req := c.agree(ctap.SetPIN)
	padded := make([]byte, 64)
	copy(padded, next)
	req.NewPINEnc = c.encrypt(secret, padded)
	message := bytes.Clone(req.NewPINEnc)
	if pin != "" {
		req.Subcommand, req.PINHashEnc = ctap.ChangePIN, c.encrypt(secret, pinHash(pin))
		message = append(message, req.PINHashEnc...)
	}
	req.PinUvAuthParam = c.protocol.Authenticate(secret, message)
	c.ask(req, ctap.StatusOK)
}

// token asks for a token, and keeps it.
func (c *pinClient) token(pin string, want ctap.Status) {
	c.t.Helper()
	secret, req := c.agree(ctap.GetPINToken)
	req.PINHashEnc = c.encrypt(secret, pinHash(pin))
	if resp := c.ask(req, want); want == ctap.StatusOK {
		token, err := c.protocol.Decrypt(secret, resp.PinUvAuthToken)
		if err != nil {
			c.t.Fatal(err)
		}
		c.secrets.keep(fmt.Sprintf("the token of protocol %d", c.protocol.Number()), token)
	}
}

func pinHash(pin string) []byte {
	sum := sha256.Sum256([]byte(pin))
	return sum[:16]
}

// agree returns a secret that the key shares, and a request that goes with it.
func (c *pinClient) agree(sub ctap.ClientPINSubcommand) ([]byte, *ctap.ClientPINRequest) {
	c.t.Helper()
	number := c.protocol.Number()
	resp := c.ask(&ctap.ClientPINRequest{PinUvAuthProtocol: &number, Subcommand: ctap.GetKeyAgreement}, ctap.StatusOK)
	var theirs pinuv.COSEKey
	if err := ctap.Unmarshal(resp.KeyAgreement, &theirs); err != nil {
		c.t.Fatal(err)
	}
	ours, secret, err := pinuv.Encapsulate(c.protocol, theirs, rand.Reader)
	if err != nil {
		c.t.Fatal(err)
	}
	c.secrets.keep(fmt.Sprintf("the shared secret of protocol %d", number), secret)
	return secret, &ctap.ClientPINRequest{PinUvAuthProtocol: &number, Subcommand: sub, KeyAgreement: ctap.MustMarshal(ours)}
}

func (c *pinClient) encrypt(secret, plaintext []byte) []byte {
	c.t.Helper()
	b, err := c.protocol.Encrypt(secret, plaintext, rand.Reader)
	if err != nil {
		c.t.Fatal(err)
	}
	return b
}

func (c *pinClient) ask(req *ctap.ClientPINRequest, want ctap.Status) (resp ctap.ClientPINResponse) {
	c.t.Helper()
	message := append([]byte{byte(ctap.CommandClientPIN)}, ctap.MustMarshal(req)...)
	answer, err := c.host.Transact(c.t.Context(), ctaphid.CommandCBOR, message, nil)
	if err != nil || len(answer) == 0 || ctap.Status(answer[0]) != want {
		c.t.Fatalf("subcommand %d: got %x, %v; want %v", req.Subcommand, answer, err, want)
	}
	if len(answer) > 1 {
		if err := ctap.Unmarshal(answer[1:], &resp); err != nil {
			c.t.Fatal(err)
		}
	}
	return resp
}

// inMemory returns how often each secret is in the memory that a process can
// write to; those that are not there are left out.
func (s secrets) inMemory(t *testing.T, pid int) map[string]int {
	t.Helper()
	maps, err := os.Open(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		t.Fatal(err)
	}
	defer maps.Close()
	mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		t.Fatal(err)
	}
	defer mem.Close()
	found := map[string]int{}
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		if r, ok := parseRegion(lines.Text()); ok {
			s.search(mem, r, found)
		}
	}
	return found
}

// region is a part of memory.
type region struct{ from, to int64 }

// maxRegion is more than the region of a heap here. Larger ones are the shadow
// memory of the race detector, which holds no data.
const maxRegion = 1 << 30

// parseRegion reads a line of /proc/PID/maps. ok is false for a region that cannot
// be written to.
func parseRegion(line string) (r region, ok bool) {
	var mode string
	if _, err := fmt.Sscanf(line, "%x-%x %s", &r.from, &r.to, &mode); err != nil {
		return r, false
	}
	return r, strings.HasPrefix(mode, "rw") && r.to-r.from < maxRegion
}

// search counts the secrets in a region, piece by piece. What cannot be read has
// no pages.
func (s secrets) search(mem *os.File, r region, found map[string]int) {
	const piece, overlap = 1 << 20, 1 << 8
	buf := make([]byte, piece+overlap)
	for at := r.from; at < r.to; at += piece {
		n, _ := mem.ReadAt(buf[:min(int64(len(buf)), r.to-at)], at)
		for name, secret := range s {
			if count := bytes.Count(buf[:n], secret); count > 0 {
				found[name] += count
			}
		}
	}
}
