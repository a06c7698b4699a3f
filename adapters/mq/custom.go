package mq

import (
	"errors"
	"fmt"
	"strings"

	"github.com/portage-gateway/portage/adapters"
)

// Styles of Custom.
const (
	StyleArea = "area"
	StyleCICS = "cicsBridge"
	StyleIMS  = "ims"
)

// Values of Custom.Correlation.
const (
	CorrelateMessageID   = "messageId"
	CorrelatePassThrough = "passThrough"
)

const (
	// ReportPassCorrelID is MQRO_PASS_CORREL_ID: the reply bears the request's CorrelId.
	ReportPassCorrelID int32 = 64

	// programName is how many bytes the program's name takes before a COMMAREA.
	programName = 8
	// maxCommarea is the longest COMMAREA that the bridge carries: with the program's name, 32,767 bytes.
	maxCommarea = 32767 - programName
)

// HeaderUser is the header by which a call says under whose user identifier it is put. It never travels
// as a message property.
const HeaderUser = "mq-user"

// UserHeader returns the header for Requester.Call that sets MQMD.UserIdentifier of one request. CICS
// (AUTH=IDENTIFY) and IMS may run the program under it. At most 12 of A to Z, 0 to 9, # @ $.
func UserHeader(user string) adapters.Header { return adapters.Header{Name: HeaderUser, Value: user} }

// Custom is how a Legacy transaction behind queues is asked and how it answers. The zero value is the
// bare area and a reply by CorrelId = MsgId.
type Custom struct {
	// Style is "area" (a program that reads the queue itself, such as one that CKTI started: the message
	// is the bare area), "cicsBridge" (the MQ-CICS bridge: MQCIH, the program's name, COMMAREA) or "ims"
	// (the MQ-IMS bridge: MQIIH and LLZZ segments). "": area.
	Style string `yaml:"style"`
	// Program is the CICS program of style cicsBridge, 1 to 8 characters. Required there.
	Program string `yaml:"program"`
	// Transaction is the IMS transaction code, 1 to 8 characters, required for style ims; or the CICS
	// transaction under which the program runs, at most 4 characters. "": the bridge's own, CKBP.
	Transaction string `yaml:"transaction"`
	// ReplyBytes is the length of the COMMAREA that a program of style cicsBridge answers with, at most
	// 32,759. 0: as long as the request's.
	ReplyBytes int `yaml:"replyBytes"`
	// CommitMode of style ims is "1", send then commit, or "0", commit then send. Requests are
	// non-persistent, and IMS takes those under "0" for irrecoverable transactions only. "": 1.
	CommitMode string `yaml:"commitMode"`
	// Correlation is "messageId" (the reply's CorrelId is the request's MsgId) or "passThrough" (it is the
	// request's CorrelId, which MQRO_PASS_CORREL_ID asks for). "": messageId.
	Correlation string `yaml:"correlation"`
	// UserIdentifier is set in each request's identity context, unless the call bears its own (UserHeader).
	// At most 12 characters. "": the queue manager sets that of the connection. Setting needs the
	// authority for MQOO_SET_ALL_CONTEXT.
	UserIdentifier string `yaml:"userIdentifier"`
	// RequireUser refuses a call that bears no user identifier of its own, before anything is put.
	RequireUser bool `yaml:"requireUser"`
	// ApplicationName is MQMD.PutApplName, at most 28 characters. It is set with a user identifier only;
	// otherwise the queue manager sets the connection's.
	ApplicationName string `yaml:"applicationName"`
}

// refusedStyles are what sites ask for and Portage does not do, and why.
var refusedStyles = map[string]string{
	"channel": "the MQ-CICS bridge carries a COMMAREA and no channels and containers; use cicsBridge with a program that takes a COMMAREA",
	"3270":    "3270 transactions of the MQ-CICS bridge are not supported; use a program that takes a COMMAREA",
	"xa":      "a request is put in a unit of work of its own, and takes part in no XA transaction",
	"imsConversation": "conversational IMS transactions are not supported: one request has one reply; " +
		"use a transaction that ends with its reply",
}

