package kafka_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/kafka"
	kafkatest "github.com/portage-gateway/portage/test/kafka"
)

// right is a line of a block of docs/kafka.md, as kafka-acls.sh takes it: --operation Write --topic TOPIC.
type right struct{ operation, resource, name string }

// documented reads the rights of a block ```acl ROLE.
func documented(t *testing.T, role string) (rights []right) {
	t.Helper()
	page, err := os.ReadFile("../../docs/kafka.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, found := strings.Cut(string(page), "```acl "+role+"\n")
	block, _, ended := strings.Cut(block, "```")
	if !found || !ended {
		t.Fatalf("docs/kafka.md has no block ```acl %s", role)
	}
	for line := range strings.Lines(block) {
		w := strings.Fields(line)
		if len(w) != 4 || w[0] != "--operation" {
			t.Fatalf("docs/kafka.md: a line of ```acl %s is no right: %s", role, line)
		}
		rights = append(rights, right{w[1], strings.TrimPrefix(w[2], "--"), w[3]})
	}
	return rights
}

// allow gives a user rights, and waits until the broker knows of them.
func allow(t *testing.T, b *kafkatest.Secure, user string, rights []right, names *strings.Replacer) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(b.Addr))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	principal := "User:" + user
	req := kmsg.NewPtrCreateACLsRequest()
	for _, r := range rights {
		c := kmsg.NewCreateACLsRequestCreation()
		c.Principal, c.Host, c.ResourceName, c.PermissionType = principal, "*", names.Replace(r.name), kmsg.ACLPermissionTypeAllow
		c.ResourcePatternType = kmsg.ACLResourcePatternTypeLiteral
		if c.ResourceType, err = kmsg.ParseACLResourceType(r.resource); err != nil {
			t.Fatal(err)
		}
		if c.Operation, err = kmsg.ParseACLOperation(r.operation); err != nil {
			t.Fatal(err)
		}
		req.Creations = append(req.Creations, c)
	}
	res, err := req.RequestWith(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range res.Results {
		if r.ErrorCode != 0 {
			t.Fatalf("create right: error code %d, %v", r.ErrorCode, r.ErrorMessage)
		}
	}
	ask := kmsg.NewPtrDescribeACLsRequest()
	ask.Principal, ask.ResourceType, ask.Operation = &principal, kmsg.ACLResourceTypeAny, kmsg.ACLOperationAny
	ask.PermissionType, ask.ResourcePatternType = kmsg.ACLPermissionTypeAny, kmsg.ACLResourcePatternTypeAny
	for known := 0; known < len(rights); wait(t.Context(), 10*time.Millisecond) {
		res, err := ask.RequestWith(t.Context(), client)
		if err != nil {
			t.Fatal(err)
		}
		known = 0
		for _, r := range res.Resources {
			known += len(r.ACLs)
		}
	}
}

// testRights does each work with the rights that docs/kafka.md gives it, and with one of them less.
func testRights(t *testing.T, b *kafkatest.Secure) {
	tests := map[string]func(*testing.T){}
	for name, tc := range map[string]struct {
		roles []string // of docs/kafka.md
		work  func(*trial) error
	}{
		"sink":                     {[]string{"sink"}, (*trial).sink},
		"creating sink":            {[]string{"sink", "create"}, (*trial).sink},
		"ledger":                   {[]string{"ledger"}, (*trial).ledger},
		"source":                   {[]string{"source"}, (*trial).source},
		"source with dead letters": {[]string{"source", "dead-letters"}, (*trial).parkingSource},
	} {
		creates := slices.Contains(tc.roles, "create")
		var all []right
		for _, role := range tc.roles {
			all = append(all, documented(t, role)...)
		}
		tests[name+" with its rights"] = func(t *testing.T) {
			if err := newTrial(t, b, all, creates).run(tc.work); err != nil {
				t.Error(err)
			}
		}
		for i, missing := range all {
			if len(tc.roles) > 1 && !slices.Contains(documented(t, tc.roles[1]), missing) {
				continue // the first role alone shows it
			}
			tests[fmt.Sprintf("%s without %s on %s %s", name, missing.operation, missing.resource, missing.name)] = func(t *testing.T) {
				err := newTrial(t, b, slices.Delete(slices.Clone(all), i, i+1), creates).run(tc.work)
				e, ok := errors.AsType[*kafka.Error](err)
				resource := strings.ReplaceAll(missing.resource, "-", " ")
				if !ok || e.Class != kafka.Alert || !strings.Contains(e.Hint, strings.ToUpper(missing.operation)) || !strings.Contains(e.Hint, resource) {
					t.Errorf("got %v", err)
				}
			}
		}
	}
	together(t, tests)
}

