package console

import (
	"context"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

var (
	readyCheckDesc = prometheus.NewDesc("portage_ready_check",
		"1: the check of /readyz lets traffic come, a warning included. 0: it does not.", []string{"check"}, nil)
	buildInfoDesc = prometheus.NewDesc("portage_build_info",
		"Always 1. The labels say what this program was built from.", []string{"version", "revision", "goversion"}, nil)
)

// metrics serves the exposition, OpenMetrics included: text/plain would lose exemplars.
func (c *Console) metrics() http.Handler {
	return promhttp.HandlerFor(c.config.Gatherer, promhttp.HandlerOpts{
		EnableOpenMetrics: true,
		ErrorHandling:     promhttp.ContinueOnError,
	})
}

// collector asks the checks at each scrape, so that portage_ready_check never disagrees with /readyz.
type collector struct{ c *Console }

// Describe implements prometheus.Collector.
func (k collector) Describe(ch chan<- *prometheus.Desc) {
	ch <- readyCheckDesc
	ch <- buildInfoDesc
}

// Collect implements prometheus.Collector.
func (k collector) Collect(ch chan<- prometheus.Metric) {
	b := k.c.config.Build
	ch <- prometheus.MustNewConstMetric(buildInfoDesc, prometheus.GaugeValue, 1, b.Version, b.Revision, b.Go)
	for _, check := range k.c.config.Checks {
		well := 1.0
		if k.c.ask(context.Background(), check).State == CheckFailing {
			well = 0
		}
		ch <- prometheus.MustNewConstMetric(readyCheckDesc, prometheus.GaugeValue, well, check.Name)
	}
}
