package mq

// Lengths of MQCIH by version.
const (
	cihLength1 = 164
	cihLength2 = 180
)

// Values of MQCIH's fields that Portage sets or reads (IBM MQ, Reference, MQCUOWC, MQCLT, MQCRC).
const (
	UOWOnly     int32 = 273
	LinkProgram int32 = 1

	CICSOK                  int32 = 0
	CICSExecError           int32 = 1
	CICSMQError             int32 = 2
	CICSBridgeError         int32 = 3
	CICSBridgeAbend         int32 = 4
	CICSApplicationAbend    int32 = 5
	CICSSecurityError       int32 = 6
	CICSProgramNotAvailable int32 = 7
	CICSBridgeTimeout       int32 = 8
	CICSTransNotAvailable   int32 = 9
)

// NewSession is MQCI_NEW_SESSION, the CorrelId of the first or only message of a unit of work of the
// MQ-CICS bridge: the same bytes on every platform.
var NewSession = ID([]byte("AMQ!NEW_SESSION_CORRELID"))

// CIH is the header of the MQ-CICS bridge: 164 bytes in version 1, 180 in version 2 (IBM MQ, Reference,
// MQCIH). What follows is in the header's own encoding and code page: its fields Encoding and CCSID are
// reserved, and kept as they are. Authenticator holds a password: it is not for logs.
type CIH struct {
	// Version is 1 or 2; 0 is written as 2.
	Version         int32
	Encoding, CCSID int32
	// Format describes what follows; "" for a COMMAREA, "MQSTR" before the text of an error.
	Format string
	Flags  int32
	// ReturnCode is what came of it (CICSOK ...); it says what CompCode, Reason, Function and AbendCode mean.
	ReturnCode, CompCode, Reason int32
	UOWControl                   int32
	GetWaitInterval              int32
	LinkType                     int32
	// OutputDataLength is in bytes and counts the 8 of the program's name; -1: as long as the request.
	OutputDataLength   int32
	FacilityKeepTime   int32
	ADSDescriptor      int32
	ConversationalTask int32
	TaskEndStatus      int32
	Facility           [8]byte
	Function           string
	AbendCode          string
	Authenticator      string
	ReplyToFormat      string
	RemoteSysID        string
	RemoteTransID      string
	// TransactionID is the transaction under which the program runs; "": the bridge's own, CKBP.
	TransactionID     string
	FacilityLike      string
	AttentionID       string
	StartCode         string
	CancelCode        string
	NextTransactionID string
	// CursorPosition, ErrorOffset and InputItem are there from version 2 on.
	CursorPosition, ErrorOffset, InputItem int32

	reserved4 int32
	read      origin
}

// NewCIH returns a CIH that asks for one program in a unit of work of its own.
func NewCIH() *CIH {
	return &CIH{Version: 2, UOWControl: UOWOnly, GetWaitInterval: -2, LinkType: LinkProgram, OutputDataLength: -1}
}

// MQFormat implements Header.
func (*CIH) MQFormat() string { return FormatCIH }

func (h *CIH) links() links {
	return links{format: &h.Format, encoding: &h.Encoding, ccsid: &h.CCSID, own: true, read: &h.read}
}

func (h *CIH) visit(w *wire) {
	if h.Version == 0 {
		h.Version = 2
	}
	w.begin("CIH", &h.Version)
	length := cihLength2
	if h.Version == 1 {
		length = cihLength1
	}
	w.length(length)
	w.link(&h.Encoding, &h.CCSID, &h.Format)
	for _, v := range []*int32{&h.Flags, &h.ReturnCode, &h.CompCode, &h.Reason, &h.UOWControl, &h.GetWaitInterval, &h.LinkType,
		&h.OutputDataLength, &h.FacilityKeepTime, &h.ADSDescriptor, &h.ConversationalTask, &h.TaskEndStatus} {
		w.long(v)
	}
	w.bytes(h.Facility[:])
	w.text("Function", &h.Function, 4)
	w.text("AbendCode", &h.AbendCode, 4)
	w.text("Authenticator", &h.Authenticator, 8)
	w.reserved(8)
	w.text("ReplyToFormat", &h.ReplyToFormat, 8)
	w.text("RemoteSysId", &h.RemoteSysID, 4)
	w.text("RemoteTransId", &h.RemoteTransID, 4)
	w.text("TransactionId", &h.TransactionID, 4)
	w.text("FacilityLike", &h.FacilityLike, 4)
	w.text("AttentionId", &h.AttentionID, 4)
	w.text("StartCode", &h.StartCode, 4)
	w.text("CancelCode", &h.CancelCode, 4)
	w.text("NextTransactionId", &h.NextTransactionID, 4)
	w.reserved(8)
	w.reserved(8)
	if h.Version > 1 {
		w.long(&h.CursorPosition)
		w.long(&h.ErrorOffset)
		w.long(&h.InputItem)
		w.long(&h.reserved4)
	}
}
