package mq_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/copybooks/ebcdic"
)

// in encodes text in a code page.
func in(t testing.TB, page, text string) []byte {
	t.Helper()
	c, err := ebcdic.Lookup(page)
	if err != nil {
		t.Fatal(err)
	}
	b, err := c.Encode(nil, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// place is where a field must stand: by the struct layouts of IBM's published declarations.
type place struct {
	offset int
	text   string // in the header's code page, or
	long   int32
}

func TestFieldsStandWhereIBMsDeclarationsHaveThem(t *testing.T) {
	id := mq.ID([]byte("ABCDEFGHIJKLMNOPQRSTUVWX"))
	for name, tc := range map[string]struct {
		header mq.Header
		size   int
		places []place
	}{
		"MQDLH": {&mq.DLH{Reason: 2362, DestQName: "APP.IN", DestQMgrName: "QM1", PutApplType: 2, PutApplName: "PGM", PutDate: "20260308", PutTime: "03000012"}, 172,
			[]place{{0, "DLH ", 0}, {4, "", 1}, {8, "", 2362}, {12, "APP.IN ", 0}, {60, "QM1 ", 0}, {108, "", 785}, {112, "", 37}, {116, "MQSTR   ", 0},
				{124, "", 2}, {128, "PGM  ", 0}, {156, "20260308", 0}, {164, "03000012", 0}}},
		"MQCIH": {&mq.CIH{Flags: 1, ReturnCode: 5, CompCode: 2, Reason: 3, UOWControl: 273, GetWaitInterval: -2, LinkType: 1, OutputDataLength: -1,
			FacilityKeepTime: 7, ADSDescriptor: 8, ConversationalTask: 9, TaskEndStatus: 10, Facility: [8]byte{1, 2}, Function: "LINK", AbendCode: "ASRA",
			ReplyToFormat: "RF", RemoteSysID: "SYS1", RemoteTransID: "RTRN", TransactionID: "EIQ1", FacilityLike: "LIKE", AttentionID: "A", StartCode: "SC",
			CancelCode: "CC", NextTransactionID: "NEXT", CursorPosition: 11, ErrorOffset: 12, InputItem: 13}, 180,
			[]place{{0, "CIH ", 0}, {4, "", 2}, {8, "", 180}, {12, "", 0}, {16, "", 0}, {20, "MQSTR   ", 0}, {28, "", 1}, {32, "", 5}, {36, "", 2}, {40, "", 3},
				{44, "", 273}, {48, "", -2}, {52, "", 1}, {56, "", -1}, {60, "", 7}, {64, "", 8}, {68, "", 9}, {72, "", 10}, {84, "LINK", 0}, {88, "ASRA", 0},
				{92, "        ", 0}, {108, "RF      ", 0}, {116, "SYS1", 0}, {120, "RTRN", 0}, {124, "EIQ1", 0}, {128, "LIKE", 0}, {132, "A   ", 0}, {136, "SC  ", 0},
				{140, "CC  ", 0}, {144, "NEXT", 0}, {148, "                ", 0}, {164, "", 11}, {168, "", 12}, {172, "", 13}, {176, "", 0}}},
		"MQCIH version 1": {&mq.CIH{Version: 1, NextTransactionID: "NEXT"}, 164, []place{{4, "", 1}, {8, "", 164}, {144, "NEXT", 0}}},
		"MQIIH": {&mq.IIH{Flags: 8, LTermOverride: "LTERM", MFSMapName: "MAP", ReplyToFormat: "RF", TranInstanceID: [16]byte{9}, TranState: "C", CommitMode: "1", SecurityScope: "F"}, 84,
			[]place{{0, "IIH ", 0}, {4, "", 1}, {8, "", 84}, {20, "MQSTR   ", 0}, {28, "", 8}, {32, "LTERM   ", 0}, {40, "MAP     ", 0}, {48, "RF      ", 0}, {56, "        ", 0}, {80, "C1F ", 0}}},
		"MQMDE": {&mq.MDE{Flags: 1, GroupID: id, MsgSeqNumber: 2, Offset: 3, MsgFlags: 8, OriginalLength: -1}, 72,
			[]place{{0, "MDE ", 0}, {4, "", 2}, {8, "", 72}, {12, "", 785}, {16, "", 37}, {20, "MQSTR   ", 0}, {28, "", 1}, {56, "", 2}, {60, "", 3}, {64, "", 8}, {68, "", -1}}},
		"MQRFH2": {&mq.RFH2{Flags: 1, NameValueCCSID: 1208, Folders: [][]byte{[]byte("<usr></usr> ")}}, 52,
			[]place{{0, "RFH ", 0}, {4, "", 2}, {8, "", 52}, {12, "", 785}, {16, "", 37}, {20, "MQSTR   ", 0}, {28, "", 1}, {32, "", 1208}, {36, "", 12}}},
		"MQXQH": {&mq.XQH{RemoteQName: "RQ", RemoteQMgrName: "RQM", MsgDesc: mq.MD1{Report: 64, MsgType: 1, Expiry: -1, Feedback: 4, Priority: 5, Persistence: 1,
			BackoutCount: 6, ReplyToQ: "RPL", ReplyToQMgr: "QM2", UserIdentifier: "USER1", ApplIdentityData: "AID", PutApplType: 2, PutApplName: "PGM",
			PutDate: "20260308", PutTime: "03000012", ApplOriginData: "ORIG"}}, 428,
			[]place{{0, "XQH ", 0}, {4, "", 1}, {8, "RQ ", 0}, {56, "RQM ", 0}, {104, "MD  ", 0}, {108, "", 1}, {112, "", 64}, {116, "", 1}, {120, "", -1}, {124, "", 4},
				{128, "", 785}, {132, "", 37}, {136, "MQSTR   ", 0}, {144, "", 5}, {148, "", 1}, {200, "", 6}, {204, "RPL ", 0}, {252, "QM2 ", 0}, {300, "USER1 ", 0},
				{344, "AID ", 0}, {376, "", 2}, {380, "PGM ", 0}, {408, "20260308", 0}, {416, "03000012", 0}, {424, "ORIG", 0}}},
	} {
		for _, c := range []struct {
			name            string
			encoding, ccsid int32
			page            string
			order           binary.ByteOrder
		}{{"z/OS", 785, 37, "cp037", binary.BigEndian}, {"Linux", 546, 1208, "utf8", binary.LittleEndian}, {"AIX", 273, 819, "latin1", binary.BigEndian}} {
			t.Run(name+" on "+c.name, func(t *testing.T) {
				h := reflect.New(reflect.TypeOf(tc.header).Elem())
				h.Elem().Set(reflect.ValueOf(tc.header).Elem())
				rest := mq.Message{Descriptor: mq.Descriptor{Format: "MQSTR", Encoding: 785, CCSID: 37}, Body: []byte("data")}
				if _, own := tc.header.(*mq.RFH2); !own && (name[:5] == "MQCIH" || name == "MQIIH") {
					rest.Encoding, rest.CCSID = c.encoding, c.ccsid // what follows is as the header
				}
				m, err := mq.Chain{h.Interface().(mq.Header)}.Join(c.encoding, c.ccsid, rest)
				if err != nil {
					t.Fatal(err)
				}
				if len(m.Body) != tc.size+4 || m.Format != tc.header.MQFormat() || m.Encoding != c.encoding || m.CCSID != c.ccsid {
					t.Fatalf("%d bytes, %s %d %d", len(m.Body), m.Format, m.Encoding, m.CCSID)
				}
				for _, p := range tc.places {
					if p.text != "" {
						if want := in(t, c.page, p.text); !bytes.HasPrefix(m.Body[p.offset:], want) {
							t.Errorf("at %d: % x, want % x (%s)", p.offset, m.Body[p.offset:p.offset+len(want)], want, p.text)
						}
					} else if got := int32(c.order.Uint32(m.Body[p.offset:])); got != p.long {
						t.Errorf("at %d: %d, want %d", p.offset, got, p.long)
					}
				}
				exact(t, m, rest.Descriptor)
			})
		}
	}
}

// exact requires that a message is read, that its data is described so, and that it is written byte for byte.
func exact(t testing.TB, m mq.Message, data mq.Descriptor) mq.Chain {
	t.Helper()
	chain, rest, err := mq.ParseChain(m)
	if err != nil {
		t.Fatal(err)
	}
	if rest.Format != data.Format || rest.Encoding != data.Encoding || rest.CCSID != data.CCSID {
		t.Errorf("data is described as %q %d %d, want %q %d %d", rest.Format, rest.Encoding, rest.CCSID, data.Format, data.Encoding, data.CCSID)
	}
	again, err := chain.Join(m.Encoding, m.CCSID, rest)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(again.Body, m.Body) || again.Format != m.Format {
		t.Errorf("%s, written again:\n%x\n%x", again.Format, again.Body, m.Body)
	}
	return chain
}

// zOSDeadLetter is a dead letter as a z/OS queue manager writes it: an MQDLH in cp500, before an MQRFH2,
// before a COBOL record of one packed field. Written by hand from the declarations.
func zOSDeadLetter(t testing.TB) mq.Message {
	t.Helper()
	pad := func(text string, size int) []byte { return in(t, "cp500", fmt.Sprintf("%-*s", size, text)) }
	folder := []byte("<usr><traceparent>00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01</traceparent><Batch dt=\"i4\">7</Batch></usr>  ")
	be := binary.BigEndian.AppendUint32
	var b []byte
	b = append(b, pad("DLH", 4)...)
	b = be(be(b, 1), 2053)
	b = append(append(b, pad("CPP.PAY.EVENT", 48)...), pad("MVS1", 48)...)
	b = be(be(b, 785), 500)
	b = append(b, pad("MQHRF2", 8)...)
	b = be(b, 2)
	b = append(append(append(b, pad("CPPPAY01", 28)...), pad("20260308", 8)...), pad("08000000", 8)...)
	b = append(b, pad("RFH", 4)...)
	b = be(be(be(be(b, 2), uint32(36+4+len(folder))), 785), 37)
	b = append(b, pad("", 8)...)
	b = be(be(be(b, 0), 1208), uint32(len(folder)))
	b = append(append(b, folder...), 0x12, 0x3c)
	return mq.Message{Descriptor: mq.Descriptor{Format: "MQDEAD", Encoding: 785, CCSID: 500}, Body: b}
}

func TestAZOSDeadLetterIsReadWithoutConversion(t *testing.T) {
	m := zOSDeadLetter(t)
	chain := exact(t, m, mq.Descriptor{Encoding: 785, CCSID: 37})
	dlh, rfh := chain[0].(*mq.DLH), chain[1].(*mq.RFH2)
	if dlh.Reason != mq.RCQFull || dlh.DestQName != "CPP.PAY.EVENT" || dlh.DestQMgrName != "MVS1" || dlh.PutApplName != "CPPPAY01" || dlh.PutDate != "20260308" {
		t.Errorf("%+v", dlh)
	}
	p, err := rfh.Properties("usr")
	want := []mq.Property{{Name: "traceparent", Value: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}, {Name: "Batch", Type: "i4", Value: "7"}}
	if err != nil || !reflect.DeepEqual(p, want) {
		t.Errorf("%v, %v", p, err)
	}
	if _, rest, _ := mq.ParseChain(m); !bytes.Equal(rest.Body, []byte{0x12, 0x3c}) {
		t.Errorf("data % x", rest.Body)
	}
}

func TestAChangedFieldIsTheOnlyOneThatChanges(t *testing.T) {
	m := zOSDeadLetter(t)
	copy(m.Body[12+13:], make([]byte, 35)) // a program padded the queue's name with NULs
	chain, rest, err := mq.ParseChain(m)
	if err != nil {
		t.Fatal(err)
	}
	chain[0].(*mq.DLH).Reason = 2362
	got, err := chain.Join(m.Encoding, m.CCSID, rest)
	if err != nil {
		t.Fatal(err)
	}
	want := bytes.Clone(m.Body)
	binary.BigEndian.PutUint32(want[8:], 2362)
	if !bytes.Equal(got.Body, want) {
		t.Errorf("%x\n%x", got.Body, want)
	}
}

func TestHeadersMoveToAnotherCoding(t *testing.T) {
	m := zOSDeadLetter(t)
	chain, rest, err := mq.ParseChain(m)
	if err != nil {
		t.Fatal(err)
	}
	chain[0].(*mq.DLH).Encoding, chain[0].(*mq.DLH).CCSID = 546, 1208
	moved, err := chain.Join(546, 819, rest)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(moved.Body, []byte("DLH \x01\x00\x00\x00\x05\x08\x00\x00CPP.PAY.EVENT ")) {
		t.Errorf("%q", moved.Body[:40])
	}
	if !bytes.HasPrefix(moved.Body[172:], []byte("RFH \x02\x00\x00\x00")) {
		t.Errorf("%q", moved.Body[172:200])
	}
	exact(t, moved, rest.Descriptor)
}

func TestMalformedHeadersAreRefusedWithTheirPlaceAndWithoutContent(t *testing.T) {
	good := zOSDeadLetter(t)
	rfh := 172
	for name, tc := range map[string]struct {
		change func(m *mq.Message)
		reason string
		field  string
		offset int
	}{
		"empty":                      {func(m *mq.Message) { m.Body = nil }, "header-short", "MQDLH", 0},
		"ends within the DLH":        {func(m *mq.Message) { m.Body = m.Body[:171] }, "header-short", "MQDLH", 164},
		"ends before the RFH2":       {func(m *mq.Message) { m.Body = m.Body[:rfh] }, "header-short", "MQRFH2", rfh},
		"ends within the RFH2":       {func(m *mq.Message) { m.Body = m.Body[:rfh+30] }, "header-short", "MQRFH2", rfh + 28},
		"not a DLH":                  {func(m *mq.Message) { m.Body[0] = 0 }, "header-id", "MQDLH.StrucId", 0},
		"ASCII stated, EBCDIC there": {func(m *mq.Message) { m.CCSID = 1208 }, "header-codepage", "MQDLH.StrucId", 0},
		"next stated as ASCII":       {func(m *mq.Message) { binary.BigEndian.PutUint32(m.Body[112:], 819) }, "header-codepage", "MQRFH2.StrucId", rfh},
		"low byte first stated":      {func(m *mq.Message) { m.Encoding = 546 }, "header-encoding", "MQDLH.Version", 4},
		"an order of no machine":     {func(m *mq.Message) { m.Encoding = 787 }, "header-encoding", "MQDLH", 0},
		"version 9":                  {func(m *mq.Message) { m.Body[7] = 9 }, "header-version", "MQDLH.Version", 4},
		"RFH2 announced, RFH1 there": {func(m *mq.Message) { m.Body[rfh+7] = 1 }, "header-version", "MQRFH2.Version", rfh + 4},
		"StrucLength beyond the end": {func(m *mq.Message) { m.Body[rfh+10] = 0x7f }, "header-length", "MQRFH2.StrucLength", rfh + 8},
		"StrucLength below zero":     {func(m *mq.Message) { m.Body[rfh+8] = 0xff }, "header-length", "MQRFH2.StrucLength", rfh + 8},
		"StrucLength too short":      {func(m *mq.Message) { m.Body[rfh+10], m.Body[rfh+11] = 0, 35 }, "header-length", "MQRFH2.StrucLength", rfh + 8},
		"a folder beyond the end":    {func(m *mq.Message) { m.Body[rfh+36] = 0x7f }, "header-length", "MQRFH2.NameValueLength", rfh + 36},
		"a folder below zero":        {func(m *mq.Message) { m.Body[rfh+36] = 0x80 }, "header-length", "MQRFH2.NameValueLength", rfh + 36},
		"a folder with no room":      {func(m *mq.Message) { m.Body[rfh+10], m.Body[rfh+11] = 0, 38 }, "header-short", "MQRFH2", rfh + 36},
	} {
		t.Run(name, func(t *testing.T) {
			m := mq.Message{Descriptor: good.Descriptor, Body: bytes.Clone(good.Body)}
			tc.change(&m)
			_, _, err := mq.ParseChain(m)
			refused(t, err, tc.reason, tc.field, tc.offset)
		})
	}
	t.Run("MQCIH of a wrong length", func(t *testing.T) {
		m, err := mq.Chain{mq.NewCIH()}.Join(785, 37, mq.Message{})
		if err != nil {
			t.Fatal(err)
		}
		m.Body[11] = 164
		_, _, err = mq.ParseChain(m)
		refused(t, err, "header-length", "MQCIH.StrucLength", 8)
	})
	t.Run("a chain without end", func(t *testing.T) {
		one, err := mq.Chain{&mq.MDE{}}.Join(785, 37, mq.Message{Descriptor: mq.Descriptor{Format: "MQHMDE", Encoding: 785, CCSID: 37}})
		if err != nil {
			t.Fatal(err)
		}
		one.Body = bytes.Repeat(one.Body, 65)
		_, _, err = mq.ParseChain(one)
		refused(t, err, "header-many", "", 64*72)
	})
}

func refused(t testing.TB, err error, reason, field string, offset int) {
	t.Helper()
	var r *adapters.Refusal
	if !errors.As(err, &r) || r.Reason != reason || r.Field != field || r.Offset != offset {
		t.Fatalf("%+v (%v), want %s %s at %d", r, err, reason, field, offset)
	}
	if strings.Contains(err.Error(), "CPP") || strings.Contains(err.Error(), "0af765") {
		t.Errorf("content in %v", err)
	}
}

func TestWhatIsNotStatedIsSeen(t *testing.T) {
	for _, c := range [][2]int32{{0, 0}, {0, 500}, {785, 0}, {785, 1399}, {528, -1}} {
		m := zOSDeadLetter(t)
		m.Encoding, m.CCSID = c[0], c[1]
		exact(t, m, mq.Descriptor{Encoding: 785, CCSID: 37})
	}
	m, err := mq.Chain{mq.NewIIH(), mq.NewCIH()}.Join(546, 850, mq.Message{Body: []byte("x")})
	if err != nil {
		t.Fatal(err)
	}
	m.Encoding, m.CCSID = 0, 0
	exact(t, m, mq.Descriptor{})
}

func TestRFH1IsLeftAlone(t *testing.T) {
	m := mq.Message{Descriptor: mq.Descriptor{Format: "MQHRF", Encoding: 785, CCSID: 37}, Body: []byte("RFH...")}
	chain, rest, err := mq.ParseChain(m)
	if len(chain) != 0 || err != nil || string(rest.Body) != "RFH..." || rest.Format != "MQHRF" {
		t.Errorf("%v %v %v", chain, rest, err)
	}
}

func TestWhatCannotBeWrittenIsRefused(t *testing.T) {
	data := mq.Message{Descriptor: mq.Descriptor{Encoding: 785, CCSID: 37}}
	for name, tc := range map[string]struct {
		chain           mq.Chain
		encoding, ccsid int32
		reason          string
	}{
		"a name too long":                   {mq.Chain{&mq.DLH{DestQName: strings.Repeat("Q", 49)}}, 785, 37, "header-value"},
		"a letter that is not":              {mq.Chain{&mq.DLH{DestQName: "日"}}, 785, 37, "header-value"},
		"no code page":                      {mq.Chain{&mq.DLH{}}, 785, 0, "header-value"},
		"no order of bytes":                 {mq.Chain{&mq.DLH{}}, 3, 37, "header-value"},
		"data behind MQCIH otherwise coded": {mq.Chain{mq.NewCIH()}, 546, 1208, "header-encoding"},
		"data behind MQIIH in another page": {mq.Chain{mq.NewIIH()}, 785, 500, "header-encoding"},
	} {
		_, err := tc.chain.Join(tc.encoding, tc.ccsid, data)
		var r *adapters.Refusal
		if !errors.As(err, &r) || r.Reason != tc.reason {
			t.Errorf("%s: %v, want %s", name, err, tc.reason)
		}
	}
}

// CodedCharSetId -2 is MQCCSI_INHERIT: what follows is in the code page of the header before it.
func TestAnInheritedCodePageIsTheHeadersOwn(t *testing.T) {
	m, err := mq.Chain{&mq.RFH2{CCSID: -2, Encoding: 785}, &mq.MDE{}}.Join(785, 500, mq.Message{Descriptor: mq.Descriptor{Encoding: 785, CCSID: 500}, Body: []byte("data")})
	if err != nil {
		t.Fatal(err)
	}
	chain := exact(t, m, mq.Descriptor{Encoding: 785, CCSID: 500})
	if ccsid := chain[0].(*mq.RFH2).CCSID; ccsid != -2 {
		t.Errorf("CCSID %d", ccsid)
	}
	m.CCSID = 37 // the same bytes, described otherwise
	binary.BigEndian.PutUint32(m.Body[36+16:], 0xfffffffe)
	exact(t, m, mq.Descriptor{Encoding: 785, CCSID: 37})
}
