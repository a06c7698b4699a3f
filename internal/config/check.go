package config

import (
	"fmt"
	"net"
	"net/url"
	"slices"

	"github.com/portage-gateway/portage/router"
)

// fault is one thing wrong with a configuration, at a YAML path such as "$.routes[0].share".
type fault struct{ path, message, hint string }

// checker collects faults.
type checker struct{ faults []fault }

func (k *checker) add(path, hint, format string, args ...any) {
	k.faults = append(k.faults, fault{path, fmt.Sprintf(format, args...), hint})
}

// need says that a text setting must be given.
func (k *checker) need(path, name, value string) {
	if value == "" {
		k.add(path, "", "%s is missing", name)
	}
}

// check holds what no single setting can know: that names meet.
func (c *Config) check() []fault {
	k := &checker{}
	if c.Drain < 0 {
		k.add("$.drain", "0s closes at once", "drain is below zero")
	}
	k.listener("$.traffic.listen", c.Traffic)
	k.listener("$.control.listen", c.Control)
	if q := c.QueueManager.IBMMQ; q != nil {
		if err := q.Check(); err != nil {
			k.add("$.queueManager.ibmmq", "", "%v", err)
		}
	}
	exchanges := c.checkExchanges(k)
	c.checkRoutes(k, exchanges)
	c.checkBridges(k)
	c.checkDiversions(k)
	c.checkNames(k)
	c.checkDatasets(k)
	c.checkWriteBacks(k)
	c.checkContracts(k)
	return k.faults
}

func (k *checker) listener(path string, l Listener) {
	if _, _, err := net.SplitHostPort(l.Listen); err != nil {
		k.add(path, "write host:port, such as 127.0.0.1:8080", "%q is no address to listen on", l.Listen)
	}
}

func (c *Config) checkExchanges(k *checker) (names []string) {
	for i, e := range c.Exchanges {
		at := fmt.Sprintf("$.exchanges[%d]", i)
		k.need(at, "name", e.Name)
		k.need(at, "copybook", e.Copybook)
		k.need(at, "request", e.Request)
		k.need(at, "reply", e.Reply)
		if err := e.Custom.Validate(); err != nil {
			k.add(at, "", "the exchange %q: %v", e.Name, err)
		}
		if e.InFlight < 0 {
			k.add(at+".inFlight", "0 takes the default of 50", "inFlight is below zero")
		}
		if slices.Contains(names, e.Name) {
			k.add(at+".name", "", "the exchange %q stands twice", e.Name)
		}
		names = append(names, e.Name)
	}
	return names
}

func (c *Config) checkRoutes(k *checker, exchanges []string) {
	var names []string
	for i, r := range c.Routes {
		at := fmt.Sprintf("$.routes[%d]", i)
		k.need(at, "name", r.Name)
		k.need(at, "path", r.Path)
		if slices.Contains(names, r.Name) {
			k.add(at+".name", "", "the route %q stands twice", r.Name)
		}
		names = append(names, r.Name)
		if r.Share < 0 || r.Share > router.FullShare {
			k.add(at+".share", "30 % of the clients are 3000", "share counts ten-thousandths, from 0 to %d", router.FullShare)
		}
		k.stage(at+".stage", r.Stage)
		if r.Legacy == (Side{}) {
			k.add(at, "give legacy an exchange or a url", "the route %q has no Legacy side", r.Name)
		}
		k.side(at+".legacy", r.Legacy, exchanges)
		k.side(at+".modern", r.Modern, exchanges)
		for j, g := range r.Ignore {
			k.need(fmt.Sprintf("%s.ignore[%d]", at, j), "pointer", g.Pointer)
			k.need(fmt.Sprintf("%s.ignore[%d]", at, j), "reason", g.Reason)
			k.need(fmt.Sprintf("%s.ignore[%d]", at, j), "owner", g.Owner)
			k.need(fmt.Sprintf("%s.ignore[%d]", at, j), "until", g.Until)
		}
	}
}

func (k *checker) stage(path string, s router.Stage) {
	stages := []string{string(router.Discovery), string(router.Alpha), string(router.Beta), string(router.Live), string(router.Retired)}
	if s != "" && !slices.Contains(stages, string(s)) {
		k.add(path, didYouMean(string(s), stages), "there is no stage %q", s)
	}
}

func (k *checker) side(path string, s Side, exchanges []string) {
	if s.Exchange != "" && s.URL != "" {
		k.add(path, "keep the one that serves", "a side is an exchange or a url, not both")
	}
	if s.Exchange != "" && !slices.Contains(exchanges, s.Exchange) {
		k.add(path+".exchange", didYouMean(s.Exchange, exchanges), "there is no exchange %q", s.Exchange)
	}
	if s.URL != "" {
		if u, err := url.Parse(s.URL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			k.add(path+".url", "write http://host:port", "%q is no http address", s.URL)
		}
	}
}

func (c *Config) checkBridges(k *checker) {
	for i, b := range c.Bridges {
		at := fmt.Sprintf("$.bridges[%d]", i)
		k.need(at, "name", b.Name)
		k.need(at, "queue", b.Queue)
		k.need(at, "deadLetters", b.DeadLetters)
		k.need(at, "copybook", b.Copybook)
	}
}

func (c *Config) routeNames() (names []string) {
	for _, r := range c.Routes {
		names = append(names, r.Name)
	}
	return names
}

// checkNames holds that nothing that carries messages shares its name, which is that of its position, or its
// queue with another.
func (c *Config) checkNames(k *checker) {
	names, queues := map[string]bool{"kafka": true}, map[string]bool{}
	carrier := func(at, name, queue string) {
		if names[name] {
			k.add(at+".name", "", "the name %q is taken by another bridge, diversion or webhook", name)
		}
		names[name] = true
		if queue != "" && queues[queue] {
			k.add(at+".queue", "", "the queue %s has a reader already: two would split its messages", queue)
		}
		queues[queue] = true
	}
	for i, b := range c.Bridges {
		carrier(fmt.Sprintf("$.bridges[%d]", i), b.Name, b.Queue)
	}
	for i, d := range c.Diversions {
		carrier(fmt.Sprintf("$.diversions[%d]", i), d.Name, d.Queue)
	}
	for i, w := range c.Webhooks {
		carrier(fmt.Sprintf("$.webhooks[%d]", i), "webhook-"+w.Name, "")
	}
}

func (c *Config) checkContracts(k *checker) {
	routes := c.routeNames()
	var bridges []string
	for _, b := range c.Bridges {
		bridges = append(bridges, b.Name)
	}
	for i, contract := range c.Contracts {
		at := fmt.Sprintf("$.contracts[%d]", i)
		k.need(at, "file", contract.File)
		switch {
		case (contract.Route == "") == (contract.Bridge == ""):
			k.add(at, "name the route or the bridge that must honour it", "a contract holds one route or one bridge")
		case contract.Route != "" && !slices.Contains(routes, contract.Route):
			k.add(at+".route", didYouMean(contract.Route, routes), "there is no route %q", contract.Route)
		case contract.Bridge != "" && !slices.Contains(bridges, contract.Bridge):
			k.add(at+".bridge", didYouMean(contract.Bridge, bridges), "there is no bridge %q", contract.Bridge)
		}
	}
}

func didYouMean(word string, names []string) string {
	if near := nearest(word, names); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return fmt.Sprintf("there are %q", names)
}
