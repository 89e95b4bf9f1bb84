package test

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestSecurityNamesWhatExists holds docs/security.md, and docs/sealing.md, to the
// tests and scripts that there are: a claim without its test is none.
func TestSecurityNamesWhatExists(t *testing.T) {
	page := read(t, "../docs/security.md") + read(t, "../docs/sealing.md")
	named := 0
	for _, name := range regexp.MustCompile("`([a-z0-9/]+)\\.((?:Test|Fuzz)\\w+)`").FindAllStringSubmatch(page, -1) {
		if !hasTest(t, name[1], name[2]) {
			t.Errorf("docs: there is no %s in %s", name[2], name[1])
		}
		named++
	}
	for _, script := range regexp.MustCompile("`(\\w+\\.txt)`").FindAllStringSubmatch(page, -1) {
		if _, err := os.Stat(filepath.Join("../cmd/softkey/testdata", script[1])); err != nil {
			t.Errorf("docs: %v", err)
		}
		named++
	}
	for _, link := range regexp.MustCompile(`\]\(([^)#]+)\)`).FindAllStringSubmatch(page, -1) {
		if strings.Contains(link[1], "://") {
			continue
		}
		if _, err := os.Stat(filepath.Join("../docs", link[1])); err != nil {
			t.Errorf("docs: %v", err)
		}
	}
	if named < 40 {
		t.Errorf("docs/security.md: found %d names of tests, fewer than it has", named)
	}
}

// TestSecurityClaimsHaveTests wants a test in each row of a table of claims.
func TestSecurityClaimsHaveTests(t *testing.T) {
	claims := false
	rows := 0
	for line := range strings.Lines(read(t, "../docs/security.md")) {
		switch {
		case strings.HasPrefix(line, "| claim |"):
			claims = true
		case !strings.HasPrefix(line, "|"):
			claims = false
		case claims && !strings.HasPrefix(line, "|---"):
			rows++
			if !regexp.MustCompile("`[a-z0-9/]+\\.Test\\w+`|\\w+\\.txt`").MatchString(line) {
				t.Errorf("docs/security.md: a claim without a test: %s", line)
			}
		}
	}
	if rows < 15 {
		t.Errorf("docs/security.md: found %d claims, fewer than it has", rows)
	}
}

// hasTest tells whether a package has a test of that name.
func hasTest(t *testing.T, pkg, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", pkg, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		if strings.Contains(read(t, path), "\nfunc "+name+"(") {
			return true
		}
	}
	return false
}

// TestPackagedModes looks at the modes that packages give to files: what is
// installed nobody but root can write to.
func TestPackagedModes(t *testing.T) {
	build := read(t, "../packaging/build")
	if !strings.Contains(build, "\numask 022\n") {
		t.Error("packaging/build makes folders with the umask of whoever runs it")
	}
	modes := regexp.MustCompile(`(?:^|\s)(?:-m|put|mode:) ([0-7]+)\b`).FindAllStringSubmatch(build+read(t, "../packaging/nfpm.yaml"), -1)
	if len(modes) < 10 {
		t.Errorf("found %d modes, fewer than there are", len(modes))
	}
	for _, m := range modes {
		if mode, err := strconv.ParseUint(m[1], 8, 32); err != nil || mode&0o7022 != 0 {
			t.Errorf("packaging: mode %s lets others write, or changes who they are: %v", m[1], err)
		}
	}
}

// TestWorkflow holds the project's workflow to what is said of it.
func TestWorkflow(t *testing.T) {
	workflow := read(t, "../.github/workflows/ci.yml")
	for _, want := range []string{"run: .ci/run\n", "govulncheck@v", "permissions:\n  contents: read\n", "schedule:"} {
		if !strings.Contains(workflow, want) {
			t.Errorf(".github/workflows/ci.yml lacks %q", want)
		}
	}
	for _, action := range regexp.MustCompile(`uses: (\S+)`).FindAllStringSubmatch(workflow, -1) {
		if _, version, _ := strings.Cut(action[1], "@"); version == "" || version == "main" || version == "master" {
			t.Errorf(".github/workflows/ci.yml: %s is not at a version", action[1])
		}
	}
}
