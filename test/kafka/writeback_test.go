package kafka_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/portage-gateway/portage/adapters/kafka/writeback"
	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/adapters/mq/qmgr"
)

// backPoints are where a write-back bridge can die: queue work, and the transactions of its dead letters.
var backPoints = slices.DeleteFunc(slices.Clone(points), func(p string) bool { return strings.Contains(p, "OffsetFetch") })

func TestKillWriteBackWithApacheKafka(t *testing.T) {
	t.Parallel()
	b := broker(t)
	name := topic(t, b, fmt.Sprintf("BACK.%d", time.Now().UnixNano()))
	topic(t, b, name+".DEAD")
	l := load{lanes: 1, messages: 4_000, kills: 26}.fromEnv(t)
	writeBack(t, l, b.Addr, name)
}

func TestKillWriteBackWithKfake(t *testing.T) {
	t.Parallel()
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "BACK", "BACK.DEAD"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	l := load{lanes: 1, messages: 3_000, kills: 20}.fromEnv(t)
	writeBack(t, l, c.ListenAddrs()[0], "BACK")
}

// backMarks mark what the bridges of these tests write back.
var backMarks = writeback.Marks(func(b []byte) [16]byte {
	sum := sha256.Sum256(b)
	return [16]byte(sum[:16])
})

// writeBack has Legacy's queue filled from a topic by bridges that are killed. Each event must be on the queue once, in order,
// or among the dead letters once. Each that is there bears a mark of its own, and has left one note for its echo.
func writeBack(t *testing.T, l load, broker, name string) {
	m, err := qmgr.Open(qmgr.Config{Dir: t.TempDir(), Plain: true, Queues: []qmgr.Queue{{Name: name, MaxDepth: 2 * l.messages}, {Name: "PORTAGE.STATE.BACK"},
		{Name: "PORTAGE.ECHO.BACK", MaxDepth: 2 * l.messages}}})
	if err != nil {
		t.Fatal(err)
	}
	listener, err := m.Listen()
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- m.Serve(ctx, listener) }()
	dice, deaths := rand.New(rand.NewPCG(l.seed, 1)), map[string]int{}
	made := 0
	for kill := range l.kills {
		made = produce(t, broker, name, made, l.messages*(kill+1)/l.kills)
		where, after := "at a random moment", time.Duration(200+dice.IntN(500))*time.Millisecond
		plan := ""
		if kill < len(backPoints) || dice.IntN(2) == 0 {
			where, after = backPoints[kill%len(backPoints)], 8*time.Second
			n := 1 + dice.IntN(2)
			if strings.Contains(where, "mq") {
				n = 2 + dice.IntN(6) // the first are Recover's
			}
			if strings.Contains(where, "InitProducerId") {
				n = 1
			}
			plan = fmt.Sprintf("%s*%d", where, n)
		}
		cmd := child("writeback", listener.Addr().String(), broker, name, plan)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		died := make(chan error, 1)
		go func() { died <- cmd.Wait() }()
		select {
		case <-died:
		case <-time.After(after):
			if plan != "" {
				where = "while waiting to die " + where
			}
			cmd.Process.Kill()
			<-died
		}
		deaths[where]++
	}
	last := child("writeback", listener.Addr().String(), broker, name, "")
	if err := last.Start(); err != nil {
		t.Fatal(err)
	}
	dead := readAll(t, broker, name+".DEAD", l.messages/50)
	last.Process.Kill()
	last.Wait()
	report(t, m, name, l.messages, dead, deaths)
	stop()
	<-ended
	if err := m.Close(); err != nil {
		t.Error(err)
	}
}

// report compares the queue and the dead letters with what was published.
func report(t *testing.T, m *qmgr.Manager, name string, n int, dead map[int]int, deaths map[string]int) {
	c := m.Connect()
	defer c.Close()
	seen, last, disorder, marked := maps.Clone(dead), -1, 0, map[mq.ID]bool{}
	for o := (mq.GetOptions{Browse: true, BrowseFirst: true}); ; o.BrowseFirst = false {
		got, err := c.Get(t.Context(), name, o)
		if err != nil {
			break
		}
		i, err := strconv.Atoi(string(got.Body))
		if err != nil {
			t.Fatalf("the queue holds %d bytes that nobody published", len(got.Body))
		}
		if seen[i]++; i <= last {
			disorder++
		}
		last = i
		if backMarks.Has(hex.EncodeToString(got.MsgID[:])) {
			marked[got.MsgID] = true
		}
	}
	echoes, err := c.Inquire(t.Context(), "PORTAGE.ECHO.BACK")
	if err != nil || echoes.Depth != n-len(dead) || len(marked) != n-len(dead) {
		t.Errorf("%d events were put: %d have marks of their own, and %d notes wait for echoes, %v", n-len(dead), len(marked), echoes.Depth, err)
	}
	lost, doubled := 0, 0
	for i := range n {
		lost += max(0, 1-seen[i])
		doubled += max(0, seen[i]-1)
	}
	for _, where := range slices.Sorted(maps.Keys(deaths)) {
		t.Logf("%-55s %4d", where, deaths[where])
	}
	t.Logf("%d events, %d of them dead letters: %d lost, %d doubled, %d out of order", n, len(dead), lost, doubled, disorder)
	if lost+doubled+disorder != 0 {
		t.Error("Legacy did not get each once, in order")
	}
}

// produce publishes the numbers from to n-1, and returns n.
func produce(t *testing.T, broker, topic string, from, n int) int {
	client, err := kgo.NewClient(kgo.SeedBrokers(broker), kgo.DefaultProduceTopic(topic))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	var records []*kgo.Record
	for i := from; i < n; i++ {
		records = append(records, kgo.StringRecord(strconv.Itoa(i)))
	}
	if err := client.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
		t.Fatal(err)
	}
	return n
}

// readAll counts the committed numbers of a topic, until n different ones were read and the topic is at its end.
func readAll(t *testing.T, broker, topic string, n int) map[int]int {
	client, err := kgo.NewClient(kgo.SeedBrokers(broker), kgo.ConsumeTopics(topic),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	seen := map[int]int{}
	for len(seen) < n {
		f := client.PollFetches(t.Context())
		if err := f.Err(); err != nil {
			t.Fatal(err)
		}
		f.EachRecord(func(r *kgo.Record) {
			i, err := strconv.Atoi(string(r.Value))
			if err != nil {
				t.Errorf("a dead letter of %d bytes was never published", len(r.Value))
			}
			seen[i]++
		})
	}
	return seen
}
