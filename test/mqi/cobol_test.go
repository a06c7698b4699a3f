package mqi

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/adapters/mq/qmgr"
	"github.com/portage-gateway/portage/copybooks/ebcdic"
	"github.com/portage-gateway/portage/internal/demo/eiqs"
	"github.com/portage-gateway/portage/test/legacy"
)

// build compiles a COBOL program that calls the MQI, as a site would link it: statically named calls.
func build(t *testing.T, program string) string {
	t.Helper()
	k := need(t, "cobc")
	source, err := filepath.Abs(filepath.Join("..", "legacy", "cobol"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cmd := exec.Command("cobc", "-x", "-std=ibm", "-fodoslide", "-fstatic-call", "-I", source,
		"-I", filepath.Join(source, "..", "..", "..", "copybooks", "benefits"),
		"-L"+k.lib, "-lmqmcb_r", "-Q", "-Wl,-rpath,"+k.lib, "-o", filepath.Join(dir, program), filepath.Join(source, program+".cob"))
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("compile %s: %v\n%s", program, err, out)
	}
	return filepath.Join(dir, program)
}

// host starts a queue manager that ends with the test, and returns how to connect in Go and in COBOL.
func host(t *testing.T, queues ...qmgr.Queue) (mq.Dial, string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "mqi") // short: a socket's name has at most 107 characters
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	m, err := qmgr.Open(qmgr.Config{Dir: dir, Plain: true, Queues: queues})
	if err != nil {
		t.Fatal(err)
	}
	l, err := m.Listen()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- m.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-ended, m.Close()); err != nil {
			t.Error(err)
		}
	})
	return qmgr.Dial(l.Addr().String()), "MQSERVER=LEGACY.SVRCONN/UNIX/" + l.Addr().String()
}

// quiesce asks programs to end: their next get is answered by 2161.
func quiesce(t *testing.T, dial mq.Dial) {
	t.Helper()
	c, err := dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.(qmgr.Quiescer).Quiesce(t.Context(), true); err != nil {
		t.Fatal(err)
	}
}

// command returns a program that is killed with the test if it has not ended by itself.
func command(t *testing.T, server, program string, args ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(os.Environ(), server)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	return cmd, &out
}

