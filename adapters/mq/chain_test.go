package mq_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/mq"
)

// drawHeader makes a header with any content that its fields hold.
func drawHeader(t *rapid.T, ascii bool) mq.Header {
	text := func(most int) string {
		letters := rapid.SampledFrom([]rune("ABZ019._%/ é"))
		if ascii {
			letters = rapid.SampledFrom([]rune("ABZ019._%/ "))
		}
		s := string(rapid.SliceOfN(letters, 0, most).Draw(t, "text"))
		return strings.TrimRight(s, " ")
	}
	long := func() int32 { return rapid.Int32().Draw(t, "long") }
	var id mq.ID
	copy(id[:], rapid.SliceOfN(rapid.Byte(), 24, 24).Draw(t, "id"))
	switch rapid.IntRange(0, 5).Draw(t, "kind") {
	case 0:
		return &mq.DLH{Reason: long(), DestQName: text(48), DestQMgrName: text(48), PutApplType: long(), PutApplName: text(28), PutDate: text(8), PutTime: text(8)}
	case 1:
		h := &mq.RFH2{Flags: long(), NameValueCCSID: rapid.SampledFrom([]int32{1208, 1200, 819, 37, 5}).Draw(t, "ccsid")}
		for range rapid.IntRange(0, 3).Draw(t, "folders") {
			h.Folders = append(h.Folders, rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "folder"))
		}
		return h
	case 2:
		h := mq.NewCIH()
		h.Version = rapid.Int32Range(1, 2).Draw(t, "version")
		h.Encoding, h.CCSID, h.Reason, h.AbendCode, h.Authenticator = long(), long(), long(), text(4), text(8)
		return h
	case 3:
		h := mq.NewIIH()
		h.Encoding, h.LTermOverride, h.TranState = long(), text(8), rapid.SampledFrom([]string{"", "C"}).Draw(t, "state")
		return h
	case 4:
		return &mq.MDE{GroupID: id, MsgSeqNumber: long(), Offset: long(), MsgFlags: long()}
	}
	return &mq.XQH{RemoteQName: text(48), MsgDesc: mq.MD1{MsgID: id, ReplyToQ: text(48), UserIdentifier: text(12), PutApplName: text(28), Expiry: long()}}
}

// Whatever stands in the fields, and however each header says that the next is coded: what is joined is
// read as it was, and written the same again.
func TestChainsAreReadAsTheyWereWritten(t *testing.T) {
	encodings, pages := rapid.SampledFrom([]int32{785, 546, 273}), rapid.SampledFrom([]int32{37, 500, 1140, 819, 1208, 850})
	rapid.Check(t, func(t *rapid.T) {
		encoding, ccsid := encodings.Draw(t, "encoding"), pages.Draw(t, "page")
		var chain mq.Chain
		for range rapid.IntRange(1, 4).Draw(t, "headers") {
			chain = append(chain, drawHeader(t, false))
		}
		rest := mq.Message{Descriptor: mq.Descriptor{Format: "MYFMT"}, Body: rapid.SliceOf(rapid.Byte()).Draw(t, "data")}
		m, err := chain.Join(encoding, ccsid, rest)
		if err != nil {
			var r *adapters.Refusal
			if !errors.As(err, &r) || r.Reason != "header-value" { // é needs two bytes in UTF-8
				t.Fatal(err)
			}
			return
		}
		back, got, err := mq.ParseChain(m)
		if err != nil {
			t.Fatal(err)
		}
		if len(back) != len(chain) || !bytes.Equal(got.Body, rest.Body) || got.Format != "MYFMT" {
			t.Fatalf("%d headers of %d, data %q", len(back), len(chain), got.Format)
		}
		for i := range chain {
			if a, b := shown(chain[i]), shown(back[i]); a != b {
				t.Fatalf("header %d:\n%s\n%s", i, a, b)
			}
		}
		again, err := back.Join(encoding, ccsid, got)
		if err != nil || !bytes.Equal(again.Body, m.Body) {
			t.Fatalf("%v\n%x\n%x", err, again.Body, m.Body)
		}
	})
}

// shown is a header's exported fields.
func shown(h mq.Header) string {
	v := reflect.ValueOf(h).Elem()
	var b strings.Builder
	for i := range v.NumField() {
		if f := v.Type().Field(i); f.IsExported() && !(f.Name == "Folders" && v.Field(i).Len() == 0) {
			fmt.Fprintf(&b, "%s:%v ", f.Name, v.Field(i))
		}
	}
	return b.String()
}

func FuzzParseChain(f *testing.F) {
	m := zOSDeadLetter(f)
	f.Add(m.Format, m.Encoding, m.CCSID, m.Body)
	for _, h := range []mq.Header{mq.NewCIH(), mq.NewIIH(), mq.NewMDE(), &mq.XQH{}} {
		m, err := mq.Chain{h, &mq.RFH2{Folders: [][]byte{[]byte("<usr/>")}}}.Join(546, 819, mq.Message{Body: []byte("data")})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(m.Format, m.Encoding, m.CCSID, m.Body)
	}
	f.Fuzz(func(t *testing.T, format string, encoding, ccsid int32, body []byte) {
		m := mq.Message{Descriptor: mq.Descriptor{Format: format, Encoding: encoding, CCSID: ccsid}, Body: body}
		kept := bytes.Clone(body)
		chain, rest, err := mq.ParseChain(m)
		if err != nil {
			var r *adapters.Refusal
			if !errors.As(err, &r) || r.Offset < 0 || r.Offset > len(body) {
				t.Fatalf("%v at %+v", err, r)
			}
			return
		}
		again, err := chain.Join(encoding, ccsid, rest)
		if err != nil || !bytes.Equal(again.Body, kept) || again.Format != format || !bytes.Equal(body, kept) {
			t.Fatalf("%v\n%s\n%s", err, hex.Dump(again.Body), hex.Dump(kept))
		}
		for _, h := range chain {
			if r, ok := h.(*mq.RFH2); ok {
				_, _ = r.Properties("usr")
			}
		}
	})
}

func BenchmarkParseChain(b *testing.B) {
	for name, m := range map[string]mq.Message{"no header": {Body: []byte("record")}, "MQDLH and MQRFH2": zOSDeadLetter(b)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := mq.ParseChain(m); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
