package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/softkey-project/softkey/ctap/cose"
)

// printJSON writes v as JSON for people and programs.
func printJSON(out io.Writer, v any) error {
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// printJSONLine writes v as one line of JSON.
func printJSONLine(out io.Writer, v any) error {
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// list returns the names of items, with spaces between them.
func list[T any](items []T, name func(T) string) string {
	var names []string
	for _, item := range items {
		names = append(names, name(item))
	}
	return strings.Join(names, " ")
}

// algorithmName returns the name of a COSE algorithm, or its number.
func algorithmName(id cose.ID) string {
	if name := cose.Name(id); name != "" {
		return name
	}
	return fmt.Sprintf("COSE algorithm %d", int64(id))
}

// addJSON defines --json for a command whose result is JSON in any case.
func addJSON(cmd *cobra.Command) {
	cmd.Flags().Bool("json", true, "print JSON; there is no other form")
}
