package deploy_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/portage-gateway/portage/adapters/bridge"
	"github.com/portage-gateway/portage/adapters/dataset"
	"github.com/portage-gateway/portage/adapters/journal"
	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/internal/audit"
	"github.com/portage-gateway/portage/internal/console"
	"github.com/portage-gateway/portage/router"
)

// metrics lists every metric that Portage exports, with its labels. A rule or a panel may use no other
// name and no other label. TestTheListIsWhatRoomsExport holds it against the rooms.
var metrics = map[string][]string{
	"portage_requests_total":              {"route", "side", "reason", "code"},
	"portage_request_duration_seconds":    {"route", "side", "le"},
	"portage_requests_in_flight":          {"route", "side"},
	"portage_fallbacks_total":             {"route", "reason"},
	"portage_route_share_ratio":           {"route"},
	"portage_route_stage":                 {"route", "stage"},
	"portage_route_killed":                {"route"},
	"portage_route_changes_total":         {"route", "action"},
	"portage_breaker_state":               {"route", "state"},
	"portage_breaker_transitions_total":   {"route", "to"},
	"portage_shadow_requests_total":       {"route", "side", "code"},
	"portage_shadow_dropped_total":        {"route", "reason"},
	"portage_parity_comparisons_total":    {"route", "result"},
	"portage_parity_differences_total":    {"route", "kind"},
	"portage_bridge_messages_total":       {"bridge", "result"},
	"portage_dead_letters_total":          {"bridge", "reason"},
	"portage_bridge_lag_seconds":          {"bridge"},
	"portage_dataset_generations_total":   {"dataset", "result"},
	"portage_diversion_messages_total":    {"diversion", "side", "reason"},
	"portage_diversion_tap_lost_total":    {"diversion"},
	"portage_writeback_passed_total":      {"bridge", "reason"},
	"portage_writeback_echoes_total":      {"bridge", "sign"},
	"portage_queue_depth_messages":        {"queue"},
	"portage_queue_oldest_age_seconds":    {"queue"},
	"portage_mq_connected":                {"queue_manager"},
	"portage_exchange_calls_total":        {"exchange", "result"},
	"portage_exchange_answers_total":      {"exchange", "outcome"},
	"portage_exchange_in_flight":          {"exchange"},
	"portage_exchange_late_replies_total": {"exchange"},
	"portage_journal_events_total":        {},
	"portage_audit_entries_total":         {"action", "outcome"},
	"portage_ready_check":                 {"check"},
	"portage_refusals_total":              {"code"},
	"portage_build_info":                  {"version", "revision", "goversion"},
}

// recorded lists the recording rules and what labels they keep.
var recorded = map[string][]string{
	"portage:requests:increase10m":       {"route", "side"},
	"portage:request_error_ratio:10m":    {"route", "side"},
	"portage:comparisons:increase30m":    {"route"},
	"portage:parity_different_ratio:30m": {"route"},
}

var (
	selector = regexp.MustCompile(`\b(portage[_:][a-z0-9_:]+)(?:\{([^}]*)\})?`)
	matcher  = regexp.MustCompile(`^([a-z_]+)\s*(=~|!~|!=|=)\s*"[^"]*"$`)
	grouping = regexp.MustCompile(`\b(?:by|without|ignoring|on)\s*\(([^)]*)\)`)
)

// target labels are added by the scrape.
var scrapeLabels = []string{"instance", "job"}

// checkNames holds the metric names and labels of one expression against what is exported.
func checkNames(t *testing.T, where, expr string) {
	t.Helper()
	found := selector.FindAllStringSubmatch(expr, -1)
	var all []string
	for _, m := range found {
		labels, ok := labelsOf(m[1])
		if !ok {
			t.Errorf("%s: no metric is called %s", where, m[1])
			continue
		}
		all = append(all, labels...)
		if m[2] == "" {
			continue
		}
		for part := range strings.SplitSeq(m[2], ",") {
			l := matcher.FindStringSubmatch(strings.TrimSpace(part))
			if l == nil {
				t.Errorf("%s: cannot read the matcher %q of %s", where, part, m[1])
			} else if !slices.Contains(labels, l[1]) && !slices.Contains(scrapeLabels, l[1]) {
				t.Errorf("%s: %s has no label %s, it has %v", where, m[1], l[1], labels)
			}
		}
	}
	if len(found) == 0 {
		return
	}
	for _, g := range grouping.FindAllStringSubmatch(expr, -1) {
		for l := range strings.SplitSeq(g[1], ",") {
			if l = strings.TrimSpace(l); l != "" && !slices.Contains(all, l) && !slices.Contains(scrapeLabels, l) {
				t.Errorf("%s: groups by %s, which none of its metrics has", where, l)
			}
		}
	}
}

