package fault

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A Rule is one thing that goes wrong.
type Rule struct {
	Kind      string            // the name of a [Kind]
	Arguments map[string]string // by name; what is left out has its default
}

// ParseRule reads the short form of a rule. It checks the form alone: what there
// is to be named is checked by [New].
//
//	rule = kind [ ":" name "=" value *( "," name "=" value ) ]
func ParseRule(text string) (Rule, error) {
	kind, list, some := strings.Cut(text, ":")
	r := Rule{Kind: kind}
	if !some {
		return r, nil
	}
	for item := range strings.SplitSeq(list, ",") {
		name, value, ok := strings.Cut(item, "=")
		if !ok {
			return r, fmt.Errorf("fault: %q: argument %q is not NAME=VALUE", text, item)
		}
		if err := r.add(name, value); err != nil {
			return r, fmt.Errorf("fault: %q: %w", text, err)
		}
	}
	return r, nil
}

func (r *Rule) add(name, value string) error {
	if _, twice := r.Arguments[name]; twice {
		return fmt.Errorf("argument %s is there twice", name)
	}
	if r.Arguments == nil {
		r.Arguments = make(map[string]string)
	}
	r.Arguments[name] = value
	return nil
}

// String returns the short form of the rule, its arguments in the order of their
// names.
func (r Rule) String() string {
	var b strings.Builder
	b.WriteString(r.Kind)
	separator := ":"
	for _, name := range slices.Sorted(maps.Keys(r.Arguments)) {
		b.WriteString(separator + name + "=" + r.Arguments[name])
		separator = ","
	}
	return b.String()
}

// kindMember is the member of a rule's JSON that is no argument.
const kindMember = "kind"

// MarshalJSON returns the rule as an object: the kind, and its arguments beside
// it.
func (r Rule) MarshalJSON() ([]byte, error) {
	members := maps.Clone(r.Arguments)
	if members == nil {
		members = make(map[string]string)
	}
	members[kindMember] = r.Kind
	return json.Marshal(members)
}

// UnmarshalJSON reads the object that MarshalJSON writes. Numbers may stand
// without quotes.
func (r *Rule) UnmarshalJSON(text []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return fmt.Errorf("fault: a rule is an object: %w", err)
	}
	*r = Rule{}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		value, err := scalar(members[name])
		switch {
		case err != nil:
			return fmt.Errorf("fault: member %q of a rule: %w", name, err)
		case name == kindMember:
			r.Kind = value
		default:
			_ = r.add(name, value) // a map has no name twice
		}
	}
	return nil
}

// scalar returns a string or a number of JSON as an argument has it.
func scalar(text json.RawMessage) (string, error) {
	var s string
	if json.Unmarshal(text, &s) == nil && text[0] == '"' {
		return s, nil
	}
	var n json.Number
	if json.Unmarshal(text, &n) == nil && n != "" {
		return n.String(), nil
	}
	return "", errors.New("neither a string nor a number")
}
