package test

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestReadmeNamesWhatExists holds the README's table of what shows what to the
// scenarios and suites that there are.
func TestReadmeNamesWhatExists(t *testing.T) {
	readme := read(t, "../README.md")
	known := map[string][]string{"e2e": scenarioGroups(t), "interop": interopSuites(t)}
	named := 0
	for _, list := range regexp.MustCompile(`(e2e|interop):(\w+(?:, \w+)*)`).FindAllStringSubmatch(readme, -1) {
		for name := range strings.SplitSeq(list[2], ", ") {
			if name != "NAME" && !slices.Contains(known[list[1]], name) {
				t.Errorf("README: there is no %s:%s; there are %v", list[1], name, known[list[1]])
			}
			named++
		}
	}
	if named < 30 {
		t.Errorf("README: found %d names of scenarios and suites, fewer than it has", named)
	}
}

// scenarioGroups returns the groups of test/e2e: the scripts whose head names a
// machine.
func scenarioGroups(t *testing.T) (names []string) {
	t.Helper()
	scripts, err := filepath.Glob("e2e/*/*.sh")
	if err != nil {
		t.Fatal(err)
	}
	for _, script := range scripts {
		if strings.Contains(read(t, script), "\n# vm: ") {
			names = append(names, strings.TrimSuffix(filepath.Base(script), ".sh"))
		}
	}
	return names
}

func interopSuites(t *testing.T) []string {
	t.Helper()
	list := regexp.MustCompile(`(?s)\nsuites=\((.*?)\)`).FindStringSubmatch(read(t, "interop/run"))
	if list == nil {
		t.Fatal("test/interop/run has no list of suites")
	}
	return strings.Fields(list[1])
}