// Validate says what is wrong with the custom, by setting. It needs no queue manager.
func (c Custom) Validate() error {
	switch style := c.style(); style {
	case StyleArea:
		if c.Program != "" || c.Transaction != "" {
			return fmt.Errorf("style %s has no program and no transaction: the queue says who answers", style)
		}
	case StyleCICS:
		if !name(c.Program, 1, 8) || !name(c.Transaction, 0, 4) {
			return fmt.Errorf("style %s needs a program of 1 to 8 characters, and a transaction of at most 4, of A to Z, 0 to 9, # @ $", style)
		}
	case StyleIMS:
		if !name(c.Transaction, 1, 8) || c.Program != "" {
			return fmt.Errorf("style %s needs a transaction of 1 to 8 characters of A to Z, 0 to 9, # @ $, and no program", style)
		}
	default:
		why, known := refusedStyles[strings.TrimSuffix(strings.Replace(style, "container", "channel", 1), "s")]
		if !known {
			why = "it is one of area, cicsBridge, ims"
		}
		return fmt.Errorf("style %q: %s", style, why)
	}
	switch {
	case c.ReplyBytes < 0 || c.ReplyBytes > maxCommarea || c.ReplyBytes > 0 && c.style() != StyleCICS:
		return fmt.Errorf("replyBytes is 1 to %d, and of style cicsBridge only", maxCommarea)
	case c.CommitMode != "" && (c.style() != StyleIMS || c.CommitMode != "0" && c.CommitMode != "1"):
		return errors.New(`commitMode is "0" or "1", and of style ims only`)
	case c.Correlation != "" && c.Correlation != CorrelateMessageID && c.Correlation != CorrelatePassThrough:
		return fmt.Errorf("correlation %q: it is messageId or passThrough", c.Correlation)
	case c.passThrough() && c.style() == StyleCICS:
		return errors.New("correlation passThrough does not go with style cicsBridge: its CorrelId is MQCI_NEW_SESSION, and it answers by MsgId")
	case !name(c.UserIdentifier, 0, 12):
		return errors.New("userIdentifier has at most 12 characters of A to Z, 0 to 9, # @ $")
	case len(c.ApplicationName) > 28:
		return fmt.Errorf("applicationName has %d bytes, at most 28", len(c.ApplicationName))
	}
	return nil
}

func (c Custom) style() string {
	if c.Style == "" {
		return StyleArea
	}
	return c.Style
}

func (c Custom) passThrough() bool { return c.Correlation == CorrelatePassThrough }

// name accepts what CICS, IMS and RACF call things.
func name(s string, least, most int) bool {
	return len(s) >= least && code(s, most) == s
}

// checkReplyQueue refuses what is no queue of the Requester's own for ever.
func checkReplyQueue(queue string) error {
	switch {
	case strings.HasSuffix(queue, "*"), strings.HasPrefix(queue, "AMQ."), strings.HasPrefix(queue, "CSQ."):
		return fmt.Errorf("mq: reply queue %s: dynamic reply queues are not supported, since a reply after a lost connection would be lost; define a local queue", queue)
	case strings.HasSuffix(queue, ".MODEL.QUEUE"), strings.HasSuffix(queue, ".MODEL"):
		return fmt.Errorf("mq: reply queue %s: model queues are not supported; define a local queue", queue)
	}
	return nil
}

// request makes the message that asks, by the template's encoding and code page.
func (c Custom) request(template Descriptor, area []byte) (Message, error) {
	m := Message{Descriptor: template, Body: area}
	var h Header
	var err error
	switch c.style() {
	case StyleCICS:
		cih := NewCIH()
		cih.TransactionID = c.Transaction
		if c.ReplyBytes > 0 {
			cih.OutputDataLength = int32(programName + c.ReplyBytes)
		}
		h = cih
		m.CorrelID = NewSession
		if len(area) == 0 || len(area) > maxCommarea {
			return m, Failed("put", "", RCDataLengthError, fmt.Sprintf("a COMMAREA of %d bytes; CICS takes 1 to %d", len(area), maxCommarea))
		}
		if m.Body, err = named(template.CCSID, c.Program, programName, area); err != nil {
			return m, err
		}
		m.Format = FormatNone
	case StyleIMS:
		iih := NewIIH()
		if iih.CommitMode = "1"; c.CommitMode != "" {
			iih.CommitMode = c.CommitMode
		}
		h = iih
		if m.Body, err = named(template.CCSID, c.Transaction, transactionName, area); err != nil {
			return m, err
		}
		if m.Body, err = AppendSegments(nil, template.Encoding, Segment{Data: m.Body}); err != nil {
			return m, Failed("put", "", RCDataLengthError, err.Error())
		}
		m.Format = FormatIMSVS
	default:
		return m, nil
	}
	out, err := Chain{h}.Join(template.Encoding, template.CCSID, m)
	if err != nil {
		return m, Failed("put", "", RCHeaderError, err.Error())
	}
	return out, nil
}

// named puts a name, padded with blanks, in front of data.
func named(ccsid int32, name string, size int, data []byte) ([]byte, error) {
	page := codepage(ccsid)
	if page == nil {
		return nil, Failed("put", "", RCHeaderError, errNoCodepage.Error())
	}
	out, err := page.Encode(make([]byte, 0, size+len(data)), []byte(name))
	if err != nil {
		return nil, Failed("put", "", RCHeaderError, err.Error())
	}
	for len(out) < size {
		out = append(out, page.Space())
	}
	return append(out, data...), nil
}
