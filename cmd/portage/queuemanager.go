package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/portage-gateway/portage/internal/app"
)

// queueManagerFlags are the flags of queue-manager.
type queueManagerFlags struct {
	data, socket string
	queues       []string
	logLevel     slog.Level
}

func newQueueManager() *cobra.Command {
	f := &queueManagerFlags{}
	cmd := &cobra.Command{
		Use:   "queue-manager",
		Short: "Run the embedded queue manager by itself",
		Long: `Serves queues on a Unix socket, which only its owner can open. It is for development, tests and small
sites, and does not replace IBM MQ. Queues and messages are in --data, sealed with the keys there; queues that
were defined once stay defined.

A queue may have settings after its name: maxdepth=N messages, maxmsgl=N bytes, bothresh=N, boqname=QUEUE,
get=disabled, put=disabled.`,
		Example: `  portage queue-manager --data queues --queue EI.STATUS.REQ --queue EI.STATUS.RPL --queue EI.STATUS.RPL.LATE
  portage queue-manager --data queues --socket /run/portage/queues.sock \
    --queue CPP.PAY.EVENT,maxdepth=20000,bothresh=5,boqname=CPP.PAY.EVENT.DLQ`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.run(cmd.Context(), logger(cmd.ErrOrStderr(), f.logLevel), func(socket string) {
				fmt.Fprintln(cmd.OutOrStdout(), "listening on", socket)
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.data, "data", "", "directory of the queues and their keys")
	flags.StringVar(&f.socket, "socket", "", "Unix socket, at most 107 bytes (default: queues.sock in --data)")
	// Not a slice that splits at commas: they are part of a queue's settings.
	flags.StringArrayVar(&f.queues, "queue", nil, "NAME[,SETTING=VALUE...] of a queue to define; may be given again")
	flags.TextVar(&f.logLevel, "log-level", slog.LevelInfo, "DEBUG, INFO, WARN or ERROR")
	cmd.MarkFlagRequired("data")
	return cmd
}

// run serves until ctx ends. ready is told the socket once clients can connect.
func (f *queueManagerFlags) run(ctx context.Context, log *slog.Logger, ready func(socket string)) error {
	m := app.QueueManager{Data: f.data, Socket: f.socket, Log: log}
	for _, text := range f.queues {
		q, err := app.ParseQueue(text)
		if err != nil {
			return &exitError{exitUsage, err}
		}
		m.Queues = append(m.Queues, q)
	}
	if err := m.Run(ctx, ready); err != nil {
		return &exitError{exitIO, err}
	}
	return nil
}

// queueSocket returns the socket that a command speaks to.
func queueSocket(cmd *cobra.Command) (string, error) {
	socket, _ := cmd.Flags().GetString("socket")
	data, _ := cmd.Flags().GetString("data")
	if socket == "" {
		socket = filepath.Join(data, "queues.sock")
	}
	if len(socket) > 107 {
		return "", &exitError{exitUsage, errors.New("the socket's path has more than 107 bytes\n  name a shorter one with --socket")}
	}
	return socket, nil
}
