package test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/licences.md anew")

// licencesPage is what the page begins with.
const licencesPage = `# The licences of what softkey is built from

softkey is under Apache-2.0 (LICENSE). The modules below are part of a program
that ` + "`go build ./cmd/softkey`" + ` makes, for Linux, macOS or Windows, beside Go's own
packages (BSD-3-Clause). Modules that only tests need are not in it. This page is
written by ` + "`go test ./test -run Licences -update`" + `, and a test holds it to what is
built.

| module | version | licence |
|---|---|---|
`

// TestLicences holds docs/licences.md to the modules that the program is built
// from, and these to licences that go with ours.
func TestLicences(t *testing.T) {
	page := bytes.NewBufferString(licencesPage)
	for _, m := range programModules(t) {
		licence, err := licenceOf(m.Dir)
		if err != nil {
			t.Errorf("%s: %v", m.Path, err)
		}
		fmt.Fprintf(page, "| %s | %s | %s |\n", m.Path, m.Version, licence)
	}
	const path = "../docs/licences.md"
	if *update {
		if err := os.WriteFile(path, page.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got := read(t, path); got != page.String() {
		t.Errorf("docs/licences.md is:\n%s\nwant (go test ./test -run Licences -update):\n%s", got, page)
	}
}

// library is a module that a package may be of.
type library struct {
	Path, Version, Dir string
	Main               bool
}

// programModules returns the modules of the program, for all systems, by path.
func programModules(t *testing.T) []library {
	t.Helper()
	found := map[string]library{}
	for _, system := range []string{"linux", "darwin", "windows"} {
		cmd := exec.Command("go", "list", "-deps", "-json=Module", "../cmd/softkey")
		cmd.Env = append(os.Environ(), "GOOS="+system, "CGO_ENABLED=0")
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("go list for %s: %v", system, err)
		}
		for list := json.NewDecoder(bytes.NewReader(out)); ; {
			var p struct{ Module *library }
			if err := list.Decode(&p); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			if m := p.Module; m != nil && !m.Main {
				found[m.Path] = *m
			}
		}
	}
	if len(found) < 10 {
		t.Fatalf("found %d modules, fewer than there are", len(found))
	}
	var list []library
	for _, m := range found {
		list = append(list, m)
	}
	slices.SortFunc(list, func(a, b library) int { return cmp.Compare(a.Path, b.Path) })
	return list
}

// licences are the ones that go with Apache-2.0, and sentences by which their
// texts are known. The first that has all of its sentences is meant.
var licences = []struct {
	name      string
	sentences []string
}{
	{"Apache-2.0", []string{"Apache License", "Version 2.0, January 2004"}},
	{"MIT", []string{"Permission is hereby granted, free of charge, to any person obtaining a copy"}},
	{"ISC", []string{"Permission to use, copy, modify, and", "distribute this software for any purpose with or without fee is hereby granted"}},
	{"BSD-3-Clause", []string{"Redistribution and use in source and binary forms", "may be used to endorse or promote products derived from"}},
	{"BSD-2-Clause", []string{"Redistribution and use in source and binary forms", "THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS"}},
}

// licenceOf returns the licence of the module in a folder.
func licenceOf(dir string) (string, error) {
	for _, pattern := range []string{"LICENSE*", "LICENCE*", "COPYING*"} {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil || len(files) == 0 {
			continue
		}
		text, err := os.ReadFile(files[0])
		if err != nil {
			return "", err
		}
		plain := strings.Join(strings.Fields(string(text)), " ")
		for _, l := range licences {
			if !slices.ContainsFunc(l.sentences, func(s string) bool { return !strings.Contains(plain, s) }) {
				return l.name, nil
			}
		}
		return "", fmt.Errorf("%s is none of the licences that go with ours", filepath.Base(files[0]))
	}
	return "", errors.New("there is no text of a licence")
}
