package trace

import (
	"fmt"
	"strings"

	"github.com/softkey-project/softkey/ctap"
)

// flags are those of authenticator data, written with their names: "41 UP AT".
type flags ctap.Flags

var flagNames = []struct {
	flag ctap.Flags
	name string
}{
	{ctap.FlagUP, "UP"},
	{ctap.FlagUV, "UV"},
	{ctap.FlagBE, "BE"},
	{ctap.FlagBS, "BS"},
	{ctap.FlagAT, "AT"},
	{ctap.FlagED, "ED"},
}

func (f flags) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%02X", byte(f))
	for _, row := range flagNames {
		if ctap.Flags(f)&row.flag != 0 {
			b.WriteString(" " + row.name)
		}
	}
	return b.String()
}
