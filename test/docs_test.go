package test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Each package says what it is, in one place.
func TestPackagesAreDocumented(t *testing.T) {
	docs := map[string][]string{}
	for _, f := range sources(t) {
		parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", f.path), nil, parser.ParseComments|parser.PackageClauseOnly)
		if err != nil {
			t.Fatal(err)
		}
		docs[f.pkg] = append(docs[f.pkg], parsed.Doc.Text())
	}
	for pkg, texts := range docs {
		text := strings.Join(texts, "")
		if len(strings.Fields(text)) < 8 {
			t.Errorf("%s: package doc %q, want a sentence", pkg, text)
		}
	}
}

// No file has code that runs before main, or state that a table or a sentinel
// is not.
func TestNoInit(t *testing.T) {
	for _, f := range sources(t) {
		parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", f.path), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s has an init function", f.path)
			}
		}
	}
}

// The Go test of the README works as pasted: it is one of ours.
func TestReadmeExample(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	example, err := os.ReadFile("softkeytest/readme/readme_test.go")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(readme), "```go\n"+string(example)+"```\n") {
		t.Error("the Go example of README.md is not test/softkeytest/readme/readme_test.go")
	}
}
