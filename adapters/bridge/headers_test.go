package bridge

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/adapters/mq/qmgr"
)

const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

// queued is a payment as it stands on a queue behind headers, delivered by a Source.
func queued(t testing.TB, record []byte, chain ...mq.Header) adapters.Message {
	t.Helper()
	d := mq.Descriptor{MsgID: mq.ID{1, 2}, CorrelID: mq.ID{3}, Encoding: 785, CCSID: 37, PutTime: clock, UserIdentifier: "CLERK7",
		ApplIdentityData: "IDENTITY", PutApplName: "CPPPAY01", AccountingToken: [32]byte{7}}
	m, err := mq.Chain(chain).Join(785, 500, mq.Message{Descriptor: d, Body: record})
	if err != nil {
		t.Fatal(err)
	}
	return mq.AsMessage(m)
}

func properties(t testing.TB, p ...mq.Property) *mq.RFH2 {
	t.Helper()
	h := &mq.RFH2{}
	if err := h.AddFolder(mq.FolderUser, p...); err != nil {
		t.Fatal(err)
	}
	return h
}

func TestARecordIsFoundBehindItsHeaders(t *testing.T) {
	f := events(t, EventsConfig{Unwrap: mq.Unwrap, Extensions: map[string]string{"batch": "batchid", "absent": "absent"}})
	bare := one(t, events(t, EventsConfig{}), adapters.Message{ID: "1", Body: payment(t)})
	m := one(t, f, queued(t, payment(t), &mq.DLH{Reason: 2053},
		properties(t, mq.Property{Name: "traceparent", Value: parent}, mq.Property{Name: "tracestate", Value: "a=1,b=2"},
			mq.Property{Name: "Batch", Value: "B7"}, mq.Property{Name: "clientName", Value: "EXAMPLE"})))
	var e, want event.Event
	if err := errors.Join(json.Unmarshal(m.Body, &e), json.Unmarshal(bare.Body, &want)); err != nil {
		t.Fatal(err)
	}
	if m.ID != bare.ID || !bytes.Equal(e.Data(), want.Data()) {
		t.Errorf("%s\n%s", m.Body, bare.Body)
	}
	x := e.Extensions()
	if x["traceparent"] != parent || x["tracestate"] != "a=1,b=2" || x["batchid"] != "B7" || x["absent"] != nil || x["clientname"] != nil {
		t.Errorf("extensions %v", x)
	}
	wanted := []adapters.Header{{Name: "content-type", Value: ContentType}, {Name: "traceparent", Value: parent}, {Name: "tracestate", Value: "a=1,b=2"},
		{Name: "batch", Value: "B7"}, {Name: "mq-msgid", Value: "0102" + strings.Repeat("0", 44)}, {Name: "mq-correlid", Value: "03" + strings.Repeat("0", 46)},
		{Name: "mq-putdate", Value: clock.UTC().Format("2006-01-02T15:04:05.00Z")}, {Name: "mq-ccsid", Value: "37"}}
	if !slices.Equal(m.Headers, wanted) {
		t.Errorf("headers\n%v\n%v", m.Headers, wanted)
	}
	for _, never := range []string{"CLERK7", "IDENTITY", "CPPPAY01", "EXAMPLE"} {
		if strings.Contains(fmt.Sprint(m), never) || bytes.Contains(m.Body, []byte(never)) {
			t.Errorf("the event tells %s", never)
		}
	}
}

