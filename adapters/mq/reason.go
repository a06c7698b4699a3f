package mq

import "strconv"

// Completion codes (IBM MQ, Reference, MQCC).
const (
	CCOK      int32 = 0
	CCWarning int32 = 1
	CCFailed  int32 = 2
)

// Reason codes, with the numbers of the MQI (IBM MQ, Reference, MQRC). Only those that Portage returns
// or treats in a way of their own.
const (
	RCNone                  int32 = 0
	RCBackedOut             int32 = 2003
	RCConnectionBroken      int32 = 2009
	RCDataLengthError       int32 = 2010
	RCExpiryError           int32 = 2013
	RCGetInhibited          int32 = 2016
	RCHandleNotAvailable    int32 = 2017
	RCHconnError            int32 = 2018
	RCHobjError             int32 = 2019
	RCSyncpointLimitReached int32 = 2024
	RCMDError               int32 = 2026
	RCMsgTooBigForQ         int32 = 2030
	RCMsgTooBigForQMgr      int32 = 2031
	RCNoMsgAvailable        int32 = 2033
	RCNotAuthorized         int32 = 2035
	RCObjectInUse           int32 = 2042
	RCOptionsError          int32 = 2046
	RCPriorityError         int32 = 2050
	RCPutInhibited          int32 = 2051
	RCQDeleted              int32 = 2052
	RCQFull                 int32 = 2053
	RCQSpaceNotAvailable    int32 = 2056
	RCQMgrNameError         int32 = 2058
	RCQMgrNotAvailable      int32 = 2059
	RCSecurityError         int32 = 2063
	RCStorageNotAvailable   int32 = 2071
	RCTruncatedMsgFailed    int32 = 2080
	RCUnknownAliasBaseQ     int32 = 2082
	RCUnknownObjectName     int32 = 2085
	RCObjectAlreadyExists   int32 = 2100
	RCResourceProblem       int32 = 2102
	RCOutcomePending        int32 = 2124
	RCHeaderError           int32 = 2142
	RCIIHError              int32 = 2148
	RCQMgrQuiescing         int32 = 2161
	RCQMgrStopping          int32 = 2162
	RCStorageMediumFull     int32 = 2192
	RCUnexpectedError       int32 = 2195
	RCConnectionQuiescing   int32 = 2202
	RCConnectionStopping    int32 = 2203
	RCCallInProgress        int32 = 2219
	RCRFHError              int32 = 2334
	RCBackoutThreshold      int32 = 2362
	RCSSLInitialization     int32 = 2393
	RCPropertyNameError     int32 = 2442
	RCPropertyValueTooBig   int32 = 2469
	RCJSSEError             int32 = 2397
	RCSSLPeerName           int32 = 2398
	RCUnsupportedCipher     int32 = 2400
	RCSSLCertificateRevoked int32 = 2401
	RCChannelNotAvailable   int32 = 2537
	RCHostNotAvailable      int32 = 2538
	RCChannelConfigError    int32 = 2539
	RCUnknownChannelName    int32 = 2540
	RCStandbyQMgr           int32 = 2543
	RCReconnecting          int32 = 2544
	RCReconnectFailed       int32 = 2548
	RCCallInterrupted       int32 = 2549
	RCReconnectTimedOut     int32 = 2556
)

// Outcome says what to do after an Error.
type Outcome uint8

// The outcomes. Transient: wait and do the same again on the same connection. Reconnect: the
// connection is of no more use, open another. Alert: a person must mend something; try again slowly.
// Permanent: no retry helps this message. InDoubt: a commit may or may not have happened; open another
// connection and see whether the messages come again.
const (
	Permanent Outcome = iota
	Transient
	Reconnect
	Alert
	InDoubt
)

// String returns the outcome's name in lower case.
func (o Outcome) String() string {
	switch o {
	case Permanent:
		return "permanent"
	case Transient:
		return "transient"
	case Reconnect:
		return "reconnect"
	case Alert:
		return "alert"
	case InDoubt:
		return "in doubt"
	}
	return "Outcome(" + strconv.Itoa(int(o)) + ")"
}

