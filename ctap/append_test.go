package ctap

import (
	"bytes"
	"errors"
	"math"
	"testing"
)

// reference is Marshal by the tags of the fields alone.
func referenceMarshal(t testing.TB, v any) []byte {
	t.Helper()
	b, err := codec.enc.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAppendInt(t *testing.T) {
	for _, edge := range []int64{0, 24, 1 << 8, 1 << 16, 1 << 32, math.MaxInt64} {
		for _, n := range []int64{edge - 1, edge, -edge, -edge - 1} {
			if got, want := AppendInt([]byte{1}, n), append([]byte{1}, referenceMarshal(t, n)...); !bytes.Equal(got, want) {
				t.Errorf("%d: got %x, want %x", n, got, want)
			}
		}
	}
}

func TestAppendStrings(t *testing.T) {
	for _, length := range []int{0, 1, 23, 24, 255, 256, 65535, 65536} {
		s := bytes.Repeat([]byte("a"), length)
		if got, want := AppendBytes(nil, s), referenceMarshal(t, s); !bytes.Equal(got, want) {
			t.Errorf("%d bytes: got %x…, want %x…", length, got[:min(8, len(got))], want[:min(8, len(want))])
		}
		if got, want := AppendText(nil, string(s)), referenceMarshal(t, string(s)); !bytes.Equal(got, want) {
			t.Errorf("text of %d: got %x…, want %x…", length, got[:min(8, len(got))], want[:min(8, len(want))])
		}
	}
	if got, want := AppendBytes(nil, nil), referenceMarshal(t, []byte(nil)); !bytes.Equal(got, want) {
		t.Errorf("nil: got %x, want %x", got, want)
	}
}

func TestAppendHeads(t *testing.T) {
	want := referenceMarshal(t, map[int]any{1: []int{2, 3}})
	got := AppendMap(nil, 1)
	got = AppendArray(AppendInt(got, 1), 2)
	if got = AppendInt(AppendInt(got, 2), 3); !bytes.Equal(got, want) {
		t.Errorf("got %x, want %x", got, want)
	}
}

// What appends itself is asked to, wherever it stands in a message; the rest is
// encoded by its tags.
func TestAppend(t *testing.T) {
	for _, v := range []any{appender{}, map[string]int{"a": 1}} {
		want, err := Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Append([]byte{7}, v); err != nil || !bytes.Equal(got, append([]byte{7}, want...)) {
			t.Errorf("%T: got %x, %v; want 07%x", v, got, err, want)
		}
	}
}

// appender is an Appender whose fields say nothing.
type appender struct{ err error }

func (a appender) AppendCBOR(b []byte) ([]byte, error) { return append(b, 0x18, 0x2a), a.err }

func TestResponseUsesAppender(t *testing.T) {
	resp := &MakeCredentialResponse{Format: "x", AuthData: []byte{1}, AttStmt: appender{}}
	want := unhex(t, "a3 01 61 78 02 41 01 03 18 2a")
	if got, err := Marshal(resp); err != nil || !bytes.Equal(got, want) {
		t.Errorf("got %x, %v; want %x", got, err, want)
	}
}

// The first value that cannot be encoded is told.
func TestResponseError(t *testing.T) {
	broken := errors.New("broken")
	unencodable := map[string]any{"x": make(chan int)}
	if _, err := Marshal(&MakeCredentialResponse{AttStmt: appender{broken}, UnsignedExtensionOutputs: unencodable}); !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
	for _, resp := range []any{
		&MakeCredentialResponse{AttStmt: make(chan int)},
		&MakeCredentialResponse{UnsignedExtensionOutputs: unencodable},
		&GetAssertionResponse{UnsignedExtensionOutputs: unencodable},
	} {
		if _, err := Marshal(resp); err == nil {
			t.Errorf("%+v: got no error", resp)
		}
	}
}
