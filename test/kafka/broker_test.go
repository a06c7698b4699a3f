package kafka_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	kafkatest "github.com/portage-gateway/portage/test/kafka"
)

// What was written is there again after a stop and after a crash, at the same address.
func TestBrokerKeepsItsDataOverRestarts(t *testing.T) {
	b := broker(t) // before the parallel tests
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

func TestWhatIsMissingIsSaid(t *testing.T) {
	t.Setenv("PATH", "")
	if _, err := kafkatest.Jars(); err == nil || !strings.Contains(err.Error(), "no Java") {
		t.Errorf("without Java: %v", err)
	}
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "java"), nil, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin)
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	if _, err := kafkatest.Jars(); err == nil || !strings.Contains(err.Error(), "no Maven") {
		t.Errorf("without Maven: %v", err)
	}
}
