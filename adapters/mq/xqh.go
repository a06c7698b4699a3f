package mq

// XQH is the transmission queue header, 428 bytes (IBM MQ, Reference, MQXQH): where a channel is to
// carry the message, and the message's own descriptor, version 1.
type XQH struct {
	// RemoteQName and RemoteQMgrName are at most 48 characters each.
	RemoteQName, RemoteQMgrName string
	// MsgDesc describes what follows.
	MsgDesc MD1

	read origin
}

// MD1 is a message descriptor, version 1, as it stands in data: 324 bytes (IBM MQ, Reference, MQMD). It
// holds identity context: it is not for logs.
type MD1 struct {
	Report, MsgType int32
	// Expiry is in tenths of a second; -1: for ever.
	Expiry           int32
	Feedback         int32
	Encoding, CCSID  int32
	Format           string
	Priority         int32
	Persistence      int32
	MsgID, CorrelID  ID
	BackoutCount     int32
	ReplyToQ         string
	ReplyToQMgr      string
	UserIdentifier   string
	AccountingToken  [32]byte
	ApplIdentityData string
	PutApplType      int32
	PutApplName      string
	// PutDate is YYYYMMDD and PutTime HHMMSSTH, UTC.
	PutDate, PutTime string
	ApplOriginData   string
}

// MQFormat implements Header.
func (*XQH) MQFormat() string { return FormatXQH }

func (h *XQH) links() links {
	return links{format: &h.MsgDesc.Format, encoding: &h.MsgDesc.Encoding, ccsid: &h.MsgDesc.CCSID, read: &h.read}
}

func (h *XQH) visit(w *wire) {
	version := int32(1)
	w.begin("XQH", &version)
	w.text("RemoteQName", &h.RemoteQName, 48)
	w.text("RemoteQMgrName", &h.RemoteQMgrName, 48)
	h.MsgDesc.visit(w)
}

func (d *MD1) visit(w *wire) {
	id, version := "MD", int32(1)
	at := w.at
	w.text("MsgDesc.StrucId", &id, 4)
	w.long(&version)
	if id != "MD" || version != 1 {
		w.fail(reasonHeaderVersion, "MsgDesc", at, 8, "it is not a message descriptor of version 1")
	}
	w.long(&d.Report)
	w.long(&d.MsgType)
	w.long(&d.Expiry)
	w.long(&d.Feedback)
	w.link(&d.Encoding, &d.CCSID, &d.Format)
	w.long(&d.Priority)
	w.long(&d.Persistence)
	w.bytes(d.MsgID[:])
	w.bytes(d.CorrelID[:])
	w.long(&d.BackoutCount)
	w.text("MsgDesc.ReplyToQ", &d.ReplyToQ, 48)
	w.text("MsgDesc.ReplyToQMgr", &d.ReplyToQMgr, 48)
	w.text("MsgDesc.UserIdentifier", &d.UserIdentifier, 12)
	w.bytes(d.AccountingToken[:])
	w.text("MsgDesc.ApplIdentityData", &d.ApplIdentityData, 32)
	w.long(&d.PutApplType)
	w.text("MsgDesc.PutApplName", &d.PutApplName, 28)
	w.text("MsgDesc.PutDate", &d.PutDate, 8)
	w.text("MsgDesc.PutTime", &d.PutTime, 8)
	w.text("MsgDesc.ApplOriginData", &d.ApplOriginData, 4)
}
