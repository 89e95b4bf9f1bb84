//go:build unix

package main

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/test/socketdir"
)

// TestScripts runs testdata/*.txt, in which softkey is this test binary. $SOCKETS
// is a folder for sockets. Beside the commands of testscript there are:
//
//	ca CERTIFICATE KEY              make a CA
//	verify ROOT CHAIN               check a chain of certificates
//	exits CODE PROGRAM [ARG...]     run a program, which ends with the exit code
//	start NAME ARG...               start `softkey run`; when it is ready, $NAME is its address,
//	                                $NAME2 its second, and $NAME_control that of --control
//	unhex FILE HEX                  write bytes to a file
//	only NAME FILE ACCOUNT          $NAME is the ID of the account's credential in a JSON list
//	hand ADDRESS METHOD PATH CODE   ask the control interface, which answers with the status; see the file reply
//	await NAME REGEXP               wait until it has written that to standard error
//	signal NAME INT|KILL|TERM|USR1|USR2  send it a signal
//	finish NAME CODE                wait for its end; its output is in NAME.stdout, NAME.stderr
//	send ADDRESS HEX                send bytes to a socket, and close it
//	mode PATH OCTAL                 check the permissions of a file
//	request FILE REGISTERED         write the request to sign in with a U2F registration
//	counter FILE N                  check the counter of a U2F signature
//	listen NAME tcp|udp             occupy a port; $NAME is where
//	facets NAME FILE                serve a list of facets; $NAME is the server's origin
//	member NAME FILE PATH           $NAME is a member of a JSON file, such as response.id
//	expand FILE TEMPLATE            write a file in which $NAME stands for a variable
//	agekey NAME FILE                make an identity of age's; $NAME is its recipient
//	cut NEW OLD BYTES               write a file without its last bytes
//	authdata FILE                   what a credential's authenticator data say; see the file authdata
//	trusted ADDRESS PIN RPID        have the key tell that site how long its PIN is to be
func TestScripts(t *testing.T) {
	bin := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(bin, "softkey")); err != nil {
		t.Fatal(err)
	}
	leaks := newLeaks(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", bin+string(filepath.ListSeparator)+env.Getenv("PATH"))
			env.Vars = append(env.Vars, beSoftkey+"=1", quickExit)
			env.Setenv("HOME", filepath.Join(env.WorkDir, "home"))
			env.Setenv("XDG_DATA_HOME", filepath.Join(env.WorkDir, "data"))
			sockets := socketdir.New(t)
			env.Setenv("SOCKETS", sockets)
			env.Setenv("XDG_RUNTIME_DIR", sockets)
			env.Values[processesKey{}] = processes{}
			return startHunt(env, t.TempDir(), leaks)
		},
		Condition: condition,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": cmdExits, "start": cmdStart, "await": cmdAwait, "signal": cmdSignal,
			"finish": cmdFinish, "send": cmdSend, "mode": cmdMode, "listen": cmdListen,
			"request": cmdRequest, "counter": cmdCounter, "hand": cmdHand, "unhex": cmdUnhex, "only": cmdOnly,
			"ca": cmdCA, "verify": cmdVerify, "facets": cmdFacets,
			"member": cmdMember, "expand": cmdExpand, "authdata": cmdAuthData, "agekey": cmdAgeKey, "cut": cmdCut, "trusted": cmdTrusted,
		},
	})
}

// A script's own folder may be too deep for a socket.
func TestSocketsOfScripts(t *testing.T) {
	scripts, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, script := range scripts {
		text, err := os.ReadFile(script)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "unix:$WORK") {
			t.Errorf("%s has a socket in $WORK, want it in $SOCKETS", script)
		}
	}
}

// condition knows what a machine may have or not: [root], [uhid], [hidraw].
func condition(name string) (bool, error) {
	switch name {
	case "root":
		return os.Geteuid() == 0, nil
	case "uhid":
		_, err := os.Stat("/dev/uhid")
		return err == nil, nil
	case "hidraw":
		keys, err := hidraws()
		return len(keys) > 0, err
	}
	return false, fmt.Errorf("unknown condition %q", name)
}

// processes are the keys that a script has started.
type processes map[string]*process

func started(ts *testscript.TestScript, name string) *process {
	p, ok := ts.Value(processesKey{}).(processes)[name]
	if !ok {
		ts.Fatalf("nothing was started as %s", name)
	}
	return p
}

type processesKey struct{}

func arguments(ts *testscript.TestScript, neg bool, args []string, least int, usage string) {
	if neg || len(args) < least {
		ts.Fatalf("usage: %s", usage)
	}
}

func cmdExits(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 2, "exits CODE PROGRAM [ARG...]")
	got := "0"
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		got = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if got != args[0] {
		ts.Fatalf("exit code %s, want %s", got, args[0])
	}
}

func cmdFacets(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 2, "facets NAME FILE")
	list := ts.ReadFile(args[1])
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/fido.trusted-apps+json")
		_, _ = io.WriteString(w, list)
	}))
	ts.Defer(server.Close)
	ts.Setenv(args[0], strings.Replace(server.URL, "127.0.0.1", "localhost", 1))
}

