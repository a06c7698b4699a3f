package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/portage-gateway/portage/internal/app"
)

// queueLine is what is shown of one queue.
type queueLine struct {
	Queue            string  `json:"queue"`
	Target           string  `json:"target,omitempty"` // of an alias, which has no numbers of its own
	Depth            int     `json:"depth"`
	MaxDepth         int     `json:"maxDepth"`
	MaxMsgLength     int     `json:"maxMsgLength"`
	OldestAgeSeconds float64 `json:"oldestAgeSeconds"`
	BackoutThreshold int     `json:"backoutThreshold"`
	BackoutQueue     string  `json:"backoutQueue"`
	GetInhibited     bool    `json:"getInhibited"`
	PutInhibited     bool    `json:"putInhibited"`
}

// messageLine is what is shown of one message: never its body, its key or its identity context.
type messageLine struct {
	MsgID        string            `json:"msgId"`
	CorrelID     string            `json:"correlId,omitempty"`
	Put          time.Time         `json:"put"`
	Bytes        int               `json:"bytes"`
	Format       string            `json:"format,omitempty"`
	CCSID        int32             `json:"ccsid,omitempty"`
	Priority     int32             `json:"priority"`
	Persistent   bool              `json:"persistent"`
	BackoutCount int32             `json:"backoutCount"`
	ExpiresIn    string            `json:"expiresIn,omitempty"`
	Portage      map[string]string `json:"portage,omitempty"`
}

func newQueue() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "queue",
		Short: "Look at the queues of the embedded queue manager, define them, and deal with dead letters",
		Long: `Speaks to the queue manager of a running portage run or portage queue-manager. Content is shown by its
shapes only, unless it is revealed: portage queue dead-letters show.`,
		Example: `  portage queue list
  portage queue browse CPP.PAY.EVENT.DLQ --limit 10
  portage queue dead-letters
  portage queue alias CPP.PAY CPP.PAY.DIVERT`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.PersistentFlags().String("data", "data", "data directory of the queue manager, with its socket")
	cmd.PersistentFlags().String("socket", "", "its Unix socket (default: queues.sock in --data)")
	cmd.PersistentFlags().Bool("json", false, "print everything that is known, as JSON")
	cmd.AddCommand(newQueueList(), newQueueBrowse(), newQueueDefine(), newQueueAlter(), newQueueAlias(), newDeadLetters())
	return cmd
}

// onQueues runs f on a connection to the queue manager.
func onQueues(cmd *cobra.Command, f func(context.Context, *app.Queues) error) error {
	socket, err := queueSocket(cmd)
	if err != nil {
		return err
	}
	q, err := app.OpenQueues(cmd.Context(), socket)
	if err != nil {
		return &exitError{exitRemote, err}
	}
	defer q.Close()
	return f(cmd.Context(), q)
}

func newQueueList() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "Show every queue: depth, age of the oldest message, where bad messages go; and every alias",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return onQueues(cmd, func(ctx context.Context, c *app.Queues) error {
				lines, err := listQueues(ctx, c)
				if err != nil {
					return &exitError{exitRemote, err}
				}
				if asJSON, _ := cmd.Flags().GetBool("json"); asJSON {
					return printJSON(cmd.OutOrStdout(), lines)
				}
				return printQueues(cmd.OutOrStdout(), lines)
			})
		},
	}
}

func listQueues(ctx context.Context, q *app.Queues) ([]queueLine, error) {
	all, err := q.List(ctx)
	if err != nil {
		return nil, err
	}
	lines := make([]queueLine, 0, len(all))
	for _, a := range all {
		lines = append(lines, queueLine{
			Queue: a.Queue, Depth: a.Depth, MaxDepth: a.MaxDepth, MaxMsgLength: a.MaxMsgLength,
			OldestAgeSeconds: a.OldestAge.Seconds(), BackoutThreshold: a.BackoutThreshold, BackoutQueue: a.BackoutQueue,
			GetInhibited: a.GetInhibited, PutInhibited: a.PutInhibited,
		})
	}
	aliases, err := q.Aliases(ctx)
	if err != nil {
		return nil, err
	}
	for _, a := range aliases {
		lines = append(lines, queueLine{Queue: a.Name, Target: a.Target, GetInhibited: a.GetInhibited, PutInhibited: a.PutInhibited})
	}
	return lines, nil
}

