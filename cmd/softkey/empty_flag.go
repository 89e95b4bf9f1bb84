package main

import (
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// refuseEmpty refuses flags whose value is the empty text. That is mostly a variable
// of the shell that is not set, and to do as if the flag were not there would mean
// something else: another key, such as the user's own.
func refuseEmpty(cmd *cobra.Command, _ []string) (err error) {
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if err == nil && hasEmptyValue(f) && !mayBeEmpty(f) {
			err = hint(usagef("--%s is empty", f.Name), "give it a value, or leave it out; a variable of the shell may not be set")
		}
	})
	return err
}

// hasEmptyValue tells whether the value of a flag, or one of several, is empty.
func hasEmptyValue(f *pflag.Flag) bool {
	if list, ok := f.Value.(pflag.SliceValue); ok {
		return slices.Contains(list.GetSlice(), "")
	}
	return f.Value.String() == ""
}

// emptyAllowed is the annotation of a flag whose value may be empty.
const emptyAllowed = "softkey_empty_allowed"

// allowEmpty has flags take an empty value: it means something, or is refused in the
// words of another program.
func allowEmpty(flags *pflag.FlagSet, names ...string) {
	for _, name := range names {
		f := flags.Lookup(name)
		f.Annotations = map[string][]string{emptyAllowed: nil}
	}
}

func mayBeEmpty(f *pflag.Flag) bool {
	_, ok := f.Annotations[emptyAllowed]
	return ok
}
