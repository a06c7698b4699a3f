package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/portage-gateway/portage/internal/app"
	"github.com/portage-gateway/portage/internal/config"
)

func newCheck() *cobra.Command {
	return &cobra.Command{
		Use:   "check FILE",
		Short: "Check a configuration with its copybooks, mappings and contracts, and change nothing",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := config.Load(args[0])
			if unread := new(fs.PathError); errors.As(err, &unread) {
				return &exitError{exitIO, err}
			}
			if err != nil {
				return &exitError{exitUsage, err}
			}
			if err := app.Check(c); err != nil {
				return &exitError{exitUsage, err}
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: in order: %s\n", args[0], contents(c))
			return nil
		},
	}
}

// contents counts what a configuration has: always the first four, and of the others those that there are.
func contents(c *config.Config) string {
	var parts []string
	for i, of := range []struct {
		n    int
		what string
	}{{len(c.Routes), "routes"}, {len(c.Exchanges), "exchanges"}, {len(c.Bridges), "bridges"}, {len(c.Contracts), "contracts"},
		{len(c.Diversions), "diversions"}, {len(c.Datasets), "datasets"}, {len(c.WriteBacks), "write-backs"}, {len(c.Webhooks), "webhooks"}} {
		if i < 4 || of.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", of.n, of.what))
		}
	}
	return strings.Join(parts, ", ")
}

func newInit() *cobra.Command {
	return &cobra.Command{
		Use:   "init [FILE]",
		Short: "Write a commented configuration to start from (default portage.yaml)",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			file := "portage.yaml"
			if len(args) > 0 {
				file = args[0]
			}
			f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
			if os.IsExist(err) {
				return &exitError{exitUsage, fmt.Errorf("%s is there already, and stays as it is\n  name another file: portage init FILE", file)}
			}
			if err != nil {
				return &exitError{exitIO, err}
			}
			if _, err = f.Write(app.SampleYAML()); err == nil {
				err = f.Close()
			}
			if err != nil {
				return &exitError{exitIO, fmt.Errorf("write %s: %w", file, err)}
			}
			fmt.Fprintf(cmd.OutOrStdout(), "wrote %s\n  try: portage check %s\n", file, file)
			return nil
		},
	}
}
