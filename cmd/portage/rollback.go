package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// rollbackPlan is what the control API says that a rollback would do.
type rollbackPlan struct {
	Route                            string
	Now, After                       routeState
	Returning, Held                  int
	AtLeast                          bool
	MovingPerMinute, LegacyPerMinute int
	LegacyCapacityPerMinute          int
	Warnings                         []string
}

// rollbackDone is what it says that a rollback did.
type rollbackDone struct {
	Plan     *rollbackPlan
	State    routeState
	Warnings []string
}

func newRollback() *cobra.Command {
	change := routeChange{}
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "rollback ROUTE",
		Short: "Send a route's clients back to Legacy: says what it will do, then does it",
		Long: `Sets a route's share to 0. Every client that no pin holds returns to Legacy at once, and the stage stays.
First it prints the plan: who returns, who is held, and whether Legacy can carry it. Then it acts. No
warning stops it, and neither a full disk nor a lost store does. --dry-run prints the plan only.`,
		Example: `  portage rollback ei-claim-status --dry-run
  portage rollback ei-claim-status --reason "wrong amounts"`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if dryRun {
				return change.plan(cmd, args[0])
			}
			return change.rollback(cmd, args[0])
		},
	}
	change.flags(cmd)
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "print the plan and change nothing")
	return cmd
}

// plan prints what a rollback would do.
func (c *routeChange) plan(cmd *cobra.Command, route string) error {
	portage, err := newControl(cmd)
	if err != nil {
		return err
	}
	var plan rollbackPlan
	raw, err := portage.askInto(cmd.Context(), routePath(route, "/rollback"), nil, &plan)
	if err != nil {
		return err
	}
	if c.asJSON {
		_, err = cmd.OutOrStdout().Write(raw)
		return err
	}
	printPlan(cmd.OutOrStdout(), plan)
	return nil
}

// rollback prints the plan, acts, and prints what came of it. A plan that cannot be had stops nothing: the
// answer to the rollback says what it was.
func (c *routeChange) rollback(cmd *cobra.Command, route string) error {
	if err := c.needReason(cmd); err != nil {
		return err
	}
	portage, err := newControl(cmd)
	if err != nil {
		return err
	}
	planned := false
	if !c.asJSON {
		ctx, cancel := context.WithTimeout(cmd.Context(), planTimeout)
		defer cancel()
		var plan rollbackPlan
		if _, err := portage.askInto(ctx, routePath(route, "/rollback"), nil, &plan); err == nil {
			printPlan(cmd.OutOrStdout(), plan)
			planned = true
		}
	}
	var done rollbackDone
	raw, err := portage.askInto(cmd.Context(), routePath(route, "/rollback"), map[string]any{"reason": c.reason}, &done)
	if err != nil {
		return err
	}
	if c.asJSON {
		_, err = cmd.OutOrStdout().Write(raw)
		return err
	}
	if !planned && done.Plan != nil {
		printPlan(cmd.OutOrStdout(), *done.Plan)
	}
	fmt.Fprint(cmd.OutOrStdout(), "done: ")
	done.State.Warnings = done.Warnings
	printState(cmd, done.State)
	return nil
}

func printPlan(w io.Writer, p rollbackPlan) {
	fmt.Fprintf(w, "plan for %s: share %s becomes %s, stage %s", p.Route, percent(p.Now.Share), percent(p.After.Share), p.Now.Stage)
	if p.After.Stage != p.Now.Stage {
		fmt.Fprintf(w, " becomes %s", p.After.Stage)
	}
	more := ""
	if p.AtLeast {
		more = "at least "
	}
	fmt.Fprintf(w, "\n  clients of the last hour: %s%d return to Legacy, %d stay at Modern\n", more, p.Returning, p.Held)
	fmt.Fprintf(w, "  requests a minute: %d move, Legacy serves %d now", p.MovingPerMinute, p.LegacyPerMinute)
	if p.LegacyCapacityPerMinute > 0 {
		fmt.Fprintf(w, " and can serve %d", p.LegacyCapacityPerMinute)
	}
	fmt.Fprintln(w)
	for _, warning := range p.Warnings {
		fmt.Fprintln(w, "  warning: "+warning)
	}
}
