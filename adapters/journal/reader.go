package journal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/portage-gateway/portage/adapters"
)

// Reader is a Source over a Journal from a kept place: what it settled stays settled across restarts.
// Delivery is at least once; a Sink that knows IDs makes it once.
type Reader struct {
	// MaxBatch is the most messages in one Batch. Default 100, at most MaxLimit.
	MaxBatch int
	// RetryMin and RetryMax bound the pause before a returned batch comes again; it doubles with each
	// return in a row. Defaults 100ms and 30s.
	RetryMin, RetryMax time.Duration

	j       *Journal
	name    string
	resumed int64 // the seq of Resume's position
}

var _ adapters.Source = (*Reader)(nil)

// Reader returns the Source of that name. A new name begins at the log's beginning.
func (j *Journal) Reader(name string) *Reader { return &Reader{j: j, name: name} }

// Resume tells the Reader the last Position that a Ledger committed, before Consume: what it covers does
// not come again, even if the journal did not learn that it was settled. Nil is a new start. A position
// of another log is an error that is ErrCursor.
func (r *Reader) Resume(position []byte) error {
	if len(position) == 0 {
		return nil
	}
	seq, err := r.j.seq(Cursor(position))
	if err != nil {
		return fmt.Errorf("journal %s: reader %s: %w", r.j.cfg.Path, r.name, err)
	}
	r.resumed = seq
	return nil
}

// Consume delivers batches in the log's order until ctx ends, then returns nil. A batch's Position is
// the Cursor of its last message. When the Handler returns an error the same messages come again after
// a pause, half as many at a time, down to one: a message that fails alone is delivered again and
// again, and holds up those behind it. Messages that the Handler puts into the Unit become durable with
// the reader's place; [Journal.Letters] reads them. A name is consumed once at a time.
func (r *Reader) Consume(ctx context.Context, h adapters.Handler) error {
	if _, running := r.j.consuming.LoadOrStore(r.name, true); running {
		return fmt.Errorf("journal %s: reader %s is already running", r.j.cfg.Path, r.name)
	}
	defer r.j.consuming.Delete(r.name)
	seq, err := r.j.place(ctx, r.name)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	d := &delivery{Reader: r, handler: h, seq: max(seq, r.resumed), attempts: map[string]int{}}
	d.limit = d.maxBatch()
	for {
		switch err := d.next(ctx); {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		}
	}
}

func (r *Reader) maxBatch() int {
	if r.MaxBatch <= 0 {
		return DefaultLimit
	}
	return min(r.MaxBatch, MaxLimit)
}

// place returns the last seq that the reader settled.
func (j *Journal) place(ctx context.Context, name string) (seq int64, err error) {
	rows, err := j.read.QueryContext(ctx, "SELECT seq FROM readers WHERE name = ?", name)
	if err != nil {
		return 0, j.readError(err)
	}
	defer rows.Close()
	if rows.Next() {
		if err := rows.Scan(&seq); err != nil {
			return 0, j.readError(err)
		}
	}
	if err := rows.Err(); err != nil {
		return 0, j.readError(err)
	}
	if seq > j.head.get() {
		return 0, fmt.Errorf("journal %s: reader %s stands past the last entry: the file is damaged", j.cfg.Path, name)
	}
	return seq, nil
}

// delivery is one run of Consume.
type delivery struct {
	*Reader
	handler  adapters.Handler
	seq      int64 // settled
	limit    int   // of the next batch
	attempts map[string]int
	returned int // batches in a row
}

// next delivers one batch and settles it, or takes it back.
func (d *delivery) next(ctx context.Context) error {
	if err := d.j.wait(ctx, d.seq); err != nil {
		return err
	}
	entries, err := d.j.entries(ctx, d.seq, d.limit)
	if err != nil {
		return err
	}
	last := entries[len(entries)-1]
	b := adapters.Batch{Position: []byte(last.Cursor)}
	for _, e := range entries {
		e.Message.Attempts = d.attempts[e.Message.ID]
		b.Messages = append(b.Messages, e.Message)
	}
	u := &unit{}
	if err := d.handler(ctx, u, b); err != nil {
		return d.takeBack(ctx, b)
	}
	if err := d.settle(ctx, u, last.seq); err != nil {
		return err
	}
	d.limit = min(2*d.limit, d.maxBatch())
	d.returned = 0
	for _, m := range b.Messages {
		delete(d.attempts, m.ID)
	}
	return nil
}

