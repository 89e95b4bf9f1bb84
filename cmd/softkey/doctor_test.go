//go:build unix

package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/ctaphid"
	"github.com/softkey-project/softkey/desktop"
	"github.com/softkey-project/softkey/test/socketdir"
)

// files is a file system with these contents.
func files(contents map[string]string) fstest.MapFS {
	tree := fstest.MapFS{}
	for path, content := range contents {
		tree[path] = &fstest.MapFile{Data: []byte(content), Mode: 0o644}
	}
	return tree
}

// fails is an open that ends with the error of a system call.
func fails(errno syscall.Errno) func(string) error {
	return func(path string) error { return &fs.PathError{Op: "open", Path: path, Err: errno} }
}

func opens(string) error { return nil }

const (
	rule   = "# KERNEL==\"uhid\" in a comment\n" + `KERNEL=="uhid", SUBSYSTEM=="misc", GROUP="softkey", TAG+="uaccess"` + "\n"
	groups = "root:x:0:\nsoftkey:x:900:ada,bob\n"
)

func TestDoctorDevices(t *testing.T) {
	keyIn := func(uevent string) map[string]string {
		return map[string]string{
			"sys/class/hidraw/hidraw3/device/report_descriptor": string(ctaphid.ReportDescriptor()),
			"sys/class/hidraw/hidraw3/device/uevent":            uevent,
		}
	}
	tests := []struct {
		name    string
		run     func(context.Context, *machine) []finding
		machine machine
		want    []string // the level and a part of each finding and of how to mend it
	}{
		{"uhid", checkUHID, machine{open: opens}, []string{"ok: plugged in by /dev/uhid|"}},
		{"no uhid", checkUHID, machine{open: fails(syscall.ENOENT)}, []string{"warn: /dev/uhid: no such file or directory: a key goes to a socket|modprobe uhid"}},
		{"no module", checkUHID, machine{open: fails(syscall.ENODEV)}, []string{"warn: no such device|modprobe uhid"}},
		{"no right", checkUHID, machine{open: fails(syscall.EACCES)}, []string{"warn: /dev/uhid: permission denied|udev rule"}},
		{"everybody's", checkUHID, machine{open: opens, files: fstest.MapFS{"dev/uhid": {Mode: 0o666}}}, []string{"warn: mode 0666|take away"}},

		{"another system", checkUHID, machine{other: true, open: fails(syscall.ENOENT)}, []string{"ok: only Linux|"}},

		{"no rule on another system", checkRule, machine{other: true}, nil},
		{"no rule", checkRule, machine{}, []string{"warn: no udev rule|packaging/udev/70-softkey.rules"}},
		{"no rule for root", checkRule, machine{root: true}, nil},
		{"rule", checkRule, machine{files: files(map[string]string{"usr/lib/udev/rules.d/70-softkey.rules": rule, "etc/group": groups})},
			[]string{"ok: /usr/lib/udev/rules.d/70-softkey.rules says|"}},
		{"rule without its group", checkRule, machine{files: files(map[string]string{"usr/lib/udev/rules.d/70-softkey.rules": rule})},
			[]string{"warn: group softkey, which there is not|groupadd --system softkey"}},
		{"rule that is late", checkRule, machine{files: files(map[string]string{"etc/udev/rules.d/99-uhid.rules": rule, "etc/group": groups})},
			[]string{"warn: /etc/udev/rules.d/99-uhid.rules comes after|below 73"}},
		{"rule that is hidden", checkRule, machine{files: files(map[string]string{"etc/udev/rules.d/70-softkey.rules": "# none\n", "usr/lib/udev/rules.d/70-softkey.rules": rule})},
			[]string{"warn: no udev rule|"}},
		{"rule in a comment", checkRule, machine{files: files(map[string]string{"etc/udev/rules.d/70-softkey.rules": "#KERNEL==\"uhid\"\n"})}, []string{"warn: no udev rule|"}},

		{"no group", checkGroup, machine{open: fails(syscall.EACCES)}, nil},
		{"in the group", checkGroup, machine{groups: []int{5, 900}, files: files(map[string]string{"etc/group": groups})}, []string{"ok: in the group|"}},
		{"in the group since", checkGroup, machine{user: "bob", open: fails(syscall.EACCES), files: files(map[string]string{"etc/group": groups})},
			[]string{"warn: this session began before|log out"}},
		{"not in the group", checkGroup, machine{user: "eve", open: fails(syscall.EACCES), files: files(map[string]string{"etc/group": groups})},
			[]string{"warn: not in the group|usermod --append --groups softkey eve"}},
		{"not in the group, at the seat", checkGroup, machine{user: "eve", open: opens, files: files(map[string]string{"etc/group": groups})}, nil},
		{"not in the group, without the module", checkGroup, machine{user: "eve", open: fails(syscall.ENOENT), files: files(map[string]string{"etc/group": groups})}, nil},
		{"group on another system", checkGroup, machine{other: true, open: fails(syscall.EACCES), files: files(map[string]string{"etc/group": groups})}, nil},
		{"root", checkGroup, machine{root: true, open: fails(syscall.EACCES), files: files(map[string]string{"etc/group": groups})}, nil},

		{"no keys", checkKeys, machine{open: opens}, nil},
		{"a key", checkKeys, machine{open: opens, files: files(keyIn("HID_ID=0003:0000F1D0:00005F01\nHID_NAME=softkey\n"))},
			[]string{"ok: /dev/hidraw3, softkey (f1d0:5f01) can be used|"}},
		{"a key of another", checkKeys, machine{open: fails(syscall.EACCES), files: files(keyIn("HID_ID=0003:0000F1D0:00005F01\nHID_NAME=softkey\n"))},
			[]string{"warn: /dev/hidraw3, softkey (f1d0:5f01): permission denied|udev rule"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.machine.files == nil {
				tt.machine.files = fstest.MapFS{}
			}
			wantFindings(t, tt.run(t.Context(), &tt.machine), tt.want)
		})
	}
}

