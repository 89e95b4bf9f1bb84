package client_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctaphid"
)

// An exchange is a request that a key expects and its answer, in hex with
// spaces.
type exchange struct {
	protocol         ctap.Protocol
	request, respond string
}

// A script is a key that checks the requests it gets, byte by byte, and answers
// as it is told.
type script struct {
	t         *testing.T
	exchanges []exchange
	hang      bool // for ever, instead of the last answer
}

func (s *script) Handle(ctx context.Context, req *ctap.Request) []byte {
	if len(s.exchanges) == 0 {
		s.t.Errorf("an unexpected request: %x", req.Data)
		return []byte{byte(ctap.StatusOther)}
	}
	next := s.exchanges[0]
	s.exchanges = s.exchanges[1:]
	if want := unhex(s.t, next.request); req.Protocol != next.protocol || !bytes.Equal(req.Data, want) {
		s.t.Errorf("got %v request %x, want %v %x", req.Protocol, req.Data, next.protocol, want)
	}
	if s.hang && len(s.exchanges) == 0 {
		<-ctx.Done()
		return []byte{byte(ctap.StatusOf(context.Cause(ctx)))}
	}
	req.Notify(ctap.KeepaliveProcessing)
	return unhex(s.t, next.respond)
}

// getInfo is the exchange of authenticatorGetInfo that opens a CTAP2 key.
var getInfo = exchange{ctap.CTAP2, "04", "00 a2 01 81 68 4649444f5f325f30 03 50 " + strings.Repeat("aa", 16)}

// open returns a device whose key follows s, and which must be at its end when
// the test is.
func (s *script) open(capabilities ctaphid.Capabilities) *client.Device {
	s.t.Helper()
	d, err := client.Open(context.Background(), ctaphid.Loopback(s, ctaphid.Config{Version: [3]byte{1, 2, 3}, Capabilities: capabilities}))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		d.Close()
		if len(s.exchanges) > 0 {
			s.t.Errorf("%d exchanges of the script were not used", len(s.exchanges))
		}
	})
	return d
}

// openCTAP2 returns a device that speaks CTAP2 and has answered getInfo.
func openCTAP2(t *testing.T, exchanges ...exchange) *client.Device {
	t.Helper()
	s := &script{t: t, exchanges: append([]exchange{getInfo}, exchanges...)}
	return s.open(ctaphid.CapCBOR | ctaphid.CapWink)
}

// openU2F returns a device that speaks CTAP1 alone.
func openU2F(t *testing.T, exchanges ...exchange) *client.Device {
	t.Helper()
	s := &script{t: t, exchanges: exchanges}
	return s.open(ctaphid.CapWink)
}

// answers is a key that answers whatever it is asked with one after the other,
// and then that it failed.
type answers [][]byte

func (a *answers) Handle(context.Context, *ctap.Request) []byte {
	if len(*a) == 0 {
		return []byte{byte(ctap.StatusOther)}
	}
	next := (*a)[0]
	*a = (*a)[1:]
	return next
}

// openAnswers returns a device whose key gives these answers, in hex, the first
// to authenticatorGetInfo.
func openAnswers(t *testing.T, list ...string) *client.Device {
	t.Helper()
	return openKey(t, newAnswers(t, list))
}

// openAnswersAll is openAnswers for a key that must not be asked for more.
func openAnswersAll(t *testing.T, list ...string) *client.Device {
	t.Helper()
	key := &counted{answers: *newAnswers(t, list)}
	t.Cleanup(func() {
		if key.asked > len(list) {
			t.Errorf("the key was asked %d times, and had %d answers", key.asked, len(list))
		}
	})
	return openKey(t, key)
}

func newAnswers(t *testing.T, list []string) *answers {
	t.Helper()
	key := &answers{}
	for _, s := range list {
		*key = append(*key, unhex(t, s))
	}
	return key
}

func openKey(t *testing.T, key ctap.Handler) *client.Device {
	t.Helper()
	d, err := client.Open(t.Context(), ctaphid.Loopback(key, ctaphid.Config{Capabilities: ctaphid.CapCBOR}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
