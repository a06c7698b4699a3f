package mq_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/mq"
)

var zos = mq.Descriptor{Encoding: 785, CCSID: 37}

// custom runs a Requester of this custom against z/OS.
func custom(t *testing.T, l *lab, c mq.Custom) *mq.Requester {
	t.Helper()
	return asking(t, l, func(r *mq.Requester) { r.Custom, r.Descriptor = c, zos })
}

type result struct {
	body []byte
	err  error
}

// call begins a call.
func call(r *mq.Requester, area string, h ...adapters.Header) chan result {
	got := make(chan result, 1)
	go func() {
		b, err := r.Call(context.Background(), []byte(area), h)
		got <- result{b, err}
	}()
	return got
}

// answer puts a reply as it stands.
func answer(t *testing.T, l *lab, m mq.Message) {
	t.Helper()
	c := l.m.Connect()
	defer c.Close()
	m.MsgType = mq.MTReply
	if _, err := c.Put(context.Background(), "RPL", m, mq.PutOptions{}); err != nil {
		t.Error(err)
	}
}

// cicsAnswer is what the MQ-CICS bridge answers with: MQCIH and data behind it, MsgId and CorrelId the
// request's MsgId.
func cicsAnswer(t *testing.T, to mq.Message, h *mq.CIH, format string, data []byte) mq.Message {
	t.Helper()
	d := zos
	d.MsgID, d.CorrelID, d.Format = to.MsgID, to.MsgID, format
	m, err := mq.Chain{h}.Join(785, 37, mq.Message{Descriptor: d, Body: data})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestTheCICSBridgeIsAskedAndAnswers(t *testing.T) {
	l := newLab(t)
	r := custom(t, l, mq.Custom{Style: "cicsBridge", Program: "EIQS", Transaction: "EIQ1", ReplyBytes: 600})
	got := call(r, "commarea")
	m := request(t, l)
	if m.Format != "MQCICS" || m.CorrelID != mq.NewSession || m.CCSID != 37 || m.Encoding != 785 || m.ReplyToQ != "RPL" || m.Persistent {
		t.Errorf("%+v", m.Descriptor)
	}
	chain, rest, err := mq.ParseChain(m)
	if err != nil || len(chain) != 1 {
		t.Fatal(err)
	}
	h := chain[0].(*mq.CIH)
	if h.TransactionID != "EIQ1" || h.UOWControl != mq.UOWOnly || h.LinkType != mq.LinkProgram || h.OutputDataLength != 608 || h.Format != "" || h.Version != 2 {
		t.Errorf("%+v", h)
	}
	if want := append(in(t, "cp037", "EIQS    "), "commarea"...); !bytes.Equal(rest.Body, want) {
		t.Errorf("%x, want %x", rest.Body, want)
	}
	answer(t, l, cicsAnswer(t, m, mq.NewCIH(), "", append(in(t, "cp037", "EIQS    "), "answered"...)))
	if got := <-got; got.err != nil || string(got.body) != "answered" {
		t.Errorf("%q, %v", got.body, got.err)
	}
}

// Headers that the site puts before MQCIH come back before it, by the bridge's own rule.
func TestTheCICSBridgesAnswerMayHaveMoreHeaders(t *testing.T) {
	l := newLab(t)
	r := custom(t, l, mq.Custom{Style: "cicsBridge", Program: "EIQS"})
	got := call(r, "commarea")
	m := request(t, l)
	d := zos
	d.CorrelID = m.MsgID
	reply, err := mq.Chain{&mq.RFH2{Folders: [][]byte{[]byte("<usr/>  ")}}, mq.NewCIH()}.Join(785, 37,
		mq.Message{Descriptor: d, Body: append(in(t, "cp037", "EIQS    "), "answered"...)})
	if err != nil {
		t.Fatal(err)
	}
	answer(t, l, reply)
	if got := <-got; got.err != nil || string(got.body) != "answered" {
		t.Errorf("%q, %v", got.body, got.err)
	}
}

func TestTheCICSBridgesFailures(t *testing.T) {
	for name, tc := range map[string]struct {
		h    mq.CIH
		text string
		want mq.ProgramError
	}{
		"an abend":                {mq.CIH{ReturnCode: 5, AbendCode: "ASRA"}, "CSQC750E EIQS 046454286 ABENDED", mq.ProgramError{Kind: "abend", ReturnCode: 5, Abend: "ASRA", MessageID: "CSQC750E"}},
		"an abend in newer words": {mq.CIH{ReturnCode: 5, AbendCode: "AEI0"}, "DFHMQ0750 E 046454286", mq.ProgramError{Kind: "abend", ReturnCode: 5, Abend: "AEI0", MessageID: "DFHMQ0750"}},
		"the bridge's own abend":  {mq.CIH{ReturnCode: 4, AbendCode: "MBRI"}, "", mq.ProgramError{Kind: "bridge-abend", ReturnCode: 4, Abend: "MBRI"}},
		"no such program":         {mq.CIH{ReturnCode: 7, CompCode: 27, Reason: 1, Function: "LINK"}, "CSQC704E x", mq.ProgramError{Kind: "program-not-available", ReturnCode: 7, CompCode: 27, Reason: 1, MessageID: "CSQC704E"}},
		"not authorized":          {mq.CIH{ReturnCode: 6, CompCode: 70}, "", mq.ProgramError{Kind: "not-authorized", ReturnCode: 6, CompCode: 70}},
		"an MQI call failed":      {mq.CIH{ReturnCode: 2, CompCode: 2, Reason: 2030}, "", mq.ProgramError{Kind: "mq-error", ReturnCode: 2, CompCode: 2, Reason: 2030}},
		"a return code of later":  {mq.CIH{ReturnCode: 99}, "", mq.ProgramError{Kind: "unknown", ReturnCode: 99}},
		"only an abend code":      {mq.CIH{AbendCode: "ASRB"}, "", mq.ProgramError{Kind: "abend", Abend: "ASRB"}},
		"content for codes":       {mq.CIH{ReturnCode: 5, AbendCode: "zoë"}, "046454286 LEA", mq.ProgramError{Kind: "abend", ReturnCode: 5}},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			r := custom(t, l, mq.Custom{Style: "cicsBridge", Program: "EIQS"})
			got := call(r, "commarea")
			m := request(t, l)
			answer(t, l, cicsAnswer(t, m, &tc.h, "MQSTR", in(t, "cp037", tc.text)))
			var e *mq.ProgramError
			if got := <-got; !errors.As(got.err, &e) || *e != tc.want || errors.Is(got.err, adapters.ErrInDoubt) || strings.Contains(got.err.Error(), "046454286") {
				t.Errorf("%v (%+v), want %+v", got.err, e, tc.want)
			}
			if e != nil && e.Failure() != tc.want.Kind {
				t.Errorf("failure %s", e.Failure())
			}
		})
	}
}