// wantFindings compares findings with such as "warn: part of it|part of its mend".
func wantFindings(t *testing.T, got []finding, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("got %+v, want %q", got, want)
	}
	for i, f := range got {
		level, parts, _ := strings.Cut(want[i], ": ")
		says, mend, _ := strings.Cut(parts, "|")
		if string(f.Level) != level || !strings.Contains(f.Says, says) || !strings.Contains(f.Mend, mend) {
			t.Errorf("got %+v, want %q", f, want[i])
		}
		if (f.Mend == "") != (f.Level == levelOK) {
			t.Errorf("got %+v: what is not ok can be mended, what is cannot", f)
		}
	}
}

func TestDoctorSandboxes(t *testing.T) {
	const (
		app  = "/var/lib/flatpak/app/org.chromium.Chromium/current/active/metadata"
		mine = "/home/ada/.local/share/flatpak/overrides/"
	)
	tests := []struct {
		name  string
		files map[string]string
		want  []string
	}{
		{"none", nil, nil},
		{"snaps", map[string]string{"/snap/bin/firefox": "", "/snap/bin/chromium": "", "/snap/bin/hello": ""},
			[]string{"warn: the snap chromium sees no virtual key|flatpak", "warn: the snap firefox|use firefox from"}},
		{"flatpak", map[string]string{app: "[Context]\nshared=network;\ndevices=dri;\n"},
			[]string{"warn: the flatpak org.chromium.Chromium|flatpak override --user --device=all org.chromium.Chromium"}},
		{"flatpak with all devices", map[string]string{app: "[Context]\ndevices=dri;all;\n"}, []string{"ok: org.chromium.Chromium sees all devices|"}},
		{"of the user", map[string]string{"/home/ada/.local/share/flatpak/app/org.mozilla.firefox/current/active/metadata": "[Context]\n"},
			[]string{"warn: org.mozilla.firefox|"}},
		{"not in that part", map[string]string{app: "[Context]\n[Session Bus Policy]\ndevices=all\n"}, []string{"warn: |"}},
		{"overridden", map[string]string{app: "[Context]\n", mine + "org.chromium.Chromium": "[Context]\ndevices=all;\n"}, []string{"ok: |"}},
		{"overridden for all", map[string]string{app: "[Context]\n", mine + "global": "[Context]\ndevices=all;\n"}, []string{"ok: |"}},
		{"taken away", map[string]string{app: "[Context]\ndevices=all;\n", mine + "org.chromium.Chromium": "[Context]\ndevices=!all;\n"}, []string{"warn: |"}},
		{"override of nothing", map[string]string{mine + "org.chromium.Chromium": "[Context]\ndevices=all;\n"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tree := make(map[string]string)
			for path, content := range tt.files {
				tree[strings.TrimPrefix(path, "/")] = content
			}
			m := &machine{files: files(tree), home: "/home/ada"}
			wantFindings(t, slices.Concat(checkSnaps(t.Context(), m), checkFlatpaks(t.Context(), m)), tt.want)
		})
	}
}

