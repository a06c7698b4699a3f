package adaptertest_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/adaptertest"
	"github.com/portage-gateway/portage/adapters/memory"
)

// flaws are adapters that break one promise each, and the test of the suite that must find it.
var flaws = map[string]struct {
	caught string
	flaw   func(adaptertest.Rig, *memory.Broker) adaptertest.Rig
}{
	"loses a message": {"order_of_one_publisher", func(r adaptertest.Rig, b *memory.Broker) adaptertest.Rig {
		r.Sink = sinkFunc(func(ctx context.Context, m []adapters.Message) error {
			if len(m) > 50 {
				m = m[1:]
			}
			return b.Sink("IN").Publish(ctx, m...)
		})
		return r
	}},
	"changes the order": {"order_of_one_publisher", func(r adaptertest.Rig, b *memory.Broker) adaptertest.Rig {
		r.Sink = sinkFunc(func(ctx context.Context, m []adapters.Message) error {
			if len(m) > 1 {
				m = append([]adapters.Message{m[len(m)-1]}, m[:len(m)-1]...)
			}
			return b.Sink("IN").Publish(ctx, m...)
		})
		return r
	}},
	"drops empty bodies": {"bodies_keys_and_headers", func(r adaptertest.Rig, b *memory.Broker) adaptertest.Rig {
		r.Sink = sinkFunc(func(ctx context.Context, m []adapters.Message) error {
			for i := range m {
				if len(m[i].Body) == 0 {
					m[i].Body = []byte{0}
				}
			}
			return b.Sink("IN").Publish(ctx, m...)
		})
		return r
	}},
	"settles what failed": {"an_error_returns_all", func(r adaptertest.Rig, b *memory.Broker) adaptertest.Rig {
		return handling(r, func(h adapters.Handler) adapters.Handler {
			return func(ctx context.Context, u adapters.Unit, batch adapters.Batch) error {
				h(ctx, u, batch)
				return nil
			}
		})
	}},
	"hands over a settled batch again": {"settle_once", func(r adaptertest.Rig, b *memory.Broker) adaptertest.Rig {
		return handling(r, func(h adapters.Handler) adapters.Handler {
			again := false
			return func(ctx context.Context, u adapters.Unit, batch adapters.Batch) error {
				err := h(ctx, u, batch)
				if err == nil && !again {
					again = true
					return context.Canceled
				}
				return err
			}
		})
	}},
	"puts outside of the unit of work": {"unit_put_goes_away", func(r adaptertest.Rig, b *memory.Broker) adaptertest.Rig {
		return handling(r, func(h adapters.Handler) adapters.Handler {
			return func(ctx context.Context, _ adapters.Unit, batch adapters.Batch) error {
				return h(ctx, putFunc(func(ctx context.Context, dest string, m []adapters.Message) error {
					return b.Sink(dest).Publish(ctx, m...)
				}), batch)
			}
		})
	}},
	"does not count attempts": {"redelivery_keeps", func(r adaptertest.Rig, b *memory.Broker) adaptertest.Rig {
		return handling(r, func(h adapters.Handler) adapters.Handler {
			return func(ctx context.Context, u adapters.Unit, batch adapters.Batch) error {
				for i := range batch.Messages {
					batch.Messages[i].Attempts = 0
				}
				return h(ctx, u, batch)
			}
		})
	}},
	"forgets its position": {"ledger_keeps_both", func(r adaptertest.Rig, b *memory.Broker) adaptertest.Rig {
		l := r.Ledger
		r.Ledger = ledgerFunc{l, func(ctx context.Context, p []byte, m []adapters.Message) error {
			return l.PublishAt(ctx, p[:len(p)-1], m...)
		}}
		return r
	}},
	"publishes without its position": {"ledger_fences", func(r adaptertest.Rig, b *memory.Broker) adaptertest.Rig {
		l := r.Ledger
		r.Ledger = ledgerFunc{l, func(ctx context.Context, p []byte, m []adapters.Message) error {
			if err := l.PublishAt(ctx, p); err != nil && ctx.Err() != nil {
				return err
			}
			return b.Sink("IN").Publish(ctx, m...)
		}}
		return r
	}},
}

type sinkFunc func(context.Context, []adapters.Message) error

func (f sinkFunc) Publish(ctx context.Context, m ...adapters.Message) error { return f(ctx, m) }

type putFunc func(context.Context, string, []adapters.Message) error

func (f putFunc) Put(ctx context.Context, dest string, m ...adapters.Message) error {
	return f(ctx, dest, m)
}

type ledgerFunc struct {
	adapters.Ledger
	at func(context.Context, []byte, []adapters.Message) error
}

func (f ledgerFunc) PublishAt(ctx context.Context, p []byte, m ...adapters.Message) error {
	return f.at(ctx, p, m)
}

type sourceFunc func(context.Context, adapters.Handler) error

func (f sourceFunc) Consume(ctx context.Context, h adapters.Handler) error { return f(ctx, h) }

// handling changes what the source does with its handler.
func handling(r adaptertest.Rig, change func(adapters.Handler) adapters.Handler) adaptertest.Rig {
	source := r.Source
	r.Source = sourceFunc(func(ctx context.Context, h adapters.Handler) error { return source.Consume(ctx, change(h)) })
	return r
}

func rig(flaw func(adaptertest.Rig, *memory.Broker) adaptertest.Rig) adaptertest.Rig {
	b := new(memory.Broker)
	sink := b.Sink("IN")
	return flaw(adaptertest.Rig{
		Sink: sink, Source: b.Source("IN"), Ledger: sink, Dest: "OUT",
		Successor: func(*testing.T) adapters.Ledger { return b.Sink("IN") },
		Stored: func(_ context.Context, dest string) ([]adapters.Message, error) {
			if dest == "" {
				dest = "IN"
			}
			return b.Messages(dest), nil
		},
	}, b)
}

const flawVar = "ADAPTERTEST_FLAW"

// TestFlawed is run by TestSuiteFindsEachFlaw, in a process of its own, and has to fail.
func TestFlawed(t *testing.T) {
	name := os.Getenv(flawVar)
	if name == "" {
		return // not asked for
	}
	adaptertest.Run(t, adaptertest.Features{KeepsID: true, CountsAttempts: true, Patience: time.Second}, func(*testing.T) adaptertest.Rig {
		return rig(flaws[name].flaw)
	})
}

func TestSuiteFindsEachFlaw(t *testing.T) {
	for name, f := range flaws {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(os.Args[0], "-test.run=^TestFlawed$/"+f.caught, "-test.timeout=20s")
			cmd.Env = append(os.Environ(), flawVar+"="+name)
			out, err := cmd.CombinedOutput()
			if err == nil {
				t.Fatalf("the suite found nothing:\n%s", out)
			}
			if !bytes.Contains(out, []byte("--- FAIL: TestFlawed/"+f.caught)) {
				t.Errorf("the suite failed elsewhere than in %s:\n%s", f.caught, strings.TrimSpace(string(out)))
			}
		})
	}
}
