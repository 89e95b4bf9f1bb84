package authenticator

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/softkey-project/softkey/ctap"
)

// call is one CTAP2 message that is being answered.
type call struct {
	*ctap.Request
	parameters []byte // what follows the command byte
}

// from names the host that a sequence belongs to.
func (c *call) from() origin { return origin{c.Source, c.Channel} }

// command is one row of the command table. What it runs returns a response, nil
// for none, or an *answer.
type command struct {
	run  func(*Authenticator, context.Context, *call) (resp any, err error)
	keep bool // sees to the sequence itself, or leaves it standing
}

// commands is the table: a command is a file and a line here. Which of them a
// key answers is its profile's choice.
var commands = map[ctap.Command]command{
	ctap.CommandMakeCredential:       {run: (*Authenticator).makeCredential},
	ctap.CommandGetAssertion:         {run: (*Authenticator).getAssertion},
	ctap.CommandGetInfo:              {run: (*Authenticator).getInfo, keep: true},
	ctap.CommandClientPIN:            {run: (*Authenticator).clientPIN},
	ctap.CommandReset:                {run: (*Authenticator).reset},
	ctap.CommandGetNextAssertion:     {run: (*Authenticator).getNextAssertion, keep: true},
	ctap.CommandBioEnrollment:        {run: (*Authenticator).bioEnrollment},
	ctap.CommandCredentialManagement: {run: (*Authenticator).credentialManagement, keep: true},
	ctap.CommandSelection:            {run: (*Authenticator).selection},
	ctap.CommandLargeBlobs:           {run: (*Authenticator).largeBlobs, keep: true},
	ctap.CommandConfig:               {run: (*Authenticator).config},

	ctap.CommandBioEnrollmentPreview:        {run: (*Authenticator).bioEnrollment},
	ctap.CommandCredentialManagementPreview: {run: (*Authenticator).credentialManagement, keep: true},
}

// successors are the commands that the previews of FIDO_2_1_PRE became. Who has
// one answers its preview too, though getInfo does not say so: keys that are sold
// do, and libfido2 up to 1.14 knows no other number, whatever getInfo says
// (https://github.com/Yubico/libfido2/issues/628).
var successors = map[ctap.Command]ctap.Command{
	ctap.CommandBioEnrollmentPreview:        ctap.CommandBioEnrollment,
	ctap.CommandCredentialManagementPreview: ctap.CommandCredentialManagement,
}

// answers tells whether the key answers a command: one that its profile lists,
// or the preview of one.
func (p *Profile) answers(id ctap.Command) bool { return p.lists(id) || p.lists(successors[id]) }

// handleCTAP2 answers a command byte and its parameters.
func (a *Authenticator) handleCTAP2(ctx context.Context, req *ctap.Request) []byte {
	answer, err := a.runCommand(ctx, req)
	if err != nil {
		status := ctap.StatusOf(err)
		a.logFailure(ctx, err, status)
		return []byte{byte(status)}
	}
	return answer
}

// runCommand returns the answer: the status, and what the command has to say.
func (a *Authenticator) runCommand(ctx context.Context, req *ctap.Request) ([]byte, error) {
	if err := a.refresh(); err != nil {
		return nil, err
	}
	if len(req.Data) == 0 {
		return nil, fmt.Errorf("no command byte: %w", ctap.StatusInvalidLength)
	}
	id := ctap.Command(req.Data[0])
	var cmd command // that of a command which the key does not have
	if a.profile.answers(id) {
		cmd = commands[id]
	}
	if !cmd.keep {
		a.sequence = nil
	}
	if cmd.run == nil {
		return nil, fmt.Errorf("%v: %w", id, ctap.StatusInvalidCommand)
	}
	if uint64(len(req.Data)) > a.profile.MaxMsgSize {
		return nil, fmt.Errorf("%v of %d bytes: %w", id, len(req.Data), ctap.StatusRequestTooLarge)
	}
	resp, err := cmd.run(a, ctx, &call{Request: req, parameters: req.Data[1:]})
	if err != nil {
		return nil, fmt.Errorf("%v: %w", id, err)
	}
	if done, ok := resp.(*answer); ok {
		return *done, nil
	}
	made, err := a.encode(resp)
	if err != nil {
		return nil, fmt.Errorf("%v: %w", id, err)
	}
	return made, nil
}

// answer is a whole one: the status, and the response if there is any. A command
// whose answer may be too long makes it before it stores what the answer tells.
type answer []byte

// usualAnswer is how many bytes most answers have at most.
const usualAnswer = 320

// encode makes the answer of a response, nil for the status alone. One that is
// longer than a message may be is refused.
func (a *Authenticator) encode(resp any) (answer, error) {
	if resp == nil {
		return answer{byte(ctap.StatusOK)}, nil
	}
	made, err := ctap.Append(append(make([]byte, 0, usualAnswer), byte(ctap.StatusOK)), resp)
	if err != nil {
		return nil, err
	}
	if uint64(len(made)) > a.profile.MaxMsgSize {
		return nil, fmt.Errorf("an answer of %d bytes: %w", len(made), ctap.StatusLimitExceeded)
	}
	return made, nil
}

// logFailure says why a message was refused. An error without a status is a
// fault of the key's own, a full disk for instance, unless the key was unplugged
// meanwhile.
func (a *Authenticator) logFailure(ctx context.Context, err error, sent error) {
	if a.cfg.Log == nil {
		return
	}
	level := slog.LevelDebug
	var status ctap.Status
	var sw ctap.SW
	if !errors.As(err, &status) && !errors.As(err, &sw) && ctx.Err() == nil {
		level = slog.LevelError
	}
	a.cfg.Log.Log(ctx, level, "refused", "reason", err, "answer", sent)
}
