package uhid

import (
	"context"
	"io/fs"
	"maps"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"
)

// system is a file system that a test may change while it is read.
type system struct {
	mu    sync.Mutex
	files fstest.MapFS
}

func (s *system) Open(name string) (fs.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.files).Open(name)
}

func (s *system) add(name, content string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[name] = &fstest.MapFile{Data: []byte(content)}
}

func newSystem(files ...string) *system {
	s := &system{files: make(fstest.MapFS)}
	s.add("sys/class/hidraw/hidraw0/device/uevent", "HID_NAME=other\nHID_UNIQ=0123\n")
	s.add("sys/class/hidraw/hidraw0/dev", "247:0\n")
	s.add("dev/hidraw0", "")
	for _, f := range files {
		s.add(f, "")
	}
	return s
}

// TestAwaitHidraw has a system whose parts appear one after the other, a second
// apart less than the patience.
func TestAwaitHidraw(t *testing.T) {
	device := func(s *system) {
		s.add("sys/class/hidraw/hidraw12/device/uevent", "DRIVER=hid-generic\nHID_UNIQ=01234\nMODALIAS=hid\n")
		s.add("sys/class/hidraw/hidraw12/dev", "247:12\n")
	}
	node := func(s *system) { s.add("dev/hidraw12", "") }
	record := func(s *system) { s.add("run/udev/data/c247:12", "I:1\n") }
	const step = 100 * time.Millisecond
	tests := []struct {
		name   string
		system *system
		steps  []func(*system)
		want   string
		after  time.Duration
	}{
		{"there at once", newSystem(), nil, "/dev/hidraw12", 0},
		{"without udev", newSystem(), []func(*system){device, node}, "/dev/hidraw12", 2 * step},
		{"with udev", newSystem("run/udev/control"), []func(*system){device, node, record}, "/dev/hidraw12", 3 * step},
		{"udev never comes", newSystem("run/udev/control"), []func(*system){device, node}, "/dev/hidraw12", hidrawTimeout},
		{"no hidraw", newSystem(), nil, "", hidrawTimeout},
	}
	device(tests[0].system)
	node(tests[0].system)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				for i, do := range tt.steps {
					time.AfterFunc(time.Duration(i+1)*step, func() { do(tt.system) })
				}
				got := awaitHidraw(t.Context(), tt.system, "01234")
				if took := time.Since(start); got != tt.want || took < tt.after || took > tt.after+hidrawPoll {
					t.Errorf("got %q after %v, want %q after %v", got, took, tt.want, tt.after)
				}
			})
		})
	}
}

func TestAwaitHidrawEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got := awaitHidraw(ctx, newSystem(), "01234"); got != "" {
		t.Errorf("got %q, want nothing", got)
	}
}
