package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/portage-gateway/portage/internal/app"
)

// letterLine is what is shown of one dead letter.
type letterLine struct {
	Queue string `json:"queue"`
	// Reason, Field, Offset and Size say why it was put aside; Offset and Size are in bytes, absent if unknown.
	Reason string `json:"reason"`
	Field  string `json:"field,omitempty"`
	Offset *int   `json:"offset,omitempty"`
	Size   *int   `json:"size,omitempty"`
	// Origin is the queue that it came from, Attempts how often it was tried there.
	Origin   string `json:"origin,omitempty"`
	Attempts *int   `json:"attempts,omitempty"`
	messageLine
}

func letterOf(l app.DeadLetter) letterLine {
	number := func(name string) *int {
		n, err := strconv.Atoi(l.Notes[name])
		if err != nil {
			return nil
		}
		return &n
	}
	line := letterLine{Queue: l.Queue, Reason: l.Notes["reason"], Field: l.Notes["field"], Offset: number("offset"), Size: number("size"),
		Origin: l.Origin, Attempts: number("attempts"), messageLine: describe(l.QueuedMessage)}
	line.Portage = nil // said above
	return line
}

func newDeadLetters() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dead-letters [QUEUE]",
		Short: "List messages that were put aside, and show, retry or export them",
		Long: `Lists the dead letters of a queue; without one, of every queue that takes other queues' bad messages.
A letter has its reason, and the field and byte at fault where there is one.`,
		Example: `  portage queue dead-letters
  portage queue dead-letters show 5054…01 --copybook builtin:CPPPAYEV
  portage queue dead-letters retry 5054…01 --reason "sender mended"
  portage queue dead-letters export 5054…01 letter.bin --reveal --reason "ticket 4711"`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			queue := ""
			if len(args) > 0 {
				queue = args[0]
			}
			return onQueues(cmd, func(ctx context.Context, q *app.Queues) error {
				all, err := q.DeadLetters(ctx, queue)
				if err != nil {
					return queueFault(err)
				}
				lines := make([]letterLine, 0, len(all))
				for _, l := range all {
					lines = append(lines, letterOf(l))
				}
				if asJSON, _ := cmd.Flags().GetBool("json"); asJSON {
					return printJSON(cmd.OutOrStdout(), lines)
				}
				return printLetters(cmd.OutOrStdout(), lines)
			})
		},
	}
	cmd.AddCommand(newLetterShow(), newLetterRetry(), newLetterExport())
	return cmd
}

func printLetters(w io.Writer, lines []letterLine) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "QUEUE\tMSGID\tPUT\tBYTES\tREASON\tFIELD\tOFFSET\tFROM\tATTEMPTS")
	text := func(s string) string {
		if s == "" {
			return "-"
		}
		return s
	}
	number := func(n *int) string {
		if n == nil {
			return "-"
		}
		return strconv.Itoa(*n)
	}
	for _, l := range lines {
		fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%s\t%s\t%s\t%s\t%s\n", l.Queue, l.MsgID, l.Put.UTC().Format("2006-01-02 15:04:05.00"), l.Bytes,
			l.Reason, text(l.Field), number(l.Offset), text(l.Origin), number(l.Attempts))
	}
	if err := t.Flush(); err != nil {
		return &exitError{exitIO, err}
	}
	return nil
}

func newLetterRetry() *cobra.Command {
	var all bool
	var from, to, reason string
	cmd := &cobra.Command{
		Use:   "retry MSGID | --all",
		Short: "Put letters back on the queue they came from, whole, as if they had never been tried",
		Long: `Each letter moves in one unit of work: it is on the one queue or on the other. What was noted beside it
is taken off, and its count of attempts is 0 again. A running Portage records each move and its reason first:
what is not recorded does not move.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if all == (len(args) == 1) {
				return &exitError{exitUsage, errors.New("name one MsgId, or take --all")}
			}
			if strings.TrimSpace(reason) == "" {
				return &exitError{exitUsage, errors.New("a retry needs a reason\n  add --reason \"why it will go well now\"")}
			}
			return onQueues(cmd, func(ctx context.Context, q *app.Queues) error {
				letters, err := q.DeadLetters(ctx, from)
				if !all {
					letters, err = q.Letters(ctx, from, args[0])
				}
				if err != nil {
					return queueFault(err)
				}
				for _, l := range letters {
					if err := record(cmd, "redrive", l.Object(), reason); err != nil {
						return err
					}
					queue, err := q.Retry(ctx, l, to)
					if err != nil {
						return queueFault(err)
					}
					fmt.Fprintf(cmd.OutOrStdout(), "%x is on %s\n", l.MsgID, queue)
				}
				return nil
			})
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&all, "all", false, "retry every letter")
	flags.StringVar(&from, "from", "", "only letters on this queue (default: every queue of dead letters)")
	flags.StringVar(&to, "to", "", "put them on this queue (default: the one they came from)")
	flags.StringVar(&reason, "reason", "", "why, in your own words: it stands in the audit, so no personal information (required)")
	auditFlags(cmd)
	return cmd
}
