package mq

// DLH is the dead-letter header, 172 bytes (IBM MQ, Reference, MQDLH): why a message is where it is, and
// where it was to go.
type DLH struct {
	// Reason is a reason code of the MQI, MQFB feedback, or an application's own (65536 to 999999999).
	Reason int32
	// DestQName and DestQMgrName are where the message was to go; at most 48 characters each.
	DestQName, DestQMgrName string
	// Encoding, CCSID and Format describe what follows.
	Encoding, CCSID int32
	Format          string
	// PutApplType, PutApplName (at most 28 characters), PutDate YYYYMMDD and PutTime HHMMSSTH say who put
	// the message here and when, UTC.
	PutApplType int32
	PutApplName string
	PutDate     string
	PutTime     string

	read origin
}

// MQFormat implements Header.
func (*DLH) MQFormat() string { return FormatDLH }

func (h *DLH) links() links {
	return links{format: &h.Format, encoding: &h.Encoding, ccsid: &h.CCSID, read: &h.read}
}

func (h *DLH) visit(w *wire) {
	version := int32(1)
	w.begin("DLH", &version)
	w.long(&h.Reason)
	w.text("DestQName", &h.DestQName, 48)
	w.text("DestQMgrName", &h.DestQMgrName, 48)
	w.link(&h.Encoding, &h.CCSID, &h.Format)
	w.long(&h.PutApplType)
	w.text("PutApplName", &h.PutApplName, 28)
	w.text("PutDate", &h.PutDate, 8)
	w.text("PutTime", &h.PutTime, 8)
}
