package dataset

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/copybooks/recfm"
)

// delivery hands out the records of the generation in hand from its place on.
type delivery struct {
	*run
	disk    *disk
	reader  *recfm.Reader
	time    time.Time         // of the file
	headers []adapters.Header // of each record; all share them
	waiting []entry           // read and not settled
	ended   bool              // the reader is at its end

	limit    int // of the next batch
	careful  int // records of a returned batch that are still to be settled
	returned int // batches in a row
}

// entry is one record and the byte behind it.
type entry struct {
	message adapters.Message
	end     int64
}

// deliver brings the generation in hand to its end and files it away.
func (r *run) deliver(ctx context.Context) error {
	if !r.hand.done() {
		d, err := r.begin(ctx)
		if err != nil {
			return err
		}
		err = d.all(ctx)
		if err != nil && r.resumed { // the Ledger knows it better, but may not be asked the next time
			err = errors.Join(err, writeState(r.statePath(), r.hand))
		}
		if err = errors.Join(err, d.reader.Close(), d.disk.Close()); err != nil {
			return err
		}
	}
	return r.finish(ctx)
}

// finish notes the generation as accepted, files it away and lets go of it, in this order: each step is done
// again after a kill, and harms nothing then.
func (r *run) finish(ctx context.Context) error {
	h := r.hand
	if r.history.content[h.ID] != h.Content {
		if err := r.history.add(h.past(Accepted, r.cfg.Now())); err != nil {
			return err
		}
	}
	there, err := exists(r.work(folderTaking, h.File))
	if err == nil && there {
		err = r.fileAway(h.File, folderAccepted)
	}
	if err == nil {
		err = writeState(r.statePath(), nil)
	}
	if err != nil {
		return err
	}
	r.hand, r.overdue, r.began = nil, false, r.cfg.Now()
	e := r.event(Accepted, h.generation(), h.File)
	e.Records = h.Of
	r.tell(ctx, e)
	return nil
}

// begin opens the file in hand and passes the records that are settled.
func (r *run) begin(ctx context.Context) (*delivery, error) {
	h := r.hand
	d, reader, bad, err := openRecords(r.work(folderTaking, h.File), r.cfg.Format)
	if err == nil && bad != nil {
		err = fmt.Errorf("%s was good and is not: %w", h.File, bad.err)
	}
	if err != nil {
		return nil, err
	}
	del := &delivery{run: r, disk: d, reader: reader, limit: r.cfg.MaxBatch, headers: h.headers()}
	if err := errors.Join(del.unchanged(), del.pass(ctx)); err != nil {
		return nil, errors.Join(err, reader.Close(), d.Close())
	}
	return del, nil
}

// HeaderCycle is the header of each record that says which cycle its generation belongs to, if one is known.
const HeaderCycle = "dataset-cycle"

// headers are the same for a generation and its rerun, as the IDs are.
func (p place) headers() []adapters.Header {
	if p.Cycle == "" {
		return nil
	}
	return []adapters.Header{{Name: HeaderCycle, Value: p.Cycle}}
}

// unchanged holds the file to what was inspected.
func (d *delivery) unchanged() error {
	info, err := d.disk.Stat()
	if err != nil {
		return err
	}
	d.time = info.ModTime().UTC()
	if info.Size() != d.hand.Size || info.ModTime().UnixNano() != d.hand.Modified {
		return fmt.Errorf("%s was changed after it was judged: put the file back as it was, or name %s in abandon", d.hand.File, d.hand.ID)
	}
	return nil
}

// pass reads over the settled records. Reading is quicker than it looks, and works for blocked and packed
// files, where no offset can be jumped to.
func (d *delivery) pass(ctx context.Context) error {
	for n := range d.hand.Record {
		if n%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if _, err := d.reader.Next(); err != nil {
			return fmt.Errorf("%s: pass the %d records that are settled: %w", d.hand.File, d.hand.Record, err)
		}
	}
	if d.hand.Record > 0 && d.reader.Consumed() != d.hand.Offset {
		return fmt.Errorf("%s: record %d ends at byte %d, and the position says %d: is the format another one than before?",
			d.hand.File, d.hand.Record, d.reader.Consumed(), d.hand.Offset)
	}
	return nil
}

