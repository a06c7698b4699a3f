package qmgr_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/adapters/mq/qmgr"
)

// The test binary is also the process that the tests kill: PORTAGE_TEST_ROLE says which.
const (
	roleVar = "PORTAGE_TEST_ROLE"
	dirVar  = "PORTAGE_TEST_DIR"
)

func TestMain(m *testing.M) {
	switch role := os.Getenv(roleVar); role {
	case "":
		goleak.VerifyTestMain(m)
	case "serve":
		os.Exit(report(serveForever(os.Getenv(dirVar))))
	case "poison":
		os.Exit(report(consumeUntilPoison(os.Getenv(dirVar))))
	default:
		os.Exit(report(fmt.Errorf("no role %q", role)))
	}
}

func report(err error) int {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// child returns a command that runs this binary in a role.
func child(role, dir string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleVar+"="+role, dirVar+"="+dir)
	cmd.Stderr = os.Stderr
	return cmd
}

var killQueues = []qmgr.Queue{{Name: "IN", MaxDepth: 100_000}, {Name: "OUT", MaxDepth: 100_000}}

// serveForever is the queue manager that dies by SIGKILL.
func serveForever(dir string) error {
	m, err := qmgr.Open(qmgr.Config{Dir: dir, Sealer: xorSealer{}, Queues: killQueues})
	if err != nil {
		return err
	}
	l, err := m.Listen()
	if err != nil {
		return err
	}
	fmt.Println("ready")
	return m.Serve(context.Background(), l)
}

// poison kills the process that reads it, as a fault in C code would.
var poison = []byte("poison")

func poisonConfig(dir string) qmgr.Config {
	return qmgr.Config{Dir: dir, Sealer: xorSealer{}, Queues: []qmgr.Queue{
		{Name: "IN", BackoutQueue: "BAD"}, {Name: "OUT"},
	}}
}

// consumeUntilPoison moves messages from IN to OUT and ends when IN is empty.
func consumeUntilPoison(dir string) error {
	m, err := qmgr.Open(poisonConfig(dir))
	if err != nil {
		return err
	}
	defer m.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s := &mq.Source{Dial: m.Dial, Queue: "IN", MaxBatch: 8, Wait: 100 * time.Millisecond}
	go func() {
		for c := m.Connect(); ; {
			if a, err := c.Inquire(ctx, "IN"); err != nil || a.Depth == 0 {
				c.Close()
				cancel()
				return
			}
			select {
			case <-time.After(5 * time.Millisecond):
			case <-ctx.Done():
			}
		}
	}()
	return s.Consume(ctx, func(ctx context.Context, u adapters.Unit, b adapters.Batch) error {
		for _, m := range b.Messages {
			if bytes.Equal(m.Body, poison) {
				syscall.Kill(os.Getpid(), syscall.SIGKILL)
				select {}
			}
		}
		return u.Put(ctx, "OUT", b.Messages...)
	})
}
