package mq

const iihLength = 84

// TranInConversation is the TranState of a transaction that waits for more (IBM MQ, Reference,
// MQITS_IN_CONVERSATION).
const TranInConversation = "C"

// IIH is the header of the MQ-IMS bridge, 84 bytes (IBM MQ, Reference, MQIIH). What follows is in the
// header's own encoding and code page: its fields Encoding and CCSID are reserved, and kept as they are.
// Authenticator holds a password: it is not for logs.
type IIH struct {
	Encoding, CCSID int32
	// Format describes what follows: "MQIMSVS", segments of text, or a format of the site's own.
	Format         string
	Flags          int32
	LTermOverride  string
	MFSMapName     string
	ReplyToFormat  string
	Authenticator  string
	TranInstanceID [16]byte
	// TranState is "" or "C", in conversation. (IMS 14 and later may set TranInstanceID without one.)
	TranState string
	// CommitMode is "0", commit then send, or "1", send then commit.
	CommitMode string
	// SecurityScope is "", "C" (check) or "F" (full).
	SecurityScope string

	read origin
}

// NewIIH returns an IIH with the initial values of its declaration: commit then send, checked.
func NewIIH() *IIH { return &IIH{Format: FormatIMSVS, CommitMode: "0", SecurityScope: "C"} }

// MQFormat implements Header.
func (*IIH) MQFormat() string { return FormatIIH }

func (h *IIH) links() links {
	return links{format: &h.Format, encoding: &h.Encoding, ccsid: &h.CCSID, own: true, read: &h.read}
}

func (h *IIH) visit(w *wire) {
	version := int32(1)
	w.begin("IIH", &version)
	w.length(iihLength)
	w.link(&h.Encoding, &h.CCSID, &h.Format)
	w.long(&h.Flags)
	w.text("LTermOverride", &h.LTermOverride, 8)
	w.text("MFSMapName", &h.MFSMapName, 8)
	w.text("ReplyToFormat", &h.ReplyToFormat, 8)
	w.text("Authenticator", &h.Authenticator, 8)
	w.bytes(h.TranInstanceID[:])
	w.text("TranState", &h.TranState, 1)
	w.text("CommitMode", &h.CommitMode, 1)
	w.text("SecurityScope", &h.SecurityScope, 1)
	w.reserved(1)
}
