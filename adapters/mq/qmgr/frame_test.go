package qmgr

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/mq"
)

func TestFramesComeBackAsTheyWere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var stream []byte
		var want []frame
		for range rapid.IntRange(0, 5).Draw(t, "frames") {
			f := frame{op: rapid.Byte().Draw(t, "op"), request: rapid.Uint32().Draw(t, "request"),
				payload: rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "payload")}
			want = append(want, f)
			stream = appendFrame(stream, f)
		}
		r := bytes.NewReader(stream)
		for i, w := range want {
			f, err := readFrame(r)
			if err != nil || f.op != w.op || f.request != w.request || !bytes.Equal(f.payload, w.payload) {
				t.Fatalf("frame %d: %+v, %v, want %+v", i, f, err, w)
			}
		}
		if _, err := readFrame(r); err != io.EOF {
			t.Fatalf("at the end: %v, want io.EOF", err)
		}
	})
}

func TestFramesThatAreNone(t *testing.T) {
	good := appendFrame(nil, frame{op: opCommit, request: 1, payload: bytes.Repeat([]byte{1}, 70_000)})
	for name, c := range map[string]struct {
		stream []byte
		want   string
	}{
		"HTTP":                      {[]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), "length"},
		"length 0":                  {make([]byte, 10), "length 0"},
		"another version":           {[]byte{0, 0, 0, 6, 2, opCommit, 0, 0, 0, 1}, "version 2"},
		"half a head":               {good[:7], "its head"},
		"half a payload":            {good[:60_000], "its payload"},
		"half a payload, after 64K": {good[:69_999], "its payload"},
		"4 GiB":                     {[]byte{255, 255, 255, 255, 1, 1, 0, 0, 0, 0}, "length 4294967295"},
	} {
		_, err := readFrame(bytes.NewReader(c.stream))
		if !errors.Is(err, errFrame) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q in it", name, err, c.want)
		}
	}
}

// drawMessage makes a message of values that the protocol can carry.
func drawMessage(t *rapid.T) mq.Message {
	id := func(name string) (out mq.ID) {
		copy(out[:], rapid.SliceOfN(rapid.Byte(), 24, 24).Draw(t, name))
		return out
	}
	text := func(name string, most int) string { return rapid.StringN(0, -1, most).Draw(t, name) }
	var m mq.Message
	m.MsgID, m.CorrelID, m.GroupID = id("msgid"), id("correlid"), id("groupid")
	m.Format, m.ReplyToQ, m.ReplyToQMgr = text("format", 8), text("replytoq", 48), text("replytoqmgr", 48)
	m.Encoding, m.CCSID, m.Feedback = rapid.Int32().Draw(t, "encoding"), rapid.Int32().Draw(t, "ccsid"), rapid.Int32().Draw(t, "feedback")
	m.Persistent = rapid.Bool().Draw(t, "persistent")
	m.Expiry = time.Duration(rapid.Int64Range(0, 1<<31-1).Draw(t, "expiry")) * tenth
	m.BackoutCount = rapid.Int32().Draw(t, "backouts")
	if ms := rapid.Int64Range(0, 1<<42).Draw(t, "put"); ms > 0 {
		m.PutTime = time.UnixMilli(ms).UTC()
	}
	m.UserIdentifier, m.ApplIdentityData, m.PutApplName = text("user", 12), text("data", 32), text("appl", 28)
	for range rapid.IntRange(0, 3).Draw(t, "properties") {
		m.Properties = append(m.Properties, adapters.Header{Name: text("name", 40), Value: text("value", 90)})
	}
	m.Body = rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "body")
	return m
}

func TestMessagesComeBackAsTheyWere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawMessage(t)
		b := appendMessage(nil, &m)
		r := reader{b: b}
		got := r.message()
		if err := r.end(); err != nil {
			t.Fatal(err)
		}
		if len(m.Body) == 0 {
			m.Body, got.Body = nil, nil
		}
		if !reflect.DeepEqual(got, m) {
			t.Fatalf("got %+v\nwant %+v", got, m)
		}
		for n := range len(b) {
			short := reader{b: b[:n]}
			short.message()
			if short.end() == nil {
				t.Fatalf("its first %d of %d bytes are taken for a message", n, len(b))
			}
		}
	})
}

