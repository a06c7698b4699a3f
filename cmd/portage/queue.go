package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/adapters/mq/qmgr"
)

// queueLine is what is shown of one queue.
type queueLine struct {
	Queue            string  `json:"queue"`
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

// shownProperties say why a message was put aside. They name fields and places, and hold no content.
var shownProperties = []string{"portage-reason", "portage-field", "portage-offset", "portage-size", "portage-queue", "portage-bridge", "portage-attempts"}

func newQueue() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "queue",
		Short: "Look at the queues of the embedded queue manager",
		Long: `Asks the queue manager of a running portage run or portage queue-manager, and changes nothing.
Bodies are not shown: portage decode does that, from a file.`,
		Example: `  portage queue list
  portage queue browse CPP.PAY.EVENT.DLQ --limit 10`,
	}
	cmd.PersistentFlags().String("data", "data", "data directory of the queue manager, with its socket")
	cmd.PersistentFlags().String("socket", "", "its Unix socket (default: queues.sock in --data)")
	cmd.PersistentFlags().Bool("json", false, "print everything that is known, as JSON")
	cmd.AddCommand(newQueueList(), newQueueBrowse())
	return cmd
}

// onQueues runs f on a connection to the queue manager.
func onQueues(cmd *cobra.Command, f func(context.Context, mq.Conn) error) error {
	socket, err := queueSocket(cmd)
	if err != nil {
		return err
	}
	c, err := qmgr.DialAs(socket, "portage queue")(cmd.Context())
	if err != nil {
		return &exitError{exitRemote, err}
	}
	defer c.Close()
	return f(cmd.Context(), c)
}

func newQueueList() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "Show every queue: depth, age of the oldest message, where bad messages go",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return onQueues(cmd, func(ctx context.Context, c mq.Conn) error {
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

func listQueues(ctx context.Context, c mq.Conn) ([]queueLine, error) {
	names, err := c.(qmgr.Lister).Queues(ctx)
	if err != nil {
		return nil, err
	}
	lines := make([]queueLine, 0, len(names))
	for _, name := range names {
		a, err := c.Inquire(ctx, name)
		if err != nil {
			return nil, err
		}
		lines = append(lines, queueLine{
			Queue: a.Queue, Depth: a.Depth, MaxDepth: a.MaxDepth, MaxMsgLength: a.MaxMsgLength,
			OldestAgeSeconds: a.OldestAge.Seconds(), BackoutThreshold: a.BackoutThreshold, BackoutQueue: a.BackoutQueue,
			GetInhibited: a.GetInhibited, PutInhibited: a.PutInhibited,
		})
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
			return onQueues(cmd, func(ctx context.Context, c mq.Conn) error {
				lines, err := browseQueue(ctx, c, args[0], limit)
				if mq.IsReason(err, mq.RCUnknownObjectName) {
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

func browseQueue(ctx context.Context, c mq.Conn, queue string, limit int) ([]messageLine, error) {
	lines := []messageLine{}
	for o := (mq.GetOptions{Browse: true, BrowseFirst: true}); limit == 0 || len(lines) < limit; o.BrowseFirst = false {
		m, err := c.Get(ctx, queue, o)
		if mq.IsReason(err, mq.RCNoMsgAvailable) {
			break
		}
		if err != nil {
			return nil, err
		}
		lines = append(lines, describe(m))
	}
	return lines, nil
}

func describe(m mq.Message) messageLine {
	l := messageLine{
		MsgID: hex.EncodeToString(m.MsgID[:]), Put: m.PutTime, Bytes: len(m.Body), Format: m.Format, CCSID: m.CCSID,
		Priority: m.Priority, Persistent: m.Persistent, BackoutCount: m.BackoutCount,
	}
	if !m.CorrelID.Zero() {
		l.CorrelID = hex.EncodeToString(m.CorrelID[:])
	}
	if m.Expiry > 0 {
		l.ExpiresIn = m.Expiry.String()
	}
	shown := mq.AsMessage(m)
	for _, name := range shownProperties {
		if value, ok := shown.Header(name); ok {
			if l.Portage == nil {
				l.Portage = make(map[string]string)
			}
			l.Portage[strings.TrimPrefix(name, "portage-")] = value
		}
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
