package main

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/softkey-project/softkey/desktop"
)

// machine is what the checks of doctor look at.
type machine struct {
	files   fs.FS                   // from the root folder
	other   bool                    // it is not Linux, and has neither uhid nor udev
	open    func(path string) error // whether a device can be opened
	user    string                  // the login name, "" if it is not known
	groups  []int                   // of this process
	root    bool                    // whether it is root's
	home    string                  // of the user, "" if there is none
	socket  string                  // of transport auto
	state   string                  // the folder of the key, "" if there is none by default
	desktop []desktop.Way
}

// thisMachine is the one that this process runs on.
func thisMachine() *machine {
	state, _ := defaultState()  // without one, a check says so
	groups, _ := os.Getgroups() // a system without groups has none to check
	home, _ := os.UserHomeDir() // likewise
	return &machine{
		files: os.DirFS("/"), other: runtime.GOOS != "linux", open: tryDevice, user: os.Getenv("USER"), groups: groups, root: os.Geteuid() == 0,
		home: home, socket: defaultSocket(), state: state, desktop: desktopWays(),
	}
}

// tryDevice opens a device as a key or a client of one does, and closes it.
func tryDevice(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return f.Close()
}

// exists tells whether there is a file.
func (m *machine) exists(path string) bool {
	_, err := fs.Stat(m.files, strings.TrimPrefix(path, "/"))
	return err == nil
}

// read returns the content of a file, nothing if it cannot be read.
func (m *machine) read(path string) string {
	data, _ := fs.ReadFile(m.files, strings.TrimPrefix(path, "/"))
	return string(data)
}

// glob returns the files whose paths match a pattern.
func (m *machine) glob(pattern string) (paths []string) {
	found, _ := fs.Glob(m.files, strings.TrimPrefix(pattern, "/"))
	for _, path := range found {
		paths = append(paths, "/"+path)
	}
	return paths
}

// checkPlace tells whether a folder can be used that only we write to, or made.
func checkPlace(dir string) error {
	for {
		_, err := os.Stat(dir)
		if err == nil {
			break
		}
		up := filepath.Dir(dir)
		if !os.IsNotExist(err) || up == dir {
			return err
		}
		if _, err := os.Stat(up); err == nil {
			return checkWritable(up)
		}
		dir = up
	}
	if err := checkFolder(dir); err != nil {
		return err
	}
	return checkWritable(dir)
}

// checkDesktop tells how `--presence desktop` would ask.
func checkDesktop(ctx context.Context, m *machine) []finding {
	var why []string
	for _, way := range m.desktop {
		err := way.Check(ctx)
		if err == nil {
			return []finding{fine("--presence desktop asks by %v", way)}
		}
		why = append(why, err.Error())
	}
	return []finding{warn("--presence desktop can ask at a terminal alone: "+strings.Join(why, "; "),
		"in a graphical session, install a notification server with buttons, or pinentry-gnome3 or pinentry-qt")}
}
