package mq

const mdeLength = 72

// MDE is the message descriptor extension, 72 bytes (IBM MQ, Reference, MQMDE): group and segment of a
// message whose descriptor is version 1.
type MDE struct {
	// Encoding, CCSID and Format describe what follows.
	Encoding, CCSID int32
	Format          string
	Flags           int32
	GroupID         ID
	MsgSeqNumber    int32
	// Offset is that of a segment in its logical message, in bytes.
	Offset         int32
	MsgFlags       int32
	OriginalLength int32

	read origin
}

// NewMDE returns an MDE with the initial values of its declaration.
func NewMDE() *MDE { return &MDE{MsgSeqNumber: 1, OriginalLength: -1} }

// MQFormat implements Header.
func (*MDE) MQFormat() string { return FormatMDE }

func (h *MDE) links() links {
	return links{format: &h.Format, encoding: &h.Encoding, ccsid: &h.CCSID, read: &h.read}
}

func (h *MDE) visit(w *wire) {
	version := int32(2)
	w.begin("MDE", &version)
	w.length(mdeLength)
	w.link(&h.Encoding, &h.CCSID, &h.Format)
	w.long(&h.Flags)
	w.bytes(h.GroupID[:])
	w.long(&h.MsgSeqNumber)
	w.long(&h.Offset)
	w.long(&h.MsgFlags)
	w.long(&h.OriginalLength)
}
