package main

import (
	"errors"
	"strings"
	"testing"
)

func TestParseAddress(t *testing.T) {
	tests := []struct {
		text string
		want address
	}{
		{"auto", address{"auto", ""}},
		{"uhid", address{"uhid", ""}},
		{"loopback", address{"loopback", ""}},
		{"unix:/run/user/1000/softkey/hid.sock", address{"unix", "/run/user/1000/softkey/hid.sock"}},
		{"unix:key.sock", address{"unix", "key.sock"}},
		{"unix:a:b", address{"unix", "a:b"}},
		{"tcp:127.0.0.1:0", address{"tcp", "127.0.0.1:0"}},
		{"tcp:localhost:0080", address{"tcp", "localhost:80"}},
		{"udp:[::1]:8111", address{"udp", "[::1]:8111"}},
		{"hidraw:/dev/hidraw0", address{"hidraw", "/dev/hidraw0"}},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			got, err := parseAddress(tt.text, transport.serves)
			if err != nil || got != tt.want {
				t.Errorf("got %v, %v; want %v", got, err, tt.want)
			}
		})
	}
}

func TestParseAddressRefuses(t *testing.T) {
	for _, text := range []string{
		"", ":", "usb", "usb:1", "Unix:x", "auto:", "uhid:/dev/uhid", "loopback:x",
		"unix", "unix:", "unix:@abstract", "unix:a\nb", "unix:a\x00", "unix:" + strings.Repeat("x", maxSocketPath+1),
		"tcp", "tcp:", "tcp:localhost", "tcp::80", "tcp:localhost:", "tcp:localhost:http", "tcp:localhost:65536",
		"tcp:localhost:-1", "tcp:::1:80", "tcp:[]:80", "udp:a\x1b[0m:1", "hidraw:", "hidraw",
	} {
		got, err := parseAddress(text, transport.serves)
		var usage usageError
		if !errors.As(err, &usage) || got != (address{}) {
			t.Errorf("parseAddress(%q) = %v, %v; want a usageError", text, got, err)
		}
	}
}

// Whatever is an address has a text that is the same address, and one line.
func FuzzParseAddress(f *testing.F) {
	for _, t := range transports {
		f.Add(t.form)
	}
	f.Add("tcp:localhost:00080")
	f.Add("udp:[fe80::1%eth0]:8111")
	f.Add("unix:a:b/@c")
	f.Fuzz(func(t *testing.T, text string) {
		a, err := parseAddress(text, transport.serves)
		if err != nil {
			return
		}
		again, err := parseAddress(a.String(), transport.serves)
		if err != nil || again != a {
			t.Errorf("parseAddress(%q) = %v, whose text is %v, %v", text, a, again, err)
		}
		if strings.ContainsAny(a.String(), "\n\r\x1b\x00") {
			t.Errorf("parseAddress(%q) = %q, with control characters", text, a)
		}
	})
}
