package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/copybooks/benefits"
	"github.com/portage-gateway/portage/copybooks/mapping"
)

// poisonEvery is how many payment messages there are to one that nobody can decode.
const poisonEvery = 50

// Payments puts CPP payment messages on a queue, as the payment run does: persistent, each with the next
// sequence number. One in fifty has a packed field that holds no number, so that dead letters can be seen.
type Payments struct {
	// Dial connects to the queue manager. Required.
	Dial mq.Dial
	// Queue takes the messages. Required.
	Queue string
	// Every is the pause between two messages. Required.
	Every time.Duration
	// Now is the clock of the messages. Nil: time.Now.
	Now func() time.Time
}

// Run puts messages until ctx ends, then returns nil. It connects again for ever. The sequence starts at
// the clock's milliseconds, so that a restart does not repeat numbers.
func (p *Payments) Run(ctx context.Context) error {
	view, err := benefits.View("CPPPAYEV")
	if err != nil {
		return err
	}
	if p.Now == nil {
		p.Now = time.Now
	}
	sequence := p.Now().UnixMilli()
	tick := time.NewTicker(p.Every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := p.connect(ctx, tick.C, view, &sequence); err != nil && ctx.Err() == nil {
			continue // the queue manager is gone or full: the next tick tries again
		}
	}
}

// connect puts messages over one connection until it breaks.
func (p *Payments) connect(ctx context.Context, tick <-chan time.Time, view *mapping.View, sequence *int64) error {
	conn, err := p.Dial(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	for {
		record, err := Payment(view, *sequence, p.Now())
		if err != nil {
			return err
		}
		if *sequence%poisonEvery == 0 {
			Spoil(record)
		}
		_, err = conn.Put(ctx, p.Queue, mq.Message{
			Descriptor: mq.Descriptor{Persistent: true, MsgType: mq.MTDatagram, Encoding: zosEncoding, CCSID: zosCCSID},
			Body:       record,
		}, mq.PutOptions{})
		if err != nil {
			return err
		}
		*sequence++
		select {
		case <-ctx.Done():
			return nil
		case <-tick:
		}
	}
}

// The encoding and code page of a z/OS record (MQENC_S390, EBCDIC 037).
const (
	zosEncoding = 785
	zosCCSID    = 37
)

// grossOffset is where PE-GROSS begins in a CPP payment message (CPPPAYEV): five bytes of packed decimal.
const grossOffset = 50

// Spoil makes a payment message undecodable: PE-GROSS then holds no number.
func Spoil(record []byte) { record[grossOffset] = 0xFF }

// Payment makes the message of an issued payment: view is that of CPPPAYEV, and the client, the amounts and
// the trace follow from the sequence number.
func Payment(view *mapping.View, sequence int64, at time.Time) ([]byte, error) {
	gross := 50_000 + sequence*7919%100_000
	tax := gross * 12 / 100
	text, err := json.Marshal(map[string]any{
		"eyecatcher": "CPPE", "version": 1, "event": "issued", "sequence": strconv.FormatInt(sequence, 10),
		"occurredAt": at.UTC().Truncate(10 * time.Millisecond).Format(time.RFC3339Nano),
		"sin":        SIN(int(sequence % 10_000_000)), "benefit": "retirement", "payMonth": at.UTC().Format("2006-01"),
		"payment": map[string]any{
			"gross": money{Cents(gross), "CAD"}, "tax": money{Cents(tax), "CAD"},
			"oasRecovery": money{"0.00", "CAD"}, "net": money{Cents(gross - tax), "CAD"},
			"dueOn":   at.UTC().AddDate(0, 0, 4).Format(time.DateOnly),
			"account": map[string]string{"institution": "0003", "transit": "01234", "number": "001234567890"},
			"trace":   fmt.Sprintf("%022d", sequence), "cpaCode": "240", "segment": 1,
		},
	})
	if err != nil {
		return nil, err
	}
	record, err := view.EncodeJSON(nil, text, nil)
	if err != nil {
		return nil, fmt.Errorf("make payment %d: %w", sequence, err)
	}
	return record, nil
}
