package qmgr

import (
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/mq"
)

// Defaults and limits.
const (
	DefaultMaxDepth     = 5000
	DefaultMaxMsgLength = 4 << 20
	DefaultMaxBytes     = 256 << 20
	// MaxMsgLength is the largest MaxMsgLength, in bytes, as in IBM MQ.
	MaxMsgLength = 100 << 20
	// DefaultMaxUncommitted is IBM MQ's default of MAXUMSGS.
	DefaultMaxUncommitted = 10_000
	maxName               = 48 // bytes in a queue's name
)

// Config sets up a Manager.
type Config struct {
	// Dir holds queues.db and its lock; it is made, for its owner only, if it is not there. Required.
	Dir string `yaml:"dir"`
	// Socket is the Unix socket's path, at most 107 bytes. Empty: queues.sock in Dir.
	Socket string `yaml:"socket"`
	// Name is the queue manager's name. Empty: PORTAGE.
	Name string `yaml:"name"`
	// Queues are defined at Open, or changed if they are there. A queue that Dir knows and this list does
	// not stays as it was.
	Queues []Queue `yaml:"queues"`
	// Aliases are defined at Open where they are not there yet; one that is keeps its target, since it may have
	// been repointed while a diversion was cut in.
	Aliases []Alias `yaml:"aliases"`
	// MaxUncommitted is how many gets and puts a unit of work may hold (MAXUMSGS); one more gets 2024. 0: 10,000.
	MaxUncommitted int `yaml:"maxUncommitted"`
	// Faults lets tests ask for failures (Manager.Fault). False: such a request gets 2035.
	Faults bool `yaml:"-"`
	// MaxBytes bounds the bodies of all messages together, in bytes; a put beyond it gets 2056. All
	// messages are in memory. 0: 256 MiB.
	MaxBytes int64 `yaml:"maxBytes"`
	// Sealer seals messages at rest. Nil is refused unless Plain says that tests may do without.
	Sealer adapters.Sealer `yaml:"-"`
	Plain  bool            `yaml:"-"`
	// Now is the clock for expiry, put times and ages. Nil: time.Now.
	Now func() time.Time `yaml:"-"`
	// Rand is where MsgIds come from. Nil: crypto/rand.
	Rand io.Reader `yaml:"-"`
	// Log takes what no caller can be told. Nil: none.
	Log *slog.Logger `yaml:"-"`
}

func (q Queue) withDefaults() Queue {
	if q.MaxDepth == 0 {
		q.MaxDepth = DefaultMaxDepth
	}
	if q.MaxMsgLength == 0 {
		q.MaxMsgLength = DefaultMaxMsgLength
	}
	return q
}

// socket returns the path of the socket.
func (c *Config) socket() (string, error) {
	path := c.Socket
	if path == "" {
		path = filepath.Join(c.Dir, "queues.sock")
	}
	if len(path) > 107 {
		return "", fmt.Errorf("socket %s: its path has %d bytes and at most 107 fit; name a shorter one", path, len(path))
	}
	return path, nil
}

// checkDescriptor refuses what no MQMD can hold: 2026.
func checkDescriptor(queue string, d *mq.Descriptor) *mq.Error {
	bad := func(hint string) *mq.Error { return mq.Failed("put", queue, mq.RCMDError, hint) }
	switch {
	case d.Priority < 0 || d.Priority > 9:
		return mq.Failed("put", queue, mq.RCPriorityError, "priorities are 0 to 9")
	case d.Expiry < 0:
		return mq.Failed("put", queue, mq.RCExpiryError, "0 is for ever")
	case len(d.Format) > 8:
		return bad("Format has at most 8 characters")
	case len(d.ReplyToQ) > maxName || len(d.ReplyToQMgr) > maxName:
		return bad("ReplyToQ and ReplyToQMgr have at most 48 characters")
	case len(d.UserIdentifier) > 12 || len(d.ApplIdentityData) > 32 || len(d.PutApplName) > 28:
		return bad("the context is longer than the MQMD's fields")
	case len(d.Properties) > maxProperties:
		return bad("too many properties")
	}
	total := 0
	for _, p := range d.Properties {
		total += len(p.Name) + len(p.Value)
		if p.Name == "" || len(p.Name) > 4095 {
			return bad("a property's name has 1 to 4095 characters")
		}
	}
	if total > maxPropertyBytes {
		return bad("the properties are over 1 MiB")
	}
	return nil
}
