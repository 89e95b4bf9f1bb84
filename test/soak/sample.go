package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// sample is what the program holds at a moment when nobody uses it. Sizes are in
// kB.
type sample struct {
	at        time.Duration
	rss, anon int
	threads   int
	files     int // open file descriptors
	store     int
}

const sampleHeader = "\n  after   operations  errors   RSS kB  anon kB  threads  files  store kB"

func (s sample) String() string {
	return fmt.Sprintf("%8d %8d %8d %6d %9d", s.rss, s.anon, s.threads, s.files, s.store)
}

// take lets all clients hang up, samples the program and prints the line. Before
// two of three samples it does what is done at no other time.
func (s *soak) take(began time.Time) {
	s.alone.Lock()
	defer s.alone.Unlock()
	switch len(s.samples) % 3 {
	case 1:
		s.spare.do(operationNamed("no touch"))
	case 2:
		s.spare.do(operationNamed("replug and reset"))
	}
	s.spare.hangUp()
	s.user.leave()
	now, err := s.quiet()
	if err != nil {
		s.figures.done("ping", 0, fmt.Errorf("sample: %w", err))
		return
	}
	now.at = time.Since(began)
	s.samples = append(s.samples, now)
	good, bad := s.figures.total()
	fmt.Printf("%7.0fs %12d %7d %v\n", now.at.Seconds(), good, bad, now)
}

// quiet samples the program when it has let go of the connections that were
// closed, or will not: it may take two seconds over each.
func (s *soak) quiet() (now sample, err error) {
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		now, err = s.key.sample()
		if err != nil || len(s.samples) == 0 || now.files <= s.samples[0].files || time.Now().After(deadline) {
			return now, err
		}
	}
}

// sample reads what the kernel knows of the program.
func (k *key) sample() (s sample, err error) {
	proc := filepath.Join("/proc", strconv.Itoa(k.cmd.Process.Pid))
	files, err := os.ReadDir(filepath.Join(proc, "fd"))
	if err != nil {
		return s, err
	}
	status, err := os.ReadFile(filepath.Join(proc, "status"))
	if err != nil {
		return s, err
	}
	s = parseStatus(string(status))
	s.files = len(files)
	s.store, err = folderSize(k.state)
	return s, err
}

// parseStatus reads the form of /proc/PID/status.
func parseStatus(status string) (s sample) {
	for line := range strings.Lines(status) {
		name, rest, _ := strings.Cut(line, ":")
		fields := strings.Fields(rest)
		if len(fields) == 0 {
			continue
		}
		n, err := strconv.Atoi(fields[0])
		if err != nil {
			continue
		}
		switch name {
		case "VmRSS":
			s.rss = n
		case "RssAnon":
			s.anon = n
		case "Threads":
			s.threads = n
		}
	}
	return s
}

// folderSize returns the size of all files of a folder, in kB.
func folderSize(dir string) (kB int, err error) {
	var size int64
	err = filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			size += info.Size()
		}
		return err
	})
	return int(size / 1024), err
}
