package crash

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/ctap"
)

// testDisk puts a key on a disk that is full, and on one that is read-only. Both
// are a file system in memory, which a child mounts for itself alone.
func testDisk(t *testing.T, s *suite, tab *table) {
	for _, d := range []struct{ role, kind string }{{"small", "disk full"}, {"readonly", "disk read-only"}} {
		t.Run(d.kind, func(t *testing.T) {
			r := tab.row(t, d.kind)
			cmd := exec.Command(os.Args[0], "-test.run=^TestCrash$", "-test.count=1", "-test.v")
			cmd.Env = append(os.Environ(), childRole+"="+d.role, "SOFTKEY="+s.program, childState+"="+t.TempDir())
			cmd.SysProcAttr = &syscall.SysProcAttr{
				Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
				UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}},
				GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}},
			}
			out, err := cmd.CombinedOutput()
			if errors.Is(err, fs.ErrPermission) || strings.Contains(string(out), "--- SKIP") {
				r.note = "skipped: no file system of our own"
				t.Skipf("%s: %v\n%s", r.note, err, out)
			}
			if err != nil {
				t.Fatalf("child: %v\n%s", err, out)
			}
			var f figures
			_, line, _ := strings.Cut(string(out), figuresMark)
			if n, _ := fmt.Sscan(line, &f.rounds, &f.acknowledged, &f.faults, &f.jump); n != 4 {
				t.Fatalf("the child gives no figures:\n%s", out)
			}
			r.add(f)
		})
	}
}

// figuresMark begins the figures of a child.
const figuresMark = "figures: "

func tellFigures(f figures) { fmt.Println(figuresMark, f.rounds, f.acknowledged, f.faults, f.jump) }

// mountSmall mounts a file system of 512 KiB.
func mountSmall(t *testing.T) (m machine) {
	t.Helper()
	dir := os.Getenv(childState)
	if err := syscall.Mount("none", dir, "tmpfs", 0, "size=512k,mode=0700"); err != nil {
		t.Skipf("mount: %v", err)
	}
	m = newMachine(t, program(t), authenticator.DefaultProfile)
	m.state = filepath.Join(dir, "state")
	return m
}

// beOnSmallDisk fills the disk that a key is on, first with its credentials. The
// key says that it is full, has what it acknowledged, is killed and comes back,
// and takes more when there is room.
func beOnSmallDisk(t *testing.T) {
	m := mountSmall(t)
	ballast := filepath.Join(filepath.Dir(m.state), "ballast")
	if err := os.WriteFile(ballast, make([]byte, 128<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	l := &ledger{}
	var f figures
	p := m.start(t)
	f.acknowledged += fillUp(t, m, l)
	p.kill()
	l.crashes++
	f.faults++

	p = m.start(t)
	if f.acknowledged == 0 {
		t.Error("nothing fits")
	}
	checkLedger(t, m, l)
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	more := fillUp(t, m, l)
	if f.acknowledged += more; more == 0 {
		t.Error("there is room again, but the key takes nothing")
	}
	p.stop(t)
	p = m.start(t)
	checkLedger(t, m, l)
	p.stop(t)
	f.rounds, f.jump = 4, l.jump
	tellFigures(f)
}

// fillUp registers until there is no room for more, and signs with all that was
// acknowledged.
func fillUp(t *testing.T, m machine, l *ledger) (acknowledged int) {
	t.Helper()
	key := m.open(t)
	defer key.Close()
	for ; ; acknowledged++ {
		err := l.register(t.Context(), key, siteID, true)
		if err == nil {
			continue
		}
		if !errors.Is(err, ctap.StatusKeyStoreFull) && !errors.Is(err, ctap.StatusOther) {
			t.Fatalf("got %v, want the status of a full key, or of one with a trouble of its own", err)
		}
		signAll(t.Context(), t, key, l)
		return acknowledged
	}
}

func checkLedger(t *testing.T, m machine, l *ledger) {
	t.Helper()
	key := m.open(t)
	defer key.Close()
	signAll(t.Context(), t, key, l)
}

func signAll(ctx context.Context, t *testing.T, key *client.Device, l *ledger) {
	t.Helper()
	for i, c := range l.credentials {
		if err := l.assert(ctx, key, c); err != nil {
			t.Fatalf("credential %d of %d: %v", i+1, len(l.credentials), err)
		}
	}
}

// beOnReadOnlyDisk makes the disk read-only when the key is off, and writable
// again.
func beOnReadOnlyDisk(t *testing.T) {
	m := mountSmall(t)
	l := &ledger{}
	p := m.start(t)
	key := m.open(t)
	if err := l.register(t.Context(), key, siteID, true); err != nil {
		t.Fatal(err)
	}
	key.Close()
	p.stop(t)

	remount(t, m, syscall.MS_RDONLY)
	refuses(t, m, "read-only file system")
	remount(t, m, 0)
	p = m.start(t)
	checkLedger(t, m, l)
	p.stop(t)
	tellFigures(figures{rounds: 3, acknowledged: 1, jump: l.jump})
}

func remount(t *testing.T, m machine, flags uintptr) {
	t.Helper()
	if err := syscall.Mount("none", filepath.Dir(m.state), "tmpfs", syscall.MS_REMOUNT|flags, ""); err != nil {
		t.Fatal(err)
	}
}
