package fault

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/faults.md anew")

// docs/faults.md is made of the table of kinds.
func TestDocs(t *testing.T) {
	const path = "../docs/faults.md"
	want := page()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not what the table says: go test ./fault -update", path)
	}
	for _, rule := range examples {
		inject(t, rule)
	}
}

// examples are those of the page.
var examples = []string{
	"put-fails:bucket=credentials,error=ENOSPC",
	"drop:from=host,command=cbor,at=2",
	"status:command=getAssertion,status=0x2E,times=0",
	"damage:chance=0.01,times=0",
}

const intro = `<!-- written by: go test ./fault -update -->
# Faults

softkey can break on purpose, so that you see what your client, your server or your
test makes of a key that misbehaves. A rule says what goes wrong, and when:

` + "```sh\n%s```\n" + `
A key with faults is not for real accounts. Each fault that happens is a line of the
log. In Go, package ` + "`fault`" + ` wraps a transport, a handler or a store; a plan in JSON is

` + "```json\n" + `{"seed": 7, "rules": [{"kind": "put-fails", "bucket": "credentials", "error": "ENOSPC"}]}
` + "```\n" + `
A rule is a kind, and after a colon its arguments. It is about events: each report,
message, read, write or commit that fits its arguments. Of those it strikes the one
numbered ` + "`at`" + ` and what comes after, each with a ` + "`chance`" + `, until it has struck so many
` + "`times`" + `. Chance, and whatever else is random, comes from the seed alone. Of several
rules that are about one event, the first that strikes it does, and those after it do
not count it. ` + "`softkey run`" + ` counts from its start, and does not start if that is when its
store fails; it tells the seed that it chose, and ` + "`--fault-seed N`" + ` has the same again.
`

func page() string {
	var b strings.Builder
	var commands strings.Builder
	for _, rule := range examples {
		fmt.Fprintf(&commands, "softkey run --ephemeral --presence approve --fault %s\n", rule)
	}
	fmt.Fprintf(&b, intro, commands.String())
	for _, l := range []struct {
		layer         Layer
		title, events string
	}{
		{LayerTransport, "Between host and key", "Events are the reports that one of the two sends."},
		{LayerHandler, "Messages", "Events are the messages that a host sends."},
		{LayerStore, "The store", "Events are what the key asks of its store: reads, changes, and in a change each value put and each key deleted, and the commit at the end."},
	} {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n| kind | what happens | arguments | what it shows |\n| --- | --- | --- | --- |\n", l.title, l.events)
		for _, k := range Kinds() {
			if k.Layer == l.layer {
				fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", k.Name, k.What, arguments(k), k.Shows)
			}
		}
	}
	b.WriteString("\n## Arguments\n\n| argument | meaning |\n| --- | --- |\n")
	for _, a := range all() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", a.Name, a.Meaning)
	}
	return b.String()
}

// arguments lists those of a kind with their defaults.
func arguments(k Kind) string {
	var list []string
	for _, a := range k.Arguments {
		list = append(list, fmt.Sprintf("`%s=%s`", a.Name, a.Default))
	}
	return strings.Join(list, " ")
}

// all returns the arguments of all kinds, each meaning once.
func all() (list []Argument) {
	seen := make(map[string]bool)
	for _, k := range Kinds() {
		for _, a := range k.Arguments {
			if !seen[a.Name+a.Meaning] {
				seen[a.Name+a.Meaning] = true
				list = append(list, a)
			}
		}
	}
	return list
}
