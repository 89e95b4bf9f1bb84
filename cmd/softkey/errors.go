package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/softkey-project/softkey/client/u2fjson"
	"github.com/softkey-project/softkey/client/webauthn"
	"github.com/softkey-project/softkey/ctap"
)

// The exit codes.
const (
	exitDone    = 0
	exitFailed  = 1
	exitUsage   = 2 // the arguments make no sense
	exitRefused = 3 // the key said no, with a CTAP status or a U2F status word, or the client as a browser would
)

// usageError is a mistake in the arguments.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error {
	return usageError{fmt.Errorf(format, args...)}
}

// explainFlag says what is wrong with a flag, without the names of Go's functions.
func explainFlag(err error) error {
	var invalid *pflag.InvalidValueError
	if !errors.As(err, &invalid) {
		return usageError{err}
	}
	flag, value := invalid.GetFlag(), invalid.GetValue()
	what := misfit(flag, err)
	if what == "" {
		return usageError{err}
	}
	var number *strconv.NumError
	if errors.As(err, &number) {
		value = number.Num // of several
	}
	return usagef("--%s: %q is %s", flag.Name, value, what)
}

// misfit says what a value is that a flag refused with err; "": err says it.
func misfit(flag *pflag.Flag, err error) string {
	switch kind := flag.Value.Type(); {
	case flag.Name == "log-level":
		return "none of debug, info, warn and error"
	case kind == "bool":
		return "neither true nor false"
	case kind == "duration":
		return "no duration, such as 30s"
	case errors.Is(err, strconv.ErrRange):
		return "out of range"
	case strings.HasPrefix(kind, "uint"):
		return "no whole number from 0 up"
	case kind == "int":
		return "no whole number"
	}
	return ""
}

// hintedError is an error with a line of advice.
type hintedError struct {
	error
	hint string
}

func (e hintedError) Unwrap() error { return e.error }

// hint adds advice to err; nil stays nil.
func hint(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return hintedError{err, fmt.Sprintf(format, args...)}
}

// exitCode returns the exit code that tells err to a script.
func exitCode(err error) int {
	var usage usageError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &usage):
		return exitUsage
	case isRefusal(err):
		return exitRefused
	}
	return exitFailed
}

// isRefusal tells whether err is an answer of the key, or one of a browser's.
func isRefusal(err error) bool {
	var status ctap.Status
	var sw ctap.SW
	var u2f *u2fjson.Error
	var page *webauthn.Error
	switch {
	case errors.As(err, &status), errors.As(err, &sw):
		return true
	case errors.As(err, &u2f):
		return u2f.Code == u2fjson.DeviceIneligible
	case errors.As(err, &page):
		return !isFailure(page.Name)
	}
	return false
}

// isFailure tells the exceptions of a page that are no refusal: its options make
// no sense, whoever ran the program gave up, or the key failed.
func isFailure(exception string) bool {
	return exception == webauthn.TypeError || exception == webauthn.AbortError || exception == webauthn.UnknownError
}

// report tells the user of err, which cmd returned, and returns the exit code.
func (p *program) report(cmd *cobra.Command, err error) int {
	var exit exitError
	if errors.As(err, &exit) {
		fmt.Fprintln(p.stderr, oneLine(exit.Error()))
		return exitFailed
	}
	if err != nil {
		fmt.Fprintf(p.stderr, "softkey: %s\n", oneLine(err.Error()))
		if advice := advise(cmd, err); advice != "" {
			fmt.Fprintf(p.stderr, "softkey: hint: %s\n", oneLine(advice))
		}
	}
	return exitCode(err)
}

// exitError is a failure that is told in the words of another program, with
// nothing before or after: exit code 1.
type exitError struct{ error }

// advise returns the hint that goes with err, or "".
func advise(cmd *cobra.Command, err error) string {
	var hinted hintedError
	var usage usageError
	switch {
	case errors.As(err, &hinted):
		return hinted.hint
	case errors.As(err, &usage):
		return "see " + cmd.CommandPath() + " --help"
	}
	return ""
}

// oneLine makes text fit for one line of a terminal, whoever wrote it.
func oneLine(text string) string {
	return printable(strings.ReplaceAll(strings.TrimSpace(text), "\n", "; "))
}