func FuzzFrame(f *testing.F) {
	f.Add(appendFrame(nil, frame{op: opConnect, request: 1, payload: appendText(nil, "fuzz")}))
	f.Add(appendFrame(nil, frame{op: opGet, request: 2, payload: appendGet(nil, "Q", mq.GetOptions{Wait: time.Second})}))
	m := mq.Message{Body: []byte("x")}
	f.Add(appendFrame(nil, frame{op: opPut, request: 3, payload: appendPut(nil, "Q", &m, mq.PutOptions{})}))
	f.Add(appendFrame(nil, frame{op: opGet, request: 4, payload: appendGet(nil, "Q", mq.GetOptions{GroupID: mq.ID{1}, MsgSeqNumber: 2, LogicalOrder: true})}))
	f.Add(appendFrame(nil, frame{op: opDefine, request: 5, payload: appendDefine(nil, "Q", modeAlter, []string{"get=disabled"})}))
	f.Add(appendFrame(nil, frame{op: opDescribe, request: 6, payload: appendDetail(nil, Detail{Name: "A", Target: "Q", CopiesLost: 3})}))
	f.Add(appendFrame(nil, frame{op: opFault, request: 7, payload: appendFault(nil, Fault{Op: "get", Nth: 3, Times: -1, Kind: FaultSlow, Delay: time.Second})}))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, stream []byte) {
		in := bytes.NewReader(stream)
		for {
			before := in.Len()
			got, err := readFrame(in)
			if err != nil {
				return
			}
			if again := appendFrame(nil, got); !bytes.Equal(again, stream[len(stream)-before:len(stream)-in.Len()]) {
				t.Fatalf("a frame of %d bytes does not encode to what it was read from", len(again))
			}
			for _, decode := range []func(*reader){
				func(r *reader) { r.get() }, func(r *reader) { r.put() }, func(r *reader) { r.attributes() },
				func(r *reader) { r.status("x", "") }, func(r *reader) { r.message() },
				func(r *reader) { r.define() }, func(r *reader) { r.detail() }, func(r *reader) { r.aliases() }, func(r *reader) { r.fault() },
			} {
				decode(&reader{b: got.payload})
			}
		}
	})
}

func FuzzMessage(f *testing.F) {
	f.Add(appendMessage(nil, &mq.Message{Descriptor: mq.Descriptor{Format: "MQSTR", Properties: []adapters.Header{{Name: "n", Value: "v"}}}, Body: []byte("body")}))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := reader{b: b}
		m := r.message()
		if r.end() != nil {
			return
		}
		again := reader{b: appendMessage(nil, &m)}
		if got := again.message(); again.end() != nil || !reflect.DeepEqual(got, m) {
			t.Fatalf("decode, encode, decode: %+v became %+v (%v)", m, got, again.err)
		}
	})
}

func Example_frame() {
	// What a C or COBOL client sends to commit, as its request number 7.
	fmt.Printf("% x\n", appendFrame(nil, frame{op: opCommit, request: 7}))
	// Output: 00 00 00 06 01 04 00 00 00 07
}

// What later levels added comes back as it was, and no byte less is taken for it.
func TestWhatLevelsAddedComesBackAsItWas(t *testing.T) {
	whole := func(b []byte, decode func(*reader) any, want any) {
		t.Helper()
		r := reader{b: b}
		if got := decode(&r); r.end() != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v (%v), want %+v", got, r.err, want)
		}
		for n := range len(b) {
			short := reader{b: b[:n]}
			if decode(&short); short.end() == nil {
				t.Errorf("its first %d of %d bytes are taken for %+v", n, len(b), want)
			}
		}
	}
	o := mq.GetOptions{Syncpoint: true, LogicalOrder: true, AllAvailable: true, GroupID: mq.ID{7}, MsgSeqNumber: 3, Wait: time.Second}
	whole(appendGet(nil, "Q", o), func(r *reader) any { _, o := r.get(); return o }, o)
	whole(appendGetBatch(nil, "Q", o, 250, 8<<20), func(r *reader) any {
		_, o, most, size := r.getBatch()
		return []any{o, most, size}
	}, []any{o, 250, 8 << 20})
	two := []mq.Message{{Body: []byte("one")}, {Descriptor: mq.Descriptor{BackoutCount: 1}, Body: []byte("two")}}
	whole(appendBatch(nil, two), func(r *reader) any { return r.batch() }, two)
	settings := []string{"maxdepth=5", "put=disabled"}
	whole(appendDefine(nil, "Q", modeAlter, settings), func(r *reader) any { _, _, s := r.define(); return s }, settings)
	d := Detail{Name: "A", Target: "Q", Attributes: mq.Attributes{Queue: "Q", Depth: 2, OldestAge: time.Second}, PutInhibited: true,
		StreamQueue: "TAP", CopiesLost: 1 << 40, Readers: 2}
	whole(appendDetail(nil, d), func(r *reader) any { return r.detail() }, d)
	aliases := []Alias{{Name: "A", Target: "Q"}, {Name: "B", Target: "Q", GetInhibited: true}}
	whole(appendAliases(nil, aliases), func(r *reader) any { return r.aliases() }, aliases)
	f := Fault{Op: "commit", Queue: "Q", App: "bridge", Nth: 3, Times: -1, Kind: FaultAnswerLost, Reason: 2053, Delay: time.Second}
	whole(appendFault(nil, f), func(r *reader) any { return r.fault() }, f)
	if b := appendGet(nil, "Q", mq.GetOptions{Wait: time.Second}); len(b) != 3+4+4+24+24+4 {
		t.Errorf("a get without group fields has %d bytes: clients of level 1 send and read 63", len(b))
	}
}
