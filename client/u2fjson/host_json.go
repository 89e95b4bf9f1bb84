package u2fjson

import "fmt"

// hostObject returns a JSON object of strings, given as names and values in
// turn, as u2f-host spells it, which is as the library json-c does:
//
//	{ "name": "value", "name": "https:\/\/example.com" }
func hostObject(members ...string) []byte {
	b := []byte("{")
	for i := 0; i < len(members); i += 2 {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, ' ')
		b = appendHostString(b, members[i])
		b = append(b, ": "...)
		b = appendHostString(b, members[i+1]) // #nosec G602 -- names and values are in pairs
	}
	return append(b, " }"...)
}

// hostEscapes are the characters that json-c escapes by a letter.
var hostEscapes = map[byte]byte{
	'"': '"', '\\': '\\', '/': '/', '\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't',
}

func appendHostString(b []byte, s string) []byte {
	b = append(b, '"')
	for _, c := range []byte(s) {
		escape, ok := hostEscapes[c]
		switch {
		case ok:
			b = append(b, '\\', escape)
		case c < ' ':
			b = fmt.Appendf(b, `\u%04x`, c)
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}
