package kafka_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/adapters/mq/qmgr"
)

// BenchmarkDistance shows what is left of the rate when the queue manager is 0, 1, 5 and 20 ms away, there and back,
// with one queue and with four, a bridge each. "one by one" asks for each message separately, as IBM's client has
// to: it is the column to size a site by. "in batches" is the embedded queue manager's own client. A ratio is
// beside as many of the same producers from memory. The delays are real; "round trip" is what a call then took, since
// timers of a busy machine are late.
func BenchmarkDistance(b *testing.B) {
	const most = 10_000
	each := map[time.Duration]int{0: most, time.Millisecond: 3_000, 5 * time.Millisecond: 1_000, 20 * time.Millisecond: 500}
	var table strings.Builder
	fmt.Fprintf(&table, "%8s %10s %7s | %13s | %13s %6s | %13s %6s", "distance", "round trip", "queues", "memory msgs/s", "one by one", "ratio", "in batches", "ratio")
	for b.Loop() {
		for _, queues := range []int{1, 4} {
			r := newRace(b, queues, most)
			r.memory(b, most)
			for _, distance := range []time.Duration{0, time.Millisecond, 5 * time.Millisecond, 20 * time.Millisecond} {
				n := each[distance]
				dial := qmgr.Dial(away(b, r.path, distance))
				rate := func(took time.Duration, n int) float64 { return float64(queues*n) / took.Seconds() }
				memory := rate(r.memory(b, most/2), most/2)
				single := rate(r.bridges(b, oneByOne(dial), n, nil), n)
				batches := rate(r.bridges(b, dial, n, nil), n)
				fmt.Fprintf(&table, "\n%8v %10v %7d | %13.0f | %13.0f %6.3f | %13.0f %6.3f", distance, roundTrip(b, dial), queues, memory, single, single/memory, batches, batches/memory)
			}
		}
	}
	b.ReportMetric(0, "ns/op") // of no meaning here
	b.Log(table.String())
}

// roundTrip is the median time of a call.
func roundTrip(b *testing.B, dial mq.Dial) time.Duration {
	c, err := dial(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	var took []time.Duration
	for range 51 {
		began := time.Now()
		if _, err := c.Inquire(b.Context(), "DEAD"); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	return median(took).Round(10 * time.Microsecond)
}

// oneByOne hides that a connection can get several messages at once.
func oneByOne(dial mq.Dial) mq.Dial {
	return func(ctx context.Context) (mq.Conn, error) {
		c, err := dial(ctx)
		return struct{ mq.Conn }{c}, err
	}
}

// away returns a socket in front of another one, which answers later by the distance.
func away(b *testing.B, socket string, distance time.Duration) string {
	path := filepath.Join(b.TempDir(), "away")
	l, err := net.Listen("unix", path)
	if err != nil {
		b.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				if err := relay(client, socket, distance); err != nil {
					b.Error(err)
				}
			})
		}
	})
	b.Cleanup(func() {
		l.Close()
		wg.Wait()
	})
	return path
}

// relay joins two connections until either ends. The whole delay is on the way there: timers count in milliseconds.
func relay(client net.Conn, socket string, delay time.Duration) error {
	server, err := net.Dial("unix", socket)
	if err != nil {
		return errors.Join(err, client.Close())
	}
	var wg sync.WaitGroup
	wg.Go(func() { late(server, client, delay) })
	late(client, server, 0)
	wg.Wait()
	return nil
}

// late copies from one connection to the other, each piece when its delay is over, and closes both at the end.
func late(to, from net.Conn, delay time.Duration) {
	type piece struct {
		bytes []byte
		due   time.Time
	}
	pieces := make(chan piece, 1024)
	go func() {
		defer close(pieces)
		for {
			p := make([]byte, 64<<10)
			n, err := from.Read(p)
			if n > 0 {
				pieces <- piece{p[:n], time.Now().Add(delay)}
			}
			if err != nil {
				return
			}
		}
	}()
	for p := range pieces {
		if delay > 0 {
			time.Sleep(time.Until(p.due))
		}
		if _, err := to.Write(p.bytes); err != nil {
			break
		}
	}
	to.Close()
	from.Close()
	for range pieces { //nolint:revive // lets the reader end
	}
}
