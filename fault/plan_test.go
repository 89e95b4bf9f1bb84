package fault

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestParseRule(t *testing.T) {
	tests := []struct {
		text, want string // the form that String gives, or the end of an error
		fails      bool
	}{
		{text: "drop", want: "drop"},
		{text: "drop:from=host", want: "drop:from=host"},
		{text: "drop:from=host,at=5", want: "drop:at=5,from=host"},
		{text: "x:a=b=c:d", want: "x:a=b=c:d"},
		{text: "drop:", want: `argument "" is not NAME=VALUE`, fails: true},
		{text: "drop:at", want: `argument "at" is not NAME=VALUE`, fails: true},
		{text: "drop:at=1,", want: `argument "" is not NAME=VALUE`, fails: true},
		{text: "drop:at=1,at=2", want: `fault: "drop:at=1,at=2": argument at is there twice`, fails: true},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			r, err := ParseRule(tt.text)
			switch {
			case tt.fails && (err == nil || !strings.HasSuffix(err.Error(), tt.want)):
				t.Errorf("got %v, %v; want an error that ends in %q", r, err, tt.want)
			case !tt.fails && (err != nil || r.String() != tt.want):
				t.Errorf("got %v, %v; want %s", r, err, tt.want)
			}
		})
	}
}

// What is written of a rule is read as the same rule.
func FuzzParseRule(f *testing.F) {
	f.Add("put-fails:at=3,error=ENOSPC")
	f.Add("drop")
	f.Add(":=")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := ParseRule(text)
		if err != nil {
			return
		}
		again, err := ParseRule(r.String())
		if err != nil || !reflect.DeepEqual(again, r) {
			t.Errorf("%q is %#v, written as %q and read as %#v, %v", text, r, r, again, err)
		}
		if _, err := New(Plan{Rules: []Rule{r}}, nil); err == nil && !knows(r.Kind) {
			t.Errorf("New takes %q", text)
		}
	})
}

func knows(kind string) bool {
	return slices.ContainsFunc(Kinds(), func(k Kind) bool { return k.Name == kind })
}

