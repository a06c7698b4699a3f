package app

import (
	"context"
	"errors"
	"slices"

	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/adapters/mq/ibmmq"
	"github.com/portage-gateway/portage/adapters/mq/qmgr"
	"github.com/portage-gateway/portage/internal/config"
)

// Finding is what one check of a doctor found.
type Finding = mq.Finding

// FindingFault is the verdict of a Finding that something must be mended.
const FindingFault = mq.Fault

// DoctorMQ looks whether queues are as Portage needs them.
type DoctorMQ struct {
	// Socket is the embedded queue manager's, unless Config names IBM MQ.
	Socket string
	// Config, if there is one, names the queue manager and the queues with what Portage does with each.
	Config *config.Config
	// Queues are inspected beside those of Config. None of both: every queue and alias of the embedded one.
	Queues []string
	// Diverted, Replies and Groups are mq.Doctor's, beside what Config says.
	Diverted, Replies, Groups []string
	// Scratch is the queue on which work is tried out. "": nothing is.
	Scratch string
	// Longest is the longest message that the Queues must take, in bytes. 0: it does not matter.
	Longest int
}

// Examine runs all checks. Its error says that there is no connection, or nothing to look at.
func (d DoctorMQ) Examine(ctx context.Context) ([]Finding, error) {
	dial, err := d.dial()
	if err != nil {
		return nil, err
	}
	doctor := &mq.Doctor{Dial: dial, Scratch: d.Scratch, Longest: d.Longest,
		Diverted: slices.Clone(d.Diverted), Replies: slices.Clone(d.Replies), Groups: d.Groups}
	doctor.Queues = slices.Concat(d.Queues, d.Diverted, d.Replies, d.Groups)
	d.fromConfig(doctor)
	if len(doctor.Queues) == 0 {
		conn, err := dial(ctx)
		if err != nil {
			return nil, err
		}
		defer conn.Close()
		if doctor.Queues, err = everyQueue(ctx, conn); err != nil {
			return nil, err
		}
	}
	slices.Sort(doctor.Queues)
	doctor.Queues = slices.Compact(doctor.Queues)
	return doctor.Examine(ctx)
}

// dial returns the way to the queue manager.
func (d DoctorMQ) dial() (mq.Dial, error) {
	if d.Config != nil && d.Config.QueueManager.IBMMQ != nil {
		return ibmmq.Dial(*d.Config.QueueManager.IBMMQ)
	}
	socket := d.Socket
	if d.Config != nil && d.Config.QueueManager.Socket != "" {
		socket = d.Config.QueueManager.Socket
	}
	return qmgr.DialAs(socket, "portage doctor"), nil
}

// fromConfig adds the configuration's queues and what Portage does with them.
func (d DoctorMQ) fromConfig(doctor *mq.Doctor) {
	if d.Config == nil {
		return
	}
	doctor.Queues = append(doctor.Queues, (&App{Options: Options{Config: d.Config}}).queueNames()...)
	for _, e := range d.Config.Exchanges {
		doctor.Replies = append(doctor.Replies, e.Reply)
	}
	for _, w := range d.Config.WriteBacks {
		doctor.Kept = append(doctor.Kept, w.State())
		if w.Echoes != nil {
			doctor.Kept = append(doctor.Kept, w.EchoQueue())
		}
	}
	doctor.Queues = append(doctor.Queues, doctor.Kept...)
	for _, v := range d.Config.Diversions {
		if v.TapOf == "" {
			doctor.Diverted = append(doctor.Diverted, v.Queue)
		}
	}
}

func everyQueue(ctx context.Context, conn mq.Conn) ([]string, error) {
	lister, ok := conn.(qmgr.Lister)
	if !ok {
		return nil, errors.New("this connection cannot list queues: name them with --queue, or in the configuration")
	}
	names, err := lister.Queues(ctx)
	if err != nil {
		return nil, err
	}
	aliases, err := lister.Aliases(ctx)
	for _, a := range aliases {
		names = append(names, a.Name)
	}
	return names, err
}
