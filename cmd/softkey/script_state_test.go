//go:build unix

package main

import (
	"os"
	"strconv"

	"filippo.io/age"
	"github.com/rogpeppe/go-internal/testscript"
)

func cmdAgeKey(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 2, "agekey NAME FILE")
	id, err := age.GenerateX25519Identity()
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(id.String()+"\n"), 0o600))
	ts.Setenv(args[0], id.Recipient().String())
}

func cmdCut(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 3, "cut NEW OLD BYTES")
	n, err := strconv.Atoi(args[2])
	ts.Check(err)
	data := ts.ReadFile(args[1])
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(data[:len(data)-n]), 0o600))
}
