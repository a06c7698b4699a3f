package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/portage-gateway/portage/copybooks"
)

func newInspect() *cobra.Command {
	f := &recordFlags{}
	asJSON, reveal := false, false
	hexFile, number := "", int64(1)
	cmd := &cobra.Command{
		Use:   "inspect COPYBOOK...",
		Short: "Show a copybook as a table, or a record in hexadecimal beside its fields",
		Long: `Compiles copybooks and shows every item: level, name, offset from 0, length in bytes, picture,
usage, occurrences, and what it redefines; condition names below their item. An offset that depends on
data, because a table of variable length stands before it, is shown with ~ and at its greatest.

With --hex FILE it shows one record of that file instead, field by field, in three lines as ISPF does with
HEX ON VERT: characters, high half bytes, low half bytes; beside numbers their value, or after ! why they have
none. Every view of shared storage is shown. What a mapping calls sin or protectedB is shown as *, unless --reveal.

A COPYBOOK is a file, - for standard input, or builtin:NAME for a sample.`,
		Example: `  portage inspect CUSTOMER.cpy
  portage inspect --json builtin:OASMSTR
  portage inspect builtin:OASMSTR --hex extract.vb --record 3
  portage inspect --odo max -I copylib ACCOUNT.cpy`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if hexFile != "" {
				if asJSON || number < 1 {
					return &exitError{exitUsage, errors.New("--hex takes --record from 1, and no --json")}
				}
				f.copybooks, f.input, f.fillers, f.onError = args, hexFile, "drop", "stop"
				view, err := f.compile(cmd)
				if err != nil {
					return err
				}
				return f.showRecord(cmd.InOrStdin(), cmd.OutOrStdout(), view, hexFile, number, reveal)
			}
			layouts, err := f.layouts(cmd.InOrStdin(), args...)
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
	flags := cmd.Flags()
	flags.BoolVar(&asJSON, "json", false, "print a JSON array of layouts")
	flags.StringVar(&hexFile, "hex", "", "show a record of FILE; - for standard input")
	flags.Int64Var(&number, "record", 1, "with --hex: the record's number, from 1")
	flags.BoolVar(&reveal, "reveal", false, "with --hex: show personal information")
	f.registerKinds(cmd)
	f.registerFrame(cmd, "auto")
	return cmd
}
