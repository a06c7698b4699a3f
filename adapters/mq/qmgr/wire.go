package qmgr

import (
	"encoding/binary"
	"time"

	"github.com/portage-gateway/portage/adapters/mq"
)

// Option bits of get and put requests.
const (
	getSyncpoint   = 1 << 0
	getBrowse      = 1 << 1
	getBrowseFirst = 1 << 2
	getExclusive   = 1 << 3
	getLogical     = 1 << 4
	getAll         = 1 << 5
	getMatchGroup  = 1 << 6 // GroupId and MsgSeqNumber follow
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
	group := !o.GroupID.Zero() || o.MsgSeqNumber != 0
	b = appendInt(b, int32(bits(o.Syncpoint, o.Browse, o.BrowseFirst, o.Exclusive, o.LogicalOrder, o.AllAvailable, group)))
	b = appendInt(b, int32(min(o.Wait.Milliseconds(), 1<<31-1)))
	b = append(b, o.MsgID[:]...)
	b = append(b, o.CorrelID[:]...)
	b = appendInt(b, int32(min(o.MaxBody, 1<<31-1)))
	if group {
		b = append(b, o.GroupID[:]...)
		b = appendInt(b, o.MsgSeqNumber)
	}
	return b
}

func (r *reader) get() (queue string, o mq.GetOptions) {
	queue = r.text()
	b := r.uint32()
	o.Syncpoint, o.Browse = b&getSyncpoint != 0, b&getBrowse != 0
	o.BrowseFirst, o.Exclusive = b&getBrowseFirst != 0, b&getExclusive != 0
	o.Wait = time.Duration(max(0, r.int())) * time.Millisecond
	o.MsgID, o.CorrelID = r.id(), r.id()
	o.MaxBody = int(max(0, r.int()))
	o.LogicalOrder, o.AllAvailable = b&getLogical != 0, b&getAll != 0
	if b&getMatchGroup != 0 {
		o.GroupID, o.MsgSeqNumber = r.id(), r.int()
	}
	return queue, o
}

// batchLevel is the level since which several messages are got in one request.
const batchLevel = 3

// maxBatch bounds the messages of one reply; descriptorWeight is what each counts beside its body and properties.
const (
	maxBatch         = 10_000
	descriptorWeight = 512
)

func appendGetBatch(b []byte, queue string, o mq.GetOptions, most, size int) []byte {
	b = appendGet(b, queue, o)
	b = appendInt(b, int32(max(1, min(most, maxBatch))))
	return appendInt(b, int32(max(1, min(size, MaxMsgLength))))
}

func (r *reader) getBatch() (queue string, o mq.GetOptions, most, size int) {
	queue, o = r.get()
	most, size = int(r.int()), int(r.int())
	if r.err == nil && (most < 1 || most > maxBatch || size < 1 || size > MaxMsgLength) {
		r.err = errCount
	}
	return queue, o, most, size
}

func appendBatch(b []byte, ms []mq.Message) []byte {
	b = appendInt(b, int32(len(ms)))
	for i := range ms {
		b = appendMessage(b, &ms[i])
	}
	return b
}

func (r *reader) batch() []mq.Message {
	n := r.uint32()
	if r.err == nil && (n < 1 || n > maxBatch) {
		r.err = errCount
	}
	var ms []mq.Message
	for ; n > 0 && r.err == nil; n-- {
		ms = append(ms, r.message())
	}
	return ms
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
	b = appendText(b, e.Hint)
	if e.Reason == mq.RCTruncatedMsgFailed {
		b = appendInt(b, int32(e.DataLength))
	}
	return b
}

// status returns the error that a reply begins with, or nil.
func (r *reader) status(op, queue string) *mq.Error {
	e := &mq.Error{Op: op, Queue: queue, CompCode: r.int(), Reason: r.int(), Hint: r.text()}
	if e.Reason == mq.RCTruncatedMsgFailed {
		e.DataLength = int(r.int())
	}
	if r.err != nil || e.CompCode == mq.CCOK {
		return nil
	}
	return e
}

// Modes of a define request.
const (
	modeDefine byte = 1 + iota
	modeAlter
)

// maxSettings bounds a define request.
const maxSettings = 100

func appendDefine(b []byte, name string, mode byte, settings []string) []byte {
	b = append(appendText(b, name), mode)
	b = binary.BigEndian.AppendUint16(b, uint16(len(settings)))
	for _, s := range settings {
		b = appendText(b, s)
	}
	return b
}

func (r *reader) define() (name string, mode byte, settings []string) {
	name, mode = r.text(), r.byte()
	n := r.uint16()
	if r.err == nil && (n > maxSettings || mode != modeDefine && mode != modeAlter) {
		r.err = errCount
	}
	for ; n > 0 && r.err == nil; n-- {
		settings = append(settings, r.text())
	}
	return name, mode, settings
}

func appendDetail(b []byte, d Detail) []byte {
	b = appendText(appendText(b, d.Name), d.Target)
	b = appendAttributes(b, d.Attributes)
	b = appendInt(b, int32(bits(d.GetInhibited, d.PutInhibited)))
	b = appendText(b, d.StreamQueue)
	b = binary.BigEndian.AppendUint64(b, d.CopiesLost)
	return appendInt(b, int32(d.Readers))
}

func (r *reader) detail() (d Detail) {
	d.Name, d.Target = r.text(), r.text()
	d.Attributes = r.attributes()
	b := r.uint32()
	d.GetInhibited, d.PutInhibited = b&1 != 0, b&2 != 0
	d.StreamQueue, d.CopiesLost = r.text(), r.uint64()
	d.Readers = int(r.int())
	return d
}

func appendAliases(b []byte, all []Alias) []byte {
	b = appendInt(b, int32(len(all)))
	for _, a := range all {
		b = appendText(appendText(b, a.Name), a.Target)
		b = appendInt(b, int32(bits(a.GetInhibited, a.PutInhibited)))
	}
	return b
}

func (r *reader) aliases() (all []Alias) {
	for n := r.uint32(); n > 0 && r.err == nil; n-- {
		a := Alias{Name: r.text(), Target: r.text()}
		b := r.uint32()
		a.GetInhibited, a.PutInhibited = b&1 != 0, b&2 != 0
		all = append(all, a)
	}
	return all
}

func appendFault(b []byte, f Fault) []byte {
	b = append(b, byte(f.Kind))
	b = appendText(appendText(appendText(b, f.Op), f.Queue), f.App)
	b = appendInt(appendInt(appendInt(b, int32(f.Nth)), int32(f.Times)), f.Reason)
	return appendInt(b, int32(min(f.Delay.Milliseconds(), 1<<31-1)))
}

func (r *reader) fault() (f Fault) {
	f.Kind = FaultKind(r.byte())
	f.Op, f.Queue, f.App = r.text(), r.text(), r.text()
	f.Nth, f.Times, f.Reason = int(r.int()), int(r.int()), r.int()
	f.Delay = time.Duration(max(0, r.int())) * time.Millisecond
	return f
}
