//go:build ibmmq

package ibmmq_test

import (
	"context"
	"strings"
	"testing"

	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/adapters/mq/ibmmq"
)

func TestRefusals(t *testing.T) {
	h := start(t)
	d := h.dial(t)
	c, other := connect(t, d), connect(t, d)
	body := func(n int) mq.Message { return mq.Message{Body: make([]byte, n)} }
	putTo := func(queue string, m mq.Message) error {
		_, err := c.Put(t.Context(), queue, m, mq.PutOptions{})
		return err
	}
	getFrom := func(queue string, o mq.GetOptions) error {
		_, err := c.Get(t.Context(), queue, o)
		return err
	}
	refused(t, getFrom("NONE", mq.GetOptions{}), mq.RCUnknownObjectName, mq.Alert)
	refused(t, getFrom(strings.Repeat("Q", 49), mq.GetOptions{}), mq.RCUnknownObjectName, mq.Alert)
	refused(t, getFrom("NOGET", mq.GetOptions{}), mq.RCGetInhibited, mq.Transient)
	refused(t, putTo("NOPUT", body(1)), mq.RCPutInhibited, mq.Transient)
	refused(t, putTo("SMALL", body(11)), mq.RCMsgTooBigForQ, mq.Permanent)
	if err := putTo("SMALL", body(10)); err != nil {
		t.Fatal(err)
	}
	refused(t, putTo("SMALL", body(1)), mq.RCQFull, mq.Transient)
	refused(t, putTo("IN", mq.Message{Descriptor: mq.Descriptor{UserIdentifier: "THIRTEEN_CHAR"}}), mq.RCMDError, mq.Permanent)
	refused(t, putTo("IN", mq.Message{Descriptor: mq.Descriptor{Format: "NINECHARS"}}), mq.RCMDError, mq.Permanent)
	refused(t, putTo("IN", mq.Message{Descriptor: mq.Descriptor{ReplyToQ: strings.Repeat("Q", 49)}}), mq.RCMDError, mq.Permanent)

	get(t, other, "SMALL", mq.GetOptions{Exclusive: true})
	refused(t, getFrom("SMALL", mq.GetOptions{}), mq.RCObjectInUse, mq.Alert)
	_, err := other.Get(t.Context(), "SMALL", mq.GetOptions{}) // its own from then on
	refused(t, err, mq.RCNoMsgAvailable, mq.Transient)

	wrongName, nowhere := h.config(), h.config()
	wrongName.QueueManager, nowhere.Connection = "QM9", h.socket+".not"
	_, err = dialed(t, wrongName)(t.Context())
	refused(t, err, mq.RCQMgrNameError, mq.Alert)
	_, err = dialed(t, nowhere)(t.Context())
	refused(t, err, mq.RCHostNotAvailable, mq.Reconnect)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d(ended); err == nil {
		t.Error("connecting under an ended context: no error")
	}
	if err := c.Commit(ended); err == nil || mq.IsReason(err, mq.RCConnectionBroken) {
		t.Errorf("commit under an ended context: %v", err)
	}
}

// A shared handle of one's own is not in the way of an exclusive one.
func TestSharedThenAlone(t *testing.T) {
	d := start(t).dial(t)
	c := connect(t, d)
	put(t, c, "IN", "a")
	put(t, c, "IN", "b")
	get(t, c, "IN", mq.GetOptions{Syncpoint: true})
	get(t, c, "IN", mq.GetOptions{Syncpoint: true, Exclusive: true})
	if err := c.Backout(t.Context()); err != nil {
		t.Fatal(err)
	}
	if m := get(t, c, "IN", mq.GetOptions{}); string(m.Body) != "a" || m.BackoutCount != 1 {
		t.Errorf("%q with count %d", m.Body, m.BackoutCount)
	}
}

