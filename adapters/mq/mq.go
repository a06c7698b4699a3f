// Package mq is queue work as IBM MQ defines it: messages with a descriptor, units of work, request
// and reply by correlation, and outcomes that say what to do next. Two packages below it do the work:
// qmgr, the embedded queue manager, and ibmmq, IBM's client.
//
// One connection is one unit of work is one goroutine (IBM MQ, Application reference, MQCONN: a
// connection handle belongs to one thread). Nothing here is safe for concurrent use unless it says so.
package mq

import (
	"context"
	"time"

	"github.com/portage-gateway/portage/adapters"
)

// ID is a message or correlation identifier: 24 bytes (MQMD.MsgId, MQMD.CorrelId). All zero: none.
type ID [24]byte

// Zero reports whether the identifier is MQMI_NONE (MQCI_NONE).
func (id ID) Zero() bool { return id == ID{} }

// Descriptor holds those fields of the MQMD that Portage reads, sets or passes on. The zero value is
// MQMD_DEFAULT except that Persistent says yes or no and CCSID 0 is the queue manager's.
type Descriptor struct {
	MsgID    ID
	CorrelID ID
	// Format names what the body begins with: "" none, "MQSTR", "MQHRF2", "MQDEAD", ... No padding.
	Format string
	// Encoding and CCSID describe the body's numbers and text. z/OS: 785 and 37.
	Encoding int32
	CCSID    int32
	// Persistent messages outlive the queue manager.
	Persistent bool
	// Expiry is how long the message lives, counted in tenths of a second by the queue manager. 0: for ever.
	Expiry time.Duration
	// Priority is 0 to 9.
	Priority int32
	// MsgType is MQMT: 1 request, 2 reply, 4 report, 8 datagram. Report and Feedback go with it.
	MsgType  int32
	Report   int32
	Feedback int32
	// ReplyToQ and ReplyToQMgr say where the answer goes. At most 48 characters each.
	ReplyToQ    string
	ReplyToQMgr string
	// PutTime is when the queue manager took the message, UTC, to the hundredth of a second.
	PutTime time.Time
	// BackoutCount is how often a unit of work that had got this message was backed out.
	BackoutCount int32
	// Identity context: passed on, or set per route, never flattened (MQMD.UserIdentifier, at most 12
	// characters, .AccountingToken 32 bytes, .ApplIdentityData at most 32 characters).
	UserIdentifier   string
	AccountingToken  [32]byte
	ApplIdentityData string
	// PutApplName names the program that put the message; at most 28 characters.
	PutApplName string
	// Groups and segments.
	GroupID      ID
	MsgSeqNumber int32
	MsgFlags     int32
	// Properties are message properties (MQSETMP): names and values that the queue manager keeps beside
	// the body, which stays as it was put. Names are ASCII; a name may stand more than once, in order.
	Properties []adapters.Header
}

// hasIdentity reports whether d says under whose identity a message is put.
func (d *Descriptor) hasIdentity() bool {
	return d.UserIdentifier != "" || d.ApplIdentityData != "" || d.AccountingToken != [32]byte{}
}

// Flags of a message in a group (IBM MQ, Reference, MQMF). The last one is in the group with its own flag alone.
const (
	MFMsgInGroup     int32 = 8
	MFLastMsgInGroup int32 = 16
)

// InGroup reports whether the message belongs to a group.
func (d *Descriptor) InGroup() bool { return d.MsgFlags&(MFMsgInGroup|MFLastMsgInGroup) != 0 }

// Message types (IBM MQ, Reference, MQMT).
const (
	MTRequest  int32 = 1
	MTReply    int32 = 2
	MTReport   int32 = 4
	MTDatagram int32 = 8
)

// Message is a Descriptor and the bytes it describes. Headers in Body are not parsed.
type Message struct {
	Descriptor
	Body []byte
}

