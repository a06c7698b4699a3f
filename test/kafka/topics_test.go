package kafka_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/portage-gateway/portage/adapters/kafka"
	kafkatest "github.com/portage-gateway/portage/test/kafka"
)

// testTopics has Portage make a topic and look at it, and ask for a transaction that is too long for the brokers.
func testTopics(t *testing.T, b *kafkatest.Secure) {
	together(t, map[string]func(*testing.T){
		"made and looked at": func(t *testing.T) {
			w := &watch{}
			c := kafka.Config{Brokers: []string{b.Addr}, Topic: "made", CreateTopic: true, Partitions: 3, Log: slog.New(slog.NewTextHandler(w, nil)),
				TopicSettings: map[string]string{"cleanup.policy": "compact", "max.message.bytes": "2000"}}
			sink, err := kafka.Open(t.Context(), c)
			send(t, opened(t, sink, err), "one")
			for _, want := range []string{"kafka topic created", "setting=cleanup.policy is=compact", "setting=max.message.bytes is=2000", "setting=replication.factor is=1"} {
				if strings.Count(w.String(), want) != 1 {
					t.Errorf("not said once: %s", want)
				}
			}
		},
		"a setting that is none": func(t *testing.T) {
			w := &watch{lines: make(chan struct{}, 10)}
			c := kafka.Config{Brokers: []string{b.Addr}, Topic: "unmade", CreateTopic: true, Log: slog.New(slog.NewTextHandler(w, nil)),
				TopicSettings: map[string]string{"retention": "long"}}
			sink, err := kafka.Open(t.Context(), c) // an error, unless it took longer than Open waits
			if err == nil {
				opened(t, sink, err)
				<-w.lines
				err = sink.Ready()
			}
			if e, ok := errors.AsType[*kafka.Error](err); !ok || e.Class != kafka.Alert || !strings.Contains(e.Hint, "topicSettings") {
				t.Errorf("got %v", err)
			}
		},
		"a transaction too long": func(t *testing.T) {
			w := &watch{lines: make(chan struct{}, 10)}
			c := kafka.Config{Brokers: []string{b.Addr}, Topic: freshTopic(t, b.Broker), Name: "long", Patience: 10 * time.Minute, Log: slog.New(slog.NewTextHandler(w, nil))}
			l, err := kafka.OpenLedger(c)
			opened(t, l, err)
			ctx, stop := context.WithCancel(t.Context())
			recovered := make(chan error)
			go func() { _, err := l.Recover(ctx); recovered <- err }()
			for l.Ready() == nil || !strings.Contains(l.Ready().Error(), "transaction.max.timeout.ms") {
				<-w.lines
			}
			stop()
			if err := <-recovered; !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		},
	})
}
