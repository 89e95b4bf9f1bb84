//go:build unix

package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctaphid"
)

// cmdMember sets a variable to a member of a JSON file.
func cmdMember(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 3, "member NAME FILE PATH")
	var value any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[1])), &value))
	for name := range strings.SplitSeq(args[2], ".") {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	text, ok := value.(string)
	if !ok {
		ts.Fatalf("%s has no text at %s: %v", args[1], args[2], value)
	}
	ts.Setenv(args[0], text)
}

// cmdExpand writes a file in which $NAME stands for a variable.
func cmdExpand(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 2, "expand FILE TEMPLATE")
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(os.Expand(ts.ReadFile(args[1]), ts.Getenv)), 0o600))
}

// cmdAuthData tells what a credential's authenticator data say to the site, in
// the file authdata: whether the user was verified, and the extensions.
func cmdAuthData(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 1, "authdata FILE")
	var r struct {
		Response struct{ AuthenticatorData string }
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &r))
	b, err := base64.RawURLEncoding.DecodeString(r.Response.AuthenticatorData)
	ts.Check(err)
	data, err := ctap.ParseAuthenticatorData(b)
	ts.Check(err)
	extensions := "none"
	if len(data.Extensions) > 0 {
		extensions, err = ctap.Diagnose(data.Extensions, nil)
		ts.Check(err)
	}
	text := fmt.Sprintf("verified %t\nextensions %s\n", data.Flags&ctap.FlagUV != 0, extensions)
	ts.Check(os.WriteFile(ts.MkAbs("authdata"), []byte(text), 0o600))
}

// cmdTrusted has a key tell a site how long its PIN is to be (setMinPINLength of
// authenticatorConfig).
func cmdTrusted(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 3, "trusted ADDRESS PIN RPID")
	network, place, _ := strings.Cut(args[0], ":")
	conn, err := net.Dial(network, place)
	ts.Check(err)
	ctx, stop := context.WithTimeout(context.Background(), patience)
	defer stop()
	key, err := client.Open(ctx, ctaphid.NewStream(conn))
	ts.Check(err)
	defer key.Close()
	token, err := key.PINToken(ctx, args[1], ctap.PermissionAuthenticatorConfig, "")
	ts.Check(err)
	ts.Check(key.SetMinPINLength(ctx, token, ctap.SetMinPINLengthParams{MinPINLengthRPIDs: args[2:]}))
}
