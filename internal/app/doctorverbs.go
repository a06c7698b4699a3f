package app

import (
	"context"

	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/adapters/mq/qmgr"
)

// Finding is what one check of a doctor found.
type Finding = mq.Finding

// FindingFault is the verdict of a Finding that something must be mended.
const FindingFault = mq.Fault

// DoctorMQ looks whether queues are as Portage needs them.
type DoctorMQ struct {
	// Socket is the queue manager's. Required.
	Socket string
	// Queues are inspected. None: every queue and alias.
	Queues []string
	// Scratch is the queue on which work is tried out. "": nothing is.
	Scratch string
	// Longest is the longest message that the Queues must take, in bytes. 0: it does not matter.
	Longest int
}

// Examine runs all checks. Its error says that there is no connection.
func (d DoctorMQ) Examine(ctx context.Context) ([]Finding, error) {
	dial := qmgr.DialAs(d.Socket, "portage doctor")
	doctor := &mq.Doctor{Dial: dial, Queues: d.Queues, Scratch: d.Scratch, Longest: d.Longest}
	if len(d.Queues) == 0 {
		conn, err := dial(ctx)
		if err != nil {
			return nil, err
		}
		defer conn.Close()
		if doctor.Queues, err = everyQueue(ctx, conn); err != nil {
			return nil, err
		}
	}
	return doctor.Examine(ctx)
}

func everyQueue(ctx context.Context, conn mq.Conn) ([]string, error) {
	names, err := conn.(qmgr.Lister).Queues(ctx)
	if err != nil {
		return nil, err
	}
	aliases, err := conn.(qmgr.Lister).Aliases(ctx)
	for _, a := range aliases {
		names = append(names, a.Name)
	}
	return names, err
}