// takeBack halves the next batch and pauses.
func (d *delivery) takeBack(ctx context.Context, b adapters.Batch) error {
	for _, m := range b.Messages {
		d.attempts[m.ID]++
	}
	d.limit = max(1, len(b.Messages)/2)
	pause := time.NewTimer(d.pause())
	defer pause.Stop()
	d.returned++
	select {
	case <-pause.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-d.j.quit:
		return ErrClosed
	}
}

func (d *delivery) pause() time.Duration {
	low, high := d.RetryMin, d.RetryMax
	if low <= 0 {
		low = 100 * time.Millisecond
	}
	if high <= 0 {
		high = 30 * time.Second
	}
	for range min(d.returned, 30) {
		if low >= high {
			break
		}
		low *= 2
	}
	return min(low, high)
}

// settle stores the reader's place and what the Handler put, in one transaction. The handler has said
// yes, so the end of ctx no longer stops it.
func (d *delivery) settle(ctx context.Context, u *unit, seq int64) error {
	type letter struct {
		dest, id string
		sealed   []byte
	}
	letters := make([]letter, len(u.puts))
	for i, p := range u.puts {
		sealed, err := sealMessage(d.j.cfg.Sealer, p.message, letterContext(p.dest, p.message.ID))
		if err != nil {
			return &Error{Op: "seal message " + p.message.ID, Path: d.j.cfg.Path, Err: err}
		}
		letters[i] = letter{p.dest, p.message.ID, sealed}
	}
	err := d.j.writer.do(context.WithoutCancel(ctx), 1+len(letters), func(t *txn) error {
		for _, l := range letters {
			if err := t.exec(t.insertLetter, l.dest, l.id, t.cfg.Now().UnixMilli(), l.sealed); err != nil {
				return err
			}
		}
		return t.exec(t.setReader, d.name, seq)
	})
	if err != nil {
		return fmt.Errorf("journal reader %s: settle: %w", d.name, err)
	}
	d.seq = seq
	return nil
}

// unit collects what a Handler puts; it is written when the batch settles.
type unit struct{ puts []put }

type put struct {
	dest    string
	message adapters.Message
}

// Put implements adapters.Unit.
func (u *unit) Put(_ context.Context, dest string, m ...adapters.Message) error {
	if dest == "" {
		return errors.New("journal: put without a destination")
	}
	for _, one := range m {
		if one.ID == "" {
			return fmt.Errorf("journal: put to %s: message without an ID", dest)
		}
		u.puts = append(u.puts, put{dest, one})
	}
	return nil
}

func letterContext(dest, id string) string { return dest + "/" + id }

// Letters returns the oldest messages that readers put to dest, at most limit (0: DefaultLimit).
func (j *Journal) Letters(ctx context.Context, dest string, limit int) ([]adapters.Message, error) {
	if limit <= 0 {
		limit = DefaultLimit
	}
	rows, err := j.read.QueryContext(ctx, "SELECT id, sealed FROM letters WHERE dest = ? ORDER BY n LIMIT ?", dest, limit)
	if err != nil {
		return nil, j.readError(err)
	}
	defer rows.Close()
	var list []adapters.Message
	for rows.Next() {
		var id string
		var sealed []byte
		if err := rows.Scan(&id, &sealed); err != nil {
			return nil, j.readError(err)
		}
		m, err := openMessage(j.cfg.Sealer, sealed, id, letterContext(dest, id))
		if err != nil {
			return nil, &Error{Op: "read message " + id + " of " + dest, Path: j.cfg.Path, Err: err}
		}
		list = append(list, m)
	}
	if err := rows.Err(); err != nil {
		return nil, j.readError(err)
	}
	return list, nil
}
