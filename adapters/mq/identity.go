package mq

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"time"

	"github.com/portage-gateway/portage/adapters"
)

// putStamp writes a put time as MQMD keeps it: PutDate YYYYMMDD and PutTime HHMMSSTH, UTC.
const putStamp = "20060102150405.00"

// identity names a message for its whole life. A program may set MsgId itself, and COBOL programs that
// put with the descriptor of the message they got use one MsgId for many messages; so the identity is
// MsgId, the put time and eight bytes of a digest of the body. Two messages that are equal in all three
// are one to Portage.
func identity(d *Descriptor, body []byte, digest func([]byte) [16]byte) string {
	b := make([]byte, 0, 2*len(d.MsgID)+1+len(putStamp)+1+16)
	b = hex.AppendEncode(b, d.MsgID[:])
	b = append(b, '-')
	b = d.PutTime.UTC().AppendFormat(b, putStamp)
	b = append(b, '-')
	sum := digest(body)
	return string(hex.AppendEncode(b, sum[:8]))
}

// plainDigest is the digest without a key.
func plainDigest(body []byte) (out [16]byte) {
	sum := sha256.Sum256(body)
	copy(out[:], sum[:])
	return out
}

// A position is: version 1, the batch's sequence, then the mark of each message in it (0: taken out) and
// of each that is still in doubt.
const (
	positionVersion = 1
	positionHead    = 1 + 8
	// MaxBatch is the largest batch whose marks fit adapters.MaxPosition.
	MaxBatch = (adapters.MaxPosition - positionHead) / 8
)

// mark is what a position remembers of one message.
type mark uint64

func markOf(id string) mark {
	sum := sha256.Sum256([]byte(id))
	return mark(binary.BigEndian.Uint64(sum[:]))
}

func appendPosition(dst []byte, sequence uint64, marks []mark) []byte {
	dst = append(dst, positionVersion)
	dst = binary.BigEndian.AppendUint64(dst, sequence)
	for _, k := range marks {
		dst = appendMark(dst, k)
	}
	return dst
}

// clearMark takes message i out of a position.
func clearMark(p []byte, i int) {
	if at := positionHead + 8*i; at+8 <= len(p) {
		clear(p[at : at+8])
	}
}

func appendMark(dst []byte, k mark) []byte { return binary.BigEndian.AppendUint64(dst, uint64(k)) }

// parsePosition returns a position's sequence and how many messages carry each mark.
func parsePosition(p []byte) (sequence uint64, marks map[mark]int, err error) {
	if len(p) < positionHead || (len(p)-positionHead)%8 != 0 || len(p) > adapters.MaxPosition {
		return 0, nil, errors.New("mq: a position that no queue source wrote: its length is wrong")
	}
	if p[0] != positionVersion {
		return 0, nil, errors.New("mq: a position of another version; it was written by a newer Portage")
	}
	sequence = binary.BigEndian.Uint64(p[1:])
	marks = make(map[mark]int, (len(p)-positionHead)/8)
	for rest := p[positionHead:]; len(rest) > 0; rest = rest[8:] {
		if k := mark(binary.BigEndian.Uint64(rest)); k != 0 {
			marks[k]++
		}
	}
	return sequence, marks, nil
}

// tenths rounds a lifetime up to whole tenths of a second, MQMD.Expiry's unit; at least one.
func tenths(d time.Duration) time.Duration {
	const tenth = time.Second / 10
	return max(tenth, (d+tenth-1)/tenth*tenth)
}
