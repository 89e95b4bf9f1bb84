package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/ctap/cose"
)

func newProfiles(p *program) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "profiles",
		Short: "List what a key can claim to be",
		Long: `Profiles lists the models that a virtual key can be, and side by side everything
in which they differ, under the names that a file for --profile has for it: first
those of the specifications' editions, then the default and its variants. Of an
option, "off" means that the key has it and a new key has it off.

The JSON form has all that can be set in such a file, which names a profile as its
"base" and gives what differs.`,
		Example: `  softkey profiles
  softkey run --profile u2f
  echo '{"base": "fido2.0", "name": "tiny", "discoverableCredentials": 2}' > tiny.json
  softkey run --profile tiny.json`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			if asJSON {
				return printJSON(p.stdout, profileFiles(authenticator.Profiles()))
			}
			return printProfiles(p, authenticator.Profiles())
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func printProfiles(p *program, profiles []authenticator.Profile) error {
	for i := range profiles {
		mark := ""
		if profiles[i].Name == authenticator.DefaultProfile {
			mark = " (default)"
		}
		fmt.Fprintf(p.stdout, "%s  %s%s\n", profiles[i].AAGUID, profiles[i].Name, mark)
	}
	// The default is the last of the editions of the specifications; the rest are
	// variants of it.
	last := slices.IndexFunc(profiles, func(p authenticator.Profile) bool { return p.Name == authenticator.DefaultProfile })
	for _, some := range [][]authenticator.Profile{profiles[:last+1], profiles[last:]} {
		fmt.Fprintln(p.stdout)
		if err := printTable(p.stdout, some); err != nil {
			return err
		}
	}
	return nil
}

// printTable prints profiles side by side, in no more than 100 columns.
func printTable(out io.Writer, profiles []authenticator.Profile) error {
	rows, err := profileRows(profiles)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 1, ' ', 0)
	for _, row := range append(headerRows(profiles), rows...) {
		fmt.Fprintf(w, "%s\t%s\n", row.title, strings.Join(row.cells, "\t"))
	}
	return w.Flush()
}

// maxHeader is how many characters of a name have room above a column.
const maxHeader = 11

// headerRows returns the names of profiles. A long one goes on in a second line,
// after its last hyphen.
func headerRows(profiles []authenticator.Profile) []profileRow {
	first, second := profileRow{}, profileRow{}
	for _, p := range profiles {
		cut := len(p.Name)
		if cut > maxHeader {
			cut = strings.LastIndexByte(p.Name, '-') + 1
		}
		first.cells, second.cells = append(first.cells, p.Name[:cut]), append(second.cells, p.Name[cut:])
	}
	if strings.Join(second.cells, "") == "" {
		return []profileRow{first}
	}
	return []profileRow{first, second}
}

// profileRow is what one thing is in each profile.
type profileRow struct {
	title string
	cells []string
}

// profileRows returns the lines of the table of profiles, which are what differs.
// A field that is a list or a set of options has a line for each of its items.
func profileRows(profiles []authenticator.Profile) ([]profileRow, error) {
	fields := make([][]member, len(profiles)) // the same fields for each
	for i, p := range profileFiles(profiles) {
		data, err := json.Marshal(p)
		if err != nil {
			return nil, err
		}
		if fields[i], err = splitObject(data); err != nil {
			return nil, err
		}
	}
	var rows []profileRow
	for i, field := range fields[0] {
		if field.name == "name" || field.name == "aaguid" {
			continue
		}
		column := make([]member, len(profiles))
		for j := range profiles {
			column[j] = fields[j][i]
		}
		list, err := fieldRows(column)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", field.name, err)
		}
		rows = append(rows, list...)
	}
	return rows, nil
}

// fieldRows returns the lines of one field, which column has of each profile.
func fieldRows(column []member) (rows []profileRow, err error) {
	for i, field := range column {
		items, err := fieldItems(field)
		if err != nil {
			return nil, err
		}
		for _, item := range items {
			at := slices.IndexFunc(rows, func(r profileRow) bool { return r.title == item.title })
			if at < 0 {
				at = len(rows)
				rows = append(rows, profileRow{item.title, slices.Repeat([]string{"-"}, len(column))})
			}
			rows[at].cells[i] = item.value
		}
	}
	return slices.DeleteFunc(rows, profileRow.same), nil
}

func (r profileRow) same() bool {
	return !slices.ContainsFunc(r.cells, func(cell string) bool { return cell != r.cells[0] })
}

// fieldItem is one thing that a field says.
type fieldItem struct{ title, value string }

// counted are the lists of which the table has the length: their items are long.
var counted = []string{"vendorPrototypeConfigCommands", "enterpriseRpIds"}

// fieldItems returns what a field of a profile says: one thing, or one for each
// item that is in it; nothing, if it is null.
func fieldItems(field member) (items []fieldItem, err error) {
	switch first := field.value[0]; {
	case bytes.Equal(field.value, []byte("null")):
		return nil, nil
	case first == '[':
		var list []json.RawMessage
		err = json.Unmarshal(field.value, &list)
		if slices.Contains(counted, field.name) {
			return []fieldItem{{field.name, strconv.Itoa(len(list))}}, err
		}
		for _, item := range list {
			items = append(items, fieldItem{field.name + " " + itemName(field.name, item), "yes"})
		}
		return items, err
	case first == '{':
		options, err := splitObject(field.value)
		for _, o := range options {
			items = append(items, fieldItem{field.name + " " + o.name, onOff(o.value)})
		}
		return items, err
	}
	return []fieldItem{{field.name, cellText(field.value)}}, nil
}

// maxCell is how many characters of a text have room in the table.
const maxCell = maxHeader

// cellText returns a text, a number or a truth value as the table has it.
func cellText(value json.RawMessage) string {
	text := []rune(cmp.Or(strings.Trim(string(value), `"`), "-"))
	if len(text) > maxCell {
		return string(text[:maxCell-1]) + "…"
	}
	return string(text)
}

func onOff(value json.RawMessage) string {
	if string(value) == "true" {
		return "yes"
	}
	return "off"
}

// itemName returns the name of an item of a list; algorithms are numbers in JSON.
func itemName(field string, item json.RawMessage) string {
	var number int64
	if field == "algorithms" && json.Unmarshal(item, &number) == nil {
		return algorithmName(cose.ID(number))
	}
	return strings.Trim(string(item), `"`)
}
