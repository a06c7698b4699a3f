package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/portage-gateway/portage/internal/config"
	"github.com/portage-gateway/portage/internal/demo"
	"github.com/portage-gateway/portage/internal/demo/eiqs"
)

// The sample's names, as its configuration has them.
const (
	sampleRoute    = "ei-claim-status"
	sampleExchange = "ei-status"
	sampleBridge   = "cpp-payments"
	// sampleHosts is how many connections answer for the sample's Legacy program.
	sampleHosts = 4
	// samplePayments is the pause between two payment messages.
	samplePayments = 250 * time.Millisecond
)

// SampleYAML is the sample's configuration file.
func SampleYAML() []byte { return demo.ConfigYAML }

// SampleConfig reads it.
func SampleConfig() (*config.Config, error) { return config.Parse("portage.yaml", demo.ConfigYAML) }

// sample is the sides that run beside Portage.
type sample struct {
	modern *demo.Modern
	// legacy names the program that answers for Legacy.
	legacy string
}

// openSample starts the sample's sides and lets the route find Modern.
func (a *App) openSample(context.Context) error {
	if !a.Sample {
		return nil
	}
	a.sample = &sample{modern: &demo.Modern{Open: a.vault.OpenReference}, legacy: "built in"}
	if err := a.sample.modern.Start("127.0.0.1:0"); err != nil {
		return err
	}
	a.onClose(func() error { a.sample.modern.Kill(); return nil })
	for i := range a.Config.Routes {
		if a.Config.Routes[i].Name == sampleRoute {
			a.Config.Routes[i].Modern = config.Side{URL: a.sample.modern.URL()}
		}
	}
	answer := demo.Answer(func(area []byte) ([]byte, error) { return eiqs.Answer(area), nil })
	if a.LegacyProgram != "" {
		filter, err := demo.StartFilter(a.LegacyProgram)
		if err != nil {
			return err
		}
		a.onClose(filter.Close)
		answer, a.sample.legacy = filter.Answer, a.LegacyProgram
	}
	for _, e := range a.Config.Exchanges {
		if e.Name != sampleExchange {
			continue
		}
		for i := range sampleHosts {
			host := &demo.Host{Dial: a.dial, Queue: e.Request, Answer: answer, Log: a.log}
			a.actors.add("sample legacy "+strconv.Itoa(i), host.Run)
		}
	}
	for _, b := range a.Config.Bridges {
		if b.Name == sampleBridge {
			payments := &demo.Payments{Dial: a.dial, Queue: b.Queue, Every: samplePayments}
			a.actors.add("sample payments", payments.Run)
		}
	}
	return nil
}

// sampleReference names the n-th sample claim.
func (a *App) sampleReference(n int) (string, error) {
	return a.vault.Reference("ei", demo.SIN(1_000_000+n*37), strconv.Itoa(n*10+1))
}

// Welcome says where Portage is, and in the sample what to try.
func (a *App) Welcome() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Portage is up.\n  traffic  %s\n  control  %s  (page, /metrics, /readyz)\n  data     %s\n", a.TrafficURL(), a.ControlURL(), a.data.path)
	if a.sample == nil {
		return b.String()
	}
	fmt.Fprintf(&b, "  legacy   %s\n  modern   %s\n\nTry, in another terminal:\n", a.sample.legacy, a.sample.modern.URL())
	program, flags := "./bin/portage", ""
	if a.data.path != "data" {
		flags = " --data " + a.data.path
	}
	for n := range 2 {
		if reference, err := a.sampleReference(n); err == nil {
			fmt.Fprintf(&b, "  curl -i %s/v1/ei/claims/%s\n", a.TrafficURL(), reference)
		}
	}
	fmt.Fprintf(&b, "  curl '%s/v1/events?limit=3'\n", a.TrafficURL())
	for _, line := range []string{
		"routes", "share ei-claim-status 30% --reason 'first cohort'", "verify",
		"rollback ei-claim-status --reason 'trying the way back'", "audit",
	} {
		fmt.Fprintf(&b, "  %s %s%s\n", program, line, flags)
	}
	fmt.Fprintf(&b, "Ctrl-C ends it; what it knows stays in %s.\n", a.data.path)
	return b.String()
}

// checkSample says whether an answer holds the amounts that the sample's rule gives.
func checkSample(open func(string) (program, sin, claim string, err error)) func(string, []byte) error {
	return func(reference string, body []byte) error {
		_, sin, claim, err := open(reference)
		if err != nil {
			return err
		}
		client, err := strconv.ParseInt(sin, 10, 64)
		if err != nil {
			return err
		}
		number, err := strconv.ParseInt(claim, 10, 64)
		if err != nil {
			return err
		}
		return sameAmounts(reference, client, number, body)
	}
}

func sameAmounts(reference string, client, number int64, body []byte) error {
	want, refusal := eiqs.Find(client, number, eiqs.HalfUp)
	if refusal != nil {
		return fmt.Errorf("the claim %s is refused", reference)
	}
	var got struct {
		ID         string
		WeeklyRate struct{ Amount string }
		Payments   []struct{ Gross, Net string }
	}
	d := json.NewDecoder(bytes.NewReader(body))
	if err := d.Decode(&got); err != nil {
		return err
	}
	if got.ID != reference || got.WeeklyRate.Amount != demo.Cents(want.Rate) || len(got.Payments) != len(want.Payments) {
		return fmt.Errorf("the answer for %s is another claim's", reference)
	}
	for i, p := range want.Payments {
		if got.Payments[i].Gross != demo.Cents(p.Gross) || got.Payments[i].Net != demo.Cents(p.Net) {
			return fmt.Errorf("payment %d of %s has another amount", i, reference)
		}
	}
	return nil
}
