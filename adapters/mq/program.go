package mq

import (
	"fmt"
	"strings"
)

// The closed set of ProgramError.Kind.
const (
	kindExecError    = "exec-error"
	kindMQError      = "mq-error"
	kindBridgeError  = "bridge-error"
	kindBridgeAbend  = "bridge-abend"
	kindAbend        = "abend"
	kindSecurity     = "not-authorized"
	kindNoProgram    = "program-not-available"
	kindTimeout      = "bridge-timeout"
	kindNoTrans      = "transaction-not-available"
	kindIMSMessage   = "ims-message"
	kindConversation = "ims-conversation"
	kindUnknown      = "unknown"
)

// ProgramError says that Legacy answered, and that its program failed: an abend, a program that is not
// there, a message of IMS's own. It holds codes of the system only, never content. The unit of work of the
// program was backed out, or never began.
type ProgramError struct {
	// Kind is from a closed set, such as "abend" or "program-not-available".
	Kind string
	// ReturnCode, CompCode and Reason are MQCIH's: what they mean depends on ReturnCode. 0 for IMS.
	ReturnCode, CompCode, Reason int32
	// Abend is the CICS abend code, such as "ASRA"; MessageID names the message, such as "CSQC750E",
	// "DFHMQ0750" or "DFS555I". "": none was given.
	Abend, MessageID string
}

// Failure returns Kind: the reason that may be told to clients.
func (e *ProgramError) Failure() string { return e.Kind }

// Error implements error.
func (e *ProgramError) Error() string {
	var b strings.Builder
	b.WriteString("mq: Legacy answered that the program failed: " + e.Kind)
	if e.ReturnCode != 0 {
		fmt.Fprintf(&b, ", return code %d, completion code %d, reason %d", e.ReturnCode, e.CompCode, e.Reason)
	}
	if e.Abend != "" {
		b.WriteString(", abend code " + e.Abend)
	}
	if e.MessageID != "" {
		b.WriteString(", message " + e.MessageID)
	}
	return b.String()
}

var cicsKinds = [...]string{"", kindExecError, kindMQError, kindBridgeError, kindBridgeAbend, kindAbend, kindSecurity,
	kindNoProgram, kindTimeout, kindNoTrans}

// failure returns what an MQCIH of a reply says went wrong; nil: nothing.
func (h *CIH) failure() *ProgramError {
	if h.ReturnCode == CICSOK && h.CompCode == CCOK && h.AbendCode == "" {
		return nil
	}
	e := &ProgramError{Kind: kindUnknown, ReturnCode: h.ReturnCode, CompCode: h.CompCode, Reason: h.Reason, Abend: code(h.AbendCode, 4)}
	switch {
	case h.ReturnCode == CICSOK && h.AbendCode != "":
		e.Kind = kindAbend
	case h.ReturnCode > 0 && int(h.ReturnCode) < len(cicsKinds):
		e.Kind = cicsKinds[h.ReturnCode]
	}
	return e
}

// code returns text if it has the form of a system's code, else "".
func code(text string, most int) string {
	if len(text) > most || strings.ContainsFunc(text, func(r rune) bool { return !codeLetter(r) }) {
		return ""
	}
	return text
}

func codeLetter(r rune) bool {
	return r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '#' || r == '@' || r == '$'
}

// messageID returns the identifier at the start of a message of CICS or IMS, such as CSQC750E; "" if the
// text begins otherwise.
func messageID(text string, prefixes ...string) string {
	first, _, _ := strings.Cut(text[:min(len(text), 16)], " ")
	for _, p := range prefixes {
		rest, ok := strings.CutPrefix(first, p)
		if !ok {
			continue
		}
		digits := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
		if digits < 0 {
			digits = len(rest)
		}
		if digits >= 3 && digits <= 5 && len(rest)-digits <= 1 && code(rest, 6) != "" {
			return first
		}
	}
	return ""
}
