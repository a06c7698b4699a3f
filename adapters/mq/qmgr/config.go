package qmgr

import (
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strconv"
	"strings"
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
	maxUnit      = 10_000 // gets and puts in a unit of work (MAXUMSGS)
	maxName      = 48     // bytes in a queue's name
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

// Queue defines a local queue.
type Queue struct {
	// Name has 1 to 48 of A-Z a-z 0-9 . _ / %. Required.
	Name string `yaml:"name"`
	// MaxDepth is how many messages the queue holds, those in open units of work included; one more gets
	// 2053. 0: 5000.
	MaxDepth int `yaml:"maxDepth"`
	// MaxMsgLength is the longest body in bytes; a longer one gets 2030. 0: 4 MiB. At most 100 MiB.
	MaxMsgLength int `yaml:"maxMsgLength"`
	// BackoutThreshold and BackoutQueue tell readers when a message that keeps being backed out moves, and
	// where to; the queue manager itself moves nothing. BackoutQueue is defined too if it is not there.
	BackoutThreshold int    `yaml:"backoutThreshold"`
	BackoutQueue     string `yaml:"backoutQueue"`
	// GetInhibited refuses gets with 2016, PutInhibited puts with 2051.
	GetInhibited bool `yaml:"getInhibited"`
	PutInhibited bool `yaml:"putInhibited"`
}

// ParseQueue reads a queue as the command line writes it: the name, then settings after commas, named as
// MQSC names them: maxdepth=N maxmsgl=N bothresh=N boqname=QUEUE get=disabled put=disabled.
func ParseQueue(text string) (Queue, error) {
	name, rest, _ := strings.Cut(text, ",")
	q := Queue{Name: name}
	for setting := range strings.SplitSeq(rest, ",") {
		if setting == "" {
			continue
		}
		key, value, _ := strings.Cut(setting, "=")
		var err error
		switch strings.ToLower(key) {
		case "maxdepth":
			q.MaxDepth, err = strconv.Atoi(value)
		case "maxmsgl":
			q.MaxMsgLength, err = strconv.Atoi(value)
		case "bothresh":
			q.BackoutThreshold, err = strconv.Atoi(value)
		case "boqname":
			q.BackoutQueue = value
		case "get":
			q.GetInhibited, err = inhibited(value)
		case "put":
			q.PutInhibited, err = inhibited(value)
		default:
			return q, fmt.Errorf("queue %s: %q is no setting of a queue (maxdepth maxmsgl bothresh boqname get put)", name, key)
		}
		if err != nil {
			return q, fmt.Errorf("queue %s: %s=%s: %w", name, key, value, err)
		}
	}
	return q, q.check()
}

func inhibited(value string) (bool, error) {
	switch strings.ToLower(value) {
	case "enabled":
		return false, nil
	case "disabled":
		return true, nil
	}
	return false, fmt.Errorf("write enabled or disabled")
}

func (q *Queue) check() error {
	if err := checkName(q.Name); err != nil {
		return err
	}
	if q.BackoutQueue != "" {
		if err := checkName(q.BackoutQueue); err != nil {
			return fmt.Errorf("backout queue of %s: %w", q.Name, err)
		}
	}
	switch {
	case q.BackoutQueue == q.Name:
		return fmt.Errorf("queue %s is its own backout queue: a bad message would go round for ever", q.Name)
	case q.MaxDepth < 0:
		return fmt.Errorf("queue %s: maxDepth is below 0; 0 takes the default of %d", q.Name, DefaultMaxDepth)
	case q.MaxMsgLength < 0 || q.MaxMsgLength > MaxMsgLength:
		return fmt.Errorf("queue %s: maxMsgLength is not within 0 to %d bytes", q.Name, MaxMsgLength)
	case q.BackoutThreshold < 0:
		return fmt.Errorf("queue %s: backoutThreshold is below 0; 0 means that no message moves", q.Name)
	}
	return nil
}

func checkName(name string) error {
	if name == "" || len(name) > maxName {
		return fmt.Errorf("queue name %q: 1 to %d characters are allowed", name, maxName)
	}
	for _, c := range []byte(name) {
		if !('A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || strings.IndexByte("._/%", c) >= 0) {
			return fmt.Errorf("queue name %q: only letters, digits and . _ / %% are allowed", name)
		}
	}
	return nil
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
