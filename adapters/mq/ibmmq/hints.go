//go:build ibmmq

package ibmmq

import "github.com/portage-gateway/portage/adapters/mq"

// failed makes the error of a call that ended in a completion and reason code.
func failed(op, queue string, completion, reason int32) *mq.Error {
	return &mq.Error{Op: op, Queue: queue, CompCode: completion, Reason: reason, Hint: hints[reason]}
}

// hints say what to do about the reasons that a person has to deal with.
var hints = map[int32]string{
	mq.RCNotAuthorized:         "check the user, CHLAUTH and the authorities in the queue manager's error log; docs/ibm-mq.md lists those that Portage needs",
	mq.RCObjectInUse:           "another connection takes from this queue; after a lost host it lasts until the channel's heartbeat has run out",
	mq.RCUnknownObjectName:     "define the queue, or mend its name",
	mq.RCQMgrNameError:         "the channel leads to a queue manager of another name",
	mq.RCQMgrNotAvailable:      "the queue manager does not run, or refuses this connection: see its error log",
	mq.RCHostNotAvailable:      "nothing listens there: check the connection name and the listener",
	mq.RCUnknownChannelName:    "define the channel (SVRCONN), or mend its name",
	mq.RCChannelConfigError:    "the two ends of the channel do not agree: compare cipher and SHARECNV, or read the CCDT",
	mq.RCSSLInitialization:     "check cipher, key repository and its password",
	mq.RCSSLPeerName:           "the queue manager's certificate does not say what peerName asks for",
	mq.RCGetInhibited:          "gets are inhibited on this queue: ALTER QLOCAL GET(ENABLED)",
	mq.RCPutInhibited:          "puts are inhibited on this queue: ALTER QLOCAL PUT(ENABLED)",
	mq.RCQFull:                 "the queue holds MAXDEPTH messages: see who should read it",
	mq.RCMsgTooBigForQ:         "the message is longer than the queue's MAXMSGL",
	mq.RCDataLengthError:       "the message is longer than the channel's MAXMSGL",
	mq.RCSyncpointLimitReached: "commit earlier: the unit of work has reached MAXUMSGS",
	mq.RCConnectionBroken:      "the connection to the queue manager was lost",
	mq.RCCallInProgress:        "a connection is for one goroutine",
	mq.RCTruncatedMsgFailed:    "the message is longer than the caller takes, and stays on the queue",
	mq.RCPropertyValueTooBig:   "over IBM MQ a header has at most 1,024 bytes",
}
