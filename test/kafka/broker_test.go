package kafka_test

import (
	"os"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	kafkatest "github.com/portage-gateway/portage/test/kafka"
)

// What was written is there again after a stop and after a crash, at the same address.
func TestBrokerKeepsItsDataOverRestarts(t *testing.T) {
	b := kafkatest.Start(t)
	name := topic(t, b, "kept")
	client, err := kgo.NewClient(kgo.SeedBrokers(b.Addr), kgo.ConsumeTopics(name), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for n, end := range []func(){b.Stop, b.Kill} {
		if err := client.ProduceSync(t.Context(), &kgo.Record{Topic: name, Value: []byte{byte(n)}}).FirstErr(); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		end()
		if err := b.Restart(); err != nil {
			t.Fatal(err)
		}
		t.Logf("restarted in %v", time.Since(began).Round(time.Millisecond))
	}
	for n := 0; n < 2; {
		for _, r := range client.PollFetches(t.Context()).Records() {
			if r.Value[0] != byte(n) {
				t.Errorf("record %d holds %d", n, r.Value[0])
			}
			n++
		}
	}
}

func TestNeedSaysWhatIsMissing(t *testing.T) {
	t.Setenv("PATH", "")
	if _, err := kafkatest.Jars(); err == nil {
		t.Error("Java was found without a PATH")
	}
	if _, err := os.Stat("/usr/bin/java"); err == nil {
		t.Setenv("PATH", "/usr/bin")
		t.Setenv("PORTAGE_KAFKA_VERSION", "0.0.0-none")
		t.Setenv("XDG_CACHE_HOME", t.TempDir())
		t.Setenv("PATH", t.TempDir())
		if _, err := kafkatest.Jars(); err == nil {
			t.Error("a version that is not there was found")
		}
	}
}