func printQueues(w io.Writer, lines []queueLine) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "QUEUE\tDEPTH\tMOST\tOLDEST\tBAD MESSAGES\tINHIBITED")
	for _, l := range lines {
		oldest, bad, inhibited := "-", "-", "-"
		if l.OldestAgeSeconds > 0 {
			oldest = (time.Duration(l.OldestAgeSeconds*1000) * time.Millisecond).Round(time.Second).String()
		}
		if l.BackoutQueue != "" {
			bad = fmt.Sprintf("after %d to %s", l.BackoutThreshold, l.BackoutQueue)
		}
		switch {
		case l.GetInhibited && l.PutInhibited:
			inhibited = "get put"
		case l.GetInhibited:
			inhibited = "get"
		case l.PutInhibited:
			inhibited = "put"
		}
		if l.Target != "" {
			fmt.Fprintf(t, "%s\t-\t-\t-\tstands for %s\t%s\n", l.Queue, l.Target, inhibited)
			continue
		}
		fmt.Fprintf(t, "%s\t%d\t%d\t%s\t%s\t%s\n", l.Queue, l.Depth, l.MaxDepth, oldest, bad, inhibited)
	}
	return t.Flush()
}

func newQueueBrowse() *cobra.Command {
	var limit int
	cmd := &cobra.Command{
		Use:   "browse QUEUE",
		Short: "Show the messages of a queue, first to come first, and leave them there",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if limit < 0 {
				return &exitError{exitUsage, fmt.Errorf("--limit is less than 0")}
			}
			return onQueues(cmd, func(ctx context.Context, c *app.Queues) error {
				lines, err := browseQueue(ctx, c, args[0], limit)
				if errors.Is(err, app.ErrNoQueue) {
					return &exitError{exitUsage, err}
				}
				if err != nil {
					return &exitError{exitRemote, err}
				}
				if asJSON, _ := cmd.Flags().GetBool("json"); asJSON {
					return printJSON(cmd.OutOrStdout(), lines)
				}
				return printMessages(cmd.OutOrStdout(), lines)
			})
		},
	}
	cmd.Flags().IntVar(&limit, "limit", 0, "most messages to show (default: all)")
	return cmd
}

func browseQueue(ctx context.Context, q *app.Queues, queue string, limit int) ([]messageLine, error) {
	messages, err := q.Browse(ctx, queue, limit)
	if err != nil {
		return nil, err
	}
	lines := make([]messageLine, 0, len(messages))
	for _, m := range messages {
		lines = append(lines, describe(m))
	}
	return lines, nil
}

func describe(m app.QueuedMessage) messageLine {
	l := messageLine{
		MsgID: hex.EncodeToString(m.MsgID[:]), Put: m.PutTime, Bytes: m.Bytes, Format: m.Format, CCSID: m.CCSID,
		Priority: m.Priority, Persistent: m.Persistent, BackoutCount: m.BackoutCount, Portage: m.Notes,
	}
	if !m.CorrelID.Zero() {
		l.CorrelID = hex.EncodeToString(m.CorrelID[:])
	}
	if m.Expiry > 0 {
		l.ExpiresIn = m.Expiry.String()
	}
	return l
}

func printMessages(w io.Writer, lines []messageLine) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "MSGID\tPUT\tBYTES\tFORMAT\tBACKED OUT\tREASON")
	for _, l := range lines {
		reason := "-"
		if r := l.Portage["reason"]; r != "" {
			if reason = r; l.Portage["field"] != "" {
				reason += " at " + l.Portage["field"]
			}
			if l.Portage["offset"] != "" {
				reason += ", byte " + l.Portage["offset"]
			}
		}
		format := l.Format
		if format == "" {
			format = "-"
		}
		fmt.Fprintf(t, "%s\t%s\t%d\t%s\t%d\t%s\n", l.MsgID, l.Put.UTC().Format("2006-01-02 15:04:05.00"), l.Bytes, format, l.BackoutCount, reason)
	}
	return t.Flush()
}

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return &exitError{exitIO, err}
	}
	return nil
}
