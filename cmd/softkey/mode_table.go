package main

import (
	"slices"
	"strings"
)

// mode is one way of standing in for a user, which a flag names, with an argument
// after a colon or none.
type mode[T any] struct {
	name     string
	form     string // with its argument, for help
	argument argument
	open     func(env presenceEnv, arg string) (T, error)
}

// argument says whether a mode has one, after a colon.
type argument int

const (
	without argument = iota
	optional
	required
)

// modeTable is the modes of the flag that is called what.
type modeTable[T any] struct {
	what  string
	modes []mode[T]
}

// open opens the mode that text describes, such as "approve:2s", and returns its
// name.
func (t modeTable[T]) open(env presenceEnv, text string) (opened T, name string, err error) {
	m, arg, err := t.find(text)
	if err != nil {
		return opened, m.name, err
	}
	opened, err = m.open(env, arg)
	return opened, m.name, err
}

// find returns the mode that text describes, and its argument.
func (t modeTable[T]) find(text string) (m mode[T], arg string, err error) {
	name, arg, hasArg := strings.Cut(text, ":")
	i := slices.IndexFunc(t.modes, func(m mode[T]) bool { return m.name == name })
	if i < 0 {
		return m, arg, usagef("%s %q is not one of %s", t.what, text, t.forms())
	}
	m = t.modes[i]
	if hasArg && m.argument == without || arg == "" && (hasArg || m.argument == required) {
		return m, arg, usagef("%s %q: write %s", t.what, text, m.form)
	}
	return m, arg, nil
}

// forms lists how the modes are written.
func (t modeTable[T]) forms() string {
	var forms []string
	for _, m := range t.modes {
		forms = append(forms, m.form)
	}
	return strings.Join(forms, ", ")
}

// values returns the modes for a shell to complete.
func (t modeTable[T]) values() []string {
	var values []string
	for _, m := range t.modes {
		if m.argument == required {
			values = append(values, m.name+":")
			continue
		}
		values = append(values, m.name)
	}
	return values
}
