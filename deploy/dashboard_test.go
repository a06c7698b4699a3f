package deploy_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write deploy/grafana/portage.json anew")

const dashboardFile = "grafana/portage.json"

// A panel of the dashboard, as this file writes it down. Height is 8 rows; width is in 24ths.
type panel struct {
	title, about, kind, unit string
	width                    int
	queries                  []query
	max                      float64 // 0: none
}

type query struct{ expr, legend string }

type row struct {
	title  string
	panels []panel
}

const sel = `{route=~"$route"}`

// rows is the dashboard: what a person on duty looks at, from the top.
var rows = []row{
	{"Migration", []panel{
		{title: "Stage", kind: "state-timeline", width: 8, about: "How far each route may move.",
			queries: []query{{`max by (route, stage) (portage_route_stage` + sel + `) == 1`, "{{route}} {{stage}}"}}},
		{title: "Wanted share, and observed share of requests", kind: "timeseries", unit: "percentunit", width: 16, max: 1,
			about: "Wanted is a share of clients, observed a share of requests: a few heavy callers part the two lines. The page shows both.",
			queries: []query{
				{`max by (route) (portage_route_share_ratio` + sel + `)`, "{{route}} wanted"},
				{`sum by (route) (rate(portage_requests_total{route=~"$route", side="modern"}[$__rate_interval])) / sum by (route) (rate(portage_requests_total` + sel + `[$__rate_interval]))`, "{{route}} observed"},
			}},
		{title: "Parity", kind: "timeseries", unit: "percentunit", width: 12, max: 1,
			about:   "Equal answers, of those that could be compared.",
			queries: []query{{`sum by (route) (increase(portage_parity_comparisons_total{route=~"$route", result="equal"}[1h])) / sum by (route) (increase(portage_parity_comparisons_total{route=~"$route", result=~"equal|different"}[1h]))`, "{{route}}"}}},
		{title: "Comparisons by result", kind: "timeseries", unit: "cps", width: 6,
			queries: []query{{`sum by (result) (rate(portage_parity_comparisons_total` + sel + `[$__rate_interval]))`, "{{result}}"}}},
		{title: "Differences by kind", kind: "timeseries", unit: "cps", width: 6,
			queries: []query{{`sum by (kind) (rate(portage_parity_differences_total` + sel + `[$__rate_interval]))`, "{{kind}}"}}},
	}},
	{"Traffic", []panel{
		{title: "Requests by side", kind: "timeseries", unit: "reqps", width: 8,
			queries: []query{{`sum by (side) (rate(portage_requests_total` + sel + `[$__rate_interval]))`, "{{side}}"}}},
		{title: "Error ratio by side", kind: "timeseries", unit: "percentunit", width: 8,
			about:   "Answers of 500 and above. A side that never failed shows 0, not nothing.",
			queries: []query{{`(sum by (side) (rate(portage_requests_total{route=~"$route", code=~"5xx|aborted"}[$__rate_interval])) or sum by (side) (rate(portage_requests_total` + sel + `[$__rate_interval])) * 0) / sum by (side) (rate(portage_requests_total` + sel + `[$__rate_interval]))`, "{{side}}"}}},
		{title: "Malformed requests refused", kind: "timeseries", unit: "reqps", width: 8,
			queries: []query{{`sum by (code) (rate(portage_refusals_total[$__rate_interval]))`, "{{code}}"}}},
		{title: "Why: decisions by reason", kind: "timeseries", unit: "reqps", width: 8,
			queries: []query{{`sum by (side, reason) (rate(portage_requests_total` + sel + `[$__rate_interval]))`, "{{side}} {{reason}}"}}},
		{title: "p50", kind: "timeseries", unit: "s", width: 8, queries: quantile("0.5")},
		{title: "p95", kind: "timeseries", unit: "s", width: 8, queries: quantile("0.95")},
		{title: "p99", kind: "timeseries", unit: "s", width: 8, queries: quantile("0.99")},
		{title: "In flight", kind: "timeseries", unit: "short", width: 8,
			queries: []query{
				{`sum by (route, side) (portage_requests_in_flight` + sel + `)`, "{{route}} {{side}}"},
				{`sum by (exchange) (portage_exchange_in_flight)`, "exchange {{exchange}}"},
			}},
		{title: "Shadow requests, and copies dropped", kind: "timeseries", unit: "reqps", width: 8,
			about: "A dropped copy costs the client nothing, but it is not compared.",
			queries: []query{
				{`sum by (route, side) (rate(portage_shadow_requests_total` + sel + `[$__rate_interval]))`, "{{route}} {{side}}"},
				{`sum by (route, reason) (rate(portage_shadow_dropped_total` + sel + `[$__rate_interval]))`, "{{route}} dropped: {{reason}}"},
			}},
	}},
	{"Breakers and ways back", []panel{
		{title: "Breaker states", kind: "state-timeline", width: 12,
			queries: []query{{`max by (route, state) (portage_breaker_state` + sel + `) == 1`, "{{route}} {{state}}"}}},
		{title: "Fallbacks to Legacy", kind: "timeseries", unit: "reqps", width: 6,
			queries: []query{{`sum by (route, reason) (rate(portage_fallbacks_total` + sel + `[$__rate_interval]))`, "{{route}} {{reason}}"}}},
		{title: "Kill switches that are on", kind: "stat", unit: "short", width: 6,
			queries: []query{{`sum(portage_route_killed` + sel + `)`, "killed"}}},
	}},
	{"Bridges and queues", []panel{
		{title: "Bridge messages", kind: "timeseries", unit: "cps", width: 8,
			queries: []query{{`sum by (bridge, result) (rate(portage_bridge_messages_total{bridge=~"$bridge"}[$__rate_interval]))`, "{{bridge}} {{result}}"}}},
		{title: "Bridge lag", kind: "timeseries", unit: "s", width: 8,
			queries: []query{{`max by (bridge) (portage_bridge_lag_seconds{bridge=~"$bridge"})`, "{{bridge}}"}}},
		{title: "Dead letters by reason", kind: "timeseries", unit: "short", width: 8,
			queries: []query{{`sum by (bridge, reason) (increase(portage_dead_letters_total{bridge=~"$bridge"}[$__rate_interval]))`, "{{bridge}} {{reason}}"}}},
		{title: "Queue depth", kind: "timeseries", unit: "short", width: 8,
			queries: []query{{`max by (queue) (portage_queue_depth_messages{queue=~"$queue"})`, "{{queue}}"}}},
		{title: "Oldest message", kind: "timeseries", unit: "s", width: 8,
			queries: []query{{`max by (queue) (portage_queue_oldest_age_seconds{queue=~"$queue"})`, "{{queue}}"}}},
		{title: "Exchange answers by outcome", kind: "timeseries", unit: "cps", width: 8,
			queries: []query{{`sum by (exchange, outcome) (rate(portage_exchange_answers_total[$__rate_interval]))`, "{{exchange}} {{outcome}}"}}},
		{title: "Exchange calls", kind: "timeseries", unit: "cps", width: 8,
			queries: []query{
				{`sum by (exchange, result) (rate(portage_exchange_calls_total[$__rate_interval]))`, "{{exchange}} {{result}}"},
				{`sum by (exchange) (rate(portage_exchange_late_replies_total[$__rate_interval]))`, "{{exchange}} late reply"},
			}},
		{title: "Diverted and tapped", kind: "timeseries", unit: "cps", width: 8,
			queries: []query{
				{`sum by (diversion, side, reason) (rate(portage_diversion_messages_total[$__rate_interval]))`, "{{diversion}} to {{side}}: {{reason}}"},
				{`sum by (diversion) (rate(portage_diversion_tap_lost_total[$__rate_interval]))`, "{{diversion}} copies lost"},
			}},
		{title: "Write-back: events passed over, and echoes dropped", kind: "timeseries", unit: "cps", width: 8,
			queries: []query{
				{`sum by (bridge, reason) (rate(portage_writeback_passed_total[$__rate_interval]))`, "{{bridge}} passed over: {{reason}}"},
				{`sum by (bridge, sign) (rate(portage_writeback_echoes_total[$__rate_interval]))`, "{{bridge}} echo: {{sign}}"},
			}},
	}},
	{"The instance", []panel{
		{title: "Checks of /readyz that fail", kind: "timeseries", unit: "short", width: 8,
			queries: []query{{`min by (instance, check) (portage_ready_check) == 0`, "{{instance}} {{check}}"}}},
		{title: "Queue managers connected", kind: "timeseries", unit: "short", width: 8,
			queries: []query{{`min by (queue_manager) (portage_mq_connected)`, "{{queue_manager}}"}}},
		{title: "Changes and audit entries", kind: "timeseries", unit: "short", width: 8,
			queries: []query{
				{`sum by (route, action) (increase(portage_route_changes_total` + sel + `[$__rate_interval]))`, "{{route}} {{action}}"},
				{`sum by (action, outcome) (increase(portage_audit_entries_total[$__rate_interval]))`, "audit {{action}} {{outcome}}"},
			}},
	}},
}