func TestAFaultBehindHeadersIsPlacedInTheWholeMessage(t *testing.T) {
	f := events(t, EventsConfig{Unwrap: mq.Unwrap})
	broken := payment(t)
	copy(broken[53:], []byte{0xff, 0xff}) // nibbles F in PE-GROSS
	_, err := f(t.Context(), adapters.Message{ID: "1", Body: broken})
	bare, ok := refusalOf(err)
	if !ok {
		t.Fatal(err)
	}
	for name, m := range map[string]adapters.Message{
		"DLH": queued(t, broken, &mq.DLH{}), "RFH2": queued(t, broken, properties(t)), "CIH": queued(t, append(bytes.Repeat([]byte{0x40}, 8), broken...), &mq.DLH{CCSID: 37, Encoding: 785}, mq.NewCIH()),
	} {
		_, err := f(t.Context(), m)
		why, ok := refusalOf(err)
		if !ok || why.Reason != bare.Reason || why.Field != bare.Field || why.Offset != bare.Offset+len(m.Body)-len(broken) || why.Size != bare.Size {
			t.Errorf("%s: %+v, bare %+v", name, why, bare)
		}
	}
	_, err = f(t.Context(), queued(t, nil, &mq.DLH{}))
	if why, _ := refusalOf(err); why == nil || why.Reason != "short-record" {
		t.Errorf("no record: %v", err)
	}
	cut := queued(t, payment(t), &mq.DLH{})
	cut.Body = cut.Body[:20]
	_, err = f(t.Context(), cut)
	if why, _ := refusalOf(err); why == nil || why.Reason != "header-short" || why.Offset != 12 {
		t.Errorf("cut: %+v", why)
	}
}

func TestTracesThatAreNoneAreLeftOut(t *testing.T) {
	f := events(t, EventsConfig{})
	for bad, state := range map[string]string{
		"": "a=1", "garbage": "", strings.ToUpper(parent): "", parent + "-more": "", parent[:54]: "", "ff" + parent[2:]: "",
		"00-" + strings.Repeat("0", 32) + parent[35:]: "", parent[:36] + strings.Repeat("0", 16) + "-01": "", parent[:54] + "\n": "",
	} {
		m := one(t, f, adapters.Message{ID: "1", Body: payment(t), Headers: []adapters.Header{{Name: "traceparent", Value: bad}, {Name: "tracestate", Value: state}}})
		if bytes.Contains(m.Body, []byte("traceparent")) || bytes.Contains(m.Body, []byte("tracestate")) || len(m.Headers) != 1 {
			t.Errorf("%q: %s %v", bad, m.Body, m.Headers)
		}
	}
	if !isParent("cc"+parent[2:]+"-later") || isParent("cc"+parent[2:]+"later") {
		t.Error("a later version may add parts, behind a hyphen")
	}
	if got := trace(parent, "bad\x01"); len(got) != 1 {
		t.Errorf("%v", got)
	}
}

func TestExtensionsAreNamesThatEventsMayHave(t *testing.T) {
	for _, bad := range []map[string]string{{"a": "Upper"}, {"a": "with-hyphen"}, {"a": ""}, {"a": strings.Repeat("x", 21)}, {"a": "subject"},
		{"a": "traceparent"}, {"A": "fine"}, {"": "fine"}, {"a": "same", "b": "same"}} {
		if _, err := Events(view(t, "CPPPAYEV"), EventsConfig{Extensions: bad}); err == nil {
			t.Errorf("%v was accepted", bad)
		}
	}
	f := events(t, EventsConfig{Extensions: map[string]string{"note": "note"}})
	m := one(t, f, adapters.Message{ID: "1", Body: payment(t), Headers: []adapters.Header{{Name: "note", Value: "a\x00b"}}})
	if bytes.Contains(m.Body, []byte(`"note"`)) || len(m.Headers) != 1 {
		t.Errorf("a control character: %s", m.Body)
	}
}

func TestHeaderReasonsAreAmongTheMetricsReasons(t *testing.T) {
	for _, r := range mq.HeaderReasons() {
		if !slices.Contains(reasons(), r) {
			t.Errorf("%s would count as other", r)
		}
	}
}

