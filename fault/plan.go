package fault

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"sync"
)

// A Plan says what goes wrong. The zero value is a plan in which nothing does.
type Plan struct {
	Seed  uint64 `json:"seed"` // of all that is random
	Rules []Rule `json:"rules"`
}

// ParsePlan reads a plan from JSON:
//
//	{"seed": 7, "rules": [{"kind": "drop", "from": "host", "at": 5}]}
func ParsePlan(text []byte) (Plan, error) {
	var p Plan
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return Plan{}, fmt.Errorf("fault: plan: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Plan{}, errors.New("fault: plan: more than one value")
	}
	return p, nil
}

// An Injector makes the faults of a plan. What it wraps may be used from any
// goroutine that the wrapped thing allows; events that several goroutines cause
// at the same time are counted in the order in which they come.
//
// The methods of a nil Injector return their argument as it is.
type Injector struct {
	log   *slog.Logger
	rules []*rule
}

// New returns the injector of a plan, or says what is wrong with a rule of it.
// Each fault is told to log, unless that is nil.
func New(p Plan, log *slog.Logger) (*Injector, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	in := &Injector{log: log}
	for i, text := range p.Rules {
		r, err := newRule(text)
		if err != nil {
			return nil, err
		}
		r.random = rand.New(rand.NewPCG(p.Seed, uint64(i))) // #nosec G404 -- faults that can be repeated
		r.log = log
		in.rules = append(in.rules, r)
	}
	return in, nil
}

// Struck returns how many events each rule has struck so far, in the order of
// the plan.
func (in *Injector) Struck() []int {
	var counts []int
	if in != nil {
		for _, r := range in.rules {
			counts = append(counts, r.count())
		}
	}
	return counts
}

// Has tells whether the plan has a rule of a layer.
func (in *Injector) Has(l Layer) bool { return len(in.layer(l)) > 0 }

// layer returns the rules of a layer, none for a nil Injector.
func (in *Injector) layer(l Layer) (rules []*rule) {
	if in == nil {
		return nil
	}
	for _, r := range in.rules {
		if r.kind.Layer == l {
			rules = append(rules, r)
		}
	}
	return rules
}

// rule is a [Rule] at work.
type rule struct {
	settings
	text Rule
	kind *Kind
	log  *slog.Logger

	mu     sync.Mutex
	random *rand.Rand
	seen   int // events that it is about
	struck int // those of them that it went for
}

// newRule checks a rule.
func newRule(text Rule) (*rule, error) {
	kind, err := kindByName(text.Kind)
	if err != nil {
		return nil, err
	}
	r := &rule{text: text, kind: kind}
	if err := r.read(kind.Arguments, text.Arguments); err != nil {
		return nil, fmt.Errorf("fault: %v: %w", text, err)
	}
	return r, nil
}

// strikes takes in an event that the rule is about, and tells whether it goes
// wrong. The log is told after the lock is gone: it may use what the rule is for.
func (r *rule) strikes() bool {
	event, struck := r.takeIn()
	if struck {
		r.log.Info("fault", "rule", r.text.String(), "event", event)
	}
	return struck
}

// takeIn numbers an event. What goes wrong is from the one numbered at on, with the
// chance given, until the rule has struck so many times.
func (r *rule) takeIn() (event int, struck bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen++
	switch {
	case r.seen < r.at, r.times > 0 && r.struck == r.times:
		return r.seen, false
	case r.chance < 1 && r.random.Float64() >= r.chance:
		return r.seen, false
	}
	r.struck++
	return r.seen, true
}

func (r *rule) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.struck
}

// intN returns a number below n of the rule's own stream.
func (r *rule) intN(n int) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.random.IntN(n)
}

// first returns the first of the rules that is about an event and strikes it;
// those after it never learn of the event.
func first(rules []*rule, about func(*rule) bool) *rule {
	for _, r := range rules {
		if about(r) && r.strikes() {
			return r
		}
	}
	return nil
}
