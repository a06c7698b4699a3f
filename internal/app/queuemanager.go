package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/adapters/mq/qmgr"
	"github.com/portage-gateway/portage/internal/vault"
)

// QueueManager is the embedded queue manager run by itself.
type QueueManager struct {
	// Data holds the queues and the keys that seal them. Required.
	Data string
	// Socket is where clients connect. "": queues.sock in Data.
	Socket string
	// Queues are defined when it starts; see ParseQueue.
	Queues []Queue
	// Log takes what no caller can be told. Nil: none.
	Log *slog.Logger
}

// Queue defines a queue.
type Queue = qmgr.Queue

// ParseQueue reads NAME[,SETTING=VALUE...] as the command line writes it.
func ParseQueue(text string) (Queue, error) { return qmgr.ParseQueue(text) }

// Run serves until ctx ends. up is told the socket once clients can connect.
func (q QueueManager) Run(ctx context.Context, up func(socket string)) (err error) {
	keys, err := vault.Open(q.Data, nil)
	if err != nil {
		return err
	}
	m, err := qmgr.Open(qmgr.Config{Dir: q.Data, Socket: q.Socket, Queues: q.Queues, Sealer: keys.Sealer("queues"), Log: q.Log})
	if err != nil {
		return err
	}
	defer func() {
		if closed := m.Close(); closed != nil && err == nil {
			err = fmt.Errorf("close the queues: %w", closed)
		}
	}()
	l, err := m.Listen()
	if err != nil {
		return err
	}
	up(l.Addr().String())
	return m.Serve(ctx, l)
}

// Queues looks at the queues behind a socket, and changes what it is told to.
type Queues struct{ conn mq.Conn }

// OpenQueues connects to the embedded queue manager of a running Portage. Close it.
func OpenQueues(ctx context.Context, socket string) (*Queues, error) {
	conn, err := qmgr.DialAs(socket, "portage queue")(ctx)
	if err != nil {
		return nil, err
	}
	return &Queues{conn}, nil
}

// Close ends the connection.
func (q *Queues) Close() error { return q.conn.Close() }

// List returns the attributes of every queue.
func (q *Queues) List(ctx context.Context) ([]mq.Attributes, error) {
	names, err := q.conn.(qmgr.Lister).Queues(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]mq.Attributes, 0, len(names))
	for _, name := range names {
		a, err := q.conn.Inquire(ctx, name)
		if err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	return all, nil
}

// QueuedMessage is what may be shown of a message on a queue: why it was put aside, and never its body, its
// key or its identity context.
type QueuedMessage struct {
	mq.Descriptor
	// Bytes is the length of its body.
	Bytes int
	// Notes are what Portage wrote beside it, without "portage-": reason, field, offset, ...
	Notes map[string]string
}

// notes say why a message was put aside. They name fields and places, and hold no content.
var notes = []string{"reason", "field", "offset", "size", "queue", "bridge", "attempts"}

// ErrNoQueue says that there is no queue of the name. Test it with errors.Is.
var ErrNoQueue = errors.New("no such queue")

// Browse returns up to limit messages of a queue, the first to come first, and leaves them there. 0: all.
func (q *Queues) Browse(ctx context.Context, queue string, limit int) ([]QueuedMessage, error) {
	var all []QueuedMessage
	err := q.each(ctx, queue, func(m mq.Message) bool {
		all = append(all, describe(m))
		return limit == 0 || len(all) < limit
	})
	return all, err
}

func describe(m mq.Message) QueuedMessage {
	out := QueuedMessage{Descriptor: m.Descriptor, Bytes: len(m.Body), Notes: map[string]string{}}
	shown := mq.AsMessage(m)
	for _, name := range notes {
		if value, ok := shown.Header("portage-" + name); ok {
			out.Notes[name] = value
		}
	}
	return out
}
