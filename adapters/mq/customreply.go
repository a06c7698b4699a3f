package mq

import (
	"bytes"
	"errors"
	"fmt"
)

// The closed set of Refusal.Reason of replies, beside those of headers.
const (
	reasonReplyHeader = "reply-header" // a header that the style does not have, or none where it has one
	reasonReplyCoding = "reply-coding" // the reply is not in the request's kind of code page or order of bytes
)

// reply takes the area out of an answer. The error is a *ProgramError, or an *adapters.Refusal for an
// answer that cannot be read.
func (c Custom) reply(template Descriptor, m Message) ([]byte, error) {
	chain, rest, err := ParseChain(m)
	if err != nil {
		return nil, err
	}
	at := len(m.Body) - len(rest.Body)
	if err := known(rest.Format, at); err != nil {
		return nil, err
	}
	if err := sameCoding(template, chain, rest); err != nil {
		return nil, err
	}
	var cih *CIH
	var iih *IIH
	for _, h := range chain {
		switch h := h.(type) {
		case *CIH:
			cih = h
		case *IIH:
			iih = h
		}
	}
	switch {
	case c.style() == StyleCICS && cih != nil && iih == nil:
		return c.commarea(cih, rest, template.CCSID)
	case c.style() == StyleIMS && cih == nil && (iih != nil || rest.Format == FormatIMSVS):
		return c.output(iih, rest, at)
	case c.style() == StyleArea && cih == nil && iih == nil:
		return rest.Body, nil
	}
	return nil, refuseHeader(reasonReplyHeader, "", 0, at,
		fmt.Errorf("the exchange's style is %s, and the reply has MQCIH: %t, MQIIH: %t; is it another program that answers?", c.style(), cih != nil, iih != nil))
}

// sameCoding refuses a reply that was converted on its way: text conversion destroys COMP and COMP-3. What
// only a descriptor states counts for text (MQSTR) alone, since programs put areas with a descriptor that
// they never filled in.
func sameCoding(template Descriptor, chain Chain, rest Message) error {
	asked, err := byteOrder(template.Encoding)
	if err != nil {
		return nil
	}
	page := codepage(template.CCSID)
	refuse := func(what string) error {
		return refuseHeader(reasonReplyCoding, "", 0, -1, errors.New(what+
			": the reply was converted on its way, which destroys binary and packed fields; see CONVERT on channels"))
	}
	for _, h := range chain {
		if page != nil && h.links().own && h.links().read.page.EBCDIC() != page.EBCDIC() {
			return refuse("the header is not in the request's kind of code page")
		}
		if asked != nil && h.links().own && h.links().read.order != asked {
			return refuse("the header's integers stand the other way than the request's")
		}
	}
	stated := codepage(rest.CCSID)
	if rest.Format == FormatString && len(chain) == 0 && page != nil && stated != nil && stated.EBCDIC() != page.EBCDIC() {
		return refuse(fmt.Sprintf("text in CCSID %d, asked in %d", rest.CCSID, template.CCSID))
	}
	return nil
}

// commarea takes the reply of the MQ-CICS bridge apart. The program's name stands before the COMMAREA as
// in the request (IBM MQ, Reference, MQCIH, OutputDataLength counts it).
func (c Custom) commarea(h *CIH, rest Message, ccsid int32) ([]byte, error) {
	if e := h.failure(); e != nil {
		text := (&wire{page: h.read.page}).read(rest.Body[:min(len(rest.Body), 64)])
		e.MessageID = messageID(text, "CSQC", "DFHMQ")
		return nil, e
	}
	name, err := named(ccsid, c.Program, programName, nil)
	if err != nil {
		return nil, err
	}
	area, ok := bytes.CutPrefix(rest.Body, name)
	if !ok {
		return nil, refuseHeader(reasonReplyHeader, "MQCIH", -1, -1, errors.New("the data behind it does not begin with the name of the program asked"))
	}
	return area, nil
}

// output takes the reply of the MQ-IMS bridge apart: the data of all its segments, joined.
func (c Custom) output(h *IIH, rest Message, at int) ([]byte, error) {
	if h != nil && h.TranState == TranInConversation {
		return nil, &ProgramError{Kind: kindConversation}
	}
	data, err := joinSegments(rest, at)
	if err != nil {
		return nil, err
	}
	if page := codepage(rest.CCSID); h != nil || page != nil {
		if h != nil {
			page = h.read.page
		}
		if id := messageID((&wire{page: page}).read(data[:min(len(data), 64)]), "DFS"); id != "" {
			return nil, &ProgramError{Kind: kindIMSMessage, MessageID: id}
		}
	}
	return data, nil
}
