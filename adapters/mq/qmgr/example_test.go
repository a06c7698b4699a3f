package qmgr_test

import (
	"context"
	"fmt"
	"os"

	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/adapters/mq/qmgr"
)

func Example() {
	dir, _ := os.MkdirTemp("", "queues")
	defer os.RemoveAll(dir)
	m, err := qmgr.Open(qmgr.Config{Dir: dir, Plain: true, Queues: []qmgr.Queue{{Name: "CPP.PAY.EVENT"}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer m.Close()
	ctx, c := context.Background(), m.Connect()
	msg := mq.Message{Descriptor: mq.Descriptor{Persistent: true}, Body: []byte("issued")}
	_, err = c.Put(ctx, "CPP.PAY.EVENT", msg, mq.PutOptions{Syncpoint: true})
	fmt.Println("put:", err)
	_, err = c.Get(ctx, "CPP.PAY.EVENT", mq.GetOptions{})
	fmt.Println("before commit:", err)
	fmt.Println("commit:", c.Commit(ctx))
	got, err := c.Get(ctx, "CPP.PAY.EVENT", mq.GetOptions{})
	fmt.Printf("after commit: %s %v\n", got.Body, err)
	// Output:
	// put: <nil>
	// before commit: mq get CPP.PAY.EVENT: 2033 NO_MSG_AVAILABLE
	// commit: <nil>
	// after commit: issued <nil>
}

func ExampleParseQueue() {
	q, err := qmgr.ParseQueue("CPP.PAY.EVENT,maxdepth=20000,bothresh=5,boqname=CPP.PAY.EVENT.DLQ")
	fmt.Println(q.Name, q.MaxDepth, q.BackoutThreshold, q.BackoutQueue, err)
	_, err = qmgr.ParseQueue("CPP.PAY.EVENT,depth=20000")
	fmt.Println(err)
	// Output:
	// CPP.PAY.EVENT 20000 5 CPP.PAY.EVENT.DLQ <nil>
	// queue CPP.PAY.EVENT: "depth" is no setting of a queue (maxdepth maxmsgl bothresh boqname get put streamq)
}
