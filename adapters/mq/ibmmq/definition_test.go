//go:build ibmmq

package ibmmq_test

import (
	"testing"

	"github.com/portage-gateway/portage/adapters/mq"
)

// Selectors are numbers of the MQI: 24 trigger control, 28 trigger type, 8 hardened backout, 57 index type, 32 platform
// (1 is z/OS).
func TestDefinitionsAreInquired(t *testing.T) {
	h := start(t)
	for define, want := range map[string]mq.Definition{
		"":                              {HardenBackout: true},
		"IN:24=1":                       {HardenBackout: true, Triggered: true},
		"IN:24=1,IN:28=0,IN:8=0":        {},
		"OUT:24=1,IN:57=4":              {HardenBackout: true},
		"*:32=1":                        {HardenBackout: true, ZOS: true, Index: mq.IndexNone},
		"*:32=1,IN:8=0,IN:57=2,IN:24=1": {ZOS: true, Index: mq.IndexCorrelID, Triggered: true},
		"IN:57=5,*:32=1":                {HardenBackout: true, ZOS: true, Index: mq.IndexGroupID},
	} {
		t.Setenv("PORTAGE_MQI_DEFINE", define)
		got, err := connect(t, h.dial(t)).(mq.Definer).Definition(t.Context(), "IN")
		if got.QueueManager == "" {
			t.Error("the queue manager has no name")
		}
		if got.QueueManager = ""; err != nil || got != want {
			t.Errorf("%q: %+v, %v; want %+v", define, got, err, want)
		}
	}
	_, err := connect(t, h.dial(t)).(mq.Definer).Definition(t.Context(), "NONE")
	refused(t, err, mq.RCUnknownObjectName, mq.Alert)
}