func quantile(q string) []query {
	return []query{{`histogram_quantile(` + q + `, sum by (route, side, le) (rate(portage_request_duration_seconds_bucket` + sel + `[$__rate_interval])))`, "{{route}} {{side}}"}}
}

// changes marks each change of a route on every panel.
const changes = `sum by (route, action) (increase(portage_route_changes_total` + sel + `[$__interval])) > 0`

type object = map[string]any

func datasource() object { return object{"type": "prometheus", "uid": "${DS_PROMETHEUS}"} }

// dashboard lays the rows out and returns what Grafana imports.
func dashboard() object {
	var panels []any
	id, y := 0, 0
	next := func() int { id++; return id }
	for _, r := range rows {
		panels = append(panels, object{"id": next(), "type": "row", "title": r.title, "collapsed": false, "panels": []any{},
			"gridPos": object{"h": 1, "w": 24, "x": 0, "y": y}})
		y++
		x := 0
		for _, p := range r.panels {
			if x+p.width > 24 {
				x, y = 0, y+8
			}
			panels = append(panels, p.object(next(), x, y))
			x += p.width
		}
		y += 8
	}
	return object{
		"__inputs": []any{object{"name": "DS_PROMETHEUS", "label": "Prometheus", "description": "The Prometheus that scrapes Portage",
			"type": "datasource", "pluginId": "prometheus", "pluginName": "Prometheus"}},
		"__requires": []any{
			object{"type": "grafana", "id": "grafana", "name": "Grafana", "version": "10.0.0"},
			object{"type": "datasource", "id": "prometheus", "name": "Prometheus", "version": "1.0.0"},
		},
		"uid": "portage", "title": "Portage", "tags": []any{"portage"}, "schemaVersion": 38, "version": 1, "editable": true,
		"timezone": "browser", "refresh": "30s", "time": object{"from": "now-6h", "to": "now"}, "graphTooltip": 1,
		"annotations": object{"list": []any{object{"name": "Changes of routes", "datasource": datasource(), "enable": true, "iconColor": "purple",
			"expr": changes, "step": "60s", "titleFormat": "{{route}}: {{action}}"}}},
		"templating": object{"list": []any{
			variable("route", "label_values(portage_route_share_ratio, route)"),
			variable("bridge", "label_values(portage_bridge_messages_total, bridge)"),
			variable("queue", "label_values(portage_queue_depth_messages, queue)"),
		}},
		"links": []any{object{"title": "Runbooks", "type": "link", "icon": "doc", "targetBlank": true,
			"url": runbookBase, "tooltip": "What each alert means and what to do"}},
		"panels": panels,
	}
}

