package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/uhid"
)

// nodeUHID is the device by which a key is plugged into Linux.
const nodeUHID = "/dev/uhid"

// checkUHID opens /dev/uhid. Without it a key is on a socket.
func checkUHID(_ context.Context, m *machine) []finding {
	if m.other {
		return []finding{fine("a key is on a socket: only Linux lets programs plug one in")}
	}
	if err := m.open(nodeUHID); err != nil {
		failed := uhid.Error{Err: bare(err)}
		return []finding{warn(failed.Error()+": a key goes to a socket, which browsers do not see", failed.Hint())}
	}
	info, err := fs.Stat(m.files, strings.TrimPrefix(nodeUHID, "/"))
	if err == nil && info.Mode().Perm()&0o002 != 0 {
		return []finding{warn(fmt.Sprintf("any user can plug in devices that type: %s has mode %04o", nodeUHID, info.Mode().Perm()),
			"take away the udev rule that does it, and install softkey's")}
	}
	return []finding{fine("a key can be plugged in by %s", nodeUHID)}
}

// bare returns err without the path that it is about.
func bare(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// ruleFolders is where udev looks for rules. A file hides those of its name in
// the folders after.
var ruleFolders = []string{"/etc/udev/rules.d", "/run/udev/rules.d", "/usr/local/lib/udev/rules.d", "/usr/lib/udev/rules.d", "/lib/udev/rules.d"}

// uaccessRules is the file of udev that gives devices to whoever sits at the
// machine, by a tag that has to be there before.
const uaccessRules = "73-seat-late.rules"

// checkRule looks for the rule by which others than root may open /dev/uhid.
func checkRule(_ context.Context, m *machine) []finding {
	file := m.rule()
	switch {
	case m.other, file == "" && m.root:
		return nil // they need none
	case file == "":
		return []finding{warn("no udev rule gives you "+nodeUHID,
			"install the package, or put packaging/udev/70-softkey.rules into /etc/udev/rules.d, and: sudo udevadm control --reload && sudo udevadm trigger "+nodeUHID)}
	case path.Base(file) >= uaccessRules && strings.Contains(m.read(file), "uaccess"):
		return []finding{warn(file+" comes after "+uaccessRules+", too late for its uaccess", "give it a number below 73")}
	case strings.Contains(m.read(file), `GROUP="softkey"`) && m.group() == nil:
		return []finding{warn(file+" is for the group softkey, which there is not", "sudo groupadd --system softkey && sudo udevadm control --reload && sudo udevadm trigger "+nodeUHID)}
	}
	return []finding{fine("%s says who may open %s", file, nodeUHID)}
}

// rule returns the path of the file with a rule for /dev/uhid, "" if there is none.
func (m *machine) rule() string {
	seen := make(map[string]bool)
	for _, dir := range ruleFolders {
		for _, file := range m.glob(dir + "/*.rules") {
			if name := path.Base(file); seen[name] {
				continue
			}
			seen[path.Base(file)] = true
			for line := range strings.Lines(m.read(file)) {
				if !strings.HasPrefix(line, "#") && strings.Contains(line, `KERNEL=="uhid"`) {
					return file
				}
			}
		}
	}
	return ""
}

// group returns the line of the group softkey in /etc/group, in fields:
//
//	softkey x NUMBER MEMBER,MEMBER
//
// or nil.
func (m *machine) group() []string {
	for line := range strings.Lines(m.read("/etc/group")) {
		fields := strings.Split(strings.TrimSpace(line), ":")
		if len(fields) == 4 && fields[0] == "softkey" {
			return fields
		}
	}
	return nil
}

// checkGroup tells how to be let in where the rule is there, and the user is not.
func checkGroup(_ context.Context, m *machine) []finding {
	group := m.group()
	if group == nil || m.root || m.other {
		return nil
	}
	number, err := strconv.Atoi(group[2])
	switch {
	case err == nil && slices.Contains(m.groups, number):
		return []finding{fine("you are in the group softkey")}
	case !errors.Is(m.open(nodeUHID), fs.ErrPermission):
		return nil // there is another way in, or there is nothing
	case m.user != "" && slices.Contains(strings.Split(group[3], ","), m.user):
		return []finding{warn("you are in the group softkey, but this session began before", "log out and in again")}
	}
	return []finding{warn("you are not in the group softkey, and do not sit at this machine",
		fmt.Sprintf("sudo usermod --append --groups softkey %s, then log out and in again", m.user))}
}

// checkKeys opens the keys that are plugged in, of whatever make.
func checkKeys(_ context.Context, m *machine) (findings []finding) {
	sys, err := fs.Sub(m.files, "sys")
	if err != nil {
		return nil
	}
	keys, err := client.FindHIDRaw(sys)
	if err != nil {
		return []finding{warn(err.Error(), "look at the permissions of /sys/class/hidraw")}
	}
	for _, key := range keys {
		name := fmt.Sprintf("%s, %s (%04x:%04x)", key.Path, key.Name, key.Vendor, key.Product)
		if err := m.open(key.Path); err != nil {
			findings = append(findings, warn(fmt.Sprintf("%s: %v", name, bare(err)), "install the package, which has a udev rule for it, then plug the key in again"))
			continue
		}
		findings = append(findings, fine("%s can be used", name))
	}
	return findings
}
