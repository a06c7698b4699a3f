//go:build ibmmq

package ibmmq

import (
	"bytes"
	"time"

	"github.com/ibm-messaging/mq-golang/v5/ibmmq"

	"github.com/portage-gateway/portage/adapters/mq"
)

const tenth = time.Second / 10 // MQMD.Expiry's unit

// fromMQMD reads a descriptor.
func fromMQMD(md *ibmmq.MQMD) mq.Descriptor {
	d := mq.Descriptor{
		MsgID: mq.ID(md.MsgId), CorrelID: mq.ID(md.CorrelId), GroupID: mq.ID(md.GroupId),
		Format: md.Format, Encoding: md.Encoding, CCSID: md.CodedCharSetId,
		Persistent: md.Persistence == ibmmq.MQPER_PERSISTENT, Priority: md.Priority,
		MsgType: md.MsgType, Report: md.Report, Feedback: md.Feedback,
		ReplyToQ: md.ReplyToQ, ReplyToQMgr: md.ReplyToQMgr,
		PutTime: md.PutDateTime.UTC(), BackoutCount: md.BackoutCount,
		UserIdentifier: md.UserIdentifier, AccountingToken: [32]byte(md.AccountingToken),
		ApplIdentityData: md.ApplIdentityData, PutApplName: md.PutApplName,
		MsgSeqNumber: md.MsgSeqNumber, MsgFlags: md.MsgFlags,
	}
	if md.Expiry > 0 {
		d.Expiry = time.Duration(md.Expiry) * tenth
	}
	return d
}

// toMQMD makes the MQMD of a message to put, without context.
func toMQMD(d *mq.Descriptor) *ibmmq.MQMD {
	md := ibmmq.NewMQMD()
	md.Version = ibmmq.MQMD_VERSION_2 // groups and flags
	md.MsgId, md.CorrelId, md.GroupId = bytes.Clone(d.MsgID[:]), bytes.Clone(d.CorrelID[:]), bytes.Clone(d.GroupID[:])
	md.Format = d.Format
	if d.Encoding != 0 {
		md.Encoding = d.Encoding
	}
	md.CodedCharSetId = d.CCSID
	md.Persistence = ibmmq.MQPER_NOT_PERSISTENT
	if d.Persistent {
		md.Persistence = ibmmq.MQPER_PERSISTENT
	}
	if d.Expiry > 0 {
		md.Expiry = int32(min((d.Expiry+tenth-1)/tenth, 999_999_999))
	}
	md.Priority = d.Priority
	if d.MsgType != 0 {
		md.MsgType = d.MsgType
	}
	md.Report, md.Feedback = d.Report, d.Feedback
	md.ReplyToQ, md.ReplyToQMgr = d.ReplyToQ, d.ReplyToQMgr
	md.MsgFlags = d.MsgFlags
	if d.MsgSeqNumber > 0 {
		md.MsgSeqNumber = d.MsgSeqNumber
	}
	return md
}

// setContext puts d's context into md, as much of it as options say. now is the put time of a message that has none.
func setContext(md *ibmmq.MQMD, d *mq.Descriptor, options int32, from origin, now func() time.Time) {
	md.UserIdentifier = d.UserIdentifier
	md.AccountingToken = bytes.Clone(d.AccountingToken[:])
	md.ApplIdentityData = d.ApplIdentityData
	if options&ibmmq.MQPMO_SET_ALL_CONTEXT == 0 {
		return
	}
	md.PutApplName, md.PutApplType, md.ApplOriginData = d.PutApplName, from.kind, from.data
	md.PutDateTime = d.PutTime.UTC()
	if d.PutTime.IsZero() {
		md.PutDateTime = now().UTC()
	}
}

// checkDescriptor refuses what does not fit the MQMD: the library would cut it off.
func checkDescriptor(queue string, d *mq.Descriptor) error {
	reason, hint := mq.RCMDError, ""
	switch {
	case len(d.Format) > 8:
		hint = "a format has at most 8 characters"
	case len(d.ReplyToQ) > 48 || len(d.ReplyToQMgr) > 48:
		hint = "ReplyToQ and ReplyToQMgr have at most 48 characters"
	case len(d.UserIdentifier) > 12 || len(d.ApplIdentityData) > 32 || len(d.PutApplName) > 28:
		hint = "the context is longer than the MQMD's fields"
	case d.Expiry < 0:
		reason, hint = mq.RCExpiryError, "the expiry is below 0"
	case len(queue) > 48:
		reason, hint = mq.RCUnknownObjectName, "a queue's name has at most 48 characters"
	default:
		return nil
	}
	return mq.Failed("put", queue, reason, hint)
}

// origin is the part of the origin context that mq.Descriptor does not have.
type origin struct {
	kind int32 // MQMD.PutApplType
	data string
}

// origins remembers it for the messages of the open unit of work, so that one which is passed on, or moves to the
// backout queue, keeps its context whole.
type origins struct{ of map[originKey]origin }

type originKey struct {
	id  mq.ID
	put time.Time
}

func (o *origins) clear() { clear(o.of) }

func (o *origins) remember(d *mq.Descriptor, md *ibmmq.MQMD) {
	if o.of == nil {
		o.of = make(map[originKey]origin)
	}
	o.of[originKey{d.MsgID, d.PutTime}] = origin{md.PutApplType, md.ApplOriginData}
}

// find returns the origin of a message of the unit of work; that of a new message is this platform's.
func (o *origins) find(d *mq.Descriptor) origin {
	if found, ok := o.of[originKey{d.MsgID, d.PutTime}]; ok {
		return found
	}
	return origin{kind: ibmmq.MQAT_DEFAULT}
}