func TestIMSIsAskedAndAnswersInSegments(t *testing.T) {
	l := newLab(t)
	r := custom(t, l, mq.Custom{Style: "ims", Transaction: "OASINQ"})
	got := call(r, "area")
	m := request(t, l)
	chain, rest, err := mq.ParseChain(m)
	if err != nil || m.Format != "MQIMS" || rest.Format != "MQIMSVS" {
		t.Fatal(m.Format, rest.Format, err)
	}
	if h := chain[0].(*mq.IIH); h.CommitMode != "1" || h.TranState != "" || h.SecurityScope != "C" {
		t.Errorf("%+v", h)
	}
	if want := append([]byte{0, 16, 0, 0}, append(in(t, "cp037", "OASINQ  "), "area"...)...); !bytes.Equal(rest.Body, want) {
		t.Errorf("%x, want %x", rest.Body, want)
	}
	d := zos
	d.CorrelID, d.Format = m.MsgID, "OASMOD"                                                    // the MODNAME of IOPCB
	reply, err := mq.Chain{&mq.IIH{CommitMode: "1", TranInstanceID: [16]byte{1}}}.Join(785, 37, // IMS 14 sets it without a conversation
		mq.Message{Descriptor: d, Body: []byte("\x00\x07\x00\x00one\x00\x07\x03\x00two")})
	if err != nil {
		t.Fatal(err)
	}
	answer(t, l, reply)
	if got := <-got; got.err != nil || string(got.body) != "onetwo" {
		t.Errorf("%q, %v", got.body, got.err)
	}
}

