package qmgr

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// protocolVersion is the third field of every frame.
const protocolVersion = 1

// protocolLevel counts what was added to the version: a higher level only adds operations, option bits and
// fields that a client asks for.
const protocolLevel = 3

// maxFrame bounds a frame after its length: the longest body and room for all else.
const maxFrame = MaxMsgLength + maxPropertyBytes + 64<<10

// frameHead is what follows the length: version, operation, request.
const frameHead = 1 + 1 + 4

// Operations. A reply has the operation of its request with the high bit set.
const (
	opConnect byte = 1 + iota
	opGet
	opPut
	opCommit
	opBackout
	opInquire
	opList
	opClose
	opCancel
	opDefine // from here on: level 2
	opAlias
	opDescribe
	opQuiesce
	opFault
	opAliases
	opGetBatch      // level 3
	opReply    byte = 0x80
)

// frame is one unit of the protocol.
type frame struct {
	op      byte
	request uint32
	payload []byte
}

var errFrame = errors.New("not a frame of this protocol")

// appendFrame encodes f.
func appendFrame(b []byte, f frame) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(frameHead+len(f.payload)))
	b = append(b, protocolVersion, f.op)
	b = binary.BigEndian.AppendUint32(b, f.request)
	return append(b, f.payload...)
}

// readFrame reads one frame. io.EOF means that the stream ended between frames. A length is believed
// only as bytes arrive, so that a stranger cannot make it allocate.
func readFrame(r io.Reader) (frame, error) {
	var head [4 + frameHead]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return frame{}, fmt.Errorf("%w: it ends in its head", errFrame)
		}
		return frame{}, err
	}
	n := int64(binary.BigEndian.Uint32(head[:]))
	if n < frameHead || n > maxFrame {
		return frame{}, fmt.Errorf("%w: length %d", errFrame, n)
	}
	if head[4] != protocolVersion {
		return frame{}, fmt.Errorf("%w: version %d, this side speaks %d", errFrame, head[4], protocolVersion)
	}
	f := frame{op: head[5], request: binary.BigEndian.Uint32(head[6:])}
	n -= frameHead
	const trusted = 64 << 10
	if n <= trusted {
		f.payload = make([]byte, n)
		_, err := io.ReadFull(r, f.payload)
		return f, truncated(err)
	}
	var b bytes.Buffer
	b.Grow(trusted)
	_, err := io.CopyN(&b, r, n)
	f.payload = b.Bytes()
	return f, truncated(err)
}

func truncated(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: it ends in its payload", errFrame)
	}
	return err
}
