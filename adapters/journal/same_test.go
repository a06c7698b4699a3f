package journal

import (
	"errors"
	"testing"

	"github.com/portage-gateway/portage/adapters"
)

// A record that is put once more comes in another trace, and with other properties. It is the event that is there.
func TestARecordPutAgainInAnotherTraceIsTheSameEvent(t *testing.T) {
	const first = `{"specversion":"1.0","id":"a","source":"/s","type":"t","time":"2026-03-01T12:00:00Z","data":{"n":"1.00"},"traceparent":"00-1","region":"east"}`
	for name, c := range map[string]struct {
		body string
		same bool
	}{
		"another trace":      {`{"specversion":"1.0","id":"a","source":"/s","type":"t","time":"2026-03-01T12:00:00Z","data":{"n":"1.00"},"traceparent":"00-2","tracestate":"x=1"}`, true},
		"another order":      {`{"id":"a","specversion":"1.0","source":"/s","type":"t","data":{"n":"1.00"},"time":"2026-03-01T12:00:00Z"}`, true},
		"other data":         {`{"specversion":"1.0","id":"a","source":"/s","type":"t","time":"2026-03-01T12:00:00Z","data":{"n":"1.0"},"traceparent":"00-1","region":"east"}`, false},
		"another type":       {`{"specversion":"1.0","id":"a","source":"/s","type":"u","time":"2026-03-01T12:00:00Z","data":{"n":"1.00"}}`, false},
		"a subject":          {`{"specversion":"1.0","id":"a","source":"/s","type":"t","subject":"r","time":"2026-03-01T12:00:00Z","data":{"n":"1.00"}}`, false},
		"data by its base64": {`{"specversion":"1.0","id":"a","source":"/s","type":"t","time":"2026-03-01T12:00:00Z","data_base64":"AA=="}`, false},
		"no event":           {`not JSON`, false},
	} {
		j := open(t, config(t.TempDir()))
		publish(t, j, adapters.Message{ID: "a", Body: []byte(first)})
		err := j.Publish(t.Context(), adapters.Message{ID: "a", Body: []byte(c.body)})
		var r *adapters.Refusal
		if refused := errors.As(err, &r) && r.Reason == "id-conflict"; refused == c.same || !refused && err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := all(t, j); len(got) != 1 || string(got[0].Body) != first {
			t.Errorf("%s: %d entries", name, len(got))
		}
	}
	if same([]byte(`{"n":1}`), []byte(`{"n":1,"m":2}`)) {
		t.Error("two bodies that are no CloudEvents differ, and were taken for one")
	}
}
