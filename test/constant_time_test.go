package test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// secretName matches the names of what is secret, or would tell a secret to
// whoever could find out how much of a guess is right.
var secretName = regexp.MustCompile(`(?i)(^pin|pinhash|secret|token|passphrase|devicekey|pinuvauthparam|saltauth|mac|^tag|^authenticate|^sum)$`)

// kindName matches the names of constants, which say of what kind something is.
var kindName = regexp.MustCompile(`^(Kind|Option|Operation|Permission|Status|Command)[A-Z]`)

// openly are the comparisons of secrets that nobody can time, with the reason.
var openly = map[string]string{
	`cmd/softkey/pin_source.go: first != second`:    "a user has typed both",
	`authenticator/sequence.go: s.token != current`: "pointers",
}

// leaky are the functions that return as soon as they meet a difference.
var leaky = regexp.MustCompile(`^(bytes|slices|strings|reflect|cmp)\.(Equal|Compare|DeepEqual|HasPrefix|HasSuffix|CutPrefix|EqualFold)$`)

// TestSecretsAreComparedInConstantTime goes through the sources for comparisons
// of secrets by ==, != or a function that ends early, where there are to be
// subtle.ConstantTimeCompare and hmac.Equal.
func TestSecretsAreComparedInConstantTime(t *testing.T) {
	constant := 0
	for _, f := range sources(t) {
		if strings.HasPrefix(f.pkg, "test") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", f.path), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			compared := comparison(n)
			if compared == "subtle.ConstantTimeCompare" || compared == "hmac.Equal" {
				constant++
				return true
			}
			if place := f.path + ": " + compared; compared != "" && openly[place] == "" {
				t.Errorf("%s: a secret is compared by what ends early", place)
			}
			return true
		})
	}
	if constant < 5 {
		t.Errorf("found %d comparisons in constant time, fewer than there are", constant)
	}
}

// comparison returns the text of a comparison of secrets, or the name of the
// function if it takes the same time for any; "" for anything else.
func comparison(n ast.Node) string {
	switch n := n.(type) {
	case *ast.CallExpr:
		name := text(n.Fun)
		if name == "subtle.ConstantTimeCompare" || name == "hmac.Equal" {
			return name
		}
		if leaky.MatchString(name) && anySecret(n.Args) {
			return name
		}
	case *ast.BinaryExpr:
		both := []ast.Expr{n.X, n.Y}
		if (n.Op == token.EQL || n.Op == token.NEQ) && anySecret(both) && !anyPlain(both) {
			return text(n.X) + " " + n.Op.String() + " " + text(n.Y)
		}
	}
	return ""
}

func anySecret(exprs []ast.Expr) bool {
	for _, e := range exprs {
		if name := lastName(e); secretName.MatchString(name) && !kindName.MatchString(name) {
			return true
		}
	}
	return false
}

// anyPlain tells whether a comparison is with a constant: nil, "", a number.
func anyPlain(exprs []ast.Expr) bool {
	for _, e := range exprs {
		if _, literal := e.(*ast.BasicLit); literal || text(e) == "nil" {
			return true
		}
	}
	return false
}

// lastName returns the name that says what an expression is: secret of
// op.secret[:16].
func lastName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	case *ast.CallExpr:
		if len(e.Args) == 1 && isConversion(e.Fun) {
			return lastName(e.Args[0])
		}
		return lastName(e.Fun)
	case *ast.SliceExpr:
		return lastName(e.X)
	case *ast.IndexExpr:
		return lastName(e.X)
	case *ast.StarExpr:
		return lastName(e.X)
	case *ast.ParenExpr:
		return lastName(e.X)
	}
	return ""
}

// isConversion tells []byte(x) and string(x) from calls.
func isConversion(f ast.Expr) bool {
	_, slice := f.(*ast.ArrayType)
	return slice || text(f) == "string"
}

// text returns a name with what is before its dot.
func text(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return text(e.X) + "." + e.Sel.Name
	}
	return lastName(e)
}

// The rule above meets what it is to meet, and no more.
func TestComparison(t *testing.T) {
	for source, want := range map[string]bool{
		"bytes.Equal(pin.hash, a.policy.PINHash)": true, "p.PINHash == q": true, "string(token) == given": true,
		"slices.Equal(mac.Sum(nil)[:16], tag)": true, "secret[0] != x[0]": true, "strings.HasPrefix(path, secret)": true,
		"bytes.Equal(a, p.Authenticate(key, message))": true, "pin == other": true,

		"kind == seal.KindPassphrase": false, "a.token == nil": false, `pin != ""`: false, "t.protocol == protocol": false, "bytes.Equal(c.ID, id)": false,
		"len(secret) == size": false, "a.token.used": false, "status == ctap.StatusPINInvalid": false, "pinLength == 4": false,
	} {
		e, err := parser.ParseExpr(source)
		if err != nil {
			t.Fatal(err)
		}
		if got := comparison(e); (got != "") != want {
			t.Errorf("%s: got %q, want it met: %v", source, got, want)
		}
	}
}