func labelsOf(name string) ([]string, bool) {
	if labels, ok := recorded[name]; ok {
		return labels, true
	}
	for _, suffix := range []string{"", "_bucket", "_sum", "_count"} {
		base, ok := strings.CutSuffix(name, suffix)
		if labels, known := metrics[base]; ok && known && (suffix == "") != slices.Contains(labels, "le") {
			return labels, true
		}
	}
	return nil, false
}

func TestNamesAreCheckedNotJustListed(t *testing.T) {
	for _, c := range []struct {
		name string
		want bool
	}{
		{"portage_requests_total", true},
		{"portage_request_duration_seconds_bucket", true},
		{"portage_request_duration_seconds", false}, // a classic histogram has no series of its bare name
		{"portage_requests_total_count", false},
		{"portage_backend_requests_total", false},
		{"portage:requests:increase10m", true},
	} {
		if _, ok := labelsOf(c.name); ok != c.want {
			t.Errorf("labelsOf(%q) = %v, want %v", c.name, ok, c.want)
		}
	}
}

// descriptions collects what rooms register, series or none.
type descriptions struct {
	*prometheus.Registry
	labels map[string][]string
}

// open is a Sealer that hides nothing: no event is stored here.
type open struct{}

// Seal implements adapters.Sealer.
func (open) Seal(plain []byte, _ string) ([]byte, error) { return plain, nil }

// Open implements adapters.Sealer.
func (open) Open(sealed []byte, _ string) ([]byte, error) { return sealed, nil }

var description = regexp.MustCompile(`^Desc\{fqName: "([^"]+)".*variableLabels: \{([^}]*)\}\}$`)

// Register implements prometheus.Registerer.
func (d *descriptions) Register(c prometheus.Collector) error {
	ch := make(chan *prometheus.Desc, 100)
	c.Describe(ch)
	close(ch)
	for desc := range ch {
		m := description.FindStringSubmatch(desc.String())
		if m == nil {
			return fmt.Errorf("cannot read %s", desc)
		}
		d.labels[m[1]] = strings.FieldsFunc(m[2], func(r rune) bool { return r == ',' })
	}
	return nil
}

// MustRegister implements prometheus.Registerer.
func (d *descriptions) MustRegister(all ...prometheus.Collector) {
	for _, c := range all {
		if err := d.Register(c); err != nil {
			panic(err)
		}
	}
}

func TestTheListIsWhatRoomsExport(t *testing.T) {
	d := &descriptions{prometheus.NewRegistry(), map[string][]string{}}
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	r, err := router.New(router.Config{Registerer: d, Sides: func(string, router.Side) http.RoundTripper { return nil }})
	check(err)
	defer func() { check(r.Close(t.Context())) }()
	a, err := audit.Open(audit.Config{Dir: t.TempDir(), Registerer: d})
	check(err)
	defer func() { check(a.Close()) }()
	j, err := journal.Open(journal.Config{Path: filepath.Join(t.TempDir(), "journal.db"), Sealer: open{}, Registerer: d})
	check(err)
	defer func() { check(j.Close()) }()
	_, err = console.New(console.Config{Registerer: d, Routes: r.Routes, Change: r.Change, Rollback: r.Rollback, Plan: r.Plan})
	check(err)
	mq.NewMetrics(d)
	dataset.NewMetrics(d)
	bridge.NewMetrics(d)
	bridge.NewDiversionMetrics(d)
	bridge.NewBackMetrics(d)
	check(d.Register(&mq.Depths{}))

	for name, labels := range d.labels {
		want, listed := metrics[name]
		want = slices.DeleteFunc(slices.Clone(want), func(l string) bool { return l == "le" })
		slices.Sort(want)
		slices.Sort(labels)
		if !listed || !slices.Equal(labels, want) {
			t.Errorf("a room exports %s%v, the list has %v", name, labels, want)
		}
	}
	for name := range metrics {
		if _, exported := d.labels[name]; !exported {
			t.Errorf("the list has %s, and no room exports it", name)
		}
	}
}
