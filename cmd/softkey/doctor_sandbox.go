package main

import (
	"context"
	"path"
	"slices"
	"strings"
)

// snaps are browsers that come as snaps.
var snaps = []string{"brave", "chromium", "firefox", "opera"}

// checkSnaps warns of browsers that see keys on a list alone. snapd's interface
// u2f-devices gives a snap the hidraw nodes below a USB device whose attributes
// idVendor and idProduct are on its list. A virtual key has HID IDs, but no USB
// device above it, so no profile gets it onto that list.
func checkSnaps(_ context.Context, m *machine) (findings []finding) {
	for _, name := range snaps {
		if m.exists("/snap/bin/" + name) {
			findings = append(findings, warn("the snap "+name+" sees no virtual key: snapd lets USB devices through whose vendor and product are on its list, and this is no USB device, whatever its profile says",
				"use "+name+" from a .deb, an .rpm or flatpak"))
		}
	}
	return findings
}

// flatpaks are browsers that come by flatpak.
var flatpaks = []string{
	"com.brave.Browser", "com.google.Chrome", "com.microsoft.Edge", "com.vivaldi.Vivaldi",
	"io.gitlab.librewolf-community", "org.chromium.Chromium", "org.mozilla.firefox",
}

// checkFlatpaks looks at which devices the sandboxes of browsers let through: all,
// which has no list of vendors and products, or no key at all.
func checkFlatpaks(_ context.Context, m *machine) (findings []finding) {
	for _, id := range flatpaks {
		var installed, all bool
		for _, base := range m.flatpakFolders() {
			metadata := path.Join(base, "app", id, "current/active/metadata")
			installed = installed || m.exists(metadata)
			for _, file := range []string{metadata, path.Join(base, "overrides/global"), path.Join(base, "overrides", id)} {
				all = allDevices(m.read(file), all)
			}
		}
		switch {
		case installed && all:
			findings = append(findings, fine("the flatpak %s sees all devices", id))
		case installed:
			findings = append(findings, warn("the flatpak "+id+" sees no security keys", "flatpak override --user --device=all "+id+", then start it again"))
		}
	}
	return findings
}

// flatpakFolders returns where flatpak keeps what is installed and overridden, for
// the machine and then for the user.
func (m *machine) flatpakFolders() []string {
	folders := []string{"/var/lib/flatpak"}
	if m.home != "" {
		folders = append(folders, path.Join(m.home, ".local/share/flatpak"))
	}
	return folders
}

// allDevices tells whether a sandbox sees all devices after a file of flatpak was
// read, before which it did or not:
//
//	[Context]
//	devices=dri;all;     !all takes it away
func allDevices(file string, before bool) bool {
	inContext := false
	for line := range strings.Lines(file) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			inContext = line == "[Context]"
		}
		list, is := strings.CutPrefix(line, "devices=")
		if !inContext || !is {
			continue
		}
		devices := strings.Split(list, ";")
		before = !slices.Contains(devices, "!all") && (before || slices.Contains(devices, "all"))
	}
	return before
}