// What the queue manager can answer, by the call that it answers: the class says what to do now.
func TestClasses(t *testing.T) {
	for what, want := range map[string]struct {
		reason int32
		class  mq.Outcome
	}{
		"MQGET:1:fail:2:2161":   {mq.RCQMgrQuiescing, mq.Reconnect},
		"MQGET:1:fail:2:2016":   {mq.RCGetInhibited, mq.Transient},
		"MQOPEN:1:fail:2:2035":  {mq.RCNotAuthorized, mq.Alert},
		"MQGET:1:fail:2:2195":   {mq.RCUnexpectedError, mq.Reconnect},
		"MQGET:1:fail:2:9999":   {9999, mq.Reconnect},
		"MQCMIT:1:fail:1:2003":  {mq.RCBackedOut, mq.Transient},
		"MQCMIT:1:fail:1:2124":  {mq.RCOutcomePending, mq.InDoubt},
		"MQCMIT:1:fail:2:2549":  {mq.RCCallInterrupted, mq.InDoubt},
		"MQCMIT:1:lose":         {mq.RCConnectionBroken, mq.InDoubt},
		"MQBACK:1:cut":          {mq.RCConnectionBroken, mq.Reconnect},
		"MQCRTMH:1:fail:2:2017": {mq.RCHandleNotAvailable, mq.Reconnect},
	} {
		t.Run(what, func(t *testing.T) {
			c := connect(t, start(t).dial(t))
			put(t, c, "IN", "x")
			fault(t, what)
			verb, _, _ := strings.Cut(what, ":")
			var err error
			switch verb {
			case "MQCMIT":
				err = c.Commit(t.Context())
			case "MQBACK":
				err = c.Backout(t.Context())
			default:
				_, err = c.Get(t.Context(), "IN", mq.GetOptions{Syncpoint: true})
			}
			refused(t, err, want.reason, want.class)
		})
	}
}

// After these the handle is of no more use, and the next call has another.
func TestStaleHandles(t *testing.T) {
	for _, reason := range []string{"2041", "2052", "2019"} {
		c := connect(t, start(t).dial(t))
		put(t, c, "IN", "x")
		if _, err := c.Get(t.Context(), "IN", mq.GetOptions{MsgID: mq.ID{1}}); !mq.IsReason(err, mq.RCNoMsgAvailable) {
			t.Fatal(err)
		}
		fault(t, "MQGET:1:fail:2:"+reason)
		if _, err := c.Get(t.Context(), "IN", mq.GetOptions{}); err == nil {
			t.Errorf("%s: no error", reason)
		}
		trace := traced(t)
		get(t, c, "IN", mq.GetOptions{})
		if !strings.Contains(trace(), "MQOPEN") {
			t.Errorf("after %s the queue was not opened anew:\n%s", reason, trace())
		}
	}
}

// A warning delivers: the message is the caller's, and a connect with 2391 is a connection.
func TestWarningsDeliver(t *testing.T) {
	for _, reason := range []string{"2079", "2110", "2111", "2119", "2120", "2190", "2241"} {
		c := connect(t, start(t).dial(t))
		put(t, c, "IN", "delivered")
		fault(t, "MQGET:1:warn:1:"+reason)
		m, err := c.Get(t.Context(), "IN", mq.GetOptions{Syncpoint: true})
		if err != nil || string(m.Body) != "delivered" {
			t.Errorf("%s: %q, %v", reason, m.Body, err)
		}
		if err := c.Commit(t.Context()); err != nil {
			t.Errorf("%s: %v", reason, err)
		}
	}
	d := start(t).dial(t)
	fault(t, "MQCONNX:1:warn:1:2391")
	c := connect(t, d)
	put(t, c, "IN", "alive")
}

// Dial reads what it needs before it connects, and says which setting is at fault.
func TestSecretsThatAreNotThere(t *testing.T) {
	h := start(t)
	for setting, change := range map[string]func(*ibmmq.Config){
		"passwordFile":              func(c *ibmmq.Config) { c.User, c.PasswordFile = "app", "/nowhere" },
		"tokenFile":                 func(c *ibmmq.Config) { c.TokenFile = "/nowhere" },
		"keyRepositoryPasswordFile": func(c *ibmmq.Config) { c.KeyRepository, c.KeyRepositoryPasswordFile = "k", "/nowhere" },
	} {
		cfg := h.config()
		change(&cfg)
		if _, err := dialed(t, cfg)(t.Context()); err == nil || !strings.Contains(err.Error(), setting) {
			t.Errorf("%s: %v", setting, err)
		}
	}
}
