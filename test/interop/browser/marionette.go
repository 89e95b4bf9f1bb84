package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
)

// marionette is Firefox's protocol for programs that drive it. A message is its
// length in decimal, a colon and JSON:
//
//	[0, number, "WebDriver:Navigate", {"url": …}]  a command
//	[1, number, error or null, result or null]     its answer
type marionette struct {
	conn  net.Conn
	in    *bufio.Reader
	count int
}

// dialMarionette waits for Firefox to listen and opens a session, in which dialogs
// are left to the program.
func dialMarionette(ctx context.Context, address string) (*marionette, error) {
	conn, err := dialPatiently(ctx, address)
	if err != nil {
		return nil, err
	}
	m := &marionette{conn: conn, in: bufio.NewReader(conn)}
	if _, err := m.read(); err != nil { // what it says of itself
		return nil, err
	}
	return m, m.Do("WebDriver:NewSession", map[string]any{"unhandledPromptBehavior": "ignore", "pageLoadStrategy": "none"})
}

func dialPatiently(ctx context.Context, address string) (net.Conn, error) {
	for {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err == nil {
			return conn, nil
		}
		if sleep(ctx, 5*pause) != nil {
			return nil, fmt.Errorf("Firefox does not listen: %w", err)
		}
	}
}

// Do sends a command and waits for its answer.
func (m *marionette) Do(command string, parameters any) error {
	m.count++
	message, err := json.Marshal([]any{0, m.count, command, parameters})
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(m.conn, "%d:%s", len(message), message); err != nil {
		return err
	}
	body, err := m.read()
	if err != nil {
		return err
	}
	var answer [4]json.RawMessage
	if err := json.Unmarshal(body, &answer); err != nil {
		return fmt.Errorf("marionette: %s: %w", body, err)
	}
	if string(answer[2]) != "null" {
		return fmt.Errorf("marionette: %s: %s", command, answer[2])
	}
	return nil
}

func (m *marionette) read() ([]byte, error) {
	length, err := m.in.ReadString(':')
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(strings.TrimSuffix(length, ":"))
	if err != nil {
		return nil, err
	}
	body := make([]byte, n)
	_, err = io.ReadFull(m.in, body)
	return body, err
}