// GetOptions says which message MQGET takes and how long it waits.
type GetOptions struct {
	// Wait is how long to wait for a message. 0: do not wait.
	Wait time.Duration
	// Syncpoint takes the message in the connection's unit of work. False: at once and for good.
	Syncpoint bool
	// Browse leaves the message on the queue; the first Browse starts at the head, each later one on the
	// same connection and queue goes on. BrowseFirst starts again.
	Browse, BrowseFirst bool
	// MsgID, CorrelID, GroupID and MsgSeqNumber restrict the get to matching messages. Zero: any.
	MsgID, CorrelID, GroupID ID
	MsgSeqNumber             int32
	// LogicalOrder gives a group's messages one after the other, from its first, on one connection and
	// queue, before anything else (MQGMO_LOGICAL_ORDER). A backout takes the place in the group back too.
	LogicalOrder bool
	// AllAvailable leaves a group alone until all of its messages are there (MQGMO_ALL_MSGS_AVAILABLE).
	AllAvailable bool
	// MaxBody is the largest body to accept, in bytes; a longer message stays and 2080 is returned. 0: any.
	MaxBody int
	// Exclusive makes this connection the only one that takes from the queue, from this get until it is
	// closed (MQOO_INPUT_EXCLUSIVE). 2042 while another connection takes from it. Browsing needs none.
	Exclusive bool
}

// PutOptions says how MQPUT1 puts.
type PutOptions struct {
	// Syncpoint puts in the connection's unit of work. False: at once.
	Syncpoint bool
	// NewMsgID asks for a new MsgID even if one is set. A zero MsgID is always replaced.
	NewMsgID bool
	// PassContext keeps the identity context and PutTime, PutApplName of the descriptor
	// (MQPMO_SET_ALL_CONTEXT); a zero PutTime is still set. False: the queue manager sets them.
	PassContext bool
}

// Getter takes messages. When there is none in time it returns an *Error with Reason
// RCNoMsgAvailable; a get never converts (no MQGMO_CONVERT: it would destroy COMP and COMP-3).
type Getter interface {
	Get(ctx context.Context, queue string, o GetOptions) (Message, error)
}

// BatchGetter is what a Getter offers beside Get when it can take several messages in one call, which spares
// their round trips. IBM's client cannot: it asks for each persistent message separately.
type BatchGetter interface {
	// GetBatch gets one message as Get does, and then those that are there at once, in the same unit of work and
	// order, until there are most of them or they come to about size bytes. A message with a BackoutCount above 0
	// is the last of its batch. It returns at least one message or an error, never both.
	GetBatch(ctx context.Context, queue string, o GetOptions, most, size int) ([]Message, error)
}

// Putter puts a message and returns its descriptor as the queue manager completed it.
type Putter interface {
	Put(ctx context.Context, queue string, m Message, o PutOptions) (Descriptor, error)
}

// UnitOfWork ends the connection's unit of work. After a Commit error whose class is InDoubt the
// outcome is unknown until the messages come again or do not.
type UnitOfWork interface {
	Commit(ctx context.Context) error
	Backout(ctx context.Context) error
}

// Inquirer reads a queue's attributes.
type Inquirer interface {
	Inquire(ctx context.Context, queue string) (Attributes, error)
}

// Attributes are a local queue's attributes and its state.
type Attributes struct {
	Queue string
	// Depth and MaxDepth are in messages, MaxMsgLength in bytes.
	Depth, MaxDepth int
	MaxMsgLength    int
	// BackoutThreshold is the BackoutCount at which an application moves a message to BackoutQueue. 0: never.
	BackoutThreshold int
	BackoutQueue     string
	GetInhibited     bool
	PutInhibited     bool
	// OldestAge is the age of the oldest message that waits; 0 if none does.
	OldestAge time.Duration
}

// Conn is one connection: one unit of work, one goroutine. Closing it backs out.
type Conn interface {
	Getter
	Putter
	UnitOfWork
	Inquirer
	Close() error
}

// Dial opens a connection. A func so that rooms need not know which queue manager answers. Safe for use
// by several goroutines.
type Dial func(ctx context.Context) (Conn, error)
