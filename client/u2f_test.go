package client_test

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/ctap"
)

var (
	registerRequest  = ctap.U2FRegisterRequest{Challenge: [32]byte(slices.Repeat([]byte{0xcc}, 32)), Application: [32]byte(slices.Repeat([]byte{0xaa}, 32))}
	registerAPDU     = "00 01 03 00 00 0040" + strings.Repeat("cc", 32) + strings.Repeat("aa", 32) + "0000"
	registerResponse = "05" + strings.Repeat("04", 65) + "02 0102 3000 3006020101020101"

	signRequest = ctap.U2FAuthenticateRequest{
		Control: ctap.U2FEnforceAndSign, Challenge: registerRequest.Challenge, Application: registerRequest.Application, KeyHandle: []byte{1, 2},
	}
	signAPDU     = "00 02 03 00 00 0043" + strings.Repeat("cc", 32) + strings.Repeat("aa", 32) + "02 0102 0000"
	checkAPDU    = "00 02 07 00 00 0043" + strings.Repeat("00", 32) + strings.Repeat("aa", 32) + "02 0102 0000"
	signResponse = "01 00000007 3006020101020101"
)

func u2f(request, respond string) exchange { return exchange{ctap.CTAP1, request, respond} }

func TestU2F(t *testing.T) {
	d := openU2F(t,
		u2f("00 03 00 00 00 0000 0000", "5532465f5632 9000"),
		u2f(registerAPDU, registerResponse+"9000"),
		u2f(signAPDU, signResponse+"9000"),
	)
	ctx := context.Background()
	if version, err := d.U2FVersion(ctx); err != nil || version != ctap.VersionU2FV2 {
		t.Errorf("version: got %q, %v; want %q", version, err, ctap.VersionU2FV2)
	}
	reg, err := d.U2FRegister(ctx, registerRequest)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := reg.Append(nil), unhex(t, registerResponse); !bytes.Equal(got, want) {
		t.Errorf("register: got %x, want %x", got, want)
	}
	got, err := d.U2FAuthenticate(ctx, signRequest)
	want := &ctap.U2FAuthenticateResponse{Flags: ctap.FlagUP, Counter: 7, Signature: unhex(t, "3006020101020101")}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("authenticate: got %+v, %v; want %+v", got, err, want)
	}
}

// TestU2FPolls asks a key that is touched at the fourth request.
func TestU2FPolls(t *testing.T) {
	tests := []struct {
		name          string
		request, done string
		run           func(context.Context, *client.Device) error
	}{
		{"register", registerAPDU, registerResponse + "9000", func(ctx context.Context, d *client.Device) error {
			_, err := d.U2FRegister(ctx, registerRequest)
			return err
		}},
		{"authenticate", signAPDU, signResponse + "9000", func(ctx context.Context, d *client.Device) error {
			_, err := d.U2FAuthenticate(ctx, signRequest)
			return err
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				poll := u2f(tt.request, "6985")
				d := openU2F(t, poll, poll, poll, u2f(tt.request, tt.done))
				var told []ctap.KeepaliveStatus
				d.Notify = func(status ctap.KeepaliveStatus) { told = append(told, status) }
				start := time.Now()
				if err := tt.run(t.Context(), d); err != nil {
					t.Error(err)
				}
				if took := time.Since(start); took != 600*time.Millisecond {
					t.Errorf("it took %v, want 600ms", took)
				}
				if !slices.Equal(told, []ctap.KeepaliveStatus{ctap.KeepaliveUPNeeded}) {
					t.Errorf("notified: got %v, want that presence is needed, once", told)
				}
			})
		})
	}
}

func TestU2FPollEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		poll := u2f(registerAPDU, "6985")
		d := openU2F(t, poll, poll, poll)
		cause := errors.New("nobody there")
		ctx, cancel := context.WithTimeoutCause(t.Context(), 500*time.Millisecond, cause)
		defer cancel()
		start := time.Now()
		if resp, err := d.U2FRegister(ctx, registerRequest); !errors.Is(err, cause) || resp != nil {
			t.Errorf("got %v, %v; want %v", resp, err, cause)
		}
		if took := time.Since(start); took != 500*time.Millisecond {
			t.Errorf("it took %v, want 500ms", took)
		}
	})
}

func TestU2FOnce(t *testing.T) {
	d := openU2F(t, u2f(registerAPDU, "6985"), u2f(signAPDU, "6985"))
	ctx := context.Background()
	if _, err := d.U2FRegisterOnce(ctx, registerRequest); !errors.Is(err, ctap.SWConditionsNotSatisfied) {
		t.Errorf("register: got %v, want %v", err, ctap.SWConditionsNotSatisfied)
	}
	if _, err := d.U2FAuthenticateOnce(ctx, signRequest); !errors.Is(err, ctap.SWConditionsNotSatisfied) {
		t.Errorf("authenticate: got %v, want %v", err, ctap.SWConditionsNotSatisfied)
	}
}

func TestU2FCheck(t *testing.T) {
	tests := []struct {
		name, answer string
		want         bool
		wantErr      error
	}{
		{"ours", "6985", true, nil},
		{"another's", "6a80", false, nil},
		{"of a length never issued", "6700", false, nil},
		{"U2F is off", "6986", false, ctap.SWCommandNotAllowed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := openU2F(t, u2f(checkAPDU, tt.answer))
			got, err := d.U2FCheck(context.Background(), signRequest.Application, signRequest.KeyHandle)
			if got != tt.want || !errors.Is(err, tt.wantErr) {
				t.Errorf("got %v, %v; want %v, %v", got, err, tt.want, tt.wantErr)
			}
		})
	}
	t.Run("signed", func(t *testing.T) {
		d := openU2F(t, u2f(checkAPDU, signResponse+"9000"))
		if known, err := d.U2FCheck(context.Background(), signRequest.Application, signRequest.KeyHandle); known || err == nil {
			t.Errorf("got %v, %v; want an error", known, err)
		}
	})
}

// TestU2FKeyHandleLength has key handles that no APDU can carry, and a key that
// must not be asked.
func TestU2FKeyHandleLength(t *testing.T) {
	d := openU2F(t)
	for _, handle := range [][]byte{nil, make([]byte, 256)} {
		if known, err := d.U2FCheck(context.Background(), [32]byte{}, handle); known || err != nil {
			t.Errorf("check of %d bytes: got %v, %v; want false", len(handle), known, err)
		}
		_, err := d.U2FAuthenticate(context.Background(), ctap.U2FAuthenticateRequest{KeyHandle: handle})
		if !errors.Is(err, ctap.SWWrongLength) {
			t.Errorf("authenticate with %d bytes: got %v, want %v", len(handle), err, ctap.SWWrongLength)
		}
	}
}

func TestU2FMalformedAnswers(t *testing.T) {
	for _, answer := range []string{"", "90", "9000", "05 9000", "06" + strings.Repeat("04", 80) + "9000"} {
		d := openU2F(t, u2f(registerAPDU, answer))
		if resp, err := d.U2FRegister(context.Background(), registerRequest); err == nil || resp != nil {
			t.Errorf("%q: got %v, %v; want an error", answer, resp, err)
		}
	}
}