// all delivers batches until the file's end.
func (d *delivery) all(ctx context.Context) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := d.fill(); err != nil {
			return err
		}
		if len(d.waiting) == 0 {
			return errors.Join(d.unchanged(), d.whole())
		}
		if err := d.batch(ctx); err != nil {
			return err
		}
	}
}

// whole holds the number of records to that of the inspection.
func (d *delivery) whole() error {
	if d.hand.Record != d.hand.Of {
		return fmt.Errorf("%s ended after record %d of %d", d.hand.File, d.hand.Record, d.hand.Of)
	}
	return nil
}

// fill reads records up to one batch. They share one array, which nothing changes after.
func (d *delivery) fill() error {
	if d.ended || len(d.waiting) >= d.limit {
		return nil
	}
	size := 0
	for _, e := range d.waiting {
		size += len(e.message.Body)
	}
	var block []byte
	for len(d.waiting) < d.limit && size < batchBytes {
		b, err := d.reader.Next()
		if err == io.EOF {
			d.ended = true
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s was good and is not: %w", d.hand.File, err)
		}
		m, err := d.message(b, &block)
		if err != nil {
			return err
		}
		d.waiting = append(d.waiting, entry{m, d.reader.Consumed()})
		size += len(m.Body)
	}
	return nil
}

// message makes a message of the record that was read last, which it copies into block.
func (d *delivery) message(b []byte, block *[]byte) (adapters.Message, error) {
	if d.cfg.Content == Messages {
		m, err := ParseMessage(b, d.cfg.Sealer)
		if err != nil {
			err = fmt.Errorf("%s record %d was good and is not: %w", d.hand.File, d.reader.Number(), err)
		}
		return m, err
	}
	if cap(*block)-len(*block) < len(b) {
		*block = make([]byte, 0, max(len(b), 64<<10))
	}
	from := len(*block)
	*block = append(*block, b...)
	id := make([]byte, 0, len(d.hand.ID)+12)
	id = strconv.AppendInt(append(append(id, d.hand.ID...), '/'), d.reader.Number(), 10)
	return adapters.Message{ID: string(id), Body: (*block)[from:len(*block):len(*block)], Headers: d.headers, Time: d.time}, nil
}

// batch delivers one batch and settles it, or keeps it.
func (d *delivery) batch(ctx context.Context) error {
	n := min(d.limit, len(d.waiting))
	b := adapters.Batch{Messages: make([]adapters.Message, n)}
	for i, e := range d.waiting[:n] {
		b.Messages[i] = e.message
	}
	at := d.hand.place
	at.Record, at.Offset = at.Record+int64(n), d.waiting[n-1].end
	var err error
	if b.Position, err = at.appendPosition(nil); err != nil {
		return err
	}
	u := &unit{run: d.run, to: at.Record}
	err = d.handler(ctx, u, b)
	u.over = true
	if err != nil {
		return errors.Join(u.withdraw(), d.keep(ctx, n))
	}
	if err := d.settle(at, u); err != nil {
		return err
	}
	d.waiting = d.waiting[n:]
	d.returned = 0
	if d.careful -= n; d.careful <= 0 {
		d.limit, d.careful = d.cfg.MaxBatch, 0
	}
	return nil
}

// settle moves the place behind the batch. The Handler has said yes, so the end of its context stops nothing.
// With a Ledger the place is durable there already.
func (d *delivery) settle(at place, u *unit) error {
	d.hand.place = at
	if !d.resumed {
		if err := writeState(d.statePath(), d.hand); err != nil {
			return err
		}
	}
	return u.commit()
}

// keep makes a returned batch come again, half as large, after a pause.
func (d *delivery) keep(ctx context.Context, n int) error {
	for i := range d.waiting[:n] {
		d.waiting[i].message.Attempts++
	}
	d.careful = max(d.careful, n)
	d.limit = max(1, n/2)
	pause := d.cfg.RetryMin
	for range min(d.returned, 30) {
		if pause *= 2; pause >= d.cfg.RetryMax {
			pause = d.cfg.RetryMax
			break
		}
	}
	d.returned++
	return sleep(ctx, pause)
}