func cmdStart(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 2, "start NAME ARG...")
	cmd, err := softkeyCommand(append([]string{"run"}, args[1:]...)...)
	ts.Check(err)
	cmd.Dir = ts.MkAbs(".")
	for _, name := range []string{"HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "TMPDIR", keepOutputs} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	p, err := startProcess(cmd)
	ts.Check(err)
	ts.Defer(p.stop)
	all := strings.Join(args, "\n")
	addresses, err := p.addresses(max(1, strings.Count(all, "--transport")) + strings.Count(all, "--control"))
	ts.Check(err)
	for i, address := range addresses {
		name := args[0]
		address, isControl := strings.CutPrefix(address, "control ")
		switch {
		case isControl:
			name += "_control"
		case i > 0:
			name += strconv.Itoa(i + 1)
		}
		ts.Setenv(name, address)
	}
	ts.Value(processesKey{}).(processes)[args[0]] = p
}

func cmdAwait(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 2, "await NAME REGEXP")
	want, err := regexp.Compile(args[1])
	ts.Check(err)
	_, err = started(ts, args[0]).stderr.await(want)
	ts.Check(err)
}

func cmdSignal(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 2, "signal NAME INT|KILL|TERM|USR1|USR2")
	signals := map[string]syscall.Signal{
		"INT": syscall.SIGINT, "KILL": syscall.SIGKILL, "TERM": syscall.SIGTERM, "USR1": syscall.SIGUSR1, "USR2": syscall.SIGUSR2,
	}
	sig, ok := signals[args[1]]
	if !ok {
		ts.Fatalf("unknown signal %s", args[1])
	}
	ts.Check(started(ts, args[0]).cmd.Process.Signal(sig))
}

func cmdFinish(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 2, "finish NAME CODE")
	p := started(ts, args[0])
	got := strconv.Itoa(p.finish())
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".stdout"), []byte(p.stdout.String()), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".stderr"), []byte(p.stderr.String()), 0o600))
	if got != args[1] {
		ts.Fatalf("exit code %s, want %s; stderr: %s", got, args[1], p.stderr)
	}
}

func cmdSend(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 2, "send ADDRESS HEX")
	network, place, _ := strings.Cut(args[0], ":")
	data, err := hex.DecodeString(args[1])
	ts.Check(err)
	conn, err := net.Dial(network, place)
	ts.Check(err)
	defer conn.Close()
	_, err = conn.Write(data)
	ts.Check(err)
}

func cmdUnhex(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 2, "unhex FILE HEX")
	data, err := hex.DecodeString(args[1])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o600))
}

func cmdOnly(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 3, "only NAME FILE ACCOUNT")
	var list credentialList
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[1])), &list))
	for _, site := range list.Sites {
		for _, c := range site.Credentials {
			if strings.HasPrefix(c.User.Name, args[2]) {
				ts.Setenv(args[0], c.ID)
				return
			}
		}
	}
	ts.Fatalf("no credential of %s", args[2])
}

func cmdHand(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 4, "hand ADDRESS METHOD PATH CODE")
	network, place, _ := strings.Cut(args[0], ":")
	client := &http.Client{Timeout: patience, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, place)
		},
	}}
	req, err := http.NewRequest(args[1], "http://key"+args[2], nil)
	ts.Check(err)
	resp, err := client.Do(req)
	ts.Check(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("reply"), body, 0o600))
	if got := strconv.Itoa(resp.StatusCode); got != args[3] {
		ts.Fatalf("%s: status %s, want %s: %s", args[2], got, args[3], body)
	}
}

func cmdMode(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 2, "mode PATH OCTAL")
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	if got := fmt.Sprintf("%04o", info.Mode().Perm()); got != args[1] {
		ts.Fatalf("%s has mode %s, want %s", args[0], got, args[1])
	}
}

func cmdListen(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 2, "listen NAME tcp|udp")
	if args[1] == "udp" {
		conn, err := net.ListenPacket("udp", "127.0.0.1:0")
		ts.Check(err)
		ts.Defer(func() { conn.Close() })
		ts.Setenv(args[0], "udp:"+conn.LocalAddr().String())
		return
	}
	ln, err := net.Listen(args[1], "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { ln.Close() })
	ts.Setenv(args[0], "tcp:"+ln.Addr().String())
}

// u2fResponse is what `softkey u2f` prints, in any form.
type u2fResponse struct {
	RegistrationData, SignatureData string
}

// readResponse returns the bytes of one member of a U2F response.
func readResponse(ts *testscript.TestScript, file string, member func(u2fResponse) string) []byte {
	var r u2fResponse
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(file)), &r))
	data, err := base64.RawURLEncoding.DecodeString(member(r))
	ts.Check(err)
	return data
}

func cmdRequest(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 2, "request FILE REGISTERED")
	registration, err := ctap.ParseU2FRegisterResponse(readResponse(ts, args[1], func(r u2fResponse) string { return r.RegistrationData }))
	ts.Check(err)
	request := fmt.Sprintf(`{"version":"U2F_V2","challenge":"abc","appId":"https://example.com","keyHandle":%q}`,
		base64.RawURLEncoding.EncodeToString(registration.KeyHandle))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(request), 0o600))
}

func cmdCounter(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 2, "counter FILE N")
	signature, err := ctap.ParseU2FAuthenticateResponse(readResponse(ts, args[0], func(r u2fResponse) string { return r.SignatureData }))
	ts.Check(err)
	if got := strconv.FormatUint(uint64(signature.Counter), 10); got != args[1] {
		ts.Fatalf("the counter is %s, want %s", got, args[1])
	}
}
