package test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/softkey-project/softkey/"

// rules says what of ours each package may import (docs/architecture.md §1). A
// package that is not listed may import nothing of ours.
var rules = map[string][]string{
	"ctap":                  {},
	"ctap/cose":             {"ctap"},
	"ctap/pinuv":            {"ctap"},
	"ctaphid":               {"ctap"},
	"ctaphid/transporttest": {"ctaphid"},
	"certs":                 {},
	"attestation":           {"ctap", "ctap/cose", "certs"},
	"keystore":              {"ctap"},
	"keystore/storetest":    {"keystore"},
	"keystore/seal":         {"ctap", "keystore"},
	"keystore/archive":      {"keystore"},
	"authenticator":         {"ctap", "ctap/cose", "ctap/pinuv", "keystore", "attestation"},
	"uhid":                  {"ctaphid"},
	"trace":                 {"ctap", "ctaphid"},
	"fault":                 {"ctap", "ctaphid", "keystore"},
	"device":                {"authenticator", "attestation", "certs", "keystore", "keystore/seal", "ctap", "ctap/cose", "ctaphid", "trace"},
	"client":                {"ctap", "ctap/cose", "ctap/pinuv", "ctaphid"},
	"control":               {"authenticator", "ctap"},
	"desktop":               {"authenticator", "ctap"},
	"client/webauthn":       {"ctap", "ctap/cose", "ctaphid", "client"},
	"client/u2fjson":        {"ctap", "ctap/cose", "ctaphid", "client"},
}

// owners says which package alone may import a library.
var owners = map[string]string{
	"github.com/fxamacker/cbor/v2":  "ctap",
	"go.etcd.io/bbolt":              "keystore",
	"github.com/psanford/uhid":      "uhid",
	"github.com/spf13/cobra":        "cmd/softkey",
	"golang.org/x/term":             "cmd/softkey",
	"golang.org/x/net/publicsuffix": "client/webauthn",

	"filippo.io/mldsa":                          "ctap/cose",
	"github.com/cloudflare/circl":               "ctap/cose",
	"github.com/decred/dcrd/dcrec/secp256k1/v4": "ctap/cose",
	"github.com/google/go-tpm":                  "keystore/seal",
	"golang.org/x/crypto":                       "keystore/seal",
	"filippo.io/age":                            "cmd/softkey",
	"golang.org/x/text":                         "client",
	"github.com/godbus/dbus/v5":                 "desktop",
}

// systemCalls is package syscall as it would be today: it has no one owner.
const systemCalls = "golang.org/x/sys/unix"

// forbidden says what a package must never see.
var forbidden = map[string][]string{
	"ctap":          {"os", "net", "net/http", systemCalls},
	"authenticator": {"os", "net", "net/http", systemCalls},
	"device":        {"net", "net/http", systemCalls},
}

// file is a Go source file of the module that is no test.
type file struct {
	path, pkg string
	imports   []string
}

func sources(t *testing.T) []file {
	t.Helper()
	var files []file
	root := os.DirFS("..")
	err := fs.WalkDir(root, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && isElsewhere(path) {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", path), nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		f := file{path: path, pkg: filepath.ToSlash(filepath.Dir(path))}
		for _, spec := range parsed.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			f.imports = append(f.imports, name)
		}
		files = append(files, f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 50 {
		t.Fatalf("found %d files: the walk is broken", len(files))
	}
	return files
}

// isElsewhere finds folders that are not of this module: hidden ones, test data,
// modules of their own.
func isElsewhere(path string) bool {
	if path == "." {
		return false
	}
	_, err := os.Stat(filepath.Join("..", path, "go.mod"))
	return err == nil || strings.HasPrefix(filepath.Base(path), ".") || filepath.Base(path) == "testdata"
}

func TestImportsPointInwards(t *testing.T) {
	for _, f := range sources(t) {
		if isFree(f.pkg) {
			continue
		}
		allowed, known := rules[f.pkg]
		if !known {
			t.Errorf("%s: package %s is not in the table of who may import whom", f.path, f.pkg)
		}
		for _, name := range f.imports {
			ours, isOurs := strings.CutPrefix(name, module)
			if isOurs && !slices.Contains(allowed, ours) {
				t.Errorf("%s imports %s", f.path, ours)
			}
		}
	}
}

// isFree tells whether a package may import all of ours: the program, and what
// is there for tests.
func isFree(pkg string) bool {
	return strings.HasPrefix(pkg, "cmd/") || pkg == "test" || strings.HasPrefix(pkg, "test/")
}

func TestLibrariesHaveOneOwner(t *testing.T) {
	for _, f := range sources(t) {
		for _, name := range f.imports {
			if slices.Contains(forbidden[f.pkg], name) {
				t.Errorf("%s imports %s", f.path, name)
			}
			if !isLibrary(name) || isFree(f.pkg) {
				continue
			}
			if owner := ownerOf(name); owner != f.pkg {
				t.Errorf("%s imports %s, whose owner is %q", f.path, name, owner)
			}
		}
	}
}

// isLibrary tells whether an import is neither ours nor Go's.
func isLibrary(name string) bool {
	host, _, _ := strings.Cut(name, "/")
	return strings.Contains(host, ".") && !strings.HasPrefix(name, module) && name != systemCalls
}

func ownerOf(name string) string {
	for library, owner := range owners {
		if name == library || strings.HasPrefix(name, library+"/") {
			return owner
		}
	}
	return ""
}

func TestNobodyImportsTests(t *testing.T) {
	for _, f := range sources(t) {
		for _, name := range f.imports {
			if strings.HasPrefix(name, module+"test") && !strings.HasPrefix(f.pkg, "test") {
				t.Errorf("%s imports %s", f.path, name)
			}
		}
	}
}
