package journal

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/portage-gateway/portage/adapters"
)

// publishUntilKilled is the child of TestKilledPublisherLosesNothing: four bridges, each with a ledger,
// publish batches and say on standard output what was acknowledged. Batches overlap, as redelivered
// ones do.
func publishUntilKilled(dir string) {
	c := config(dir)
	c.Now = time.Now
	j, err := Open(c)
	if err != nil {
		fmt.Println("fail", err)
		os.Exit(1)
	}
	out := make(chan string)
	for b := range 4 {
		go func() {
			if err := bridgeUntilKilled(j, fmt.Sprintf("bridge-%d", b), out); err != nil {
				out <- "fail " + err.Error()
			}
		}()
	}
	for line := range out {
		fmt.Println(line)
	}
}

func bridgeUntilKilled(j *Journal, name string, out chan<- string) error {
	ctx := context.Background()
	l := j.Ledger(name)
	position, err := l.Recover(ctx)
	if err != nil {
		return err
	}
	from := 0
	if position != nil {
		if from, err = strconv.Atoi(string(position)); err != nil {
			return err
		}
	}
	out <- fmt.Sprintf("from %s %d", name, from)
	for from = max(0, from-5); ; from += 7 {
		var batch []adapters.Message
		for n := from; n < from+10; n++ {
			batch = append(batch, adapters.Message{ID: fmt.Sprintf("%s-%d", name, n), Body: fmt.Appendf(nil, "%d", n)})
		}
		if err := l.PublishAt(ctx, strconv.AppendInt(nil, int64(from+10), 10), batch...); err != nil {
			return err
		}
		out <- fmt.Sprintf("ack %s %d", name, from+10)
	}
}

// TestKilledPublisherLosesNothing kills a publishing process at random moments. PORTAGE_KILLS sets how
// often; 25 otherwise.
func TestKilledPublisherLosesNothing(t *testing.T) {
	kills := 25
	if s := os.Getenv("PORTAGE_KILLS"); s != "" {
		var err error
		if kills, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	acknowledged := map[string]int{} // bridge: it was told that all below are durable
	for kill := range kills {
		if kill%8 == 7 { // a young file dies at other places than an old one
			dir, acknowledged = t.TempDir(), map[string]int{}
		}
		runAndKill(t, dir, acknowledged)
		checkSurvivors(t, dir, acknowledged)
	}
}

// runAndKill lets the child publish for a random while after its first acknowledgement.
func runAndKill(t *testing.T, dir string, acknowledged map[string]int) {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^$")
	child.Env = append(os.Environ(), "PORTAGE_KILL_CHILD="+dir)
	child.Stderr = os.Stderr
	pipe, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	for lines := bufio.NewScanner(pipe); lines.Scan(); {
		word := strings.Fields(lines.Text())
		if word[0] == "fail" || len(word) != 3 {
			child.Process.Kill()
			t.Fatal(lines.Text())
		}
		n, err := strconv.Atoi(word[2])
		if err != nil {
			t.Fatal(err)
		}
		switch word[0] {
		case "from":
			if n < acknowledged[word[1]] {
				t.Errorf("%s recovered position %d, %d was acknowledged", word[1], n, acknowledged[word[1]])
			}
		case "ack":
			acknowledged[word[1]] = n
			once.Do(func() { time.AfterFunc(rand.N(60*time.Millisecond), func() { child.Process.Kill() }) })
		}
	}
	child.Wait() // it was killed: its error says so
}

func checkSurvivors(t *testing.T, dir string, acknowledged map[string]int) {
	t.Helper()
	j, err := Open(config(dir))
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	count, next := map[string]int{}, map[string]int{}
	for _, m := range all(t, j) {
		count[m.ID]++
		bridge, n, _ := cutLast(m.ID)
		if n != next[bridge] {
			t.Fatalf("%s: entry %d follows %d", bridge, n, next[bridge]-1)
		}
		next[bridge]++
	}
	for bridge, below := range acknowledged {
		for n := range below {
			if id := fmt.Sprintf("%s-%d", bridge, n); count[id] != 1 {
				t.Fatalf("%s was acknowledged and is there %d times", id, count[id])
			}
		}
	}
	if s, err := j.Stats(t.Context()); err != nil || s.Events != int64(len(count)) {
		t.Errorf("stats say %d events, there are %d; %v", s.Events, len(count), err)
	}
}

func cutLast(id string) (bridge string, n int, err error) {
	i := strings.LastIndexByte(id, '-')
	n, err = strconv.Atoi(id[i+1:])
	return id[:i], n, err
}
