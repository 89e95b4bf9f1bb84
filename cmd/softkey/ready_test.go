package main

import "testing"

// The command that a ready key recommends is for this key, and for no other.
func TestDeviceFlag(t *testing.T) {
	for _, tt := range []struct {
		ready ready
		want  string
	}{
		{readyAt(address{"unix", defaultSocket()}), ""},
		{readyAt(address{"unix", "/run/k.sock"}), " --device unix:/run/k.sock"},
		{readyAt(address{"tcp", "127.0.0.1:7"}), " --device tcp:127.0.0.1:7"},
		{readyUHID("/dev/hidraw3"), " --device hidraw:/dev/hidraw3"},
		{readyUHID(""), ""},
	} {
		if got := tt.ready.deviceFlag(); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.ready.text, got, tt.want)
		}
	}
}
