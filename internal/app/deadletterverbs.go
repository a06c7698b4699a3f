package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/contracts/mask"
	"github.com/portage-gateway/portage/copybooks/mapping"
)

// DeadLetter is a message that was put aside, as it may be shown. Its content is behind Masked and Reveal.
type DeadLetter struct {
	QueuedMessage
	// Queue is where it lies. Origin is the queue that it was read from; "" if nothing says so.
	Queue, Origin string

	message mq.Message
}

// Object is the letter's name in the audit.
func (l *DeadLetter) Object() string { return fmt.Sprintf("dead-letter/%s/%x", l.Queue, l.MsgID) }

// Masked returns the data behind the letter's headers as JSON by a View, with every value that is not public replaced by its shape.
func (l *DeadLetter) Masked(view *mapping.View) ([]byte, error) {
	data, err := mq.Unwrap(mq.AsMessage(l.message))
	if err != nil {
		return nil, err
	}
	record, err := view.Decode(data.Body)
	if err != nil {
		return nil, err
	}
	plain, err := view.AppendJSON(nil, record)
	if err != nil {
		return nil, err
	}
	return mask.Masker{Sensitivity: view.Sensitivity}.AppendJSON(nil, plain)
}

// Reveal returns the letter's bytes, once record has put the disclosure in the audit.
func (l *DeadLetter) Reveal(record func() error) ([]byte, error) {
	if err := record(); err != nil {
		return nil, err
	}
	return l.message.Body, nil
}

// ErrNoLetter says that there is no such dead letter. Test it with errors.Is.
var ErrNoLetter = errors.New("no such dead letter")

// DeadLetters returns the dead letters of a queue, the first to come first. queue "": those of every queue
// that another names as its backout queue, or whose first message says why it was put aside. Messages that do
// not say so are none.
func (q *Queues) DeadLetters(ctx context.Context, queue string) ([]DeadLetter, error) {
	all, err := q.List(ctx)
	if err != nil {
		return nil, err
	}
	queues := []string{queue}
	if queue == "" {
		if queues, err = q.deadLetterQueues(ctx, all); err != nil {
			return nil, err
		}
	}
	var letters []DeadLetter
	for _, name := range queues {
		found, err := q.lettersOf(ctx, name, originOf(name, all))
		if err != nil {
			return nil, err
		}
		letters = append(letters, found...)
	}
	return letters, nil
}

// Letters returns the dead letters with a MsgId in hexadecimal: programs may give it to more than one.
func (q *Queues) Letters(ctx context.Context, queue, id string) ([]DeadLetter, error) {
	all, err := q.DeadLetters(ctx, queue)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(l DeadLetter) bool { return fmt.Sprintf("%x", l.MsgID) != strings.ToLower(id) })
	if len(all) == 0 {
		return nil, fmt.Errorf("%w: see `portage queue dead-letters` for their MsgIds", ErrNoLetter)
	}
	return all, nil
}

func (q *Queues) deadLetterQueues(ctx context.Context, all []mq.Attributes) (names []string, err error) {
	for _, a := range all {
		if a.Depth == 0 {
			continue
		}
		named := slices.ContainsFunc(all, func(other mq.Attributes) bool { return other.BackoutQueue == a.Queue })
		if !named {
			first, err := q.Browse(ctx, a.Queue, 1)
			if err != nil {
				return nil, err
			}
			named = len(first) > 0 && first[0].Notes["reason"] != ""
		}
		if named {
			names = append(names, a.Queue)
		}
	}
	return names, nil
}

// originOf returns the one queue whose bad messages go to a queue; "" if there are none or several.
func originOf(queue string, all []mq.Attributes) (origin string) {
	for _, a := range all {
		if a.BackoutQueue == queue {
			if origin != "" {
				return ""
			}
			origin = a.Queue
		}
	}
	return origin
}

func (q *Queues) lettersOf(ctx context.Context, queue, origin string) (out []DeadLetter, err error) {
	err = q.each(ctx, queue, func(m mq.Message) bool {
		l := DeadLetter{QueuedMessage: describe(m), Queue: queue, Origin: origin, message: m}
		if from := l.Notes["queue"]; from != "" {
			l.Origin = from
		}
		if l.Notes["reason"] != "" {
			out = append(out, l)
		}
		return true
	})
	return out, err
}

// Retry puts a dead letter back on the queue it came from, or on to, whole and without what was noted beside
// it: it is delivered as if for the first time, and does not expire. The letter is gone and the message there
// in one unit of work.
func (q *Queues) Retry(ctx context.Context, l DeadLetter, to string) (queue string, err error) {
	if to == "" {
		to = l.Origin
	}
	switch {
	case to == "":
		return "", fmt.Errorf("the letter %x does not say which queue it came from: name it with --to", l.MsgID)
	case l.Format == "MQDEAD":
		return "", fmt.Errorf("the letter %x has a dead-letter header in front: another program put it aside, and must take it off", l.MsgID)
	}
	m, err := q.conn.Get(ctx, l.Queue, mq.GetOptions{MsgID: l.MsgID, Syncpoint: true})
	if mq.IsReason(err, mq.RCNoMsgAvailable) {
		return "", fmt.Errorf("%w: somebody else has taken %x", ErrNoLetter, l.MsgID)
	}
	if err != nil {
		return "", err
	}
	m.Properties = slices.DeleteFunc(slices.Clone(m.Properties), func(p adapters.Header) bool {
		name, ours := strings.CutPrefix(p.Name, "portage-")
		return ours && slices.Contains(notes, name)
	})
	if _, err := q.conn.Put(ctx, to, m, mq.PutOptions{Syncpoint: true, PassContext: true}); err != nil {
		return "", errors.Join(fmt.Errorf("the letter stays where it is: %w", err), q.conn.Backout(ctx))
	}
	return to, q.conn.Commit(ctx)
}
