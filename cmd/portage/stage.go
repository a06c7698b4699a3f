package main

import "github.com/spf13/cobra"

func newStage() *cobra.Command {
	change := routeChange{}
	cmd := &cobra.Command{
		Use:   "stage ROUTE STAGE",
		Short: "Move a route to a stage: discovery, alpha, beta, live or retired",
		Long: `Moves a route to a stage, which says how far its share may go:

  discovery  Legacy serves everyone; the shadow may compare
  alpha      Modern serves testers who ask for it
  beta       the share may rise to the route's limit, 50% unless configured
  live       the share may rise to 100%
  retired    Modern serves everyone`,
		Example:   `  portage stage ei-claim-status beta --reason "parity held for two weeks"`,
		Args:      cobra.ExactArgs(2),
		ValidArgs: []string{"discovery", "alpha", "beta", "live", "retired"},
		RunE: func(cmd *cobra.Command, args []string) error {
			return change.run(cmd, args[0], "/stage", map[string]any{"stage": args[1], "reason": change.reason})
		},
	}
	change.flags(cmd)
	return cmd
}
