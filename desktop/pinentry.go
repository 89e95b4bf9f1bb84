package desktop

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/softkey-project/softkey/authenticator"
)

// Pinentry asks by a dialog of the program that GnuPG has for that. It speaks the
// Assuan protocol on its standard input and output: a line is a command, the
// answer ends in a line that is OK or ERR.
type Pinentry struct {
	Program string          // its name or path
	Words   Words           // puts the prompt in words
	Prepare func(*exec.Cmd) // may say how it is ended, with all that it started; nil: it is killed
}

// String returns "pinentry".
func (Pinentry) String() string { return "pinentry" }

// Check implements [Way]. A pinentry that would draw on a terminal is of no use:
// it has none.
func (p Pinentry) Check(ctx context.Context) error {
	err := p.with(ctx, func(d *dialog) error {
		flavor, err := d.do("GETINFO", "flavor")
		if err != nil {
			return err
		}
		if at := flavor[strings.LastIndexByte(flavor, ':')+1:]; at == "curses" || at == "tty" {
			return errors.New("it has a dialog for terminals only")
		}
		return nil
	})
	if err != nil {
		return unavailable(ctx, p, err)
	}
	return nil
}

// Confirm implements [Way]. Closing the dialog is a refusal.
func (p Pinentry) Confirm(ctx context.Context, prompt authenticator.Prompt) error {
	err := p.with(ctx, func(d *dialog) error {
		if err := d.prepare(p.Words(prompt), prompt.Timeout); err != nil {
			return err
		}
		_, err := d.do("CONFIRM", "")
		return err
	})
	switch answer, known := answerOf(err); {
	case !known || ctx.Err() != nil:
		return unavailable(ctx, p, err)
	case answer == nobody:
		return authenticator.Ignore(ctx, prompt)
	default:
		return answer.err()
	}
}

// with starts a pinentry for the time of use. The end of ctx ends it.
func (p Pinentry) with(ctx context.Context, use func(*dialog) error) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	cmd := exec.CommandContext(ctx, p.Program) // #nosec G204 -- found in PATH, or named by the user
	if p.Prepare != nil {
		p.Prepare(cmd)
	}
	d, err := start(cmd)
	if err != nil {
		return err
	}
	if _, err = d.reply(); err == nil { // the greeting
		err = use(d)
	}
	end()
	cmd.Wait() // tells that it was killed
	return err
}

// dialog is a pinentry that runs.
type dialog struct {
	in  io.Writer
	out *bufio.Scanner
}

func start(cmd *exec.Cmd) (*dialog, error) {
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return &dialog{in, bufio.NewScanner(out)}, cmd.Start()
}

// maxText is how many bytes of text there may be in a command: a line of Assuan
// has no more than 1000.
const maxText = 900

// prepare says what the dialog shows.
func (d *dialog) prepare(q Question, timeout time.Duration) error {
	return d.set([]setting{
		// A dialog that grabs the keyboard takes the key strokes that were meant
		// for another window, and one of them may agree.
		{"OPTION", "no-grab", true},
		{"SETTITLE", "softkey", true},
		{"SETTIMEOUT", strconv.Itoa(int(timeout/time.Second) + 1), true},
		{"SETDESC", q.text(), false},
		{"SETOK", "Approve", false},
		{"SETCANCEL", "Deny", false},
	})
}

// text is a question as a command has it.
func (q Question) text() string { return escapeAssuan(strings.TrimSpace(q.Title+"\n"+q.Body), maxText) }

// setting is a command that says how a dialog is to be.
type setting struct {
	name, text string
	optional   bool
}

// set gives the commands. What the dialog does not know is left out, if it is
// optional.
func (d *dialog) set(settings []setting) error {
	for _, s := range settings {
		_, err := d.do(s.name, s.text)
		if err != nil && !(s.optional && errors.As(err, new(assuanError))) {
			return fmt.Errorf("%s: %v", s.name, err) // not wrapped: it is no answer to the question
		}
	}
	return nil
}

// do gives a command, and returns the data of the answer. An answer that is no OK
// is an assuanError.
func (d *dialog) do(name, text string) (data string, err error) {
	if _, err := io.WriteString(d.in, strings.TrimSpace(name+" "+text)+"\n"); err != nil {
		return "", err
	}
	return d.reply()
}

// reply reads lines up to the end of an answer:
//
//	S … and # …   status and comments
//	D text        data
//	OK …          done
//	ERR number …  failed
func (d *dialog) reply() (data string, err error) {
	for d.out.Scan() {
		kind, rest, _ := strings.Cut(d.out.Text(), " ")
		switch kind {
		case "D":
			data += rest
		case "OK":
			return data, nil
		case "ERR":
			return "", newAssuanError(rest)
		}
	}
	if err := d.out.Err(); err != nil {
		return "", err
	}
	return "", io.ErrUnexpectedEOF
}

// assuanError is an answer that is no OK: "83886194 Not confirmed <Pinentry>".
type assuanError struct {
	code uint16 // of libgpg-error, without the source of the error above it
	text string
}

func (e assuanError) Error() string { return e.text }

func newAssuanError(line string) error {
	number, text, _ := strings.Cut(line, " ")
	n, err := strconv.ParseUint(number, 10, 32)
	if err != nil {
		return fmt.Errorf("an answer that is none: ERR %s", line)
	}
	return assuanError{uint16(n), text}
}

// The codes of libgpg-error by which a user answers, or does not.
const (
	gpgTimeout      = 62
	gpgCanceled     = 99
	gpgNotConfirmed = 114
)

// answerOf returns the answer that is in the error of CONFIRM, if it is one.
func answerOf(err error) (a answer, known bool) {
	var refusal assuanError
	if err == nil {
		return approved, true
	}
	if !errors.As(err, &refusal) {
		return nobody, false
	}
	a, known = map[uint16]answer{gpgTimeout: nobody, gpgCanceled: refused, gpgNotConfirmed: refused}[refusal.code]
	return a, known
}

// escapeAssuan writes text as a command has it, in no more than max bytes: what
// is too long ends in an ellipsis.
func escapeAssuan(text string, max int) string {
	const ellipsis = "…"
	var b strings.Builder
	for _, r := range text {
		c := string(r)
		if strings.ContainsRune("%\r\n", r) {
			c = fmt.Sprintf("%%%02X", r)
		}
		if b.Len()+len(c) > max-len(ellipsis) {
			return b.String() + ellipsis
		}
		b.WriteString(c)
	}
	return b.String()
}