func TestPlanJSON(t *testing.T) {
	p, err := ParsePlan([]byte(`{"seed": 7, "rules": [{"kind": "drop", "from": "host", "at": 5, "chance": "0.5"}, {"kind": "hang"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := Plan{Seed: 7, Rules: []Rule{
		{Kind: "drop", Arguments: map[string]string{"from": "host", "at": "5", "chance": "0.5"}},
		{Kind: "hang"},
	}}
	if !reflect.DeepEqual(p, want) {
		t.Fatalf("got %+v, want %+v", p, want)
	}
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := ParsePlan(text); err != nil || !reflect.DeepEqual(again, want) {
		t.Errorf("%s is read as %+v, %v; want %+v", text, again, err, want)
	}
}

func TestParsePlanRefuses(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"no JSON", `drop`, "fault: plan: invalid character"},
		{"strange member", `{"sead": 7}`, `unknown field "sead"`},
		{"more", `{} {}`, "fault: plan: more than one value"},
		{"seed", `{"seed": -1}`, "uint64"},
		{"a rule that is text", `{"rules": ["drop"]}`, "a rule is an object"},
		{"an argument that is a list", `{"rules": [{"kind": "drop", "at": [1]}]}`, `member "at" of a rule: neither a string nor a number`},
		{"an argument that is null", `{"rules": [{"kind": "drop", "at": null}]}`, `member "at" of a rule: neither`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if p, err := ParsePlan([]byte(tt.text)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %+v, %v; want an error with %q", p, err, tt.want)
			}
		})
	}
}

func TestNewRefuses(t *testing.T) {
	tests := []struct{ rule, want string }{
		{"", `fault: there is no kind "", but drop, duplicate, `},
		{"dropp", `there is no kind "dropp"`},
		{"drop:form=host", `fault: drop:form=host: there is no argument "form", but from, command, at, times, chance`},
		{"drop:at=0", "at=0: not such a number: 1 or more"},
		{"drop:at=x", "at=x: not such a number"},
		{"drop:times=-1", "times=-1: not such a number: 0 or more"},
		{"drop:chance=1.1", "chance=1.1: not such a number: 0 to 1"},
		{"drop:chance=NaN", "chance=NaN: not such a number"},
		{"drop:from=both", "from=both: neither device nor host"},
		{"drop:command=getInfo", "command=getInfo: there is no such command"},
		{"drop:command=256", "command=256: there is no such command"},
		{"damage:bits=0", "bits=0: not such a number"},
		{"delay:wait=5", "wait=5: not a duration such as 50ms"},
		{"delay:wait=-5s", "wait=-5s: not a duration"},
		{"status:command=cbor", "command=cbor: there is no such command"},
		{"status:status=256", "status=256: not such a number: 0 to 0xFF"},
		{"status:run=maybe", "run=maybe: neither yes nor no"},
		{"status-word:word=0x10000", "word=0x10000: not such a number: 0 to 0xFFFF"},
		{"non-canonical:form=odd", "form=odd: not one of order, length, indefinite, duplicate"},
		{"put-fails:bucket=foo", "bucket=foo: not one of any, device, attestation, settings, credentials, index, handles"},
		{"put-fails:error=EPERM", "error=EPERM: not one of EDQUOT, EIO, ENOSPC, EROFS"},
	}
	for _, tt := range tests {
		t.Run(tt.rule, func(t *testing.T) {
			r, err := ParseRule(tt.rule)
			if err != nil {
				t.Fatal(err)
			}
			if in, err := New(Plan{Rules: []Rule{r}}, nil); err == nil || in != nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, %v; want an error with %q", in, err, tt.want)
			}
		})
	}
}

// Each kind works with its defaults, and has one function, that of its layer.
func TestKinds(t *testing.T) {
	for _, k := range Kinds() {
		if _, err := New(Plan{Rules: []Rule{{Kind: k.Name}}}, nil); err != nil {
			t.Errorf("%s: %v", k.Name, err)
		}
		has := map[Layer]bool{
			LayerTransport: k.frame.bend != nil,
			LayerHandler:   k.message.about != nil && k.message.answer != nil,
			LayerStore:     k.store.on != 0,
		}
		for layer, some := range has {
			if some != (layer == k.Layer) {
				t.Errorf("%s of layer %s: a function of %s: got %v", k.Name, k.Layer, layer, some)
			}
		}
	}
}

// events returns which of n events a rule of some seed strikes: 1 if it does.
func events(t *testing.T, seed uint64, rule string, n int) string {
	t.Helper()
	in := injectSeeded(t, seed, rule)
	var b strings.Builder
	for range n {
		fmt.Fprint(&b, map[bool]int{true: 1}[in.rules[0].strikes()])
	}
	if got, want := in.Struck()[0], strings.Count(b.String(), "1"); got != want {
		t.Errorf("Struck: got %d, want %d", got, want)
	}
	return b.String()
}

func TestStrikes(t *testing.T) {
	tests := []struct{ rule, want string }{
		{"drop", "100000"},
		{"drop:at=3", "001000"},
		{"drop:times=2", "110000"},
		{"drop:at=2,times=3", "011100"},
		{"drop:at=4,times=0", "000111"},
		{"drop:chance=0,times=0", "000000"},
		{"no-keepalive", "111111"},
	}
	for _, tt := range tests {
		t.Run(tt.rule, func(t *testing.T) {
			if got := events(t, 1, tt.rule, len(tt.want)); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestSeed(t *testing.T) {
	const rule = "drop:chance=0.3,times=0"
	one := events(t, 1, rule, 1000)
	if again := events(t, 1, rule, 1000); again != one {
		t.Errorf("the same seed strikes other events:\n%s\n%s", one, again)
	}
	if other := events(t, 2, rule, 1000); other == one {
		t.Error("another seed strikes the same events")
	}
	if n := strings.Count(one, "1"); n < 230 || n > 370 {
		t.Errorf("got %d of 1000 events, want about 300", n)
	}
	in := inject(t, rule, rule)
	for range 1000 {
		in.rules[0].strikes()
		in.rules[1].strikes()
	}
	if in.rules[0].intN(1<<30) == in.rules[1].intN(1<<30) {
		t.Error("two rules draw from one stream")
	}
}

func TestLog(t *testing.T) {
	var log bytes.Buffer
	in, err := New(Plan{Rules: []Rule{{Kind: "drop"}}}, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	in.rules[0].strikes()
	in.rules[0].strikes()
	if got := log.String(); strings.Count(got, "\n") != 1 || !strings.HasSuffix(got, "msg=fault rule=drop event=1\n") {
		t.Errorf("got %q, want a line", got)
	}
}

// A log may use the very thing that is faulty.
func TestLogIsToldUnlocked(t *testing.T) {
	var in *Injector
	calls := 0
	in, err := New(Plan{Rules: []Rule{{Kind: "drop"}}}, slog.New(logFunc(func() {
		calls++
		if !in.rules[0].mu.TryLock() {
			t.Error("the log is told under the lock of a rule")
			return
		}
		in.rules[0].mu.Unlock()
	})))
	if err != nil {
		t.Fatal(err)
	}
	in.rules[0].strikes()
	if calls != 1 {
		t.Errorf("got %d lines, want 1", calls)
	}
}

// logFunc is a slog.Handler that calls a function for each line.
type logFunc func()

func (f logFunc) Enabled(context.Context, slog.Level) bool { return true }

func (f logFunc) Handle(context.Context, slog.Record) error { f(); return nil }

func (f logFunc) WithAttrs([]slog.Attr) slog.Handler { return f }

func (f logFunc) WithGroup(string) slog.Handler { return f }

// Without rules for a layer nothing is wrapped.
func TestNothingToDo(t *testing.T) {
	for name, in := range map[string]*Injector{"nil": nil, "none": inject(t)} {
		if got := in.Handler(nil); got != nil {
			t.Errorf("%s: Handler: got %v", name, got)
		}
		if got := in.Store(nil); got != nil {
			t.Errorf("%s: Store: got %v", name, got)
		}
		if got := in.HostEnd(nil); got != nil {
			t.Errorf("%s: HostEnd: got %v", name, got)
		}
		if got := in.DeviceEnd(nil); got != nil {
			t.Errorf("%s: DeviceEnd: got %v", name, got)
		}
		if got := in.Listener(nil); got != nil {
			t.Errorf("%s: Listener: got %v", name, got)
		}
		if got := in.Struck(); got != nil {
			t.Errorf("%s: Struck: got %v", name, got)
		}
	}
}
