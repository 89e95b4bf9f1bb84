package ctap

import (
	"fmt"
	"strings"
	"testing"
)

func TestDiagnose(t *testing.T) {
	members := map[int64]Member{
		1:  {Name: "versions"},
		-2: {Name: "x", Note: func(value []byte) string { return fmt.Sprintf("%d bytes", len(value)-1) }},
		3:  {Note: func([]byte) string { return "" }},
	}
	tests := []struct {
		name, data, want string
	}{
		{"number", "18 64", `100`},
		{"bytes", "43 010203", `h'010203'`},
		{"array", "82 01 61 61", `[1, "a"]`},
		{"float", "f9 3e00", `1.5`},
		{"empty map", "a0", `{}`},
		{"names and notes", "a3 01 81 66 553246 5f5632 03 20 21 42 aabb", "{1 / versions /: [\"U2F_V2\"],\n 3: -1,\n -2 / x /: h'aabb' / 2 bytes /}"},
		{"names are those of the outermost map", "a1 01 a1 01 f5", `{1 / versions /: {1: true}}`},
		{"text keys", "a2 61 61 f4 62 6262 a0", "{\"a\": false,\n \"bb\": {}}"},
		{"text of a hostile site", "6c 1b5b324a 22 0a e280ae 41 2f 2f", `"\u001b[2J\"\n\u202eA//"`},
		{"the longest number is no name", "a1 1b ffffffffffffffff 01", `{18446744073709551615: 1}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := Diagnose(unhex(t, tt.data), members); err != nil || got != tt.want {
				t.Errorf("got %s, %v; want %s", got, err, tt.want)
			}
		})
	}
}

// What is written about a request is one text of printable ASCII, or an error.
func FuzzDiagnose(f *testing.F) {
	for _, seed := range []string{"a1 01 81 66 553246 5f5632", "6c 1b5b324a 22 0a e280ae 41 2f 2f", "f9 7e00", "18 01", "9f ff"} {
		f.Add(unhex(f, seed))
	}
	members := map[int64]Member{1: {Name: "versions", Note: func(value []byte) string { return fmt.Sprintf("%x", value) }}}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := Diagnose(data, members)
		if want := CheckCanonical(data); StatusOf(err) != StatusOf(want) || (got == "") != (want != nil) {
			t.Errorf("got %q, %v; want %v", got, err, want)
		}
		if i := strings.IndexFunc(got, func(r rune) bool { return r != '\n' && (r < ' ' || r > '~') }); i >= 0 {
			t.Errorf("got a control character at %d: %q", i, got)
		}
	})
}
