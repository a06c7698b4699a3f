package mq

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/portage-gateway/portage/adapters"
)

const (
	// trialTimeout bounds one trial.
	trialTimeout = 20 * time.Second
	trialWait    = 5 * time.Second // the default of Doctor.Wait
	// trialExpiry is how long a trial's message lives, if the trial cannot take it off.
	trialExpiry = 2 * time.Minute
	// longestTrial bounds the longest message that is tried, in bytes.
	longestTrial = 8 << 20
)

// bench is where a trial is made: two connections and an empty queue.
type bench struct {
	ctx         context.Context
	queue       string
	wait        time.Duration
	conn, other Conn
}

// trials are what Portage relies on, each with the fix of its most likely fault. QUEUE stands for the
// scratch queue's name.
var trials = []struct {
	name, fix string
	run       func(*bench) error
}{
	{"unit-of-work", "", tryUnitOfWork},
	{"backout", "ALTER QLOCAL(QUEUE) HARDENBO", tryBackout},
	{"close-backs-out", "", tryClose},
	{"bytes-untouched", "ALTER CHANNEL(name) CHLTYPE(SDR) CONVERT(NO)", tryBytes},
	{"context", "SET AUTHREC PROFILE(QUEUE) OBJTYPE(QUEUE) PRINCIPAL('user') AUTHADD(SETALL)", tryContext},
	{"properties", "ALTER QLOCAL(QUEUE) PROPCTL(COMPAT)", tryProperties},
	{"match", "", tryMatch},
	{"browse", "SET AUTHREC PROFILE(QUEUE) OBJTYPE(QUEUE) PRINCIPAL('user') AUTHADD(BROWSE)", tryBrowse},
	{"expiry", "", tryExpiry},
	{"exclusive", "ALTER QLOCAL(QUEUE) SHARE DEFSOPT(SHARED)", tryExclusive},
	{"longest-message", "ALTER CHANNEL(name) CHLTYPE(SVRCONN) MAXMSGL(104857600)", tryLongest},
}

// clear takes off what is left, on a new connection: those of the trial may be lost.
func (b *bench) clear(dial Dial) error {
	err := errors.Join(b.conn.Close(), b.other.Close())
	if err != nil && classOf(err) != Reconnect {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(b.ctx), trialTimeout)
	defer cancel()
	c, err := dial(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	for {
		_, err := c.Get(ctx, b.queue, GetOptions{})
		if IsReason(err, RCNoMsgAvailable) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("the scratch queue cannot be emptied: %w", err)
		}
	}
}

// put puts a trial's message.
func (b *bench) put(c Conn, body string, o PutOptions, change ...func(*Message)) (Descriptor, error) {
	m := Message{Descriptor: Descriptor{Persistent: true, Expiry: trialExpiry}, Body: []byte(body)}
	for _, f := range change {
		f(&m)
	}
	return c.Put(b.ctx, b.queue, m, o)
}

// expect gets a message and requires its body.
func (b *bench) expect(c Conn, body string, o GetOptions) (Message, error) {
	m, err := c.Get(b.ctx, b.queue, o)
	if err == nil && string(m.Body) != body {
		err = fmt.Errorf("another message came: is there another putter on %s?", b.queue)
	}
	return m, err
}

// nothing requires that there is no message.
func (b *bench) nothing(c Conn, what string, o GetOptions) error {
	_, err := c.Get(b.ctx, b.queue, o)
	switch {
	case err == nil:
		return errors.New(what)
	case IsReason(err, RCNoMsgAvailable):
		return nil
	}
	return err
}

func tryUnitOfWork(b *bench) error {
	if _, err := b.put(b.conn, "uow", PutOptions{Syncpoint: true}); err != nil {
		return err
	}
	if err := b.nothing(b.other, "a put was visible before its commit", GetOptions{}); err != nil {
		return err
	}
	if err := b.conn.Commit(b.ctx); err != nil {
		return err
	}
	if _, err := b.expect(b.other, "uow", GetOptions{Syncpoint: true, Wait: b.wait}); err != nil {
		return err
	}
	if err := b.other.Commit(b.ctx); err != nil {
		return err
	}
	return b.nothing(b.conn, "a committed get left its message", GetOptions{})
}

func tryBackout(b *bench) error {
	for _, body := range []string{"1", "2"} {
		if _, err := b.put(b.conn, body, PutOptions{}); err != nil {
			return err
		}
	}
	for n := int32(0); n < 2; n++ {
		m, err := b.expect(b.conn, "1", GetOptions{Syncpoint: true, Wait: b.wait})
		if err != nil {
			return err
		}
		if m.BackoutCount != n {
			return fmt.Errorf("BackoutCount is %d after %d backouts", m.BackoutCount, n)
		}
		if err := b.conn.Backout(b.ctx); err != nil {
			return err
		}
	}
	return nil
}

