//go:build ibmmq

package ibmmq_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/adapters/mq/ibmmq"
	"github.com/portage-gateway/portage/adapters/mq/qmgr"
)

// options returns the options of each call of a verb in a trace.
func options(t *testing.T, trace, verb string) (out []uint64) {
	t.Helper()
	for _, m := range regexp.MustCompile(`(?m)^`+verb+` options=(?:0x)?([0-9a-f]+)`).FindAllStringSubmatch(trace, -1) {
		v, err := strconv.ParseUint(m[1], 16, 64)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
	if len(out) == 0 {
		t.Fatalf("no %s in the trace:\n%s", verb, trace)
	}
	return out
}

// What reaches the MQI, whatever its answers: these are promises of the package comment.
func TestOptionsOnTheWire(t *testing.T) {
	const (
		reconnectDisabled, shareNoBlock         = 0x2000000, 0x80
		wait, syncpoint, noSyncpoint            = 1, 2, 4
		browseFirst, browseNext, quiesce        = 16, 32, 8192
		convert, acceptTruncated, inHandle, all = 16384, 64, 0x8000000, 1<<32 - 1
		noReadAhead                             = 524288
	)
	d := start(t).dial(t)
	trace := traced(t)
	c := connect(t, d)
	for i, o := range []mq.GetOptions{{}, {Syncpoint: true}, {Browse: true}, {Browse: true, BrowseFirst: true}, {Syncpoint: true, Wait: 1}, {MsgID: mq.ID{1}}, {CorrelID: mq.ID{1}}} {
		put(t, c, "IN", "x", func(_ *mq.Message, p *mq.PutOptions) { p.Syncpoint = i%2 == 0; p.PassContext = i == 2 })
		_, _ = c.Get(t.Context(), "IN", o)
	}
	text := trace()
	if got := options(t, text, "MQCONNX")[0]; got&reconnectDisabled == 0 || got&shareNoBlock == 0 {
		t.Errorf("MQCONNX options %#x", got)
	}
	for _, got := range options(t, text, "MQGET") {
		browse, under := got&(browseFirst|browseNext) != 0, got&syncpoint != 0
		if got&convert != 0 || got&acceptTruncated != 0 || got&inHandle == 0 || got&quiesce == 0 {
			t.Errorf("MQGET options %#x", got)
		}
		if !browse && under == (got&noSyncpoint != 0) {
			t.Errorf("MQGET options %#x do not say one of syncpoint and no syncpoint", got)
		}
	}
	for _, got := range options(t, text, "MQPUT") {
		if got&quiesce == 0 || (got&syncpoint != 0) == (got&noSyncpoint != 0) {
			t.Errorf("MQPUT options %#x", got)
		}
	}
	for _, got := range options(t, text, "MQOPEN") {
		if got&quiesce == 0 || got&(1|2|4|8) != 0 && got&noReadAhead == 0 {
			t.Errorf("MQOPEN options %#x", got)
		}
	}
	if strings.Count(text, "match=0 ") != 5 || strings.Count(text, "match=0x1 ") != 1 || strings.Count(text, "match=0x2 ") != 1 {
		t.Errorf("match options of the seven gets:\n%s", text)
	}
	if regexp.MustCompile(`version=1 `).MatchString(text) {
		t.Errorf("an MQGMO of version 1, whose match options do not count:\n%s", text)
	}
}

// Identity context is passed on, set or left to the queue manager as the configuration says, and never by accident.
func TestContext(t *testing.T) {
	h := start(t)
	for context, want := range map[string]struct{ user, program, trace string }{
		"":         {"CICSUSER", "CICSEIQS", "type=1 origin=EIQS"},
		"all":      {"CICSUSER", "CICSEIQS", "type=1 origin=EIQS"},
		"identity": {"CICSUSER", "bridge", ""},
		"none":     {"", "bridge", ""},
	} {
		cfg := h.config()
		cfg.Context, cfg.ApplicationName = context, "bridge"
		c := connect(t, dialed(t, cfg))
		original := mq.Message{Descriptor: mq.Descriptor{UserIdentifier: "CICSUSER", ApplIdentityData: "x", PutApplName: "CICSEIQS"}}
		if context != "" && context != "all" {
			c2 := connect(t, h.dial(t))
			if _, err := c2.Put(t.Context(), "IN", original, mq.PutOptions{PassContext: true}); err != nil {
				t.Fatal(err)
			}
		} else if _, err := c.Put(t.Context(), "IN", original, mq.PutOptions{PassContext: true}); err != nil {
			t.Fatal(err)
		}
		m := get(t, c, "IN", mq.GetOptions{Syncpoint: true})
		trace := traced(t)
		if _, err := c.Put(t.Context(), "OUT", m, mq.PutOptions{Syncpoint: true, PassContext: true}); err != nil {
			t.Fatal(err)
		}
		if err := c.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		got := get(t, c, "OUT", mq.GetOptions{})
		if got.UserIdentifier != want.user || got.PutApplName != want.program || !strings.Contains(trace(), want.trace) {
			t.Errorf("context %q: user %q, program %q\n%s", context, got.UserIdentifier, got.PutApplName, trace())
		}
		if context == "all" && !got.PutTime.Equal(m.PutTime) {
			t.Errorf("the put time was %s and is %s", m.PutTime, got.PutTime)
		}
	}
	// Without PassContext it is the queue manager's.
	c := connect(t, h.dial(t))
	put(t, c, "IN", "x", func(m *mq.Message, _ *mq.PutOptions) { m.UserIdentifier = "CICSUSER" })
	if m := get(t, c, "IN", mq.GetOptions{}); m.UserIdentifier != "" || m.PutApplName != "portage" {
		t.Errorf("user %q, program %q", m.UserIdentifier, m.PutApplName)
	}
}

func TestCredentials(t *testing.T) {
	h, dir := start(t), t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	right, wrong, token := file("right", "s3cret, of sorts\n"), file("wrong", "other"), file("token", "eyJ.e30.x\n")
	ccdt := file("ccdt.json", fmt.Sprintf(`{"channel":[{"name":"C","clientConnection":{"connection":[{"host": %q,"port":1414}],"queueManager":"PORTAGE"},"type":"clientConnection"}]}`, h.socket))
	for name, c := range map[string]struct {
		require string
		change  func(*ibmmq.Config)
		reason  int32
	}{
		"user and password":  {"user=app,password=other", func(c *ibmmq.Config) { c.User, c.PasswordFile = "app", wrong }, 0},
		"a wrong password":   {"user=app,password=s3cret", func(c *ibmmq.Config) { c.User, c.PasswordFile = "app", wrong }, mq.RCNotAuthorized},
		"another user":       {"user=app", func(c *ibmmq.Config) { c.User, c.PasswordFile = "root", right }, mq.RCNotAuthorized},
		"no credentials":     {"user=app", func(*ibmmq.Config) {}, mq.RCNotAuthorized},
		"a token":            {"token=eyJ.e30.x", func(c *ibmmq.Config) { c.TokenFile = token }, 0},
		"no token":           {"token=eyJ.e30.x", func(c *ibmmq.Config) { c.User, c.PasswordFile = "app", right }, mq.RCNotAuthorized},
		"tls":                {"cipher=ANY_TLS13,repository=/k.p12", func(c *ibmmq.Config) { c.Cipher, c.KeyRepository = "ANY_TLS13", "/k.p12" }, 0},
		"another cipher":     {"cipher=ANY_TLS13", func(c *ibmmq.Config) { c.Cipher = "ANY_TLS12" }, mq.RCSSLInitialization},
		"no key repository":  {"repository=/k.p12", func(*ibmmq.Config) {}, mq.RCSSLInitialization},
		"a ccdt in json":     {"", func(c *ibmmq.Config) { c.Channel, c.Connection, c.CCDT = "", "", ccdt }, 0},
		"a ccdt by url":      {"", func(c *ibmmq.Config) { c.Channel, c.Connection, c.CCDT = "", "", "file://"+ccdt }, 0},
		"a ccdt and a token": {"token=eyJ.e30.x", func(c *ibmmq.Config) { c.Channel, c.Connection, c.CCDT, c.TokenFile = "", "", ccdt, token }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("PORTAGE_MQI_REQUIRE", c.require)
			cfg := h.config()
			c.change(&cfg)
			conn, err := dialed(t, cfg)(t.Context())
			if c.reason != 0 {
				refused(t, err, c.reason, mq.Alert)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			conn.Close()
		})
	}
	t.Run("the client's environment", func(t *testing.T) {
		t.Setenv("MQSERVER", "PORTAGE.SVRCONN/UNIX/"+h.socket)
		connect(t, dialed(t, ibmmq.Config{}))
	})
}

// The client's code page for texts is UTF-8, unless the environment has another.
func TestCodePage(t *testing.T) {
	t.Setenv("MQCCSID", "")
	os.Unsetenv("MQCCSID")
	dialed(t, ibmmq.Config{})
	if got := os.Getenv("MQCCSID"); got != "1208" {
		t.Errorf("MQCCSID is %q", got)
	}
	os.Setenv("MQCCSID", "819")
	dialed(t, ibmmq.Config{})
	if got := os.Getenv("MQCCSID"); got != "819" {
		t.Errorf("MQCCSID is %q", got)
	}
}

// Properties keep names, order and repeats; a body stays as it was put.
func TestProperties(t *testing.T) {
	h := start(t)
	c := connect(t, h.dial(t))
	var want []adapters.Header
	for i := range 60 {
		want = append(want, adapters.Header{Name: fmt.Sprintf("x-%d.y_z", i%7), Value: strings.Repeat("é", i)})
	}
	want = append(want, adapters.Header{Name: "longest", Value: strings.Repeat("v", 1024)})
	put(t, c, "IN", "body", func(m *mq.Message, _ *mq.PutOptions) { m.Properties = want })
	m := get(t, c, "IN", mq.GetOptions{})
	if d := cmp.Diff(want, m.Properties); d != "" || string(m.Body) != "body" {
		t.Fatalf("%q\n%s", m.Body, d)
	}
	for range 1100 { // more often than there are message handles
		put(t, c, "IN", "body", func(m *mq.Message, _ *mq.PutOptions) { m.Properties, m.Persistent = want[:2], false })
		if m := get(t, c, "IN", mq.GetOptions{}); len(m.Properties) != 2 {
			t.Fatalf("%d properties came", len(m.Properties))
		}
	}
	put(t, c, "IN", "bare")
	if m := get(t, c, "IN", mq.GetOptions{}); m.Properties != nil {
		t.Errorf("properties of the message before: %v", m.Properties)
	}
	_, err := c.Put(t.Context(), "IN", mq.Message{Descriptor: mq.Descriptor{Properties: []adapters.Header{{Name: "x", Value: strings.Repeat("v", 1025)}}}}, mq.PutOptions{})
	refused(t, err, mq.RCPropertyValueTooBig, mq.Permanent)
}

// A property that is longer than the client reads does not hold up its message: it is left out, and counted.
func TestPropertyTooLongToRead(t *testing.T) {
	h := start(t)
	other := connect(t, qmgr.Dial(h.socket))
	long := strings.Repeat("v", 5000)
	c := connect(t, h.dial(t))
	a, b, out := adapters.Header{Name: "a", Value: "1"}, adapters.Header{Name: "b", Value: "2"}, "mq-properties-left-out"
	for _, s := range []struct{ put, want []adapters.Header }{
		{[]adapters.Header{a, {Name: "long", Value: long}, b, {Name: "longer", Value: long}}, []adapters.Header{a, b, {Name: out, Value: "2"}}},
		{[]adapters.Header{{Name: "long", Value: long}, a}, []adapters.Header{a, {Name: out, Value: "1"}}},
		{[]adapters.Header{{Name: "long", Value: long}}, []adapters.Header{{Name: out, Value: "1"}}},
		{[]adapters.Header{a, {Name: "a", Value: long}, b}, []adapters.Header{b, {Name: out, Value: "2"}}}, // by its name only the first can go
	} {
		put(t, other, "IN", "body", func(m *mq.Message, _ *mq.PutOptions) { m.Properties = s.put })
		m := get(t, c, "IN", mq.GetOptions{})
		if d := cmp.Diff(s.want, m.Properties); d != "" || string(m.Body) != "body" {
			t.Errorf("%q\n%s", m.Body, d)
		}
	}
}

func BenchmarkPutGetCommit(b *testing.B) {
	c := connect(b, start(b).dial(b))
	m := mq.Message{Body: make([]byte, 586)}
	b.ReportAllocs()
	b.SetBytes(586)
	for b.Loop() {
		if _, err := c.Put(b.Context(), "IN", m, mq.PutOptions{Syncpoint: true}); err != nil {
			b.Fatal(err)
		}
		if err := c.Commit(b.Context()); err != nil {
			b.Fatal(err)
		}
		if _, err := c.Get(b.Context(), "IN", mq.GetOptions{Syncpoint: true}); err != nil {
			b.Fatal(err)
		}
		if err := c.Commit(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
