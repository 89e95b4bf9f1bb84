package main

import (
	"context"
	"os"
	"strings"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/desktop"
)

// openDesktop asks the user of a graphical session, and at the terminal where
// there is none.
func openDesktop(env presenceEnv, _ string) (authenticator.Presence, error) {
	ways := desktopWays()
	if isTerminal(os.Stdin) {
		p, err := openPrompter(env)
		if err != nil {
			return nil, err
		}
		ways = append(ways, atTerminal{p})
	}
	p, err := desktop.Open(context.Background(), env.log, ways...)
	if err != nil {
		return nil, hint(err, "start it inside a session that has a notification server or pinentry, or choose another --presence; see softkey doctor")
	}
	return p, nil
}

// desktopWays returns the ways of asking that need no terminal, the best first.
func desktopWays() []desktop.Way {
	return []desktop.Way{
		desktop.Notifications{Address: desktop.SessionBus(os.Getenv), Words: question},
		desktop.Pinentry{Program: "pinentry", Words: question, Prepare: inGroup},
	}
}

// atTerminal is the way of asking that is always there, if there is a terminal.
type atTerminal struct{ *prompter }

func (atTerminal) String() string { return "the terminal" }

// Check implements [desktop.Way].
func (atTerminal) Check(context.Context) error { return nil }

// question returns the words of the terminal's prompt.
func question(p authenticator.Prompt) desktop.Question {
	title, body, _ := strings.Cut(strings.TrimSpace(style{}.head(p)), "\n")
	var lines []string
	for line := range strings.Lines(body) {
		lines = append(lines, strings.TrimSpace(line))
	}
	if p.Long {
		lines = append(lines, "You are asked twice, five seconds apart.")
	}
	return desktop.Question{Title: title, Body: strings.Join(lines, "\n")}
}
