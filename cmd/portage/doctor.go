package main

import (
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/portage-gateway/portage/internal/app"
	"github.com/portage-gateway/portage/internal/config"
)

func newDoctor() *cobra.Command {
	d := app.DoctorMQ{}
	var onMQ bool
	var file string
	cmd := &cobra.Command{
		Use:   "doctor --mq",
		Short: "Look whether a queue manager and its queues are as Portage needs them",
		Long: `Inspects queues, and tries out on a scratch queue what Portage relies on: units of work, backout, context,
properties, matching, expiry. It changes no definition: each fault comes with the MQSC that mends it, which
portage queue define and alter do on the embedded queue manager. The exit code is 1 if there is a fault.

What cannot be told over the connection is "unknown": a question, with the MQSC command that answers it.

With --config it looks at the queue manager of a configuration, IBM MQ too, and knows what each queue is for.`,
		Example: `  portage doctor --mq --data data
  portage queue define PORTAGE.DOCTOR && portage doctor --mq --scratch PORTAGE.DOCTOR
  portage doctor --mq --config portage.yaml --scratch PORTAGE.DOCTOR
  portage doctor --mq --socket /run/portage/queues.sock --queue CPP.PAY.EVENT --longest 1048576`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !onMQ {
				return &exitError{exitUsage, errors.New("say what to look at: --mq")}
			}
			var err error
			if file != "" {
				if d.Config, err = config.Load(file); err != nil {
					return &exitError{exitUsage, err}
				}
				if !cmd.Flags().Changed("data") && d.Config.Data != "" {
					if err := cmd.Flags().Set("data", d.Config.Data); err != nil {
						return &exitError{exitUsage, err}
					}
				}
			}
			if d.Socket, err = queueSocket(cmd); err != nil {
				return err
			}
			found, err := d.Examine(cmd.Context())
			if err != nil {
				return &exitError{exitRemote, err}
			}
			if asJSON, _ := cmd.Flags().GetBool("json"); asJSON {
				err = printJSON(cmd.OutOrStdout(), found)
			} else {
				err = printFindings(cmd.OutOrStdout(), found, d.Scratch)
			}
			if faults := countFaults(found); err == nil && faults > 0 {
				return &exitError{exitNo, fmt.Errorf("faults: %d", faults)}
			}
			return err
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&onMQ, "mq", false, "look at a queue manager")
	flags.String("data", "data", "data directory of the queue manager, with its socket (default: the configuration's, data)")
	flags.String("socket", "", "its Unix socket (default: queues.sock in --data)")
	flags.StringArrayVar(&d.Queues, "queue", nil, "queue or alias to inspect (repeatable; default: all)")
	flags.StringArrayVar(&d.Diverted, "diverted", nil, "queue that Legacy's program read before Portage did (repeatable)")
	flags.StringArrayVar(&d.Replies, "replies", nil, "queue whose messages are taken by correlation (repeatable)")
	flags.StringArrayVar(&d.Groups, "groups", nil, "queue whose groups are taken in order (repeatable)")
	flags.StringVar(&file, "config", "", "configuration whose queue manager and queues to look at (default: none)")
	flags.StringVar(&d.Scratch, "scratch", "", "empty queue without readers, on which work is tried out (default: nothing is)")
	flags.IntVar(&d.Longest, "longest", 0, "longest message that the queues must take, in bytes")
	flags.Bool("json", false, "print findings as JSON")
	return cmd
}

func countFaults(found []app.Finding) (n int) {
	for _, f := range found {
		if f.Verdict == app.FindingFault {
			n++
		}
	}
	return n
}

func printFindings(w io.Writer, found []app.Finding, scratch string) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, f := range found {
		queue := f.Queue
		if queue == "" {
			queue = "-"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", f.Verdict, queue, f.Check, f.Detail)
		if f.Fix != "" {
			fmt.Fprintf(t, "\t\t\t  %s\n", f.Fix)
		}
	}
	if scratch == "" {
		fmt.Fprintln(t, "unknown\t-\tscratch\tnothing was tried out: define an empty queue and name it with --scratch")
	}
	if err := t.Flush(); err != nil {
		return &exitError{exitIO, err}
	}
	return nil
}
