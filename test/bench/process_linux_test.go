package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/softkey-project/softkey/ctaphid"
	"github.com/softkey-project/softkey/test/socketdir"
)

// BenchmarkProcess starts the program itself.
func BenchmarkProcess(b *testing.B) {
	p := newProgram(b)
	b.Run("Start", func(b *testing.B) {
		hello := build(b, "./floor/hello")
		state := p.newState(b)
		compareStarts(b, func() cost { return p.start(b, state) }, func() cost { return run(b, exec.Command(hello)) })
	})
	b.Run("Idle", func(b *testing.B) { p.reportMemory(b, p.newState(b)) })
}

// program is a built softkey, and a socket for it.
type program struct{ path, socket string }

func newProgram(b *testing.B) program {
	b.Helper()
	return program{build(b, "../../cmd/softkey"), filepath.Join(socketdir.New(b), "key.sock")}
}

// build builds a program as packaging/build does.
func build(b *testing.B, pkg string) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "program")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", path, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}

// newState returns a state folder in which a key was before.
func (p program) newState(b *testing.B) string {
	b.Helper()
	state := filepath.Join(b.TempDir(), "state")
	p.start(b, state)
	return state
}

// compareStarts is [compare] for processes, which tell themselves what they cost.
func compareStarts(b *testing.B, subject, floor func() cost) {
	b.Helper()
	var c comparison
	for b.Loop() {
		c.add(floor(), subject(), floor())
	}
	c.report(b)
}

// run runs a command to its end.
func run(b *testing.B, cmd *exec.Cmd) cost {
	b.Helper()
	begin := time.Now()
	if err := cmd.Run(); err != nil {
		b.Fatal(err)
	}
	return spent(cmd, time.Since(begin))
}

// spent is what a command cost that has ended.
func spent(cmd *exec.Cmd, wall time.Duration) cost {
	cpu := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return cost{float64(cpu), []float64{float64(wall)}}
}

// start starts a key, and kills it when it has answered CTAPHID_INIT.
func (p program) start(b *testing.B, state string) cost {
	b.Helper()
	begin := time.Now()
	cmd, host := p.open(b, state)
	wall := time.Since(begin)
	_ = host.Close()
	kill(cmd)
	return spent(cmd, wall)
}

// open starts a key, and opens it.
func (p program) open(b *testing.B, state string) (*exec.Cmd, *ctaphid.Host) {
	b.Helper()
	cmd := exec.Command(p.path, "run", "--transport", "unix:"+p.socket, "--state", state, "--presence", "approve")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		b.Fatal(err)
	}
	if line, err := bufio.NewReader(stdout).ReadString('\n'); err != nil || !strings.HasPrefix(line, "ready ") {
		kill(cmd)
		b.Fatalf("the key printed %q, %v; want that it is ready; stderr: %s", line, err, &stderr)
	}
	conn, err := net.Dial("unix", p.socket)
	if err != nil {
		kill(cmd)
		b.Fatal(err)
	}
	host, err := ctaphid.Open(context.Background(), ctaphid.NewStream(conn))
	if err != nil {
		kill(cmd)
		b.Fatal(err)
	}
	return cmd, host
}

func kill(cmd *exec.Cmd) {
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}

// memory is what a process has in memory, in bytes.
type memory struct{ resident, anonymous float64 }

func memoryOf(b *testing.B, pid int) (m memory) {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		var kB float64
		if n, _ := fmt.Sscanf(line, "VmRSS: %f kB", &kB); n == 1 {
			m.resident = kB * 1024
		}
		if n, _ := fmt.Sscanf(line, "RssAnon: %f kB", &kB); n == 1 {
			m.anonymous = kB * 1024
		}
	}
	return m
}

// reportMemory reports what a key has in memory that has answered CTAPHID_INIT.
func (p program) reportMemory(b *testing.B, state string) {
	b.Helper()
	var resident, anonymous []float64
	for b.Loop() {
		cmd, host := p.open(b, state)
		m := memoryOf(b, cmd.Process.Pid)
		_ = host.Close()
		kill(cmd)
		resident, anonymous = append(resident, m.resident), append(anonymous, m.anonymous)
	}
	report(b, "rss-MB", 1e-6, resident)
	report(b, "anon-MB", 1e-6, anonymous)
	b.ReportMetric(0, "ns/op")
}
