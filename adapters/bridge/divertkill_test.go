package bridge

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/portage-gateway/portage/adapters/journal"
	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/adapters/mq/qmgr"
)

// TestDivertingProcess is the process that the next test kills: it diverts until its stdin says otherwise.
// A line on stdin is a new share.
func TestDivertingProcess(t *testing.T) {
	socket := os.Getenv("PORTAGE_TEST_DIVERT")
	if socket == "" {
		return
	}
	var share atomic.Int32
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		defer cancel()
		for in := bufio.NewScanner(os.Stdin); in.Scan(); {
			n, err := strconv.Atoi(in.Text())
			if err != nil {
				return
			}
			share.Store(int32(n))
		}
	}()
	d := &Diversion{Name: "killed", Source: divertSource(qmgr.Dial(socket)), LegacyQueue: legacyQueue, ModernQueue: modernQueue,
		Key: firstByte, Decide: byShare(&share)}
	if dir := os.Getenv("PORTAGE_TEST_JOURNAL"); dir != "" {
		j := openJournal(t, dir)
		defer j.Close()
		d.ModernQueue, d.Sink = "", j.Ledger("killed")
	}
	fmt.Println("diverting")
	if err := d.Run(ctx); err != nil {
		t.Fatal(err)
	}
}

// diverter is that process, seen from outside.
type diverter struct {
	*exec.Cmd
	share *os.File
}

func startDiverter(t *testing.T, socket, journalDir string, share int) diverter {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestDivertingProcess$", "-test.v")
	cmd.Env = append(os.Environ(), "PORTAGE_TEST_DIVERT="+socket, "PORTAGE_TEST_JOURNAL="+journalDir)
	cmd.Stderr = os.Stderr
	in, shares, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdin = in
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	in.Close()
	if err != nil {
		t.Fatal(err)
	}
	d := diverter{cmd, shares}
	d.set(t, share)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.Contains(lines.Text(), "diverting") {
			return d
		}
	}
	t.Fatal("the process that diverts did not start")
	return d
}

func (d diverter) set(t *testing.T, share int) {
	t.Helper()
	if _, err := fmt.Fprintln(d.share, share); err != nil {
		t.Fatal(err)
	}
}

// kill is kill -9.
func (d diverter) kill() {
	d.Process.Kill()
	d.Wait()
	d.share.Close()
}

// legacyReader is the COBOL program: MQGET with syncpoint and wait on the real queue, its work, MQCMIT.
func legacyReader(ctx context.Context, m *qmgr.Manager, seen chan<- mq.Message) error {
	c := m.Connect()
	defer c.Close()
	for {
		got, err := c.Get(ctx, legacyQueue, mq.GetOptions{Syncpoint: true, Wait: time.Second})
		switch {
		case ctx.Err() != nil:
			return nil
		case mq.IsReason(err, mq.RCNoMsgAvailable):
			continue
		case err != nil:
			return err
		}
		if err := c.Commit(context.Background()); err != nil {
			return err
		}
		seen <- got
	}
}

// TestLegacyReadsOnThroughCutInKillsAndCutOut is the whole story of a diversion. A program puts by an alias
// and another reads the real queue, and neither ever stops. The diversion is cut in by repointing the
// alias, its share moves up and down, its process is killed at random moments, and it is cut out again.
// Every message is seen once: by Legacy, or by Modern.
func TestLegacyReadsOnThroughCutInKillsAndCutOut(t *testing.T) {
	for _, journaled := range []bool{false, true} {
		t.Run(fmt.Sprint("journal ", journaled), func(t *testing.T) { diversionStory(t, journaled) })
	}
}

