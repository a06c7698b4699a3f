package mq_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/mq"
)

func TestSegmentsReadAndWrite(t *testing.T) {
	for encoding, want := range map[int32]string{785: "\x00\x07\x00\x00abc\x00\x04\x12\x34", 0: "\x00\x07\x00\x00abc\x00\x04\x12\x34", 546: "\x07\x00\x00\x00abc\x04\x00\x34\x12"} {
		b, err := mq.AppendSegments(nil, encoding, mq.Segment{Data: []byte("abc")}, mq.Segment{ZZ: 0x1234})
		if err != nil || string(b) != want {
			t.Errorf("%d: %q, %v", encoding, b, err)
		}
		got, err := mq.ParseSegments(mq.Message{Descriptor: mq.Descriptor{Encoding: encoding}, Body: b})
		if err != nil || len(got) != 2 || string(got[0].Data) != "abc" || got[1].ZZ != 0x1234 || len(got[1].Data) != 0 {
			t.Errorf("%d: %v, %v", encoding, got, err)
		}
	}
}

func TestSegmentsThatDoNotFit(t *testing.T) {
	for name, tc := range map[string]struct {
		body   string
		offset int
	}{
		"LL beyond the end": {"\x00\x05\x00\x00a\x00\x06\x00\x00b", 5}, "LL below four": {"\x00\x03\x00\x00", 0}, "LL zero": {"\x00\x00\x00\x00", 0},
		"no room for LLZZ": {"\x00\x04\x00\x00\x00\x04\x00", 4}, "LL below zero": {"\xff\xff\x00\x00", 0},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := mq.ParseSegments(mq.Message{Body: []byte(tc.body)})
			refused(t, err, "header-segment", "LL", tc.offset)
		})
	}
	if _, err := mq.AppendSegments(nil, 785, mq.Segment{Data: make([]byte, 32764)}); err == nil {
		t.Error("a segment of 32768 bytes was written")
	}
	if _, err := mq.AppendSegments(nil, 785, mq.Segment{Data: make([]byte, 32763)}); err != nil {
		t.Errorf("the longest segment: %v", err)
	}
	if _, err := mq.AppendSegments(nil, 3, mq.Segment{}); err == nil {
		t.Error("an order of no machine")
	}
}

func FuzzSegments(f *testing.F) {
	f.Add(int32(785), []byte("\x00\x07\x00\x00abc\x00\x04\x12\x34"))
	f.Fuzz(func(t *testing.T, encoding int32, body []byte) {
		segments, err := mq.ParseSegments(mq.Message{Descriptor: mq.Descriptor{Encoding: encoding}, Body: body})
		if err != nil {
			var r *adapters.Refusal
			if !errors.As(err, &r) || r.Offset < 0 || r.Offset > len(body) {
				t.Fatalf("%v", err)
			}
			return
		}
		if again, err := mq.AppendSegments(nil, encoding, segments...); err != nil || !bytes.Equal(again, body) {
			t.Fatalf("%v: %x, want %x", err, again, body)
		}
	})
}

// wrapped is a message as a Source delivers it.
func wrapped(t *testing.T, chain mq.Chain, rest mq.Message) adapters.Message {
	t.Helper()
	m, err := chain.Join(785, 37, rest)
	if err != nil {
		t.Fatal(err)
	}
	return mq.AsMessage(m)
}

func TestUnwrapFindsTheRecordBehindItsHeaders(t *testing.T) {
	zos := mq.Descriptor{Encoding: 785, CCSID: 37}
	rfh := &mq.RFH2{}
	if err := rfh.AddFolder("usr", mq.Property{Name: "traceparent", Value: "p"}, mq.Property{Name: "Batch", Value: "7"},
		mq.Property{Name: "mq-format", Value: "forged"}, mq.Property{Name: "portage-id", Value: "forged"}); err != nil {
		t.Fatal(err)
	}
	ims := zos
	ims.Format = "MQIMSVS"
	for name, tc := range map[string]struct {
		m    adapters.Message
		want string
		h    map[string]string
	}{
		"nothing": {mq.AsMessage(mq.Message{Descriptor: zos, Body: []byte("record")}), "record", map[string]string{"mq-ccsid": "37"}},
		"DLH and RFH2": {wrapped(t, mq.Chain{&mq.DLH{Reason: 2053, DestQName: "APP.IN"}, rfh}, mq.Message{Descriptor: zos, Body: []byte("record")}), "record",
			map[string]string{"mq-dead-reason": "2053", "mq-dead-queue": "APP.IN", "traceparent": "p", "batch": "7", "mq-ccsid": "37", "mq-encoding": "785", "mq-format": "", "portage-id": ""}},
		"CIH and a program's name": {wrapped(t, mq.Chain{mq.NewCIH()}, mq.Message{Descriptor: zos, Body: append(in(t, "cp037", "EIQS    "), "record"...)}), "record",
			map[string]string{"mq-program": "EIQS"}},
		"CIH and nothing": {wrapped(t, mq.Chain{mq.NewCIH()}, mq.Message{Descriptor: zos}), "", nil},
		"IIH and two segments": {wrapped(t, mq.Chain{mq.NewIIH()}, mq.Message{Descriptor: ims, Body: []byte("\x00\x07\x00\x00rec\x00\x07\x00\x00ord")}), "record",
			map[string]string{"mq-format": "MQIMSVS"}},
		"segments without IIH": {mq.AsMessage(mq.Message{Descriptor: ims, Body: []byte("\x00\x0a\x00\x00record")}), "record", nil},
	} {
		t.Run(name, func(t *testing.T) {
			before := len(tc.m.Headers)
			got, err := mq.Unwrap(tc.m)
			if err != nil || string(got.Body) != tc.want || got.ID != tc.m.ID || len(tc.m.Headers) != before {
				t.Fatalf("%q, %v", got.Body, err)
			}
			for name, want := range tc.h {
				if value, _ := got.Header(name); value != want {
					t.Errorf("%s is %q, want %q", name, value, want)
				}
			}
		})
	}
}

func TestUnwrapRefusesWhatItCannotSeeBehind(t *testing.T) {
	for format, reason := range map[string]string{"MQHRF": "header-format", "MQHREF": "header-format", "MQDEAD": "header-short", "MQIMSVS": "header-segment"} {
		m := mq.AsMessage(mq.Message{Descriptor: mq.Descriptor{Format: format}, Body: []byte("RFH")})
		got, err := mq.Unwrap(m)
		var r *adapters.Refusal
		if !errors.As(err, &r) || r.Reason != reason || string(got.Body) != "RFH" {
			t.Errorf("%s: %v", format, err)
		}
	}
	rfh := &mq.RFH2{NameValueCCSID: 1208, Folders: [][]byte{[]byte("<usr><a></usr>")}}
	if _, err := mq.Unwrap(wrapped(t, mq.Chain{rfh}, mq.Message{})); err == nil {
		t.Error("a folder that is no XML was passed over")
	}
}

func TestAPropertyCannotPassForTheDescriptor(t *testing.T) {
	m := mq.AsMessage(mq.Message{Descriptor: mq.Descriptor{CCSID: 37, Properties: []adapters.Header{{Name: "mq-ccsid", Value: "819"}, {Name: "mq-user", Value: "ROOT"}, {Name: "ok", Value: "1"}}}})
	if ccsid, _ := m.Header("mq-ccsid"); ccsid != "37" {
		t.Errorf("CCSID %s", ccsid)
	}
	if _, there := m.Header("mq-user"); there {
		t.Error("a property became the user")
	}
	if ok, _ := m.Header("ok"); ok != "1" {
		t.Error("a plain property is lost")
	}
}
