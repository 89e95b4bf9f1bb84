package chromium

import (
	"bufio"
	_ "embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/client/webauthn"
	"github.com/softkey-project/softkey/ctaphid"
	"github.com/softkey-project/softkey/device"
)

var pictures = flag.String("pictures", "", "write pictures of the page to the folder `DIR`")

//go:embed key.js
var keyScript string

// visit is a person with the page of the relying party before them, and a key.
type visit struct {
	*testing.T
	*Browser
	page webauthn.Client
}

// open starts the relying party and Chromium, and shows the page.
func open(t *testing.T, presence authenticator.Presence) *visit {
	t.Helper()
	origin := startRP(t)
	browser, err := Start(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := browser.Close(); err != nil {
			t.Error(err)
		}
	})
	v := &visit{t, browser, webauthn.Client{Device: plugIn(t, presence), Origin: origin}}
	v.must(browser.Offer("askKey", v.answer))
	v.must(browser.Visit(origin+"/", keyScript))
	return v
}

// startRP builds the relying party and runs it until the test ends.
func startRP(t *testing.T) (origin string) {
	t.Helper()
	program := filepath.Join(t.TempDir(), "rp")
	if out, err := exec.Command("go", "build", "-o", program, "..").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	rp := exec.Command(program, "--listen", "localhost:0")
	stdout, err := rp.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	rp.Stderr = os.Stderr
	if err := rp.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = rp.Process.Kill(); _ = rp.Wait() })
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(strings.TrimSpace(line), "ready ")
}

func plugIn(t *testing.T, presence authenticator.Presence) *client.Device {
	t.Helper()
	profile, _ := authenticator.ProfileByName(authenticator.DefaultProfile)
	d, err := device.New(device.Config{Profile: profile, Presence: presence})
	if err != nil {
		t.Fatal(err)
	}
	key, err := client.Open(t.Context(), ctaphid.Loopback(d.Handler(), d.CTAPHID(1)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = key.Close(); _ = d.Close() })
	return key
}

// answer is what key.js calls.
func (v *visit) answer(payload string) {
	var call struct {
		Command string
		Options json.RawMessage
	}
	v.must(json.Unmarshal([]byte(payload), &call))
	do := map[string]func() ([]byte, error){
		"create": func() ([]byte, error) { return v.page.Create(v.Context(), call.Options) },
		"get":    func() ([]byte, error) { return v.page.Get(v.Context(), call.Options) },
	}[call.Command]
	response, err := do()
	expression := fmt.Sprintf("keyAnswered(%s)", response)
	if refusal, ok := errors.AsType[*webauthn.Error](err); ok {
		expression = fmt.Sprintf("keyRefused(%q, %q)", refusal.Name, "the key says no")
	}
	_, err = v.Post("Runtime.evaluate", map[string]any{"expression": expression})
	v.must(err)
}

func (v *visit) must(err error) {
	v.Helper()
	if err != nil {
		v.Fatal(err)
	}
}

// told is what the page tells of one ceremony.
type told struct {
	Title   string
	Failed  bool
	Members map[string]string
}

// press presses a button, and returns what the page then tells.
func (v *visit) press(button string) told {
	v.Helper()
	var t told
	v.must(v.Evaluate(fmt.Sprintf(`new Promise((resolve) => {
		const articles = document.getElementsByTagName('article'), before = articles.length;
		document.querySelector('button[value=%s]').click();
		const look = () => {
			if (articles.length === before) return setTimeout(look, 10);
			const members = {};
			for (const dd of articles[0].querySelectorAll('dd')) members[dd.className] = dd.textContent;
			resolve({ title: articles[0].querySelector('h2').textContent, failed: articles[0].matches('.failed'), members });
		};
		look();
	})`, button), &t))
	return t
}

// names has the page's form filled in with the name of an account.
func (v *visit) names(account string) {
	v.Helper()
	v.must(v.Evaluate(fmt.Sprintf("document.querySelector('input[name=name]').value = %q; 0", account), new(int)))
}

// wants fails the test if a page tells something else; of the members it looks at
// the wanted ones.
func (v *visit) wants(got, want told) {
	v.Helper()
	maps.DeleteFunc(got.Members, func(name, _ string) bool { _, wanted := want.Members[name]; return !wanted })
	if got.Title != want.Title || got.Failed != want.Failed || !maps.Equal(got.Members, want.Members) {
		v.Errorf("the page tells %+v, want %+v", got, want)
	}
}

func TestCeremonies(t *testing.T) {
	v := open(t, authenticator.Approve{})
	v.wants(v.press("register"), told{"Registered", false, map[string]string{
		"account": "ada", "format": "packed", "flags": "up", "counter": "0", "aaguid": "ee7512f6-40f9-5a33-bba6-3067c2c954f9",
	}})
	v.draw("registered")
	v.wants(v.press("login"), told{"Signed in", false, map[string]string{"account": "ada", "counter": "1"}})
	v.draw("signed-in")
	v.wants(v.press("passkey"), told{"Signed in", false, map[string]string{"account": "ada", "counter": "2"}})
	v.wants(v.press("register"), told{"InvalidStateError: the key says no", true, nil})
	v.draw("registered-twice")
}

func TestFailures(t *testing.T) {
	v := open(t, authenticator.Deny{})
	v.wants(v.press("register"), told{"NotAllowedError: the key says no", true, nil})
	v.names("eve")
	v.wants(v.press("login"), told{`Refused by the server: there is no account "eve"`, true, nil})
	v.draw("refused")
}

// On a narrow screen nothing is beside it.
func TestNarrow(t *testing.T) {
	v := open(t, authenticator.Approve{})
	v.must(v.Use(Look{Width: 320, Height: 640}))
	v.press("register")
	var width int
	if v.must(v.Evaluate("document.documentElement.scrollWidth", &width)); width > 320 {
		t.Errorf("the page is %d pixels wide, want 320", width)
	}
}

// draw writes pictures of the page, if a flag asks for them.
func (v *visit) draw(name string) {
	if *pictures == "" {
		return
	}
	for suffix, look := range map[string]Look{
		"light": {760, 600, false}, "dark": {760, 600, true}, "narrow": {320, 1100, false},
	} {
		v.must(v.Use(look))
		png, err := v.Picture()
		v.must(err)
		v.must(os.WriteFile(filepath.Join(*pictures, name+"-"+suffix+".png"), png, 0o644))
	}
}
