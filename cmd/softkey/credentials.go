package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/ctap"
)

// credentialsFlags are the flags of `credentials` and the commands below it.
type credentialsFlags struct {
	client clientFlags
	yes    bool

	name, displayName string
	renames           func() (name, displayName bool) // whether they were given
}

func newCredentials(p *program) *cobra.Command {
	o := &credentialsFlags{}
	group := newGroup("credentials", "List, rename and delete what a key keeps",
		`Credentials manages the discoverable credentials (passkeys) of a key. The key wants
its PIN for that, which is asked for on the terminal, or its own verification of
the user. Credentials that sites keep are not on the key, and not in its list.`,
		o.newList(p), o.newDelete(p), o.newRename(p),
	)
	group.Example = "  softkey credentials list\n  softkey credentials delete 3fa85f64 --device hidraw:/dev/hidraw0"
	o.client.add(group)
	return group
}

func (o *credentialsFlags) newList(p *program) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "Print the credentials, by site",
		Long:    "List prints the discoverable credentials of a key, by site, each with the beginning\nof its ID; the JSON form has the whole.",
		Example: "  softkey credentials list --json",
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := o.client.check(); err != nil {
				return err
			}
			return o.client.use(p, func(ctx context.Context, key *client.Device, at address) error {
				o.client.at = at
				// A token that only reads outlives this process where the key has
				// one; it is forgotten all the same, for it is a secret.
				token, err := o.client.token(ctx, p, key, key.ReadPermission())
				if err != nil {
					return err
				}
				list, err := o.read(ctx, key, token)
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(p.stdout, list)
				}
				return list.print(p.stdout)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func (o *credentialsFlags) newDelete(p *program) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "delete ID",
		Short: "Delete a credential",
		Long: `Delete deletes the credential whose ID begins with the hexadecimal digits given. Its
site does not learn of it, and whoever signs in there needs another.

It asks before, unless --yes is given. Without --device only the key that runs at
the usual socket is taken, never one that happens to be plugged in.`,
		Example: "  softkey credentials delete 3fa85f64",
		Args:    oneID,
		RunE: func(_ *cobra.Command, args []string) error {
			return o.change(p, "delete", args[0], func(ctx context.Context, key *client.Device, t *client.Token, c *credential) error {
				return key.DeleteCredential(ctx, t, c.id)
			})
		},
	}
	o.addYes(cmd)
	return cmd
}

func (o *credentialsFlags) newRename(p *program) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rename ID",
		Short: "Change the names of a credential's account",
		Long: `Rename changes the names that the key keeps with the credential whose ID begins with
the hexadecimal digits given; the site's own names stay what they are.

It asks before, unless --yes is given. Without --device only the key that runs at
the usual socket is taken, never one that happens to be plugged in.`,
		Example: "  softkey credentials rename 3fa85f64 --name alice@example.com",
		Args:    oneID,
		RunE: func(_ *cobra.Command, args []string) error {
			if name, displayName := o.renames(); !name && !displayName {
				return usagef("rename: give --name, --display-name or both")
			}
			return o.change(p, "rename", args[0], func(ctx context.Context, key *client.Device, t *client.Token, c *credential) error {
				return key.UpdateUser(ctx, t, c.id, o.renamed(c.user))
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.name, "name", "", "the account's `NAME`, such as an address")
	f.StringVar(&o.displayName, "display-name", "", "the `NAME` that its owner goes by")
	allowEmpty(f, "name", "display-name") // an account may have none
	o.renames = func() (bool, bool) { return f.Changed("name"), f.Changed("display-name") }
	o.addYes(cmd)
	return cmd
}

// renamed returns the user with the names of the flags; one that is not given
// stays.
func (o *credentialsFlags) renamed(u ctap.User) ctap.User {
	name, displayName := o.renames()
	if name {
		u.Name = o.name
	}
	if displayName {
		u.DisplayName = o.displayName
	}
	return u
}

func (o *credentialsFlags) addYes(cmd *cobra.Command) {
	cmd.Flags().BoolVarP(&o.yes, "yes", "y", false, "do not ask before")
}

// change finds the credential whose ID begins with prefix, asks whether it is
// the one, and has do change it.
func (o *credentialsFlags) change(
	p *program, verb, prefix string, do func(ctx context.Context, key *client.Device, t *client.Token, c *credential) error,
) error {
	if err := o.client.check(); err != nil {
		return err
	}
	if !o.yes && !isTerminal(p.stdin) {
		return hint(usagef("%s asks before it changes a key, and standard input is not a terminal", verb), "--yes does it without a question")
	}
	if err := o.client.choose(); err != nil {
		return err
	}
	return o.client.use(p, func(ctx context.Context, key *client.Device, _ address) error {
		token, err := o.client.token(ctx, p, key, ctap.PermissionCredentialMgmt)
		if err != nil {
			return err
		}
		list, err := o.read(ctx, key, token)
		if err != nil {
			return err
		}
		c, err := list.find(prefix)
		if err != nil {
			return err
		}
		if !o.yes && !p.confirm(fmt.Sprintf("This is to %s the credential of %s. Type yes to go on: ", verb, c.describe())) {
			return fmt.Errorf("nothing is changed")
		}
		if err := do(ctx, key, token, c); err != nil {
			return err
		}
		fmt.Fprintf(p.stderr, "softkey: %sd: the credential of %s\n", verb, c.describe())
		return nil
	})
}

// oneID wants one argument, of hexadecimal digits.
func oneID(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usagef("%s: of which credential? ID is how its ID begins", cmd.Name())
	}
	if !isHex(args[0]) {
		return usagef("%s: ID %q is not hexadecimal", cmd.Name(), args[0])
	}
	return nil
}
