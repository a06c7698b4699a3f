package mq_test

import (
	"encoding/binary"
	"errors"
	"reflect"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/mq"
)

func TestFoldersInEachCodePage(t *testing.T) {
	const folder = `<usr><name>Léa &amp; Zoë &lt;1&gt;</name><empty></empty><gone xsi:nil="true"></gone><group><in dt='boolean'>1</in></group></usr>`
	want := []mq.Property{{Name: "name", Value: "Léa & Zoë <1>"}, {Name: "empty"}, {Name: "group.in", Type: "boolean", Value: "1"}}
	sixteen := func(order binary.AppendByteOrder) (b []byte) {
		for _, u := range utf16.Encode([]rune(folder + " ")) {
			b = order.AppendUint16(b, u)
		}
		return b
	}
	for name, tc := range map[string]struct {
		ccsid    int32
		encoding int32
		bytes    []byte
	}{
		"UTF-8":                   {1208, 785, []byte(folder + "\x00\x00")},
		"UTF-16, high byte first": {1200, 785, sixteen(binary.BigEndian)},
		"UTF-16, low byte first":  {17584, 546, sixteen(binary.LittleEndian)},
		"cp037":                   {37, 785, in(t, "cp037", folder)},
	} {
		t.Run(name, func(t *testing.T) {
			var m mq.Message
			var err error
			h := &mq.RFH2{NameValueCCSID: tc.ccsid, Folders: [][]byte{[]byte("<mcd/>"), tc.bytes}}
			if tc.ccsid == 1200 || tc.ccsid == 17584 {
				h.Folders = h.Folders[1:]
			}
			if m, err = (mq.Chain{h}).Join(tc.encoding, 819, mq.Message{}); err != nil {
				t.Fatal(err)
			}
			if tc.ccsid == 37 {
				h.Folders[0] = in(t, "cp037", "<mcd/>")
			}
			chain := exact(t, m, mq.Descriptor{Encoding: 0, CCSID: 0})
			got, err := chain[0].(*mq.RFH2).Properties("usr")
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%v, %v", got, err)
			}
			if got, err := chain[0].(*mq.RFH2).Properties("jms"); len(got) != 0 || err != nil {
				t.Errorf("a folder that is not there: %v, %v", got, err)
			}
		})
	}
}

func TestFoldersThatAreNoProperties(t *testing.T) {
	for name, folder := range map[string]string{
		"not closed":      "<usr><a>SECRET</a>",
		"crossed":         "<usr><a><b>SECRET</a></b></usr>",
		"a document type": "<usr><!DOCTYPE x [<!ENTITY e 'SECRET'>]></usr>",
		"an entity":       "<usr><a>&SECRET;</a></usr>",
		"an instruction":  "<usr><?SECRET?></usr>",
		"two roots":       "<usr></usr><usr><a>SECRET</a></usr>",
		"text behind":     "<usr></usr>SECRET",
		"not UTF-8":       "<usr><a>SECRET\xff</a></usr>",
		"too deep":        "<usr>" + strings.Repeat("<a>", 9) + "SECRET" + strings.Repeat("</a>", 9) + "</usr>",
		"too many":        "<usr>" + strings.Repeat("<a/>", 1001) + "</usr>",
		"too long":        "<usr><a>" + strings.Repeat("SECRET", 1<<18) + "</a></usr>",
	} {
		h := &mq.RFH2{NameValueCCSID: 1208, Folders: [][]byte{[]byte(folder)}}
		_, err := h.Properties("usr")
		var r *adapters.Refusal
		if !errors.As(err, &r) || r.Reason != "header-folder" || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, ccsid := range []int32{1200, 4711} {
		if _, err := (&mq.RFH2{NameValueCCSID: ccsid, Folders: [][]byte{[]byte("odd")}}).Properties("usr"); err == nil {
			t.Errorf("CCSID %d: read", ccsid)
		}
	}
}

func FuzzFolder(f *testing.F) {
	f.Add(int32(1208), []byte(`<usr><a dt="i4">1</a><b xsi:nil="true"/></usr>`))
	f.Add(int32(1200), []byte("\x00<\x00u\x00/\x00>"))
	f.Fuzz(func(t *testing.T, ccsid int32, folder []byte) {
		h := &mq.RFH2{NameValueCCSID: ccsid, Folders: [][]byte{folder}}
		properties, err := h.Properties("usr")
		if err != nil {
			var r *adapters.Refusal
			if !errors.As(err, &r) || r.Reason != "header-folder" {
				t.Fatal(err)
			}
			return
		}
		// What can be written reads back.
		again := &mq.RFH2{}
		if again.AddFolder("usr", properties...) != nil {
			return
		}
		got, err := again.Properties("usr")
		if err != nil || len(got) != len(properties) || len(again.Folders[0])%4 != 0 {
			t.Fatalf("%v: %q", err, again.Folders[0])
		}
		for i := range got {
			if got[i].Name != properties[i].Name || got[i].Value != properties[i].Value {
				t.Fatalf("%q, want %q", got[i], properties[i])
			}
		}
	})
}

func TestAddFolderRefusesWhatXMLCannotCarry(t *testing.T) {
	for name, p := range map[string]mq.Property{
		"a name with a colon": {Name: "a:b"}, "no name": {}, "a control character": {Name: "a", Value: "\x01"}, "a type that is none": {Name: "a", Type: `"><x`},
	} {
		h := &mq.RFH2{}
		if err := h.AddFolder("usr", p); err == nil || len(h.Folders) != 0 {
			t.Errorf("%s: %v, %q", name, err, h.Folders)
		}
	}
	if err := (&mq.RFH2{NameValueCCSID: 1200}).AddFolder("usr"); err == nil {
		t.Error("UTF-8 in a header of UTF-16")
	}
	if err := (&mq.RFH2{}).AddFolder("u s r"); err == nil {
		t.Error("a folder's name with blanks")
	}
}

// Folders in UTF-16 stand in the header's own order of bytes (IBM MQ, Reference, MQRFH2, NameValueCCSID).
func TestFoldersInUTF16TurnWithTheirHeader(t *testing.T) {
	var folder []byte
	for _, u := range utf16.Encode([]rune("<usr><a>é1</a></usr> ")) {
		folder = binary.BigEndian.AppendUint16(folder, u)
	}
	m, err := mq.Chain{&mq.RFH2{NameValueCCSID: 1200, Folders: [][]byte{folder}}}.Join(785, 37, mq.Message{Body: []byte("data")})
	if err != nil {
		t.Fatal(err)
	}
	chain, rest, err := mq.ParseChain(m)
	if err != nil {
		t.Fatal(err)
	}
	turned, err := chain.Join(546, 1208, rest)
	if err != nil {
		t.Fatal(err)
	}
	got, err := exact(t, turned, mq.Descriptor{})[0].(*mq.RFH2).Properties("usr")
	if err != nil || len(got) != 1 || got[0].Value != "é1" {
		t.Errorf("%v, %v", got, err)
	}
}
