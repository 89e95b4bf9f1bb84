package test

import (
	"os"
	"strings"
	"testing"
)

// docs/testing.md shows examples and commands that run elsewhere: as tests of
// ours, of the packages for Python and Node, and as jobs of the workflow.
func TestTestingExamples(t *testing.T) {
	page := read(t, "../docs/testing.md")
	workflow := read(t, "../docs/github-actions.yml")
	goTest := read(t, "softkeytest/readme/readme_test.go")
	python, node := read(t, "python/README.md"), read(t, "node/README.md")
	examples := map[string]string{
		"```go\n" + goTest + "```\n":     "test/softkeytest/readme",
		"```yaml\n" + workflow + "```\n": "docs/github-actions.yml",
		fenced(t, python, "python"):      "test/python/README.md",
		fenced(t, python, "sh"):          "test/python/README.md",
		fenced(t, node, "js"):            "test/node/README.md",
		fenced(t, node, "sh"):            "test/node/README.md",
	}
	for example, source := range examples {
		if !strings.Contains(page, example) {
			t.Errorf("docs/testing.md lacks this, of %s:\n%s", source, example)
		}
	}
	for _, text := range []string{page, python, node} {
		for line := range strings.Lines(strings.TrimPrefix(fenced(t, text, "sh"), "```sh\n")) {
			if command := strings.TrimSpace(line); command != "```" && !strings.Contains(workflow, " "+command+"\n") {
				t.Errorf("docs/github-actions.yml does not run %q", command)
			}
		}
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// fenced returns the first block of a language, with its fences.
func fenced(t *testing.T, page, language string) string {
	t.Helper()
	open := "```" + language + "\n"
	_, block, ok := strings.Cut(page, open)
	if !ok {
		t.Fatalf("there is no block of %s in:\n%s", language, page)
	}
	block, _, _ = strings.Cut(block, "```\n")
	return open + block + "```\n"
}