func variable(name, q string) object {
	return object{"name": name, "type": "query", "datasource": datasource(), "definition": q, "query": object{"query": q, "refId": name},
		"multi": true, "includeAll": true, "allValue": ".*", "refresh": 2, "sort": 1, "current": object{"text": "All", "value": "$__all"}}
}

func (p panel) object(id, x, y int) object {
	var targets []any
	for i, q := range p.queries {
		targets = append(targets, object{"refId": string(rune('A' + i)), "datasource": datasource(), "expr": q.expr, "legendFormat": q.legend,
			"exemplar": strings.Contains(q.expr, "histogram_quantile")})
	}
	defaults := object{"unit": p.unit}
	if p.kind == "state-timeline" {
		defaults = object{"custom": object{"fillOpacity": 70, "lineWidth": 0}}
	} else {
		defaults["min"] = 0
	}
	if p.max > 0 {
		defaults["max"] = p.max
	}
	options := object{}
	switch p.kind {
	case "timeseries":
		options = object{"legend": object{"displayMode": "table", "placement": "bottom", "calcs": []any{"lastNotNull", "max"}}, "tooltip": object{"mode": "multi"}}
	case "state-timeline":
		options = object{"showValue": "never", "rowHeight": 0.8, "legend": object{"showLegend": false}}
	case "stat":
		options = object{"colorMode": "value", "reduceOptions": object{"calcs": []any{"lastNotNull"}}}
	}
	o := object{"id": id, "type": p.kind, "title": p.title, "datasource": datasource(), "targets": targets, "options": options,
		"fieldConfig": object{"defaults": defaults, "overrides": []any{}},
		"gridPos":     object{"h": 8, "w": p.width, "x": x, "y": y}}
	if p.about != "" {
		o["description"] = p.about
	}
	return o
}

