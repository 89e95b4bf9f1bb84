package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"os/exec"
	"time"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/ctap"
)

// commandGrace is how long the pipes of a command may stay open after its end.
const commandGrace = 500 * time.Millisecond

// openCommand asks a shell command.
func openCommand(env presenceEnv, arg string) (authenticator.Presence, error) {
	return command{line: arg, env: env}, nil
}

// command is a program that decides in place of the user.
type command struct {
	line     string
	env      presenceEnv
	verifies bool // it is asked whether it knows the user
}

// Confirm implements [authenticator.Presence]: it runs the command, and ends it,
// with all that it has started, when ctx does.
func (c command) Confirm(ctx context.Context, p authenticator.Prompt) error {
	message := promptJSON(p)
	message.Verification = c.verifies
	input, err := json.Marshal(message)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", c.line) // #nosec G204 -- the line is the user's; what a host says is on its input
	inGroup(cmd)
	cmd.WaitDelay = commandGrace
	cmd.Stdin = bytes.NewReader(append(input, '\n'))
	cmd.Stdout, cmd.Stderr = c.env.console, c.env.console
	err = cmd.Run()
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case cmd.ProcessState != nil && cmd.ProcessState.Success():
		return nil // whatever it left behind
	case cmd.ProcessState == nil:
		c.env.log.ErrorContext(ctx, "presence command", "err", err)
	}
	return ctap.StatusOperationDenied
}

// promptMessage is a prompt as a command reads it.
type promptMessage struct {
	Operation string `json:"operation"`
	RPID      string `json:"rpId"`
	RPIDHash  string `json:"rpIdHash"` // hex; empty where there is no site
	User      string `json:"user"`
	Kind      string `json:"kind"`
	TimeoutMS int64  `json:"timeoutMs"`

	Long         bool `json:"long,omitempty"`         // a touch of five seconds is asked for
	Verification bool `json:"verification,omitempty"` // the user is to be recognised, not just there
}

func promptJSON(p authenticator.Prompt) promptMessage {
	m := promptMessage{
		Operation: p.Operation, RPID: p.RPID, User: p.User,
		Kind: string(p.Kind), TimeoutMS: p.Timeout.Milliseconds(), Long: p.Long,
	}
	if p.RPIDHash != [32]byte{} {
		m.RPIDHash = hex.EncodeToString(p.RPIDHash[:])
	}
	return m
}
