package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
)

// user is whoever sits before the key: their finger goes through its control
// interface.
type user struct{ http *http.Client }

func newUser(socket string) *user {
	return &user{&http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
	}}}
}

// post asks for something that must be done.
func (u *user) post(ctx context.Context, path string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://key/v1/"+path, nil)
	if err != nil {
		return err
	}
	resp, err := u.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	said, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("control: %s: %s %s", path, resp.Status, said)
	}
	return err
}

// replug takes the key out and plugs it in again.
func (u *user) replug(ctx context.Context) error {
	if err := u.post(ctx, "unplug"); err != nil {
		return err
	}
	return u.post(ctx, "plug")
}

// leave closes the connections that wait for the next touch.
func (u *user) leave() { u.http.CloseIdleConnections() }
