package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/portage-gateway/portage/internal/app"
)

// queueFault gives an error of the queue manager its exit code.
func queueFault(err error) error {
	var e *exitError
	switch {
	case err == nil, errors.As(err, &e):
		return err
	case app.Unreachable(err):
		return &exitError{exitRemote, err}
	}
	return &exitError{exitUsage, err}
}

// definition runs a change of a definition and says what was done.
func definition(cmd *cobra.Command, done string, change func(context.Context, *app.Queues) error) error {
	return onQueues(cmd, func(ctx context.Context, q *app.Queues) error {
		if err := queueFault(change(ctx, q)); err != nil {
			return err
		}
		_, err := fmt.Fprintln(cmd.OutOrStdout(), done)
		return err
	})
}

const queueSettings = `Settings are maxdepth=N messages, maxmsgl=N bytes, bothresh=N, boqname=QUEUE, get=enabled|disabled,
put=enabled|disabled, streamq=QUEUE. They hold from the next call on, and after a restart; but a queue that the
configuration names has the configuration's settings again then.`

func newQueueDefine() *cobra.Command {
	return &cobra.Command{
		Use:     "define QUEUE [SETTING=VALUE...]",
		Short:   "Make a queue",
		Long:    queueSettings,
		Example: `  portage queue define CPP.PAY.DIVERT maxdepth=20000 bothresh=5 boqname=CPP.PAY.DIVERT.BOQ`,
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return definition(cmd, args[0]+" is defined", func(ctx context.Context, q *app.Queues) error {
				return q.Define(ctx, args[0], args[1:])
			})
		},
	}
}

func newQueueAlter() *cobra.Command {
	return &cobra.Command{
		Use:   "alter QUEUE SETTING=VALUE...",
		Short: "Change settings of a queue or an alias; those that are not named stay",
		Long:  queueSettings + "\nAn alias has get and put, beside those of its queue, and target.",
		Example: `  portage queue alter CPP.PAY.EVENT get=disabled
  portage queue alter CPP.PAY.EVENT streamq=CPP.PAY.TAP`,
		Args: cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return definition(cmd, args[0]+" has "+strings.Join(args[1:], " "), func(ctx context.Context, q *app.Queues) error {
				return q.Alter(ctx, args[0], args[1:])
			})
		},
	}
}

func newQueueAlias() *cobra.Command {
	return &cobra.Command{
		Use:   "alias NAME TARGET",
		Short: "Let a name stand for a queue, or for another one from now on",
		Long: `The next call by NAME is about TARGET: this is how a diversion is cut in and out. What a unit of work has
got before stays in it. Aliases survive restarts, and no configuration repoints them.`,
		Example: `  portage queue alias CPP.PAY CPP.PAY.DIVERT   cut in
  portage queue alias CPP.PAY CPP.PAY.EVENT    cut out`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return definition(cmd, args[0]+" stands for "+args[1], func(ctx context.Context, q *app.Queues) error {
				return q.Alias(ctx, args[0], args[1])
			})
		},
	}
}
