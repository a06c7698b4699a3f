package kafka_test

import (
	"fmt"
	"os"
	"sync"
	"testing"

	kafkatest "github.com/portage-gateway/portage/test/kafka"
)

// The test binary is also the bridge that the tests kill: PORTAGE_TEST_ROLE says so.
const roleVar = "PORTAGE_TEST_ROLE"

var roles = map[string]func() error{"bridge": runBridge, "writeback": runWriteBack}

func TestMain(m *testing.M) {
	if run, child := roles[os.Getenv(roleVar)]; child {
		fmt.Fprintln(os.Stderr, run()) // it ends by being killed
		os.Exit(1)
	}
	code := m.Run()
	shared.stop()
	os.Exit(code)
}

// shared is the broker of those tests that leave it running.
var shared sharedBroker

type sharedBroker struct {
	once sync.Once
	*kafkatest.Broker
	dir string
	err error
}

// broker returns the broker that the tests of this package share. Each uses topics of its own.
func broker(t testing.TB) *kafkatest.Broker {
	t.Helper()
	jars := kafkatest.Need(t)
	shared.once.Do(func() {
		if shared.dir, shared.err = os.MkdirTemp("", "kafka-"); shared.err == nil {
			shared.Broker, shared.err = kafkatest.StartIn(shared.dir, jars, kafkatest.Quick)
		}
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.Broker
}

func (s *sharedBroker) stop() {
	if s.Broker != nil {
		s.Stop()
	}
	if s.dir != "" {
		os.RemoveAll(s.dir)
	}
}

// topic makes a topic of one partition, named for the test.
func topic(t testing.TB, b *kafkatest.Broker, name string) string {
	t.Helper()
	if err := b.CreateTopic(t.Context(), name, 1); err != nil {
		t.Fatal(err)
	}
	return name
}