func diversionStory(t *testing.T, journaled bool) {
	dice := rand.New(rand.NewPCG(20260301, 9))
	m := openDiversion(t)
	listener, err := m.Listen()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- m.Serve(ctx, listener) }()
	seen, read := make(chan mq.Message, 100_000), make(chan error, 1)
	go func() { read <- legacyReader(ctx, m, seen) }()
	journalDir := ""
	if journaled {
		journalDir = t.TempDir()
	}

	program := &putter{conn: m.Connect(), want: map[string]string{}, dice: dice}
	defer program.conn.Close()
	program.put(t, 50) // before there is Portage
	if err := m.Alias(t.Context(), aliasQueue, divertQueue); err != nil {
		t.Fatal(err)
	}
	for kills := range 12 {
		d := startDiverter(t, listener.Addr().String(), journalDir, dice.IntN(11))
		program.put(t, 100)
		d.set(t, dice.IntN(11))
		awaitDepth(t, m, dice.IntN(60))
		if kills == 6 { // cut out while it lives, and in again
			for _, target := range []string{legacyQueue, divertQueue} {
				if err := m.Alias(t.Context(), aliasQueue, target); err != nil {
					t.Fatal(err)
				}
				program.put(t, 20)
			}
		}
		d.kill()
	}
	if err := m.Alias(t.Context(), aliasQueue, legacyQueue); err != nil {
		t.Fatal(err)
	}
	program.put(t, 50)
	last := startDiverter(t, listener.Addr().String(), journalDir, 0)
	awaitDepth(t, m, 0)
	last.share.Close() // ends it in good order
	if err := last.Wait(); err != nil {
		t.Fatal(err)
	}
	program.seen(t, m, seen, journalDir)
	cancel()
	if err := errors.Join(<-read, <-served); err != nil {
		t.Fatal(err)
	}
}

// awaitDepth waits until no more than n messages wait for the diversion.
func awaitDepth(t *testing.T, m *qmgr.Manager, n int) {
	t.Helper()
	for limit := time.Now().Add(time.Minute); depth(t, m, divertQueue) > n; {
		if time.Now().After(limit) {
			t.Fatalf("more than %d messages still wait", n)
		}
	}
}

// putter is the program that puts, and what it knows of its messages.
type putter struct {
	conn mq.Conn
	dice *rand.Rand
	want map[string]string // body → what must be seen of it
}

func identityOf(m mq.Message) string { return fmt.Sprintf("%x %s", m.MsgID, m.UserIdentifier) }

func (p *putter) put(t *testing.T, n int) {
	t.Helper()
	for range n {
		body := fmt.Sprintf("%d-%d", p.dice.IntN(10), len(p.want))
		in := mq.Message{Descriptor: mq.Descriptor{Persistent: true, UserIdentifier: "CLERK" + body[:1]}, Body: []byte(body)}
		out, err := p.conn.Put(t.Context(), aliasQueue, in, mq.PutOptions{PassContext: true})
		if err != nil {
			t.Fatal(err)
		}
		p.want[body] = identityOf(mq.Message{Descriptor: out})
	}
}

// seen requires each message once, on one side, as it was put.
func (p *putter) seen(t *testing.T, m *qmgr.Manager, legacy <-chan mq.Message, journalDir string) {
	t.Helper()
	got := map[string]string{}
	add := func(body, what string) {
		if _, twice := got[body]; twice {
			t.Errorf("%s was seen twice", body)
		}
		got[body] = what
	}
	modern := 0
	for _, s := range drain(t, p.conn, modernQueue) {
		add(string(s.Body), identityOf(s))
		modern++
	}
	if journalDir != "" {
		j := openJournal(t, journalDir)
		defer j.Close()
		for cursor := journal.Cursor(""); ; {
			list, err := j.Read(t.Context(), cursor, 1000)
			if err != nil {
				t.Fatal(err)
			}
			if len(list) == 0 {
				break
			}
			for _, e := range list {
				add(string(e.Message.Body), p.want[string(e.Message.Body)]) // the journal keeps no descriptor
				modern++
			}
			cursor = list[len(list)-1].Cursor
		}
	}
	if modern == 0 || modern == len(p.want) {
		t.Errorf("Modern saw %d of %d messages: that proves nothing", modern, len(p.want))
	}
	for len(got) < len(p.want) {
		select {
		case s := <-legacy:
			add(string(s.Body), identityOf(s))
		case <-time.After(10 * time.Second):
			t.Errorf("%d of %d messages were seen, and no more come", len(got), len(p.want))
			return
		}
	}
	for len(legacy) > 0 {
		s := <-legacy
		add(string(s.Body), identityOf(s))
	}
	if diff := cmp.Diff(p.want, got); diff != "" {
		t.Errorf("(-put +seen):\n%s", diff)
	}
	t.Logf("%d messages, %d of them to Modern, 12 kills", len(got), modern)
}