func TestIMSFailures(t *testing.T) {
	for name, tc := range map[string]struct {
		h    mq.Header
		text string
		want string
	}{
		"an abend":                     {mq.NewIIH(), "DFS555I TRAN OASINQ ABEND S000,U3303 046454286", "ims-message, message DFS555I"},
		"stopped":                      {mq.NewIIH(), "DFS065 09:12:31 TRANSACTION STOPPED", "ims-message, message DFS065"},
		"a conversation":               {&mq.IIH{TranState: "C"}, "WHAT NEXT", "ims-conversation"},
		"without MQIIH":                {nil, "DFS064 NO SUCH TRANSACTION", "ims-message, message DFS064"},
		"the CICS bridge answers":      {mq.NewCIH(), "x", "reply-header"},
		"segments that do not fit":     {mq.NewIIH(), "", "header-segment"},
		"not a message of IMS, at all": {mq.NewIIH(), "DFSABLE 1", ""},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			r := custom(t, l, mq.Custom{Style: "ims", Transaction: "OASINQ", CommitMode: "0"})
			got := call(r, "area")
			m := request(t, l)
			d := zos
			d.CorrelID, d.Format = m.MsgID, "MQIMSVS"
			body, err := mq.AppendSegments(nil, 785, mq.Segment{Data: in(t, "cp037", tc.text)})
			if err != nil {
				t.Fatal(err)
			}
			if tc.text == "" {
				body = []byte{0, 9, 0, 0}
			}
			reply := mq.Message{Descriptor: d, Body: body}
			if tc.h != nil {
				if reply, err = (mq.Chain{tc.h}).Join(785, 37, reply); err != nil {
					t.Fatal(err)
				}
			}
			answer(t, l, reply)
			switch got := <-got; {
			case tc.want == "" && got.err == nil:
			case got.err == nil || tc.want == "" || !strings.Contains(got.err.Error(), tc.want) || strings.Contains(got.err.Error(), "046454286"):
				t.Errorf("%v, want %q", got.err, tc.want)
			}
		})
	}
}

func TestPassThroughAnswersByTheRequestsCorrelID(t *testing.T) {
	l := newLab(t)
	r := custom(t, l, mq.Custom{Correlation: "passThrough"})
	first, second := call(r, "1"), call(r, "2")
	a, b := request(t, l), request(t, l)
	for _, m := range []mq.Message{b, a} {
		if m.CorrelID.Zero() || m.MsgID == m.CorrelID || m.Report&mq.ReportPassCorrelID == 0 {
			t.Errorf("%+v", m.Descriptor)
		}
		answer(t, l, mq.Message{Descriptor: mq.Descriptor{CorrelID: m.MsgID}, Body: []byte("by the other custom: nobody's")})
		answer(t, l, mq.Message{Descriptor: mq.Descriptor{CorrelID: m.CorrelID}, Body: append([]byte("answer to "), m.Body...)})
	}
	for want, got := range map[string]chan result{"answer to 1": first, "answer to 2": second} {
		if got := <-got; got.err != nil || string(got.body) != want {
			t.Errorf("%q, %v, want %q", got.body, got.err, want)
		}
	}
	late := l.bodies(t, "RPL.LATE")
	if strings.Count(late, "nobody's") != 2 {
		t.Errorf("the LATE queue has %q", late)
	}
}

// A program that mixes up its correlation is never believed: its answers go to nobody.
func TestMixedUpCorrelationGoesToNobody(t *testing.T) {
	l := newLab(t)
	r := custom(t, l, mq.Custom{Style: "cicsBridge", Program: "EIQS"})
	got := call(r, "area")
	m := request(t, l)
	for _, id := range []mq.ID{{}, mq.NewSession, {1, 2, 3}} {
		wrong := cicsAnswer(t, m, mq.NewCIH(), "", append(in(t, "cp037", "EIQS    "), "wrong"...))
		wrong.CorrelID = id
		answer(t, l, wrong)
	}
	answer(t, l, cicsAnswer(t, m, mq.NewCIH(), "", append(in(t, "cp037", "EIQS    "), "right"...)))
	if got := <-got; got.err != nil || string(got.body) != "right" {
		t.Errorf("%q, %v", got.body, got.err)
	}
	if late := l.bodies(t, "RPL.LATE"); strings.Count(late, "wrong") != 3 {
		t.Errorf("the LATE queue has %q", late)
	}
}

