package writeback

import (
	"encoding/hex"

	"github.com/portage-gateway/portage/adapters/mq"
)

// Marks make and know MsgIds of what is written back. A program that answers by the customs of MQ (CorrelId is the
// request's MsgId), or that puts with the descriptor of what it got, carries the mark on without knowing it. The
// first 8 bytes name the event, the other 16 prove that these keys made them: no program makes one by accident.
// Safe for use by several goroutines if the func is.
type Marks func(b []byte) [16]byte

const markName = 8

// Of returns the MsgId for an event's id: always the same.
func (mac Marks) Of(id string) (out mq.ID) {
	name := mac([]byte("event " + id))
	copy(out[:markName], name[:])
	proof := mac(append([]byte("mark "), out[:markName]...))
	copy(out[markName:], proof[:])
	return out
}

// Has reports whether a MsgId or CorrelId, in hexadecimal, is one of these marks.
func (mac Marks) Has(id string) bool {
	var got mq.ID
	b, err := hex.DecodeString(id)
	if err != nil || len(b) != len(got) {
		return false
	}
	copy(got[:], b)
	proof := mac(append([]byte("mark "), b[:markName]...))
	return [16]byte(got[markName:]) == proof
}
