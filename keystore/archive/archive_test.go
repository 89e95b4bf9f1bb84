package archive

import (
	"bytes"
	"errors"
	"iter"
	"reflect"
	"strings"
	"testing"

	"github.com/softkey-project/softkey/keystore"
)

var some = []keystore.Entry{
	{Bucket: "device", Key: []byte("uniq"), Value: []byte("01234567")},
	{Bucket: "settings", Key: []byte{0, 0xff}, Value: nil},
	{Bucket: "index", Key: []byte("k"), Value: []byte("<&>\n\"")},
}

func all(entries []keystore.Entry) iter.Seq2[keystore.Entry, error] {
	return func(yield func(keystore.Entry, error) bool) {
		for _, e := range entries {
			if !yield(e, nil) {
				return
			}
		}
	}
}

// written returns an archive of entries.
func written(t testing.TB, entries ...keystore.Entry) string {
	t.Helper()
	var b bytes.Buffer
	n, err := Write(&b, false, all(entries))
	if err != nil || n != len(entries) {
		t.Fatalf("Write = %d, %v; want %d", n, err, len(entries))
	}
	return b.String()
}

// readAll returns what is in an archive, up to the first error.
func readAll(text string) (h Header, list []keystore.Entry, err error) {
	h, entries, err := Open(strings.NewReader(text))
	if err != nil {
		return h, nil, err
	}
	for e, err := range entries {
		if err != nil {
			return h, list, err
		}
		list = append(list, e)
	}
	return h, list, nil
}

func TestRoundTrip(t *testing.T) {
	for _, entries := range [][]keystore.Entry{nil, some[:1], some} {
		h, got, err := readAll(written(t, entries...))
		if err != nil || h != (Header{"state", Version, false}) || !reflect.DeepEqual(got, entries) {
			t.Errorf("got %+v, %+v, %v; want %+v", h, got, err, entries)
		}
	}
}

// The text is what others read and write.
func TestText(t *testing.T) {
	want := `{"softkey":"state","version":1,"seeded":false}
{"bucket":"device","key":"dW5pcQ==","value":"MDEyMzQ1Njc="}
{"entries":1}
`
	if got := written(t, some[0]); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestBroken(t *testing.T) {
	good := written(t, some...)
	lines := strings.SplitAfter(good, "\n")
	tests := []struct{ name, text string }{
		{"nothing", ""},
		{"something else", "age-encryption.org/v1\n"},
		{"JSON of something else", "{}\n"},
		{"version 0", strings.Replace(good, `"version":1`, `"version":0`, 1)},
		{"no entries", lines[0]},
		{"without the end", strings.Join(lines[:4], "")},
		{"a line is missing", strings.Join(append(lines[:1:1], lines[2:]...), "")},
		{"a line twice", strings.Join(append(lines[:2:2], lines[1:]...), "")},
		{"more behind it", good + lines[1]},
		{"no bucket", lines[0] + `{"key":"eA==","value":"eA=="}` + "\n"},
		{"no key", lines[0] + `{"bucket":"device","value":"eA=="}` + "\n"},
		{"a long bucket", lines[0] + `{"bucket":"` + strings.Repeat("x", 65) + `","key":"eA=="}` + "\n"},
		{"a bucket with a zero byte", lines[0] + `{"bucket":"dev\u0000ice","key":"eA=="}` + "\n" + `{"entries":1}` + "\n"},
		{"no JSON", lines[0] + "x\n"},
		{"a long line", lines[0] + strings.Repeat("x", maxLine+1)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, list, err := readAll(tt.text); !errors.Is(err, ErrFormat) {
				t.Errorf("got %+v, %v; want %v", list, err, ErrFormat)
			}
		})
	}
}

func TestNewerVersion(t *testing.T) {
	_, _, err := readAll(strings.Replace(written(t), `"version":1`, `"version":2`, 1))
	var newer *VersionError
	if !errors.As(err, &newer) || newer.Version != 2 {
		t.Errorf("got %v, want a VersionError of 2", err)
	}
}

// What cannot be parsed may be a secret: the error does not tell it.
func TestErrorsTellNothing(t *testing.T) {
	lines := strings.SplitAfter(written(t), "\n")
	_, _, err := readAll(lines[0] + `{"bucket":"settings","key":"eA==","value":"secret*"}` + "\n")
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v, want an error without the line", err)
	}
}

func TestWriteFails(t *testing.T) {
	refused := errors.New("refused")
	broken := func(yield func(keystore.Entry, error) bool) { _ = yield(some[0], nil) && yield(some[1], refused) }
	if n, err := Write(new(bytes.Buffer), false, broken); n != 1 || err != refused {
		t.Errorf("entries that fail: Write = %d, %v; want 1, %v", n, err, refused)
	}
	if _, err := Write(failing{refused}, false, all(some)); !errors.Is(err, refused) {
		t.Errorf("a writer that fails: Write = %v, want %v", err, refused)
	}
	_, entries, err := Open(&halfway{strings.NewReader(written(t, some...)), refused})
	if err != nil {
		t.Fatal(err)
	}
	for _, err = range entries {
	}
	if !errors.Is(err, refused) {
		t.Errorf("a reader that fails: got %v, want %v", err, refused)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// halfway reads the first line, and then fails.
type halfway struct {
	text *strings.Reader
	err  error
}

func (h *halfway) Read(p []byte) (int, error) {
	if h.text == nil {
		return 0, h.err
	}
	n, err := h.text.Read(p[:min(len(p), 60)])
	h.text = nil
	return n, err
}

// FuzzOpen: what is read is written the same way.
func FuzzOpen(f *testing.F) {
	f.Add(written(f))
	f.Add(written(f, some...))
	f.Add(strings.Replace(written(f, some...), "false", "true", 1))
	f.Fuzz(func(t *testing.T, text string) {
		h, list, err := readAll(text)
		if err != nil {
			return
		}
		var b bytes.Buffer
		if _, err := Write(&b, h.Seeded, all(list)); err != nil {
			t.Fatalf("Write: %v", err)
		}
		again, back, err := readAll(b.String())
		if err != nil || again.Seeded != h.Seeded || len(back) != len(list) {
			t.Fatalf("got %+v, %d entries, %v; want %+v, %d", again, len(back), err, h, len(list))
		}
		for i, e := range list {
			if back[i].Bucket != e.Bucket || !bytes.Equal(back[i].Key, e.Key) || !bytes.Equal(back[i].Value, e.Value) {
				t.Errorf("entry %d: got %+v, want %+v", i, back[i], e)
			}
		}
	})
}