func TestDashboardFileIsCurrent(t *testing.T) {
	want, err := json.MarshalIndent(dashboard(), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, '\n')
	if *update {
		if err := os.WriteFile(dashboardFile, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(dashboardFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what dashboard_test.go says: run go test ./deploy -update", dashboardFile)
	}
}

// expressions returns each expression of the dashboard file by the title of its panel, read from the
// JSON that ships, not from the table above.
func expressions(t *testing.T) map[string][]string {
	t.Helper()
	b, err := os.ReadFile(dashboardFile)
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Annotations struct{ List []struct{ Name, Expr string } }
		Panels      []struct {
			Title, Type string
			Targets     []struct{ Expr string }
			GridPos     struct{ X, Y, W, H int }
		}
	}
	if err := json.Unmarshal(b, &d); err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for _, a := range d.Annotations.List {
		all[a.Name] = append(all[a.Name], a.Expr)
	}
	for _, p := range d.Panels {
		if p.Type != "row" && len(p.Targets) == 0 {
			t.Errorf("panel %q asks for nothing", p.Title)
		}
		if p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("panel %q is wider than the dashboard", p.Title)
		}
		for _, q := range p.Targets {
			all[p.Title] = append(all[p.Title], q.Expr)
		}
	}
	return all
}

func TestDashboardUsesOnlyExportedMetrics(t *testing.T) {
	for title, list := range expressions(t) {
		for _, expr := range list {
			checkNames(t, "panel "+title, expr)
		}
	}
}

// A metric that no panel and no rule looks at is either a gap here or not worth exporting.
func TestEveryMetricIsLookedAt(t *testing.T) {
	var all strings.Builder
	for _, list := range expressions(t) {
		all.WriteString(strings.Join(list, "\n"))
	}
	rules, err := os.ReadFile(rulesFile)
	if err != nil {
		t.Fatal(err)
	}
	all.Write(rules)
	elsewhere := map[string]string{
		"portage_build_info":           "joined by hand, as info metrics are",
		"portage_journal_events_total": "counted beside bridge messages; for reconciling, not for watching",
	}
	for name := range metrics {
		if !strings.Contains(all.String(), name) && elsewhere[name] == "" {
			t.Errorf("nothing looks at %s", name)
		}
	}
}