// inquiry returns an area of EICLMSTA that asks for a claim.
func inquiry(t *testing.T, function, version, sin string, claim uint32) []byte {
	t.Helper()
	cp037, err := ebcdic.Lookup("cp037")
	if err != nil {
		t.Fatal(err)
	}
	text := function + version + "F" + "\x00\x00" + "        " + "CORRELATION TOKEN 000001" + "PORTAGE " + "BENE" + sin
	area, err := cp037.Encode(nil, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	area = append(area, make([]byte, eiqs.Size-len(area))...)
	binary.BigEndian.PutUint32(area[62:], claim)
	return area
}

// An inquiry goes over the queues to a COBOL program that calls MQGET and MQPUT1, many at once, and each answer has the
// bytes of the twin in Go.
func TestInquiryAnsweredByCOBOL(t *testing.T) {
	program := build(t, "EIQSMQ")
	dial, server := host(t, qmgr.Queue{Name: "EI.STATUS.REQ"}, qmgr.Queue{Name: "EI.STATUS.RPL"}, qmgr.Queue{Name: "EI.STATUS.RPL.LATE"})
	cobol, said := command(t, server, program, "EI.STATUS.REQ")
	if err := cobol.Start(); err != nil {
		t.Fatal(err)
	}
	r := &mq.Requester{Name: "ei-status", Dial: dial, RequestQueue: "EI.STATUS.REQ", ReplyQueue: "EI.STATUS.RPL",
		Descriptor: mq.Descriptor{CCSID: 37, Encoding: 785, UserIdentifier: "CICSUSER"}}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var reader, calls sync.WaitGroup
	reader.Go(func() {
		if err := r.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	defer reader.Wait()
	defer cancel()
	defer r.Close()

	areas := [][]byte{
		inquiry(t, "PING", "01", "046454286", 0), inquiry(t, "NONE", "01", "046454286", 0), inquiry(t, "INQS", "09", "046454286", 0),
		inquiry(t, "INQS", "01", "046454287", 0), inquiry(t, "INQS", "01", "046454286", 99000000), inquiry(t, "INQS", "01", "046454286", 99500000),
		make([]byte, eiqs.Size), bytes.Repeat([]byte{0xff}, eiqs.Size),
	}
	dice := rand.New(rand.NewPCG(20260301, 1))
	for range 300 {
		areas = append(areas, inquiry(t, "INQS", "01", "046454286", dice.Uint32N(99000000)))
	}
	work := make(chan []byte, len(areas))
	for _, a := range areas {
		work <- a
	}
	close(work)
	for range 20 {
		calls.Go(func() {
			for area := range work {
				got, err := r.Call(ctx, area, nil)
				if err != nil {
					t.Errorf("call: %v", err)
				} else if !bytes.Equal(got, eiqs.Answer(area)) {
					t.Error("COBOL and Go answer with different bytes")
				}
			}
		})
	}
	calls.Wait()
	// What is no area is reported, and does not stop the server.
	for _, size := range []int{0, 100, 600} {
		var report *mq.ReportError
		if _, err := r.Call(ctx, make([]byte, size), nil); !errors.As(err, &report) || report.Feedback != mq.RCDataLengthError {
			t.Errorf("an area of %d bytes: %v, want a report with feedback 2010", size, err)
		}
	}
	quiesce(t, dial)
	if err := cobol.Wait(); err != nil {
		t.Errorf("EIQSMQ: %v\n%s", err, said)
	}
	if want := fmt.Sprintf("ANSWERED %09d", len(areas)+3); !strings.Contains(said.String(), want) {
		t.Errorf("EIQSMQ said %q, want %q", said, want)
	}
}

// The answer has the request's identity and persistence, CorrelId = MsgId, and comes with the request or not at all.
func TestReplyOfCOBOL(t *testing.T) {
	program := build(t, "EIQSMQ")
	dial, server := host(t, qmgr.Queue{Name: "REQ"}, qmgr.Queue{Name: "RPL"})
	c, err := dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ask := func(replyTo string) mq.Descriptor {
		d, err := c.Put(t.Context(), "REQ", mq.Message{Body: inquiry(t, "INQS", "01", "046454286", 7), Descriptor: mq.Descriptor{
			MsgType: mq.MTRequest, ReplyToQ: replyTo, Persistent: true, Expiry: time.Hour, CCSID: 37, Encoding: 785, Priority: 4,
			UserIdentifier: "CICSUSER", ApplIdentityData: "APPL", AccountingToken: [32]byte{1, 31: 9},
		}}, mq.PutOptions{PassContext: true})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	request := ask("RPL")
	ask("NOWHERE") // backed out once, then dropped
	ask("")        // nobody wants an answer
	cobol, said := command(t, server, program, "REQ", "0")
	if err := cobol.Run(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	if strings.Count(said.String(), "IS DROPPED") != 2 || !strings.Contains(said.String(), "REASON 2085") {
		t.Errorf("EIQSMQ said:\n%s", said)
	}
	m, err := c.Get(t.Context(), "RPL", mq.GetOptions{CorrelID: request.MsgID})
	if err != nil {
		t.Fatal(err)
	}
	if m.MsgID == request.MsgID || m.MsgType != mq.MTReply || !m.Persistent || m.CCSID != 37 || m.Encoding != 785 || m.Priority != 4 ||
		m.Expiry <= 0 || m.Expiry > time.Hour || m.ReplyToQ != "" {
		t.Errorf("the reply's descriptor: %+v", m.Descriptor)
	}
	if m.UserIdentifier != "CICSUSER" || m.ApplIdentityData != "APPL" || m.AccountingToken != request.AccountingToken {
		t.Errorf("the reply's identity: %q %q", m.UserIdentifier, m.ApplIdentityData)
	}
	for _, queue := range []string{"REQ", "RPL"} {
		if a, err := c.Inquire(t.Context(), queue); err != nil || a.Depth != 0 {
			t.Errorf("%s holds %d messages, %v", queue, a.Depth, err)
		}
	}
}

// A payment run of COBOL, one unit of work of it backed out and repeated, arrives whole, in order, with its bytes.
func TestPaymentsPutByCOBOL(t *testing.T) {
	program := build(t, "CPPMQ")
	dial, server := host(t, qmgr.Queue{Name: "CPP.PAY.EVENT"})
	records := legacy.Build(t, legacy.CPPPAY).Extract(t, legacy.CPPPAY, 530)
	var file []byte
	for _, r := range records {
		file = append(file, r.Bytes...)
	}
	extract := filepath.Join(t.TempDir(), "extract")
	if err := os.WriteFile(extract, file, 0o600); err != nil {
		t.Fatal(err)
	}
	cobol, said := command(t, server, program, "CPP.PAY.EVENT", "100", "3")
	cobol.Env = append(cobol.Env, "DD_EXTRACT="+extract)
	if err := cobol.Run(); err != nil || !strings.Contains(said.String(), "PUT 000000530") {
		t.Fatalf("CPPMQ: %v\n%s", err, said)
	}
	c, err := dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	first, err := c.Get(t.Context(), "CPP.PAY.EVENT", mq.GetOptions{Browse: true})
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	if first.Format != "" || first.Encoding != 785 || first.CCSID != 37 || !first.Persistent || first.Expiry != 0 {
		t.Errorf("the descriptor: %+v", first.Descriptor)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	seen := map[string]bool{}
	var got []byte
	err = (&mq.Source{Dial: dial, Queue: "CPP.PAY.EVENT"}).Consume(ctx, func(_ context.Context, _ adapters.Unit, b adapters.Batch) error {
		for _, m := range b.Messages {
			seen[m.ID] = true
			if got = append(got, m.Body...); len(got) >= len(file) {
				cancel()
			}
		}
		return nil
	})
	if err != nil || !bytes.Equal(got, file) || len(seen) != len(records) {
		t.Errorf("%d bytes of %d messages came, want the %d of %d records, in order (%v)", len(got), len(seen), len(file), len(records), err)
	}
}

// Each fault of a call ends the program with its reason, and leaves nothing half done.
func TestCOBOLStopsAtFaults(t *testing.T) {
	program := build(t, "CPPMQ")
	dial, server := host(t, qmgr.Queue{Name: "FULL", MaxDepth: 150}, qmgr.Queue{Name: "Q"})
	extract := filepath.Join(t.TempDir(), "extract")
	if err := os.WriteFile(extract, bytes.Repeat([]byte{0x40}, 170*200), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, queue, env, want string
		left                   int // whole units of work only
	}{
		{"no such queue", "NONE", "X=", "MQOPEN   FAILED, REASON 2085", 0},
		{"a full queue", "FULL", "X=", "MQPUT    FAILED, REASON 2053", 100},
		{"a lost connection", "Q", "PORTAGE_MQI_FAULT=MQPUT:130:cut", "MQPUT    FAILED, REASON 2009", 100},
		{"no queue manager", "Q", "MQSERVER=C/UNIX/nowhere", "MQCONN   FAILED, REASON 2538", 100},
	} {
		cobol, said := command(t, server, program, c.queue, "100")
		cobol.Env = append(cobol.Env, "DD_EXTRACT="+extract, c.env)
		if err := cobol.Run(); err == nil || cobol.ProcessState.ExitCode() != 12 || !strings.Contains(said.String(), c.want) {
			t.Errorf("%s: %v\n%s", c.name, err, said)
		}
		conn, err := dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		// Browsing counts what is committed; the depth has what is being backed out, too.
		left := 0
		for c.queue != "NONE" {
			if _, err := conn.Get(t.Context(), c.queue, mq.GetOptions{Browse: true}); err != nil {
				break
			}
			left++
		}
		if left != c.left {
			t.Errorf("%s: %d messages are left, want %d", c.name, left, c.left)
		}
		conn.Close()
	}
}
