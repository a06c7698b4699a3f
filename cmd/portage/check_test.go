package main

import (
	"testing"

	"github.com/portage-gateway/portage/adapters/webhook"
	"github.com/portage-gateway/portage/internal/config"
)

// What was checked is counted, so that a section that was spelled into another one is missed.
func TestCheckCountsWhatThereIs(t *testing.T) {
	for want, c := range map[string]config.Config{
		"0 routes, 0 exchanges, 0 bridges, 0 contracts": {},
		"0 routes, 0 exchanges, 1 bridges, 0 contracts, 1 diversions, 2 datasets, 1 write-backs, 1 webhooks": {
			Bridges: make([]config.Bridge, 1), Diversions: make([]config.Diversion, 1), Datasets: make([]config.Dataset, 2),
			WriteBacks: make([]config.WriteBack, 1), Webhooks: make([]webhook.Config, 1)},
	} {
		if got := contents(&c); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
