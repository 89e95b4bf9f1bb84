package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/ctap"
)

// profileFile is a profile as a JSON file has it: commands have names.
type profileFile struct {
	authenticator.Profile
	Commands []commandName `json:"commands"`
}

// newProfileFile returns the form of p in a file. The maps and lists of p are not
// its own.
func newProfileFile(p authenticator.Profile) profileFile {
	f := profileFile{Profile: p}
	for _, c := range p.Commands {
		f.Commands = append(f.Commands, commandName(c))
	}
	return f
}

// members returns the names of all that may stand in a file, but for base.
func (f profileFile) members() (names []string, err error) {
	data, err := json.Marshal(f)
	if err != nil {
		return nil, err
	}
	all, err := splitObject(data)
	for _, m := range all {
		names = append(names, m.name)
	}
	return names, err
}

func profileFiles(profiles []authenticator.Profile) (files []profileFile) {
	for _, p := range profiles {
		files = append(files, newProfileFile(p))
	}
	return files
}

// profile returns the profile of the file.
func (f profileFile) profile() authenticator.Profile {
	p := f.Profile
	p.Commands = nil
	for _, c := range f.Commands {
		p.Commands = append(p.Commands, ctap.Command(c))
	}
	return p
}

// commandName is a command by the specification's name for it, such as
// "authenticatorReset".
type commandName ctap.Command

// MarshalText returns the name.
func (c commandName) MarshalText() ([]byte, error) { return []byte(ctap.Command(c).String()), nil }

// UnmarshalText reads a name.
func (c *commandName) UnmarshalText(text []byte) error {
	for n := range 0x100 {
		if ctap.Command(n).String() == string(text) {
			*c = commandName(n)
			return nil
		}
	}
	return fmt.Errorf("commands: there is no command %q", text)
}

// setOptions changes the options that value has, and takes those away that are
// null there.
func (f *profileFile) setOptions(value json.RawMessage) error {
	members, err := splitObject(value)
	if err != nil {
		return errors.New("options: this is no JSON object of options")
	}
	options := maps.Clone(f.Options)
	if options == nil {
		options = make(map[string]bool)
	}
	for _, m := range members {
		if !isOption(m.name) {
			return fmt.Errorf("options: there is no option %q to be set", m.name)
		}
		switch string(m.value) {
		case "true", "false":
			options[m.name] = string(m.value) == "true"
		case "null":
			delete(options, m.name)
		default:
			return fmt.Errorf("options: %s is neither true, false nor null", m.name)
		}
	}
	f.Options = options
	return nil
}

// isOption tells whether a profile may have an option of that name.
func isOption(name string) bool {
	return name == ctap.OptionNoMcGaPermissionsWithClientPIN ||
		slices.ContainsFunc(authenticator.Profiles(), func(p authenticator.Profile) bool {
			_, ok := p.Options[name]
			return ok
		})
}