func TestRepliesThatCannotBeRead(t *testing.T) {
	cics := mq.Custom{Style: "cicsBridge", Program: "EIQS"}
	for name, tc := range map[string]struct {
		custom mq.Custom
		reply  func(t *testing.T, to mq.Message) mq.Message
		want   string
	}{
		"no MQCIH": {cics, func(*testing.T, mq.Message) mq.Message { return mq.Message{Body: []byte("bare")} }, "reply-header"},
		"another program's": {cics, func(t *testing.T, to mq.Message) mq.Message {
			return cicsAnswer(t, to, mq.NewCIH(), "", append(in(t, "cp037", "OASQ    "), "area"...))
		}, "reply-header"},
		"shorter than a name": {cics, func(t *testing.T, to mq.Message) mq.Message {
			return cicsAnswer(t, to, mq.NewCIH(), "", []byte("short"))
		}, "reply-header"},
		"cut off": {cics, func(t *testing.T, to mq.Message) mq.Message {
			m := cicsAnswer(t, to, mq.NewCIH(), "", nil)
			m.Body = m.Body[:100]
			return m
		}, "header-short"},
		"converted to ASCII": {cics, func(t *testing.T, to mq.Message) mq.Message {
			m, err := mq.Chain{mq.NewCIH()}.Join(785, 819, mq.Message{Body: []byte("EIQS    area")})
			if err != nil {
				t.Fatal(err)
			}
			return m
		}, "reply-coding"},
		"integers turned round": {cics, func(t *testing.T, to mq.Message) mq.Message {
			m, err := mq.Chain{mq.NewCIH()}.Join(546, 37, mq.Message{Body: []byte("area")})
			if err != nil {
				t.Fatal(err)
			}
			return m
		}, "reply-coding"},
		"a CCSID that lies": {cics, func(t *testing.T, to mq.Message) mq.Message {
			m := cicsAnswer(t, to, mq.NewCIH(), "", nil)
			m.CCSID = 1208
			return m
		}, "header-codepage"},
		"area, converted as text": {mq.Custom{}, func(*testing.T, mq.Message) mq.Message {
			return mq.Message{Descriptor: mq.Descriptor{Format: "MQSTR", CCSID: 819, Encoding: 546}, Body: []byte("text")}
		}, "reply-coding"},
		"area, but from the bridge": {mq.Custom{}, func(t *testing.T, to mq.Message) mq.Message { return cicsAnswer(t, to, mq.NewCIH(), "", nil) }, "reply-header"},
		"a header of another kind": {mq.Custom{}, func(*testing.T, mq.Message) mq.Message {
			return mq.Message{Descriptor: mq.Descriptor{Format: "MQHRF"}, Body: []byte("RFH ")}
		}, "header-format"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			r := custom(t, l, tc.custom)
			got := call(r, "area")
			m := request(t, l)
			reply := tc.reply(t, m)
			reply.CorrelID = m.MsgID
			answer(t, l, reply)
			var refusal *adapters.Refusal
			if got := <-got; !errors.As(got.err, &refusal) || refusal.Reason != tc.want {
				t.Errorf("%v, want %s", got.err, tc.want)
			}
		})
	}
}

// Longer or shorter areas are the View's to judge: the Requester hands over what came.
func TestAnAreaComesAsItIs(t *testing.T) {
	l := newLab(t)
	r := custom(t, l, mq.Custom{Style: "area"})
	for _, body := range []string{"", "short", strings.Repeat("long", 20000)} {
		got := call(r, "area")
		m := request(t, l)
		if m.Format != "" || string(m.Body) != "area" {
			t.Errorf("%q %q", m.Format, m.Body)
		}
		answer(t, l, mq.Message{Descriptor: mq.Descriptor{CorrelID: m.MsgID, CCSID: 500, Encoding: 785}, Body: []byte(body)})
		if got := <-got; got.err != nil || string(got.body) != body {
			t.Errorf("%d bytes, %v, want %d", len(got.body), got.err, len(body))
		}
	}
}