// A traced payment goes from queue to event and, by a Sink that is a queue, back to message properties;
// one whose headers are broken becomes a dead letter, whole.
func TestTracesGoFromQueueToEventAndBack(t *testing.T) {
	m, err := qmgr.Open(qmgr.Config{Dir: t.TempDir(), Plain: true, Queues: []qmgr.Queue{{Name: payQueue}, {Name: payDead}, {Name: "OUT"}}})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	c := m.Connect()
	defer c.Close()
	good, err := mq.Chain{properties(t, mq.Property{Name: "traceparent", Value: parent}, mq.Property{Name: "batch", Value: "B7"})}.Join(785, 500,
		mq.Message{Descriptor: mq.Descriptor{Persistent: true, Encoding: 785, CCSID: 37}, Body: payment(t)})
	if err != nil {
		t.Fatal(err)
	}
	bad := good
	bad.Body = append(bytes.Clone(good.Body[:8]), bytes.Repeat([]byte{0x7f}, 40)...)
	for _, put := range []mq.Message{bad, good} {
		if _, err := c.Put(t.Context(), payQueue, put, mq.PutOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	sink := &mq.Sink{Dial: m.Dial, Queue: "OUT"}
	defer sink.Close()
	b := &Bridge{Name: "cpp-payments", Sink: sink, DeadLetters: payDead,
		Source:    watched{&mq.Source{Dial: m.Dial, Queue: payQueue, Wait: 20 * time.Millisecond}, func(adapters.Batch) { stop() }},
		Translate: events(t, EventsConfig{Unwrap: mq.Unwrap, Extensions: map[string]string{"batch": "batch"}})}
	if err := b.Run(ctx); err != nil {
		t.Fatal(err)
	}
	out, err := c.Get(t.Context(), "OUT", mq.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"traceparent": parent, "batch": "B7"} {
		i := slices.IndexFunc(out.Properties, func(h adapters.Header) bool { return h.Name == name })
		if i < 0 || out.Properties[i].Value != want || !bytes.Contains(out.Body, []byte(`"`+name+`":"`+want+`"`)) {
			t.Errorf("%s: properties %v, event %s", name, out.Properties, out.Body)
		}
	}
	if slices.ContainsFunc(out.Properties, func(h adapters.Header) bool { return strings.HasPrefix(h.Name, "mq-") }) {
		t.Errorf("descriptor fields became properties: %v", out.Properties)
	}
	dead, err := c.Get(t.Context(), payDead, mq.GetOptions{})
	if err != nil || !bytes.Equal(dead.Body, bad.Body) || dead.Format != "MQHRF2" || dead.CCSID != 500 {
		t.Fatalf("dead letter: %v, %+v", err, dead.Descriptor)
	}
	if reason, _ := mq.AsMessage(dead).Header(HeaderReason); reason != "header-length" {
		t.Errorf("reason %s", reason)
	}
}

// cicsSide answers as the MQ-CICS bridge does, by a func of the COMMAREA.
func cicsSide(t *testing.T, m *qmgr.Manager, program func(commarea []byte) (*mq.CIH, []byte)) {
	t.Helper()
	c := m.Connect()
	defer c.Close()
	asked, err := c.Get(context.Background(), "REQ", mq.GetOptions{Wait: 20 * time.Second})
	if err != nil {
		t.Error(err)
		return
	}
	_, rest, err := mq.ParseChain(asked)
	if err != nil {
		t.Error(err)
		return
	}
	h, data := program(rest.Body[8:])
	d := rest.Descriptor
	d.CorrelID, d.MsgType = asked.MsgID, mq.MTReply
	if h.ReturnCode == 0 {
		data = append(bytes.Clone(rest.Body[:8]), data...)
	} else {
		d.Format = "MQSTR"
	}
	answer, err := mq.Chain{h}.Join(785, 37, mq.Message{Descriptor: d, Body: data})
	if err != nil {
		t.Error(err)
		return
	}
	if _, err := c.Put(context.Background(), asked.ReplyToQ, answer, mq.PutOptions{}); err != nil {
		t.Error(err)
	}
}

// TestAnInquiryOverTheCICSBridge runs the whole way: HTTP, area, MQCIH, and back, with an abend, and with
// areas longer and shorter than the View's.
func TestAnInquiryOverTheCICSBridge(t *testing.T) {
	m, err := qmgr.Open(qmgr.Config{Dir: t.TempDir(), Plain: true, Queues: []qmgr.Queue{{Name: "REQ"}, {Name: "RPL"}, {Name: "RPL.LATE"}}})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	r := &mq.Requester{Name: "ei-status", Dial: m.Dial, RequestQueue: "REQ", ReplyQueue: "RPL",
		Descriptor: mq.Descriptor{Encoding: 785, CCSID: 37}, Custom: mq.Custom{Style: "cicsBridge", Program: "EIQS"}}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- r.Run(ctx) }()
	defer func() { stop(); <-ended; r.Close() }()

	for name, tc := range map[string]struct {
		program        func([]byte) (*mq.CIH, []byte)
		status         int
		kind, reason   string
		outcome, inLog string
	}{
		"answered": {func([]byte) (*mq.CIH, []byte) { return mq.NewCIH(), reply(t) }, 200, "", "", "answered", ""},
		"longer":   {func([]byte) (*mq.CIH, []byte) { return mq.NewCIH(), append(reply(t), 0x40) }, 502, "legacy-answer", "", "undecodable", "reply cannot be read"},
		"shorter":  {func([]byte) (*mq.CIH, []byte) { return mq.NewCIH(), reply(t)[:400] }, 502, "legacy-answer", "", "undecodable", "reply cannot be read"},
		"abend": {func([]byte) (*mq.CIH, []byte) {
			return &mq.CIH{ReturnCode: 5, AbendCode: "ASRA"}, append([]byte{0xc3, 0xe2, 0xd8, 0xc3, 0xf7, 0xf5, 0xf0, 0xc5, 0x40}, reply(t)...)
		}, 502, "legacy-failed", "abend", "failed", "ASRA, message CSQC750E"},
		"no program": {func([]byte) (*mq.CIH, []byte) { return &mq.CIH{ReturnCode: 7}, nil }, 502, "legacy-failed", "program-not-available", "failed", "return code 7"},
	} {
		t.Run(name, func(t *testing.T) {
			reg := prometheus.NewRegistry()
			var logged strings.Builder
			x := exchange(t, r.Call)
			x.Metrics, x.Log = NewMetrics(reg), slog.New(slog.NewTextHandler(&logged, nil))
			go cicsSide(t, m, tc.program)
			res, err := x.RoundTrip(inquiry(claimRef))
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(res.Body)
			if err != nil {
				t.Fatal(err)
			}
			var p problemBody
			if tc.kind != "" {
				if err := json.Unmarshal(body, &p); err != nil || p.Type != "urn:portage:problem:"+tc.kind || p.Reason != tc.reason {
					t.Errorf("%s, %v", body, err)
				}
			}
			if res.StatusCode != tc.status {
				t.Errorf("%s: %s", res.Status, body)
			}
			if told := string(body) + logged.String(); strings.Contains(told, sin) || strings.Contains(string(body), "ASRA") || !strings.Contains(logged.String(), tc.inLog) {
				t.Errorf("%s\n%s", body, logged.String())
			}
			expectMetrics(t, reg, fmt.Sprintf("portage_exchange_answers_total{exchange=\"ei-status\",outcome=%q} 1", tc.outcome))
		})
	}
}

func TestAnAnswerThatCannotBeReadIsNoLostQueueManager(t *testing.T) {
	var logged strings.Builder
	x := exchange(t, func(context.Context, []byte, []adapters.Header) ([]byte, error) {
		return nil, fmt.Errorf("call: %w", &adapters.Refusal{Reason: "reply-coding", Offset: -1, Size: -1, Err: errors.New("converted")})
	})
	x.Log = slog.New(slog.NewTextHandler(&logged, nil))
	res, body := trip(t, x, inquiry(claimRef))
	if res.StatusCode != http.StatusBadGateway || !strings.Contains(body, "legacy-answer") || strings.Contains(logged.String(), "calls fail from now on") {
		t.Errorf("%s %s %s", res.Status, body, logged.String())
	}
}

func TestTheRequestsTraceGoesAlongWhereAsked(t *testing.T) {
	for _, asked := range []bool{false, true} {
		var got []adapters.Header
		x := exchange(t, func(_ context.Context, _ []byte, h []adapters.Header) ([]byte, error) { got = h; return reply(t), nil })
		x.Trace = asked
		x.Headers = func(*http.Request) []adapters.Header { return []adapters.Header{mq.UserHeader("CLERK7")} }
		trip(t, x, inquiry(claimRef, "Traceparent", parent, "Tracestate", "a=1"))
		want := []adapters.Header{{Name: "mq-user", Value: "CLERK7"}}
		if asked {
			want = append(want, adapters.Header{Name: "traceparent", Value: parent}, adapters.Header{Name: "tracestate", Value: "a=1"})
		}
		if !slices.Equal(got, want) {
			t.Errorf("trace %t: %v", asked, got)
		}
	}
}
