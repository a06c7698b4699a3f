// Package config reads portage.yaml into the rooms' own Config types. It is strict: an unknown setting
// is an error with its place and the nearest name that exists. Every setting stands in one struct, in
// the room that uses it; this package holds only those that join rooms.
package config

import (
	"time"

	"github.com/portage-gateway/portage/adapters/kafka"
	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/adapters/mq/ibmmq"
	"github.com/portage-gateway/portage/adapters/mq/qmgr"
	"github.com/portage-gateway/portage/adapters/webhook"
	"github.com/portage-gateway/portage/router"
)

// Config is a whole portage.yaml.
type Config struct {
	// Data is the directory of Portage's own files. Default "data". One process at a time holds it.
	Data string `yaml:"data"`
	// Keys is the directory of keys.json, which processes that share References share. Default: Data.
	Keys string `yaml:"keys"`
	// Traffic is where clients come in. Default 127.0.0.1:8080.
	Traffic Listener `yaml:"traffic"`
	// Control is the control API, the page and /metrics. Default 127.0.0.1:9080.
	Control Listener `yaml:"control"`
	// Drain is how long /readyz says no before the listeners close. Default 0s.
	Drain time.Duration `yaml:"drain"`
	// QueueManager says which queue manager Portage talks to.
	QueueManager QueueManager `yaml:"queueManager"`
	// Exchanges are transactions behind queues that routes may name as a side.
	Exchanges []Exchange `yaml:"exchanges"`
	// Routes are the operations that Portage serves.
	Routes []Route `yaml:"routes"`
	// Bridges carry messages from queues into the journal.
	Bridges []Bridge `yaml:"bridges"`
	// Diversions read queues that Legacy read before, and pass each message to the side that serves its client.
	Diversions []Diversion `yaml:"diversions"`
	// Datasets carry the generations of files into the journal.
	Datasets []Dataset `yaml:"datasets"`
	// WriteBacks carry events of Kafka back to queues that Legacy reads.
	WriteBacks []WriteBack `yaml:"writeBacks"`
	// Kafka takes every event of the journal. Without brokers there is none.
	Kafka kafka.Config `yaml:"kafka"`
	// Webhooks are subscribers that get every event of the journal over HTTP.
	Webhooks []webhook.Config `yaml:"webhooks"`
	// Contracts are what `portage verify` holds both sides of a route, or a bridge, to.
	Contracts []Contract `yaml:"contracts"`
}

// Listener is a TCP address.
type Listener struct {
	// Listen is host:port. Loopback unless told otherwise.
	Listen string `yaml:"listen"`
}

// QueueManager names the queue manager.
type QueueManager struct {
	// Socket is the Unix socket of a queue manager that runs by itself (`portage queue-manager`). Empty:
	// Portage runs one in its own process, under Data.
	Socket string `yaml:"socket"`
	// IBMMQ is IBM MQ, through IBM's client: a Portage built with the tag ibmmq. Outranks Socket.
	IBMMQ *ibmmq.Config `yaml:"ibmmq"`
	// Queues are defined on the embedded queue manager when it starts.
	Queues []qmgr.Queue `yaml:"queues"`
}

// Exchange is a transaction behind a request queue and a reply queue.
type Exchange struct {
	// Name is how routes and metrics call it. Required.
	Name string `yaml:"name"`
	// Copybook and Mapping are files, or "builtin:NAME" for both. Copybook is required.
	Copybook string `yaml:"copybook"`
	Mapping  string `yaml:"mapping"`
	// Request and Reply are the queues. Required.
	Request string `yaml:"request"`
	Reply   string `yaml:"reply"`
	// InFlight is how many calls may wait for Legacy at once. Default 50.
	InFlight int `yaml:"inFlight"`
	// Trace passes traceparent and tracestate on beside the request.
	Trace bool `yaml:"trace"`
	// Custom is how Legacy expects to be asked: the bare area, the MQ-CICS bridge, IMS.
	mq.Custom `yaml:",inline"`
}

// Route is one operation with its two sides.
type Route struct {
	router.Route `yaml:",inline"`
	// Reference is the path parameter that holds the Reference, from which the Key is made. Default: the
	// route has no Key and all of it goes to Legacy.
	Reference string `yaml:"reference"`
	// Program is the program the Reference must belong to, such as "ei".
	Program string `yaml:"program"`
	// Legacy and Modern are the two sides. Legacy is required.
	Legacy Side `yaml:"legacy"`
	Modern Side `yaml:"modern"`
	// Ignore lists differences between the sides that are no differences.
	Ignore []Ignore `yaml:"ignore"`
}

// Side is one implementation: exactly one of its settings is given.
type Side struct {
	// Exchange names an exchange.
	Exchange string `yaml:"exchange"`
	// URL is an HTTP service; the request's path is added.
	URL string `yaml:"url"`
}

// Ignore hides one difference from parity, and is counted.
type Ignore struct {
	// Pointer is a JSON Pointer (RFC 6901); * stands for any one member or element.
	Pointer string `yaml:"pointer"`
	// Reason and Owner say why, and who answers for it. Required.
	Reason string `yaml:"reason"`
	Owner  string `yaml:"owner"`
	// Until is the last day on which it holds, such as 2027-03-31. Required: ignored fields rot.
	Until string `yaml:"until"`
}

// Bridge carries a queue's messages into the journal as events.
type Bridge struct {
	// Name is how metrics call it. Required.
	Name string `yaml:"name"`
	// Queue is read; DeadLetters takes what cannot be decoded. Required.
	Queue       string `yaml:"queue"`
	DeadLetters string `yaml:"deadLetters"`
	// Copybook and Mapping are files, or "builtin:NAME" for both. Copybook is required.
	Copybook string `yaml:"copybook"`
	Mapping  string `yaml:"mapping"`
	// Source is the CloudEvents source attribute, a URI-reference. Default: the mapping's.
	Source string `yaml:"source"`
	// Batch is the most messages in a unit of work, 1 to 382. Default 250: docs/delivery.md says what it costs.
	Batch int `yaml:"batch"`
	// Extensions makes CloudEvents extension attributes of message properties: the property's name, in lower
	// case, to the attribute's. Properties that are not named stay behind; traceparent and tracestate always come.
	Extensions map[string]string `yaml:"extensions"`
}

// Contract holds a route or a bridge to a contract file.
type Contract struct {
	// File is the contract; "builtin:NAME" names one of the samples. Required.
	File string `yaml:"file"`
	// Route or Bridge is who must honour it. Exactly one is required.
	Route  string `yaml:"route"`
	Bridge string `yaml:"bridge"`
	// Values are what the contract asks to know, by name. "reference PROGRAM SIN CLAIM" becomes a Reference;
	// name test clients only.
	Values map[string]string `yaml:"values"`
}
