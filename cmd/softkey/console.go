package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/term"
)

// console is standard error: messages, the log, perhaps a trace. While a prompt
// has the last line of the terminal, they go above it.
//
// Its methods may be called from any goroutine.
type console struct {
	terminal bool // out is one

	mu     sync.Mutex
	out    io.Writer
	screen io.Writer // where the prompt is; nil: there is none
	line   string    // the prompt's last line
}

func newConsole(out io.Writer) *console {
	return &console{out: out, terminal: isTerminal(out)}
}

// isTerminal tells whether a stream is a terminal.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Write writes whole lines.
func (c *console) Write(text []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.screen == nil || !c.terminal {
		return c.out.Write(text)
	}
	c.paint(c.wipe())
	_, err := c.out.Write(crlf(text))
	c.paint(c.line)
	return len(text), err
}

// begin puts the lines of a prompt on a screen that is in raw mode. Until end,
// its last line is the prompt's own.
func (c *console) begin(screen io.Writer, head string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.screen, c.line = screen, ""
	c.paint(string(crlf([]byte(head))))
}

// redraw changes the last line of the prompt.
func (c *console) redraw(line string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.paint(c.wipe() + line)
	c.line = line
}

// end leaves last in place of the prompt's last line.
func (c *console) end(last string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.paint(c.wipe() + last + "\r\n")
	c.screen, c.line = nil, ""
}

// wipe returns what removes the prompt's last line, on any terminal.
func (c *console) wipe() string {
	return "\r" + strings.Repeat(" ", utf8.RuneCountInString(c.line)) + "\r"
}

// paint writes to the screen. A screen that fails is found out by who reads it.
func (c *console) paint(text string) { io.WriteString(c.screen, text) }

// crlf ends lines as a terminal in raw mode wants it.
func crlf(text []byte) []byte {
	return bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n"))
}

// printable returns text with everything escaped that could move a cursor,
// change a colour, or make text read otherwise than it is. Hosts choose the
// names that are shown to the user.
func printable(text string) string {
	var b strings.Builder
	for i, r := range text {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(text[i:], string(utf8.RuneError)):
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
	}
	return b.String()
}
