package client_test

import (
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
	"github.com/softkey-project/softkey/ctaphid"
)

var (
	hash32    = slices.Repeat([]byte{0x11}, 32)
	hash32Hex = strings.Repeat("11", 32)
)

func TestOpen(t *testing.T) {
	d := openCTAP2(t)
	want := &ctap.GetInfoResponse{Versions: []string{ctap.VersionFIDO20}, AAGUID: slices.Repeat([]byte{0xaa}, 16)}
	if got := d.Info(); !reflect.DeepEqual(got, want) {
		t.Errorf("info: got %+v, want %+v", got, want)
	}
	if d.Version() != [3]byte{1, 2, 3} || !d.Capabilities().Has(ctaphid.CapCBOR) {
		t.Errorf("got version %v and capabilities %#x, want 1.2.3 and CBOR", d.Version(), d.Capabilities())
	}
	if err := d.Ping(context.Background(), make([]byte, 300)); err != nil {
		t.Errorf("ping: %v", err)
	}
	if err := d.Wink(context.Background()); err != nil {
		t.Errorf("wink: %v", err)
	}
}

func TestOpenU2F(t *testing.T) {
	if info := openU2F(t).Info(); info != nil {
		t.Errorf("info: got %+v, want none of a U2F key", info)
	}
}

func TestOpenFails(t *testing.T) {
	tests := []struct {
		name, answer string
		want         error
	}{
		{"a status", "36", ctap.StatusPUATRequired},
		{"no CBOR", "00 ff", nil},
		{"nothing", "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &script{t: t, exchanges: []exchange{{ctap.CTAP2, "04", tt.answer}}}
			transport := ctaphid.Loopback(s, ctaphid.Config{})
			_, err := client.Open(context.Background(), transport)
			if err == nil || tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			var status ctap.Status
			if tt.want == nil && errors.As(err, &status) {
				t.Errorf("%v has a status, which the key did not answer", err)
			}
			if err := transport.WriteReport(ctaphid.Report{}); err == nil {
				t.Error("the transport was left open")
			}
		})
	}
}

func TestMakeCredential(t *testing.T) {
	d := openCTAP2(t, exchange{
		ctap.CTAP2,
		"01 a5 01 5820 " + hash32Hex + " 02 a2 6269 64 63 622e63 646e616d65 6142" + // rp: b.c, B
			" 03 a1 6269 64 42 0102 04 81 a2 63616c67 26 6474797065 6a7075626c69632d6b6579 07 a1 62726b f5",
		"00 a3 01 646e6f6e65 02 42 abcd 03 a0",
	})
	rk := true
	resp, err := d.MakeCredential(context.Background(), &ctap.MakeCredentialRequest{
		ClientDataHash:   hash32,
		RP:               &ctap.RelyingParty{ID: "b.c", Name: "B"},
		User:             &ctap.User{ID: []byte{1, 2}},
		PubKeyCredParams: []ctap.CredentialParameters{{Algorithm: -7, Type: ctap.PublicKey}},
		Options:          &ctap.Options{RK: &rk},
	})
	want := &ctap.MakeCredentialResponse{Format: "none", AuthData: []byte{0xab, 0xcd}, AttStmt: map[any]any{}}
	if err != nil || !reflect.DeepEqual(resp, want) {
		t.Errorf("got %+v, %v; want %+v", resp, err, want)
	}
}

const getAssertion = "02 a2 01 63 622e63 02 5820 "

func TestAssertions(t *testing.T) {
	d := openCTAP2(t,
		exchange{ctap.CTAP2, getAssertion + hash32Hex, "00 a3 02 41 01 03 41 0a 05 03"},
		exchange{ctap.CTAP2, "08", "00 a2 02 41 02 03 41 0b"},
		exchange{ctap.CTAP2, "08", "00 a2 02 41 03 03 41 0c"},
	)
	all, err := d.Assertions(context.Background(), &ctap.GetAssertionRequest{RPID: "b.c", ClientDataHash: hash32})
	want := []*ctap.GetAssertionResponse{
		{AuthData: []byte{1}, Signature: []byte{0x0a}, NumberOfCredentials: 3},
		{AuthData: []byte{2}, Signature: []byte{0x0b}},
		{AuthData: []byte{3}, Signature: []byte{0x0c}},
	}
	if err != nil || !reflect.DeepEqual(all, want) {
		t.Errorf("got %+v, %v; want %+v", all, err, want)
	}
}

