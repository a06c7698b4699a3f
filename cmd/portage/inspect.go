package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/portage-gateway/portage/copybooks"
)

func newInspect() *cobra.Command {
	f := &layoutFlags{}
	asJSON := false
	cmd := &cobra.Command{
		Use:   "inspect COPYBOOK...",
		Short: "Show a copybook as a table: offsets, lengths, pictures, warnings",
		Long: `Compiles copybooks and shows every item: level, name, offset from 0, length in bytes, picture,
usage, occurrences, and what it redefines; condition names below their item. An offset that depends on
data, because a table of variable length stands before it, is shown with ~ and at its greatest.

A COPYBOOK is a file, - for standard input, or builtin:NAME for a sample.`,
		Example: `  portage inspect CUSTOMER.cpy
  portage inspect --json builtin:OASMSTR
  portage inspect --odo max -I copylib ACCOUNT.cpy`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
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
	f.register(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON array of layouts")
	return cmd
}
