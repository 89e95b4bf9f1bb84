package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// nobody is a user that owns nothing.
const nobody = 65534

// asUser has commands run by a user who is not root, to whom nothing is allowed
// that is not allowed to all. It returns the path of softkey.
func asUser(t *testing.T) (softkey string, cmd func(name string, args ...string) *exec.Cmd) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	user := &syscall.SysProcAttr{}
	if os.Geteuid() == 0 {
		self = copyForAll(t, self)
		user.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
	}
	return self, func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(name, args...)
		cmd.Dir, cmd.SysProcAttr = "/", user
		cmd.Env = append(os.Environ(), "LC_ALL=C", beSoftkey+"=1", quickExit)
		return cmd
	}
}

// copyForAll copies a program to where every user can run it.
func copyForAll(t *testing.T, program string) (path string) {
	t.Helper()
	dir := t.TempDir()
	path = filepath.Join(dir, "softkey")
	data, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{filepath.Dir(dir), dir, path} {
		if err := os.Chmod(name, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// Another program of the same user can read neither the memory of softkey nor its
// environment, and there is no core dump of it: of each command that waits for
// something. For a debugger this can be turned off.
func TestMemoryIsHidden(t *testing.T) {
	softkey, user := asUser(t)
	commands := map[string][]string{
		"run":       {"run", "--ephemeral", "--presence", "approve", "--transport", "tcp:127.0.0.1:0"},
		"u2f serve": {"u2f", "serve", "--ephemeral", "--allow-origin", "https://example.com"},
	}
	for name, args := range commands {
		for _, open := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s open %v", name, open), func(t *testing.T) {
				cmd := user(softkey, args...)
				if open {
					cmd.Env = append(cmd.Env, dumpableVariable+"=1")
				}
				p, err := startProcess(cmd)
				if err != nil {
					t.Fatal(err)
				}
				defer p.stop()
				if _, err := p.addresses(1); err != nil {
					t.Fatal(err)
				}
				proc := fmt.Sprintf("/proc/%d/", cmd.Process.Pid)
				for _, file := range []string{"environ", "maps"} {
					out, err := user("cat", proc+file).CombinedOutput()
					if denied := strings.Contains(string(out), "Permission denied"); denied == open || (err == nil) != open {
						t.Errorf("cat %s: %v, %d bytes; want it denied: %v", file, err, len(out), !open)
					}
				}
				want := "0 0"
				if open {
					want = coreLimits(t, "/proc/self/")
				}
				if got := coreLimits(t, proc); got != want {
					t.Errorf("the limits of a core file are %q, want %q", got, want)
				}
			})
		}
	}
}

// coreLimits returns the limits, soft and hard, of the core file of a process.
func coreLimits(t *testing.T, proc string) string {
	t.Helper()
	limits, err := os.ReadFile(proc + "limits")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(limits)) {
		if rest, ok := strings.CutPrefix(line, "Max core file size"); ok {
			return strings.Join(strings.Fields(rest)[:2], " ")
		}
	}
	t.Fatalf("no limit of core files in %s", limits)
	return ""
}
