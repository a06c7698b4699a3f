package mq_test

import (
	"fmt"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/mq"
)

// A record is put behind a folder of properties and a dead-letter header, as z/OS would, and found again.
func ExampleParseChain() {
	record := mq.Message{Descriptor: mq.Descriptor{Encoding: mq.EncodingZOS, CCSID: 37}, Body: []byte{0x12, 0x3c}}
	properties := &mq.RFH2{}
	if err := properties.AddFolder(mq.FolderUser, mq.Property{Name: "batch", Type: "i4", Value: "7"}); err != nil {
		fmt.Println(err)
	}
	m, err := mq.Chain{&mq.DLH{Reason: mq.RCQFull, DestQName: "CPP.PAY.EVENT"}, properties}.Join(mq.EncodingZOS, 500, record)
	fmt.Println(m.Format, m.CCSID, len(m.Body), err)

	chain, rest, err := mq.ParseChain(m)
	for _, h := range chain {
		switch h := h.(type) {
		case *mq.DLH:
			fmt.Println(mq.ReasonName(h.Reason), h.DestQName)
		case *mq.RFH2:
			fmt.Println(h.Properties(mq.FolderUser))
		}
	}
	fmt.Printf("% x in CCSID %d %v\n", rest.Body, rest.CCSID, err)
	// Output:
	// MQDEAD 500 250 <nil>
	// Q_FULL CPP.PAY.EVENT
	// [{batch i4 7}] <nil>
	// 12 3c in CCSID 37 <nil>
}

// What a Source delivers still has its headers; Unwrap takes them off before a record is decoded.
func ExampleUnwrap() {
	m, err := mq.Chain{&mq.DLH{Reason: mq.RCQFull}}.Join(mq.EncodingZOS, 500,
		mq.Message{Descriptor: mq.Descriptor{Encoding: mq.EncodingZOS, CCSID: 37}, Body: []byte("record")})
	if err != nil {
		fmt.Println(err)
	}
	got, err := mq.Unwrap(mq.AsMessage(m))
	reason, _ := got.Header("mq-dead-reason")
	fmt.Println(string(got.Body), reason, err)

	m.Body = m.Body[:100]
	_, err = mq.Unwrap(mq.AsMessage(m))
	fmt.Println(err)
	// Output:
	// record 2053 <nil>
	// header-short at MQDLH: it needs 48 bytes here, and 40 are left
}

func ExampleParseSegments() {
	b, err := mq.AppendSegments(nil, mq.EncodingZOS, mq.Segment{Data: []byte("first")}, mq.Segment{Data: []byte("second")})
	fmt.Printf("%q %v\n", b, err)
	segments, err := mq.ParseSegments(mq.Message{Descriptor: mq.Descriptor{Encoding: mq.EncodingZOS}, Body: b})
	fmt.Println(len(segments), string(segments[1].Data), err)
	// Output:
	// "\x00\t\x00\x00first\x00\n\x00\x00second" <nil>
	// 2 second <nil>
}

func ExampleCustom_Validate() {
	fmt.Println(mq.Custom{Style: mq.StyleCICS, Program: "EIQS"}.Validate())
	fmt.Println(mq.Custom{Style: "containers"}.Validate())
	// Output:
	// <nil>
	// style "containers": the MQ-CICS bridge carries a COMMAREA and no channels and containers; use cicsBridge with a program that takes a COMMAREA
}

// The program runs under the person who asked.
func ExampleUserHeader() {
	h := []adapters.Header{mq.UserHeader("CLERK7")}
	fmt.Println(h)
	// Output: [{mq-user CLERK7}]
}

func ExampleRFH2_AddFolder() {
	h := &mq.RFH2{}
	err := h.AddFolder(mq.FolderUser, mq.Property{Name: "note", Value: "R&D"})
	fmt.Printf("%q %v\n", h.Folders[0], err)
	// Output: "<usr><note>R&amp;D</note></usr> " <nil>
}