// trial is one work of one user.
type trial struct {
	*testing.T
	kafka.Config
	dead string
	ctx  context.Context // ends when the work is done, or when it says that it waits
	stop context.CancelFunc
	said error
}

// makeTopics makes topics with one record each.
func makeTopics(t *testing.T, b *kafkatest.Broker, names ...string) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(b.Addr))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for _, name := range names {
		topic(t, b, name)
		if err := client.ProduceSync(t.Context(), &kgo.Record{Topic: name, Value: []byte("there")}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
}

func newTrial(t *testing.T, b *kafkatest.Secure, rights []right, creates bool) *trial {
	n := topics.Add(1)
	user := fmt.Sprintf("user-%d", n)
	c := byToken(t, b, b.Token(t, user, soon()))
	c.Topic, c.Name = fmt.Sprintf("rights-%d", n), fmt.Sprintf("rights-%d", n)
	x := &trial{T: t, Config: c, dead: c.Topic + ".dead"}
	x.ctx, x.stop = context.WithCancel(t.Context())
	allow(t, b, user, rights, strings.NewReplacer("TOPIC", c.Topic, "NAME", c.Name, "DEAD", x.dead))
	if x.CreateTopic = creates; !creates {
		makeTopics(t, b.Broker, c.Topic, x.dead)
	}
	return x
}

// run returns what the work said when it waited, or how it ended.
func (x *trial) run(work func(*trial) error) error {
	defer x.stop()
	x.Log = slog.New(lastError{x})
	err := work(x)
	if x.said != nil {
		return x.said
	}
	return err
}

// lastError is a log that keeps the first error which does not come right by itself, and ends the work.
type lastError struct{ x *trial }

// Enabled implements slog.Handler.
func (l lastError) Enabled(context.Context, slog.Level) bool { return true }

// Handle implements slog.Handler.
func (l lastError) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool {
		err, _ := a.Value.Any().(error)
		if e, ok := errors.AsType[*kafka.Error](err); ok && e.Class != kafka.Transient && l.x.said == nil {
			l.x.said = e
			l.x.stop()
		}
		return true
	})
	return nil
}

// WithAttrs implements slog.Handler.
func (l lastError) WithAttrs([]slog.Attr) slog.Handler { return l }

// WithGroup implements slog.Handler.
func (l lastError) WithGroup(string) slog.Handler { return l }

func (x *trial) sink() error {
	s, err := kafka.Open(x.Context(), x.Config)
	if err != nil {
		return err
	}
	x.Cleanup(func() { s.Close() })
	return s.Publish(x.ctx, adapters.Message{ID: "one"})
}

func (x *trial) ledger() error {
	l, err := kafka.OpenLedger(x.Config)
	if err != nil {
		return err
	}
	x.Cleanup(func() { l.Close() })
	return l.Publish(x.ctx, adapters.Message{ID: "one"})
}

func (x *trial) source() error { return x.consume("") }

func (x *trial) parkingSource() error { return x.consume(x.dead) }

func (x *trial) consume(dead string) error {
	s, err := kafka.OpenSource(x.Config)
	if err != nil {
		return err
	}
	return s.Consume(x.ctx, func(ctx context.Context, u adapters.Unit, b adapters.Batch) error {
		defer x.stop()
		if dead == "" {
			return nil
		}
		return u.Put(ctx, dead, b.Messages...)
	})
}
