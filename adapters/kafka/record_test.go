package kafka

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/portage-gateway/portage/adapters"
)

func structured(body string) adapters.Message {
	return adapters.Message{ID: "a", Body: []byte(body), Headers: []adapters.Header{
		{Name: "content-type", Value: "application/cloudevents+json; charset=UTF-8"}, {Name: "trace", Value: "t"}}}
}

func TestBinaryModeMakesHeadersOfAttributes(t *testing.T) {
	for _, tc := range []struct {
		name, body, value string
		headers           []adapters.Header
	}{
		{"json data", `{"specversion":"1.0","id":"cpp-pay-1","source":"/legacy/cpp/pay","type":"t","sequence":"7","n":12,"b":true,
			"datacontenttype":"application/json; charset=utf-8","data":{"net": "641.52"}}`, `{"net": "641.52"}`,
			[]adapters.Header{{Name: "trace", Value: "t"}, {Name: "ce_b", Value: "true"}, {Name: "ce_id", Value: "cpp-pay-1"}, {Name: "ce_n", Value: "12"},
				{Name: "ce_sequence", Value: "7"}, {Name: "ce_source", Value: "/legacy/cpp/pay"}, {Name: "ce_specversion", Value: "1.0"},
				{Name: "ce_type", Value: "t"}, {Name: "content-type", Value: "application/json; charset=utf-8"}}},
		{"bytes", `{"id":"é","data_base64":"AMTT"}`, "\x00\xc4\xd3",
			[]adapters.Header{{Name: "trace", Value: "t"}, {Name: "ce_id", Value: "é"}, {Name: "content-type", Value: "application/json"}}},
		{"no data", `{}`, "", []adapters.Header{{Name: "trace", Value: "t"}, {Name: "content-type", Value: "application/json"}}},
	} {
		body, headers, err := binaryMode(structured(tc.body))
		if err != nil || string(body) != tc.value {
			t.Errorf("%s: %q, %v", tc.name, body, err)
		}
		if diff := cmp.Diff(tc.headers, headers); diff != "" {
			t.Errorf("%s:\n%s", tc.name, diff)
		}
	}
}

func TestBinaryModeRefusesWhatIsNoCloudEvent(t *testing.T) {
	c := &Config{Topic: "events", Content: Binary}
	for _, body := range []string{`SECRET`, `[]`, `{"id":{"SECRET":1}}`, `{"id":null}`, `{"data_base64":"SECRET!"}`, `{"data_base64":7}`} {
		_, err := c.record(structured(body))
		var r *adapters.Refusal
		if !errors.As(err, &r) || r.Reason != "not-cloudevent" || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s: %v", body, err)
		}
	}
	if r, err := c.record(adapters.Message{ID: "a", Body: []byte("plain")}); err != nil || r.Value.Length() != 5 || r.Key != nil {
		t.Errorf("a message that is no CloudEvent must go as it is: %v", err)
	}
}

func TestTheIDHeaderIsOurs(t *testing.T) {
	c := &Config{Topic: "events", Content: Structured}
	r, err := c.record(adapters.Message{ID: "mine", Headers: []adapters.Header{{Name: IDHeader, Value: "forged"}}})
	if err != nil || len(r.Headers) != 1 || string(r.Headers[0].Value) != "mine" {
		t.Errorf("headers %v, %v", r.Headers, err)
	}
}

// Brokers delete by a record's timestamp. One that is older than the topic's retention.ms goes at the next look.
func TestAnOldMessageIsANewRecord(t *testing.T) {
	c := cluster(t, kfake.SeedTopics(1, "events"))
	old := adapters.Message{ID: "old", Time: time.Date(1998, 7, 1, 8, 30, 0, 5, time.UTC),
		Headers: []adapters.Header{{Name: TimeHeader, Value: "forged"}}}
	before := time.Now().Truncate(time.Millisecond)
	if err := open(t, Config{Brokers: c.ListenAddrs(), Topic: "events"}).Publish(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	r := records(t.Context(), t, c, "events")[0]
	if r.Timestamp.Before(before) {
		t.Errorf("the record is of %v", r.Timestamp)
	}
	if m := asMessage(r); !m.Time.Equal(old.Time) || len(m.Headers) != 0 {
		t.Errorf("time %v, headers %v; want %v and none", m.Time, m.Headers, old.Time)
	}
}

func FuzzBinaryMode(f *testing.F) {
	f.Add([]byte(`{"id":"a","data":{}}`))
	f.Add([]byte(`{"data_base64":"AA=="}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if _, headers, err := binaryMode(structured(string(body))); err == nil && headers[len(headers)-1].Name != "content-type" {
			t.Error("no content type")
		}
	})
}