func tryClose(b *bench) error {
	if _, err := b.put(b.other, "close", PutOptions{}); err != nil {
		return err
	}
	if _, err := b.expect(b.conn, "close", GetOptions{Syncpoint: true, Wait: b.wait}); err != nil {
		return err
	}
	if err := b.conn.Close(); err != nil {
		return err
	}
	_, err := b.expect(b.other, "close", GetOptions{Wait: b.wait})
	return err
}

func tryBytes(b *bench) error {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	if _, err := b.put(b.conn, string(all), PutOptions{}, func(m *Message) { m.Encoding, m.CCSID = 785, 37 }); err != nil {
		return err
	}
	m, err := b.conn.Get(b.ctx, b.queue, GetOptions{Wait: b.wait})
	switch {
	case err != nil:
		return err
	case !bytes.Equal(m.Body, all):
		return errors.New("bytes were changed on the way: something converts")
	case m.Encoding != 785 || m.CCSID != 37:
		return fmt.Errorf("the descriptor says encoding %d and CCSID %d, and was put with 785 and 37", m.Encoding, m.CCSID)
	}
	return nil
}

func tryContext(b *bench) error {
	put := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	_, err := b.put(b.conn, "context", PutOptions{PassContext: true}, func(m *Message) {
		m.UserIdentifier, m.AccountingToken, m.ApplIdentityData, m.PutTime = "DOCTOR", [32]byte{7}, "portage doctor", put
	})
	if err != nil {
		return err
	}
	m, err := b.expect(b.conn, "context", GetOptions{Wait: b.wait})
	switch {
	case err != nil:
		return err
	case m.UserIdentifier != "DOCTOR" || m.AccountingToken != [32]byte{7} || m.ApplIdentityData != "portage doctor":
		return errors.New("the identity context did not pass: Legacy would run under another user")
	case !m.PutTime.Equal(put):
		return errors.New("the put time did not pass: a message would change its identity when it is passed on")
	}
	return nil
}

func tryProperties(b *bench) error {
	want := []adapters.Header{{Name: "doctor", Value: "1"}}
	if _, err := b.put(b.conn, "properties", PutOptions{}, func(m *Message) { m.Properties = want }); err != nil {
		return err
	}
	m, err := b.conn.Get(b.ctx, b.queue, GetOptions{Wait: b.wait})
	switch {
	case err != nil:
		return err
	case string(m.Body) != "properties":
		return errors.New("properties came in front of the body")
	case len(m.Properties) != 1 || m.Properties[0] != want[0]:
		return fmt.Errorf("%d properties came, and 1 was put", len(m.Properties))
	}
	return nil
}

func tryMatch(b *bench) error {
	first, err := b.put(b.conn, "request", PutOptions{})
	if err != nil {
		return err
	}
	if _, err = b.put(b.conn, "reply", PutOptions{}, func(m *Message) { m.CorrelID = first.MsgID }); err != nil {
		return err
	}
	if _, err := b.expect(b.other, "reply", GetOptions{CorrelID: first.MsgID, Wait: b.wait}); err != nil {
		return err
	}
	_, err = b.expect(b.other, "request", GetOptions{MsgID: first.MsgID, Wait: b.wait})
	return err
}

func tryBrowse(b *bench) error {
	if _, err := b.put(b.conn, "browse", PutOptions{}); err != nil {
		return err
	}
	if _, err := b.expect(b.other, "browse", GetOptions{Browse: true, BrowseFirst: true}); err != nil {
		return err
	}
	_, err := b.expect(b.other, "browse", GetOptions{Wait: b.wait})
	return err
}

func tryExpiry(b *bench) error {
	if _, err := b.put(b.conn, "expiry", PutOptions{}); err != nil {
		return err
	}
	m, err := b.expect(b.conn, "expiry", GetOptions{Wait: b.wait})
	if err == nil && (m.Expiry <= 0 || m.Expiry > trialExpiry) {
		err = fmt.Errorf("%v are left of an expiry of %v", m.Expiry, trialExpiry)
	}
	return err
}

func tryExclusive(b *bench) error {
	if err := b.nothing(b.conn, "the queue is not empty", GetOptions{Exclusive: true}); err != nil {
		return err
	}
	_, err := b.other.Get(b.ctx, b.queue, GetOptions{Exclusive: true})
	if !IsReason(err, RCObjectInUse) {
		return fmt.Errorf("a second exclusive reader was told %w, and not 2042", orNone(err))
	}
	return nil
}

func orNone(err error) error {
	if err == nil {
		return errors.New("nothing")
	}
	return err
}

func tryLongest(b *bench) error {
	a, err := b.conn.Inquire(b.ctx, b.queue)
	if err != nil {
		return err
	}
	long := string(make([]byte, min(a.MaxMsgLength, longestTrial)))
	if _, err := b.put(b.conn, long, PutOptions{}); err != nil {
		return fmt.Errorf("a message of %d bytes, which the queue takes: %w", len(long), err)
	}
	_, err = b.expect(b.conn, long, GetOptions{Wait: b.wait})
	return err
}
