package qmgr

import (
	"time"

	"github.com/portage-gateway/portage/adapters/mq"
)

// Option bits of get and put requests.
const (
	getSyncpoint   = 1 << 0
	getBrowse      = 1 << 1
	getBrowseFirst = 1 << 2
	getExclusive   = 1 << 3
	putSyncpoint   = 1 << 0
	putNewMsgID    = 1 << 1
	putPassContext = 1 << 2
)

func bits(values ...bool) (out uint32) {
	for i, v := range values {
		if v {
			out |= 1 << i
		}
	}
	return out
}

func appendGet(b []byte, queue string, o mq.GetOptions) []byte {
	b = appendText(b, queue)
	b = appendInt(b, int32(bits(o.Syncpoint, o.Browse, o.BrowseFirst, o.Exclusive)))
	b = appendInt(b, int32(min(o.Wait.Milliseconds(), 1<<31-1)))
	b = append(b, o.MsgID[:]...)
	b = append(b, o.CorrelID[:]...)
	return appendInt(b, int32(min(o.MaxBody, 1<<31-1)))
}

func (r *reader) get() (queue string, o mq.GetOptions) {
	queue = r.text()
	b := r.uint32()
	o.Syncpoint, o.Browse = b&getSyncpoint != 0, b&getBrowse != 0
	o.BrowseFirst, o.Exclusive = b&getBrowseFirst != 0, b&getExclusive != 0
	o.Wait = time.Duration(max(0, r.int())) * time.Millisecond
	o.MsgID, o.CorrelID = r.id(), r.id()
	o.MaxBody = int(max(0, r.int()))
	return queue, o
}

func appendPut(b []byte, queue string, m *mq.Message, o mq.PutOptions) []byte {
	b = appendText(b, queue)
	b = appendInt(b, int32(bits(o.Syncpoint, o.NewMsgID, o.PassContext)))
	return appendMessage(b, m)
}

func (r *reader) put() (queue string, m mq.Message, o mq.PutOptions) {
	queue = r.text()
	b := r.uint32()
	o.Syncpoint, o.NewMsgID, o.PassContext = b&putSyncpoint != 0, b&putNewMsgID != 0, b&putPassContext != 0
	return queue, r.message(), o
}

func appendAttributes(b []byte, a mq.Attributes) []byte {
	b = appendText(b, a.Queue)
	for _, v := range [...]int{a.Depth, a.MaxDepth, a.MaxMsgLength, a.BackoutThreshold} {
		b = appendInt(b, int32(v))
	}
	b = appendText(b, a.BackoutQueue)
	b = appendInt(b, int32(bits(a.GetInhibited, a.PutInhibited)))
	return appendInt(b, int32(min(a.OldestAge.Milliseconds(), 1<<31-1)))
}

func (r *reader) attributes() (a mq.Attributes) {
	a.Queue = r.text()
	for _, v := range [...]*int{&a.Depth, &a.MaxDepth, &a.MaxMsgLength, &a.BackoutThreshold} {
		*v = int(r.int())
	}
	a.BackoutQueue = r.text()
	b := r.uint32()
	a.GetInhibited, a.PutInhibited = b&1 != 0, b&2 != 0
	a.OldestAge = time.Duration(r.int()) * time.Millisecond
	return a
}

// appendStatus begins every reply's payload. A nil error is CCOK.
func appendStatus(b []byte, e *mq.Error) []byte {
	if e == nil {
		e = new(mq.Error)
	}
	b = appendInt(b, e.CompCode)
	b = appendInt(b, e.Reason)
	return appendText(b, e.Hint)
}

// status returns the error that a reply begins with, or nil.
func (r *reader) status(op, queue string) *mq.Error {
	e := &mq.Error{Op: op, Queue: queue, CompCode: r.int(), Reason: r.int(), Hint: r.text()}
	if r.err != nil || e.CompCode == mq.CCOK {
		return nil
	}
	return e
}