func TestDoctorPlaces(t *testing.T) {
	dir := socketdir.New(t)
	for name, mode := range map[string]fs.FileMode{"mine": 0o700, "shared": 0o777} {
		if err := errors.Join(os.Mkdir(filepath.Join(dir, name), mode), os.Chmod(filepath.Join(dir, name), mode)); err != nil {
			t.Fatal(err)
		}
	}
	ln, err := net.Listen("unix", filepath.Join(dir, "mine", "key"))
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	at := func(name string) *machine {
		return &machine{socket: filepath.Join(dir, name), state: filepath.Join(dir, name)}
	}
	wantFindings(t, checkSocket(t.Context(), at("mine/key")), []string{"ok: a key runs at unix:|"})
	wantFindings(t, checkSocket(t.Context(), at("mine/other")), []string{"ok: a key can be at|"})
	wantFindings(t, checkSocket(t.Context(), at("new/folder/key")), []string{"ok: a key can be at|"})
	wantFindings(t, checkSocket(t.Context(), at("shared/key")), []string{"bad: mode 0777|choose a folder of your own"})
	wantFindings(t, checkSocket(t.Context(), at("file/key")), []string{"bad: |"})
	wantFindings(t, checkState(t.Context(), at("mine")), []string{"ok: a key can be kept in|"})
	wantFindings(t, checkState(t.Context(), at("new/folder")), []string{"ok: a key can be kept in|"})
	wantFindings(t, checkState(t.Context(), &machine{}), []string{"bad: home folder is not known|set HOME"})
	wantFindings(t, checkState(t.Context(), at("shared")), []string{"bad: mode 0777|chmod go-w"})
}

// nowhere is a way of asking that there is, or not.
type nowhere struct {
	authenticator.Presence
	err error
}

func (nowhere) String() string                { return "telepathy" }
func (n nowhere) Check(context.Context) error { return n.err }

func TestDoctorDesktop(t *testing.T) {
	no := nowhere{err: errors.New("telepathy: no medium")}
	wantFindings(t, checkDesktop(t.Context(), &machine{desktop: []desktop.Way{no, nowhere{}}}), []string{"ok: asks by telepathy|"})
	wantFindings(t, checkDesktop(t.Context(), &machine{desktop: []desktop.Way{no}}), []string{"warn: at a terminal alone: telepathy: no medium|pinentry"})
}

func TestDiagnosis(t *testing.T) {
	for _, tt := range []struct {
		findings []finding
		want     int
	}{
		{[]finding{fine("well")}, exitDone},
		{[]finding{fine("well"), warn("a little", "so")}, exitDone},
		{[]finding{bad("much", "so"), fine("well")}, exitFailed},
	} {
		d := newDiagnosis(tt.findings)
		if got := exitCode(d.err()); got != tt.want || d.OK != (got == exitDone) {
			t.Errorf("%+v: exit code %d, ok %v; want %d", tt.findings, got, d.OK, tt.want)
		}
	}
}

// What was not written is not a success.
func TestDiagnosisUnwritten(t *testing.T) {
	reader, writer := io.Pipe()
	reader.Close()
	if err := newDiagnosis([]finding{fine("well")}).print(&program{stdout: writer}); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("got %v, want %v", err, io.ErrClosedPipe)
	}
}
