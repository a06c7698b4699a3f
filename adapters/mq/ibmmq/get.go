//go:build ibmmq

package ibmmq

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ibm-messaging/mq-golang/v5/ibmmq"

	"github.com/portage-gateway/portage/adapters/mq"
)

const (
	// firstBuffer is the size of a connection's buffer before a longer message comes; one that has grown beyond
	// mostBuffer is let go after use.
	firstBuffer = 64 << 10
	mostBuffer  = 4 << 20
)

// Get implements mq.Getter.
func (c *conn) Get(ctx context.Context, queue string, o mq.GetOptions) (mq.Message, error) {
	return call(ctx, c, "get", queue, func() (mq.Message, error) { return c.get(ctx, queue, o) })
}

// get waits in slices, and answers 2080 with a longer buffer. A message that another reader took meanwhile is not
// missed: the next one that matches is as good.
func (c *conn) get(ctx context.Context, queue string, o mq.GetOptions) (mq.Message, error) {
	h, k, err := c.reader(queue, o)
	if err != nil {
		return mq.Message{}, err
	}
	end := time.Now().Add(o.Wait)
	for {
		wait := min(max(0, time.Until(end)), c.config.Poll)
		m, err := c.getOnce(h, queue, o, wait)
		var e *mq.Error
		if !errors.As(err, &e) {
			return m, err
		}
		c.forgetStale(k, e)
		switch {
		case e.Reason == mq.RCNoMsgAvailable && ctx.Err() != nil:
			return mq.Message{}, fmt.Errorf("mq get %s: %w", queue, ctx.Err())
		case e.Reason == mq.RCNoMsgAvailable && time.Until(end) > 0:
			continue
		case e.Reason == mq.RCTruncatedMsgFailed && c.grow(e.DataLength, o.MaxBody):
			continue
		}
		return mq.Message{}, e
	}
}

// reader returns the handle that a get reads by.
func (c *conn) reader(queue string, o mq.GetOptions) (*ibmmq.MQObject, handleKey, error) {
	if len(queue) > 48 {
		return nil, handleKey{}, failed("get", queue[:48], mq.CCFailed, mq.RCUnknownObjectName)
	}
	if o.Browse || o.BrowseFirst {
		h, err := c.open("get", queue, toBrowse)
		return h, handleKey{queue, toBrowse}, err
	}
	return c.taker(queue, o.Exclusive)
}

// grow makes room for a message of n bytes, and reports whether it may.
func (c *conn) grow(n, most int) bool {
	if n <= len(c.buffer) || n > maxMsgLength || most > 0 && n > most {
		return false
	}
	c.buffer = make([]byte, n)
	return true
}

// getOnce is one MQGET.
func (c *conn) getOnce(h *ibmmq.MQObject, queue string, o mq.GetOptions, wait time.Duration) (mq.Message, error) {
	md, gmo := ibmmq.NewMQMD(), getOptions(o, wait)
	md.Version = ibmmq.MQMD_VERSION_2
	md.MsgId, md.CorrelId, md.GroupId = bytes.Clone(o.MsgID[:]), bytes.Clone(o.CorrelID[:]), bytes.Clone(o.GroupID[:])
	if o.MsgSeqNumber > 0 {
		md.MsgSeqNumber = o.MsgSeqNumber
	}
	names, err := c.propertyHandle(queue)
	if err != nil {
		return mq.Message{}, err
	}
	gmo.MsgHandle = *names
	room := len(c.buffer)
	if o.MaxBody > 0 {
		room = min(room, o.MaxBody)
	}
	data, length, err := h.GetSlice(md, gmo, c.buffer[:0:room])
	if e := callError("get", queue, err); e != nil && (e.CompCode != mq.CCWarning || e.Reason == mq.RCTruncatedMsgFailed) {
		e.DataLength = 0
		if e.Reason == mq.RCTruncatedMsgFailed {
			e.DataLength = length
		}
		return mq.Message{}, e
	}
	// No error, or a warning that delivers.
	m := mq.Message{Descriptor: fromMQMD(md), Body: bytes.Clone(data)}
	if o.Syncpoint {
		c.origins.remember(&m.Descriptor, md)
	}
	m.Properties = readProperties(names)
	if len(c.buffer) > mostBuffer {
		c.buffer = make([]byte, firstBuffer)
	}
	return m, nil
}

// getOptions makes the MQGMO of one MQGET.
func getOptions(o mq.GetOptions, wait time.Duration) *ibmmq.MQGMO {
	gmo := ibmmq.NewMQGMO()
	gmo.Version = ibmmq.MQGMO_VERSION_2 // or the match options would not count
	gmo.Options = ibmmq.MQGMO_PROPERTIES_IN_HANDLE
	set := func(when bool, option int32) {
		if when {
			gmo.Options |= option
		}
	}
	browse := o.Browse || o.BrowseFirst
	set(browse && o.BrowseFirst, ibmmq.MQGMO_BROWSE_FIRST)
	set(browse && !o.BrowseFirst, ibmmq.MQGMO_BROWSE_NEXT)
	set(!browse && o.Syncpoint, ibmmq.MQGMO_SYNCPOINT)
	set(!browse && !o.Syncpoint, ibmmq.MQGMO_NO_SYNCPOINT)
	set(o.LogicalOrder, ibmmq.MQGMO_LOGICAL_ORDER)
	set(o.AllAvailable, ibmmq.MQGMO_ALL_MSGS_AVAILABLE)
	set(wait > 0, ibmmq.MQGMO_WAIT)
	gmo.WaitInterval = int32((wait + time.Millisecond - 1) / time.Millisecond)
	gmo.MatchOptions = ibmmq.MQMO_NONE
	match := func(when bool, option int32) {
		if when {
			gmo.MatchOptions |= option
		}
	}
	match(!o.MsgID.Zero(), ibmmq.MQMO_MATCH_MSG_ID)
	match(!o.CorrelID.Zero(), ibmmq.MQMO_MATCH_CORREL_ID)
	match(!o.GroupID.Zero(), ibmmq.MQMO_MATCH_GROUP_ID)
	match(o.MsgSeqNumber > 0, ibmmq.MQMO_MATCH_MSG_SEQ_NUMBER)
	return gmo
}
