package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// describeMachine says where and when it is measured, in lines of "key: value".
// The benchmarks say the processor themselves.
func describeMachine(ctx context.Context) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "date: %s\n", time.Now().UTC().Format(time.DateOnly))
	fmt.Fprintf(&b, "go: %s\n", strings.TrimPrefix(runtime.Version(), "go"))
	fmt.Fprintf(&b, "cores: %d\n", runtime.NumCPU())
	fmt.Fprintf(&b, "kernel: %s\n", said(ctx, "uname", "-sr"))
	fmt.Fprintf(&b, "filesystem: %s\n", said(ctx, "findmnt", "-n", "-o", "FSTYPE", "-T", os.TempDir()))
	fmt.Fprintf(&b, "load: %s\n", said(ctx, "cut", "-d", " ", "-f", "1", "/proc/loadavg"))
	fmt.Fprintf(&b, "commit: %s\n", said(ctx, "git", "describe", "--always", "--dirty"))
	return b.Bytes()
}

// said returns what a program prints; "unknown" if it cannot be run.
func said(ctx context.Context, name string, args ...string) string {
	out, err := exec.CommandContext(ctx, name, args...).Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}

// machine says in a sentence where the results come from.
func (r *results) machine() string {
	at := func(key string) string {
		if v := r.where[key]; v != "" {
			return v
		}
		return "unknown"
	}
	return fmt.Sprintf("Measured on %s at commit `%s`: %s, %s cores, %s, Go %s, state on %s.\n"+
		"The load of the machine was %s when it began: above 1, wall times and quartiles are\nsomebody else's, too.\n",
		at("date"), at("commit"), at("cpu"), at("cores"), at("kernel"), at("go"), at("filesystem"), at("load"))
}