// reasons names each reason code and says what to do about it. A reason that is not listed is
// unexpected: Reconnect, as IBM's own connectors treat 2195.
var reasons = map[int32]struct {
	name  string
	class Outcome
}{
	RCBackedOut:             {"BACKED_OUT", Transient},
	RCConnectionBroken:      {"CONNECTION_BROKEN", Reconnect},
	RCDataLengthError:       {"DATA_LENGTH_ERROR", Permanent},
	RCExpiryError:           {"EXPIRY_ERROR", Permanent},
	RCGetInhibited:          {"GET_INHIBITED", Transient},
	RCHandleNotAvailable:    {"HANDLE_NOT_AVAILABLE", Reconnect},
	RCHconnError:            {"HCONN_ERROR", Reconnect},
	RCHobjError:             {"HOBJ_ERROR", Reconnect},
	RCSyncpointLimitReached: {"SYNCPOINT_LIMIT_REACHED", Transient},
	RCMDError:               {"MD_ERROR", Permanent},
	RCMsgTooBigForQ:         {"MSG_TOO_BIG_FOR_Q", Permanent},
	RCMsgTooBigForQMgr:      {"MSG_TOO_BIG_FOR_Q_MGR", Permanent},
	RCNoMsgAvailable:        {"NO_MSG_AVAILABLE", Transient},
	RCNotAuthorized:         {"NOT_AUTHORIZED", Alert},
	RCObjectInUse:           {"OBJECT_IN_USE", Alert},
	RCOptionsError:          {"OPTIONS_ERROR", Permanent},
	RCPriorityError:         {"PRIORITY_ERROR", Permanent},
	RCPutInhibited:          {"PUT_INHIBITED", Transient},
	RCQDeleted:              {"Q_DELETED", Alert},
	RCQFull:                 {"Q_FULL", Transient},
	RCQSpaceNotAvailable:    {"Q_SPACE_NOT_AVAILABLE", Transient},
	RCQMgrNameError:         {"Q_MGR_NAME_ERROR", Alert},
	RCQMgrNotAvailable:      {"Q_MGR_NOT_AVAILABLE", Reconnect},
	RCSecurityError:         {"SECURITY_ERROR", Alert},
	RCStorageNotAvailable:   {"STORAGE_NOT_AVAILABLE", Transient},
	RCTruncatedMsgFailed:    {"TRUNCATED_MSG_FAILED", Permanent},
	RCUnknownAliasBaseQ:     {"UNKNOWN_ALIAS_BASE_Q", Alert},
	RCUnknownObjectName:     {"UNKNOWN_OBJECT_NAME", Alert},
	RCObjectAlreadyExists:   {"OBJECT_ALREADY_EXISTS", Permanent},
	RCResourceProblem:       {"RESOURCE_PROBLEM", Transient},
	RCOutcomePending:        {"OUTCOME_PENDING", Transient},
	RCHeaderError:           {"HEADER_ERROR", Permanent},
	RCIIHError:              {"IIH_ERROR", Permanent},
	RCQMgrQuiescing:         {"Q_MGR_QUIESCING", Reconnect},
	RCQMgrStopping:          {"Q_MGR_STOPPING", Reconnect},
	RCStorageMediumFull:     {"STORAGE_MEDIUM_FULL", Transient},
	RCUnexpectedError:       {"UNEXPECTED_ERROR", Reconnect},
	RCConnectionQuiescing:   {"CONNECTION_QUIESCING", Reconnect},
	RCConnectionStopping:    {"CONNECTION_STOPPING", Reconnect},
	RCCallInProgress:        {"CALL_IN_PROGRESS", Transient},
	RCRFHError:              {"RFH_ERROR", Permanent},
	RCBackoutThreshold:      {"BACKOUT_THRESHOLD_REACHED", Permanent},
	RCSSLInitialization:     {"SSL_INITIALIZATION_ERROR", Alert},
	RCPropertyNameError:     {"PROPERTY_NAME_ERROR", Permanent},
	RCPropertyValueTooBig:   {"PROPERTY_VALUE_TOO_BIG", Permanent},
	RCSSLPeerName:           {"SSL_PEER_NAME_MISMATCH", Alert},
	RCSSLCertificateRevoked: {"SSL_CERTIFICATE_REVOKED", Alert},
	RCJSSEError:             {"JSSE_ERROR", Alert},
	RCUnsupportedCipher:     {"UNSUPPORTED_CIPHER_SUITE", Alert},
	RCChannelNotAvailable:   {"CHANNEL_NOT_AVAILABLE", Reconnect},
	RCHostNotAvailable:      {"HOST_NOT_AVAILABLE", Reconnect},
	RCChannelConfigError:    {"CHANNEL_CONFIG_ERROR", Reconnect},
	RCUnknownChannelName:    {"UNKNOWN_CHANNEL_NAME", Alert},
	RCStandbyQMgr:           {"STANDBY_Q_MGR", Reconnect},
	RCReconnecting:          {"RECONNECTING", Reconnect},
	RCReconnectFailed:       {"RECONNECT_FAILED", Reconnect},
	RCCallInterrupted:       {"CALL_INTERRUPTED", Reconnect},
	RCReconnectTimedOut:     {"RECONNECT_TIMED_OUT", Reconnect},
}

// ReasonName returns the MQI's name of a reason code without its MQRC_, such as "Q_FULL"; "" if it is
// none that Portage knows.
func ReasonName(reason int32) string { return reasons[reason].name }
