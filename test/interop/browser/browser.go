package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// browser is a running browser. The methods are for one goroutine at a time.
type browser interface {
	// Name is the name of its package, and its version, a tab between.
	Name() string
	// EnterPIN waits until the browser asks for the PIN of the key, and types it.
	EnterPIN(ctx context.Context, k *key, pin string) error
	// Dismiss closes the dialog in which the browser tells of a failure.
	Dismiss(ctx context.Context) error
	// Close ends it and all its processes.
	Close() error
}

// browsers start one that shows the page at url, and keeps its profile and log in
// dir.
var browsers = map[string]func(ctx context.Context, url, dir string) (browser, error){
	"chromium":           startChromium,
	"chromium-on-screen": startOnScreen,
	"firefox":            startFirefox,
}

// process is a program in a process group of its own.
type process struct{ command *exec.Cmd }

// start runs a program; what it says goes to dir/NAME.log.
func start(dir string, env []string, program string, args ...string) (*process, error) {
	log, err := os.Create(filepath.Join(dir, filepath.Base(program)+".log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	c := exec.Command(program, args...)
	c.Env = append(os.Environ(), env...)
	c.Stdout, c.Stderr = log, log
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return &process{c}, c.Start()
}

// Close kills the process and its group.
func (p *process) Close() error {
	if err := syscall.Kill(-p.command.Process.Pid, syscall.SIGKILL); err != nil {
		return err
	}
	p.command.Wait() // "signal: killed"
	return nil
}

// packageName returns the name of a Debian package and the version of what is in it.
func packageName(name string) (string, error) {
	version, err := exec.Command("dpkg-query", "-W", "-f", "${source:Upstream-Version}", name).Output()
	if err != nil {
		return "", fmt.Errorf("the version of %s: %w", name, err)
	}
	return name + "\t" + string(version), nil
}
