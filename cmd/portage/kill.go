package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newKill() *cobra.Command {
	change := routeChange{}
	cmd := &cobra.Command{
		Use:   "kill ROUTE on|off",
		Short: "Hold a route on Legacy, whatever its share; off lets the share count again",
		Long: `The kill switch holds a route on Legacy and leaves its share and stage as they are, so that off restores
exactly what was. portage rollback sets the share to 0 instead.`,
		Example: `  portage kill ei-claim-status on --reason "maintenance of Modern"
  portage kill ei-claim-status off --reason "maintenance is over"`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if args[1] != "on" && args[1] != "off" {
				return &exitError{exitUsage, fmt.Errorf("%q is neither on nor off", args[1])}
			}
			return change.run(cmd, args[0], "/kill", map[string]any{"killed": args[1] == "on", "reason": change.reason})
		},
	}
	change.flags(cmd)
	return cmd
}
