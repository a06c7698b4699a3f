package qmgr

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/mq"
)

// Limits of a message's properties.
const (
	maxProperties    = 1000
	maxPropertyBytes = 1 << 20
)

// messageVersion is the first byte of an encoded message, on the wire and at rest.
const messageVersion = 1

const (
	flagPersistent = 1 << 0
	tenth          = time.Second / 10
	unlimited      = -1 // MQEI_UNLIMITED
)

// Integers are big-endian, texts have a length in two bytes before them, long texts and bodies in four.

func appendInt(b []byte, v int32) []byte { return binary.BigEndian.AppendUint32(b, uint32(v)) }

func appendText(b []byte, s string) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(len(s)))
	return append(b, s...)
}

func appendLong(b []byte, s []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
	return append(b, s...)
}

// appendMessage encodes m as protocol.md says.
func appendMessage(b []byte, m *mq.Message) []byte {
	b = append(b, messageVersion)
	b = append(b, m.MsgID[:]...)
	b = append(b, m.CorrelID[:]...)
	b = append(b, m.GroupID[:]...)
	b = append(b, m.AccountingToken[:]...)
	var flags byte
	if m.Persistent {
		flags |= flagPersistent
	}
	b = append(b, flags)
	expiry := int32(unlimited)
	if m.Expiry > 0 {
		expiry = int32(min((m.Expiry+tenth-1)/tenth, 1<<31-1))
	}
	put := int64(0)
	if !m.PutTime.IsZero() {
		put = m.PutTime.UnixMilli()
	}
	for _, v := range [...]int32{m.Encoding, m.CCSID, expiry, m.Priority, m.MsgType, m.Report, m.Feedback,
		m.BackoutCount, m.MsgSeqNumber, m.MsgFlags} {
		b = appendInt(b, v)
	}
	b = binary.BigEndian.AppendUint64(b, uint64(put))
	for _, s := range [...]string{m.Format, m.ReplyToQ, m.ReplyToQMgr, m.UserIdentifier, m.ApplIdentityData, m.PutApplName} {
		b = appendText(b, s)
	}
	b = binary.BigEndian.AppendUint16(b, uint16(len(m.Properties)))
	for _, p := range m.Properties {
		b = appendText(b, p.Name)
		b = appendLong(b, []byte(p.Value))
	}
	return appendLong(b, m.Body)
}

var (
	errShort   = errors.New("it ends too early")
	errTrailer = errors.New("bytes follow its end")
	errVersion = errors.New("it has another version")
	errCount   = errors.New("a count is over its limit")
)

// reader takes fields off an encoding; the first error stays.
type reader struct {
	b   []byte
	err error
}

// take returns the next n bytes, which are the input's own.
func (r *reader) take(n int) []byte {
	if r.err == nil && (n < 0 || n > len(r.b)) {
		r.err = errShort
	}
	if r.err != nil {
		return nil
	}
	out := r.b[:n:n]
	r.b = r.b[n:]
	return out
}

func (r *reader) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) uint16() uint16 {
	if b := r.take(2); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

func (r *reader) uint32() uint32 {
	if b := r.take(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

func (r *reader) int() int32 { return int32(r.uint32()) }

func (r *reader) uint64() uint64 {
	if b := r.take(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

func (r *reader) text() string { return string(r.take(int(r.uint16()))) }

func (r *reader) long() []byte { return r.take(int(r.uint32())) }

func (r *reader) id() (id mq.ID) {
	copy(id[:], r.take(len(id)))
	return id
}

// message decodes what appendMessage wrote. Its body is the input's own bytes.
func (r *reader) message() (m mq.Message) {
	if v := r.byte(); r.err == nil && v != messageVersion {
		r.err = errVersion
	}
	m.MsgID, m.CorrelID, m.GroupID = r.id(), r.id(), r.id()
	copy(m.AccountingToken[:], r.take(len(m.AccountingToken)))
	m.Persistent = r.byte()&flagPersistent != 0
	var expiry int32
	for _, v := range [...]*int32{&m.Encoding, &m.CCSID, &expiry, &m.Priority, &m.MsgType, &m.Report, &m.Feedback,
		&m.BackoutCount, &m.MsgSeqNumber, &m.MsgFlags} {
		*v = r.int()
	}
	if expiry > 0 {
		m.Expiry = time.Duration(expiry) * tenth
	}
	if put := int64(r.uint64()); put != 0 {
		m.PutTime = time.UnixMilli(put).UTC()
	}
	for _, s := range [...]*string{&m.Format, &m.ReplyToQ, &m.ReplyToQMgr, &m.UserIdentifier, &m.ApplIdentityData, &m.PutApplName} {
		*s = r.text()
	}
	n := int(r.uint16())
	if n > maxProperties && r.err == nil {
		r.err = errCount
	}
	for range n {
		if r.err != nil {
			break
		}
		m.Properties = append(m.Properties, adapters.Header{Name: r.text(), Value: string(r.long())})
	}
	m.Body = r.long()
	return m
}

// end requires that nothing is left.
func (r *reader) end() error {
	if r.err == nil && len(r.b) > 0 {
		r.err = errTrailer
	}
	return r.err
}
