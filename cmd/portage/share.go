package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

func newShare() *cobra.Command {
	change := routeChange{}
	cmd := &cobra.Command{
		Use:   "share ROUTE SHARE",
		Short: "Set the share of a route's clients that Modern serves",
		Long: `Sets the share of a route's clients that Modern serves. SHARE is a percentage with its sign, such as 30%
or 0.5%, or a whole number of ten-thousandths, from 0 to 10000. A bare number from 1 to 100 is refused, since it could
mean either.

Raising the share only adds clients; lowering it sends back those that came last.`,
		Example: `  portage share ei-claim-status 30% --reason "first cohort"
  portage share ei-claim-status 3000 --reason "the same"`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			share, err := parseShare(args[1])
			if err != nil {
				return &exitError{exitUsage, err}
			}
			return change.run(cmd, args[0], "/share", map[string]any{"share": share, "reason": change.reason})
		},
	}
	change.flags(cmd)
	return cmd
}

// parseShare reads 30%, 12.5% or 3000, exactly.
func parseShare(text string) (int, error) {
	bad := func(why string) (int, error) {
		return 0, fmt.Errorf("%q is no share: %s\n  write a percentage such as 30%%, or ten-thousandths from 0 to 10000", text, why)
	}
	number, isPercent := strings.CutSuffix(text, "%")
	if !isPercent {
		n, err := strconv.ParseUint(number, 10, 16)
		switch {
		case err != nil:
			return bad("it is not a whole number, and has no % sign")
		case n > fullShare:
			return bad("it is more than 10000")
		case n > 0 && n <= 100:
			return bad(fmt.Sprintf("it could mean %d%%, or %s as ten-thousandths", n, percent(int(n))))
		}
		return int(n), nil
	}
	whole, fraction, _ := strings.Cut(number, ".")
	if len(fraction) > 2 {
		return bad("a percentage has at most two decimals")
	}
	w, err := strconv.ParseUint(whole, 10, 16)
	if err != nil {
		return bad("it is not a percentage")
	}
	f, err := strconv.ParseUint((fraction + "00")[:2], 10, 16)
	if err != nil {
		return bad("it is not a percentage")
	}
	if n := int(w)*100 + int(f); n <= fullShare {
		return n, nil
	}
	return bad("it is more than 100%")
}

// routeChange is what the commands share that change a route.
type routeChange struct {
	reason string
	asJSON bool
}

func (c *routeChange) flags(cmd *cobra.Command) {
	controlFlags(cmd)
	cmd.Flags().StringVar(&c.reason, "reason", "", "why, in your own words: it stands in the audit, so no personal information (required)")
	cmd.Flags().BoolVar(&c.asJSON, "json", false, "print the route as it stands then, as JSON")
}

// run sends the change and prints how the route stands then.
func (c *routeChange) run(cmd *cobra.Command, route, action string, body map[string]any) error {
	if err := c.needReason(cmd); err != nil {
		return err
	}
	portage, err := newControl(cmd)
	if err != nil {
		return err
	}
	var now routeState
	raw, err := portage.askInto(cmd.Context(), routePath(route, action), body, &now)
	if err != nil {
		return err
	}
	if c.asJSON {
		_, err = cmd.OutOrStdout().Write(raw)
		return err
	}
	printState(cmd, now)
	return nil
}

// needReason asks for what the server would refuse to do without, before anything is sent.
func (c *routeChange) needReason(cmd *cobra.Command) error {
	if strings.TrimSpace(c.reason) == "" {
		return &exitError{exitUsage, fmt.Errorf("a change needs a reason\n  add --reason \"why\" to %s", cmd.CommandPath())}
	}
	return nil
}

// printState writes one line of how a route stands, and warnings to stderr.
func printState(cmd *cobra.Command, s routeState) {
	held := ""
	if s.Killed {
		held = ", held on Legacy by the kill switch"
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s: stage %s, share %s of clients on Modern%s (version %d)\n", s.Route, s.Stage, percent(s.Share), held, s.Version)
	for _, w := range s.Warnings {
		fmt.Fprintln(cmd.ErrOrStderr(), "warning: "+w)
	}
}
