package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// Exit codes. `portage help exit-codes` shows them.
const (
	exitDone     = 0 // done
	exitNo       = 1 // the check said no, or the data did
	exitUsage    = 2 // usage or configuration
	exitIO       = 3 // input or output
	exitRemote   = 4 // a remote was unreachable
	exitInternal = 5 // a fault of Portage itself

	exitInterrupted = 130 // a signal came before the work was done
)

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "portage",
		Short: "Carry benefit delivery from a mainframe to new services, one operation at a time",
		Long: `Portage joins a Legacy and a Modern implementation of each operation: it decodes and encodes
COBOL records, bridges queues to events, and moves clients from one side to the other, with a way back
at every step.`,
		Example: `  portage run --sample                         everything on embedded parts
  portage inspect builtin:EICLMSTA             a copybook as a table
  portage share ei-claim-status 30% --reason "first cohort"
  portage rollback ei-claim-status --reason "wrong amounts"`,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return &exitError{exitUsage, fmt.Errorf("%w\n  try: %s --help", err, cmd.CommandPath())}
	})
	root.AddGroup(
		&cobra.Group{ID: "run", Title: "Run:"},
		&cobra.Group{ID: "live", Title: "Ask and change a running Portage:"},
		&cobra.Group{ID: "data", Title: "Copybooks and data:"},
	)
	add := func(group string, commands ...*cobra.Command) {
		for _, c := range commands {
			c.GroupID = group
			root.AddCommand(c)
		}
	}
	add("run", newRun(), newDemo(), newInit(), newCheck(), newQueueManager(), newDoctor())
	add("live", newRoutes(), newShare(), newStage(), newKill(), newRollback(), newVerify(), newEvents(), newQueue(), newAudit(), newHealthcheck())
	add("data", newTriage(), newInspect(), newExplain(), newDecode(), newEncode())
	root.AddCommand(newVersion(), exitCodes)
	return root
}

var exitCodes = &cobra.Command{
	Use:   "exit-codes",
	Short: "What the exit codes mean",
	Long: `0  done
1  the check said no, or the data could not be read
2  usage or configuration
3  input or output; standard output that cannot be written, too
4  a remote was unreachable
5  a fault of Portage itself
130  interrupted: what was written is not whole`,
}

// lasting are the commands that run until they are told to stop: a signal is how they end well.
var lasting = map[string]bool{"run": true, "queue-manager": true, "events": true}

// report prints the error, if any, and returns the exit code that it asks for.
func report(cmd *cobra.Command, err error) int {
	if err == nil {
		return exitDone
	}
	code := exitInternal
	var e *exitError
	switch {
	case errors.Is(err, context.Canceled) && lasting[cmd.Name()]:
		return exitDone
	case errors.Is(err, context.Canceled):
		code, err = exitInterrupted, errors.New("interrupted: what was written is not whole")
	case errors.As(err, &e):
		code = e.code
	case strings.HasPrefix(err.Error(), "unknown command"), strings.HasPrefix(err.Error(), "required flag"),
		strings.Contains(err.Error(), "arg(s), "): // cobra has no types for these
		code, err = exitUsage, fmt.Errorf("%w\n  usage: %s", err, cmd.UseLine())
	}
	if text := err.Error(); text != "" {
		fmt.Fprintln(cmd.ErrOrStderr(), "portage: "+text)
	}
	return code
}