func TestAssertionsFail(t *testing.T) {
	d := openCTAP2(t,
		exchange{ctap.CTAP2, getAssertion + hash32Hex, "00 a3 02 41 01 03 41 0a 05 02"},
		exchange{ctap.CTAP2, "08", "30"},
		exchange{ctap.CTAP2, getAssertion + hash32Hex, "2e"},
	)
	req := &ctap.GetAssertionRequest{RPID: "b.c", ClientDataHash: hash32}
	for _, want := range []error{ctap.StatusNotAllowed, ctap.StatusNoCredentials} {
		if all, err := d.Assertions(context.Background(), req); !errors.Is(err, want) || all != nil {
			t.Errorf("got %v, %v; want %v", all, err, want)
		}
	}
}

func TestCommandsWithoutParameters(t *testing.T) {
	d := openCTAP2(t,
		exchange{ctap.CTAP2, "07", "00"},
		exchange{ctap.CTAP2, "0b", "00"},
		exchange{ctap.CTAP2, "07", "30"},
		exchange{ctap.CTAP2, "0b", "27"},
	)
	ctx := context.Background()
	tests := []struct {
		name string
		run  func(context.Context) error
		want error
	}{
		{"reset", d.Reset, nil},
		{"selection", d.Selection, nil},
		{"reset too late", d.Reset, ctap.StatusNotAllowed},
		{"selection denied", d.Selection, ctap.StatusOperationDenied},
	}
	for _, tt := range tests {
		if err := tt.run(ctx); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, err, tt.want)
		}
	}
}

// TestCancel ends the ctx of a command that waits for the user: the key is told
// to give up, the caller learns why.
func TestCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{t: t, exchanges: []exchange{getInfo, {ctap.CTAP2, "0b", ""}}, hang: true}
		d := s.open(ctaphid.CapCBOR)
		cause := errors.New("changed my mind")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, cause)
		defer cancel()
		start := time.Now()
		if err := d.Selection(ctx); !errors.Is(err, cause) {
			t.Errorf("got %v, want %v", err, cause)
		}
		if took := time.Since(start); took != time.Second {
			t.Errorf("it took %v, want %v", took, time.Second)
		}
	})
}

// TestNotify lets a key wait for the user until it gives up: of its many
// keepalives, the changes are told.
func TestNotify(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		waiting := handler(func(ctx context.Context, req *ctap.Request) []byte {
			if req.Data[0] == byte(ctap.CommandGetInfo) {
				return unhex(t, getInfo.respond)
			}
			for _, status := range []ctap.KeepaliveStatus{ctap.KeepaliveProcessing, ctap.KeepaliveUPNeeded, ctap.KeepaliveProcessing} {
				req.Notify(status)
				time.Sleep(350 * time.Millisecond)
			}
			return []byte{byte(ctap.StatusUserActionTimeout)}
		})
		d, err := client.Open(t.Context(), ctaphid.Loopback(waiting, ctaphid.Config{}))
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		var got []ctap.KeepaliveStatus
		d.Notify = func(status ctap.KeepaliveStatus) { got = append(got, status) }
		if err := d.Selection(t.Context()); !errors.Is(err, ctap.StatusUserActionTimeout) {
			t.Errorf("got %v, want %v", err, ctap.StatusUserActionTimeout)
		}
		want := []ctap.KeepaliveStatus{ctap.KeepaliveProcessing, ctap.KeepaliveUPNeeded, ctap.KeepaliveProcessing}
		if !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

// handler is a function that is a ctap.Handler.
type handler func(context.Context, *ctap.Request) []byte

func (h handler) Handle(ctx context.Context, req *ctap.Request) []byte { return h(ctx, req) }
