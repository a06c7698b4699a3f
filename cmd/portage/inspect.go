package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/portage-gateway/portage/copybooks"
)

func newInspect() *cobra.Command {
	f, x := &recordFlags{}, &hexFlags{}
	asJSON := false
	cmd := &cobra.Command{
		Use:   "inspect COPYBOOK...",
		Short: "Show a copybook as a table, or a record in hexadecimal beside its fields",
		Long: `Compiles copybooks and shows every item: level, name, offset from 0, length in bytes, picture,
usage, occurrences, and what it redefines; condition names below their item. An offset that depends on
data, because a table of variable length stands before it, is shown with ~ and at its greatest.

With --hex FILE it shows one record of that file instead, field by field, in three lines as ISPF does with
HEX ON VERT: characters, high half bytes, low half bytes; beside numbers their value, or after ! why they have
none. Every view of shared storage is shown, and every 01 level if nothing says which one the record is. What the mapping calls sensitive is shown as *, in every view of its
bytes, unless --reveal. With --reveal --reason TEXT a running Portage (--data, --control) puts that in its audit
first; a file that you may read needs no Portage to be read, so --reveal alone asks nobody.

A COPYBOOK is a file, - for standard input, or builtin:NAME for a sample.`,
		Example: `  portage inspect CUSTOMER.cpy
  portage inspect --json builtin:OASMSTR
  portage inspect builtin:OASMSTR --hex extract.vb --record 3
  portage inspect --odo max -I copylib ACCOUNT.cpy`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := x.check(); err != nil {
				return err
			}
			if x.file != "" {
				if asJSON {
					return &exitError{exitUsage, errors.New("--hex is for people: it takes no --json")}
				}
				f.copybooks, f.input, f.fillers, f.onError = args, x.file, "drop", "stop"
				view, err := f.compile(cmd)
				if err != nil {
					return err
				}
				return f.showRecord(cmd, view, x)
			}
			layouts, err := f.layouts(stdin(cmd), args...)
			if err != nil {
				return err
			}
			write := copybooks.WriteTable
			if asJSON {
				write = copybooks.WriteJSON
			}
			if err := write(cmd.OutOrStdout(), layouts); err != nil {
				return &exitError{exitIO, fmt.Errorf("write: %w", err)}
			}
			return nil
		},
	}
	f.layoutFlags.register(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON array of layouts")
	x.register(cmd)
	f.registerKinds(cmd)
	f.registerFrame(cmd, "auto")
	return cmd
}
