package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/softkey-project/softkey/authenticator"
)

// loadProfile returns the profile with a name, or that of a JSON file.
func loadProfile(name string) (authenticator.Profile, error) {
	if p, ok := authenticator.ProfileByName(name); ok {
		return p, nil
	}
	data, err := readFile(name)
	if err != nil && !strings.ContainsAny(name, "./\\") {
		return authenticator.Profile{}, hint(usagef("there is no profile %q", name),
			"choose one of %s, or name a JSON file", strings.Join(profileNames(), ", "))
	}
	if err != nil {
		return authenticator.Profile{}, hint(usagef("profile: %w", err), "name one of %s, or a JSON file", strings.Join(profileNames(), ", "))
	}
	p, err := parseProfile(data)
	if err != nil {
		return authenticator.Profile{}, hint(usagef("%s:%w", name, err),
			"softkey profiles --json shows what may stand in such a file, and docs/profiles.md explains it")
	}
	return p, nil
}

// parseProfile reads a profile that differs from a named one:
//
//	{"base": "fido2.0", "name": "mine", "algorithms": [-7]}
//
// Without base it is the default profile that is changed. Options are changed one
// by one, and null takes one away; other lists are replaced. A profile with a name
// of its own is another model, and has another AAGUID if the file gives none; one
// that the file names as one of ours must be that. An error begins with the line
// that it is about.
func parseProfile(data []byte) (authenticator.Profile, error) {
	members, err := splitObject(data)
	if err != nil {
		return authenticator.Profile{}, err
	}
	inherited, err := baseProfile(members)
	if err != nil {
		return inherited, err
	}
	file := newProfileFile(inherited)
	if err := file.change(members); err != nil {
		return inherited, err
	}
	p := file.profile()
	if err := checkName(p, members); err != nil {
		return p, err
	}
	if p.Name != inherited.Name && p.AAGUID == inherited.AAGUID && p.CTAP2() {
		p.AAGUID = authenticator.ProfileAAGUID(p.Name, false)
	}
	if err := p.Validate(); err != nil {
		return p, fmt.Errorf(" %w", err)
	}
	return p, nil
}

// change sets the fields that the members are named after.
func (f *profileFile) change(members []member) error {
	known, err := f.members()
	if err != nil {
		return err
	}
	for _, m := range members {
		if m.name == "base" {
			continue
		}
		if !slices.Contains(known, m.name) { // encoding/json takes "Name" for "name"
			return fmt.Errorf("%d: unknown field %q", m.line, m.name)
		}
		if err := m.into(f); err != nil {
			return fmt.Errorf("%d: %w", m.line, err)
		}
	}
	return nil
}

// checkName refuses a name that is given, and is that of another profile, which
// servers know by it.
func checkName(p authenticator.Profile, members []member) error {
	i := slices.IndexFunc(members, func(m member) bool { return m.name == "name" })
	ours, taken := authenticator.ProfileByName(p.Name)
	if i < 0 || !taken || reflect.DeepEqual(p, ours) {
		return nil
	}
	return fmt.Errorf("%d: name: %q comes with softkey, and this is another: give it a name of its own", members[i].line, p.Name)
}

func baseProfile(members []member) (authenticator.Profile, error) {
	name, line := authenticator.DefaultProfile, 0
	for _, m := range members {
		if m.name != "base" {
			continue
		}
		line = m.line
		if err := json.Unmarshal(m.value, &name); err != nil {
			return authenticator.Profile{}, fmt.Errorf("%d: base: %w", line, err)
		}
	}
	p, ok := authenticator.ProfileByName(name)
	if !ok {
		return p, fmt.Errorf("%d: base: there is no profile %q, but %s", line, name, strings.Join(profileNames(), ", "))
	}
	return p, nil
}

// member is a member of a JSON object, and the line that it is on.
type member struct {
	name  string
	value json.RawMessage
	line  int
}

// into sets the field of f that the member is named after.
func (m member) into(f *profileFile) error {
	if m.name == "options" {
		return f.setOptions(m.value)
	}
	object, err := json.Marshal(map[string]json.RawMessage{m.name: m.value})
	if err != nil {
		return err
	}
	err = json.Unmarshal(object, f)
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return fmt.Errorf("%s: a JSON %s where %s is wanted", m.name, wrong.Value, wanted(wrong.Type))
	}
	if err != nil {
		return errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	return nil
}

// wanted says what JSON a type of a field is read from.
func wanted(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return wanted(t.Elem())
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "a list"
	case reflect.String, reflect.Array:
		return "a text"
	case reflect.Int, reflect.Int64, reflect.Uint64, reflect.Uint16:
		return fmt.Sprintf("a whole number of %d bits", t.Bits())
	}
	return "a name"
}

// splitObject returns the members of the JSON object that data is.
func splitObject(data []byte) ([]member, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	lineNow := func() int { return 1 + bytes.Count(data[:dec.InputOffset()], []byte("\n")) }
	fail := func(err error) ([]member, error) {
		if errors.Is(err, io.EOF) {
			err = errors.New("the object does not end")
		}
		return nil, fmt.Errorf("%d: %w", lineNow(), err)
	}

	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return fail(errors.New("this is no JSON object"))
	}
	var members []member
	seen := make(map[string]bool)
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return fail(err)
		}
		m := member{name: name.(string), line: lineNow()}
		if err := dec.Decode(&m.value); err != nil {
			return fail(err)
		}
		if seen[m.name] {
			return nil, fmt.Errorf("%d: %q is here twice", m.line, m.name)
		}
		seen[m.name] = true
		members = append(members, m)
	}
	if _, err := dec.Token(); err != nil {
		return fail(err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return fail(errors.New("something follows the object"))
	}
	return members, nil
}
