//go:build ibmmq

package ibmmq

import (
	"slices"

	"github.com/ibm-messaging/mq-golang/v5/ibmmq"

	"github.com/portage-gateway/portage/adapters/mq"
)

// purpose is what a queue is opened for.
type purpose uint8

const (
	toTake purpose = iota
	toTakeAlone
	toBrowse
	toPut
	toPutIdentity
	toPutContext
	toInquire
)

// openOptions of each purpose. Reading ahead would take persistent messages out of order with syncpoint, and
// non-persistent ones for good.
var openOptions = [...]int32{
	toTake:        ibmmq.MQOO_INPUT_SHARED | ibmmq.MQOO_NO_READ_AHEAD,
	toTakeAlone:   ibmmq.MQOO_INPUT_EXCLUSIVE | ibmmq.MQOO_NO_READ_AHEAD,
	toBrowse:      ibmmq.MQOO_BROWSE | ibmmq.MQOO_NO_READ_AHEAD,
	toPut:         ibmmq.MQOO_OUTPUT,
	toPutIdentity: ibmmq.MQOO_OUTPUT | ibmmq.MQOO_SET_IDENTITY_CONTEXT,
	toPutContext:  ibmmq.MQOO_OUTPUT | ibmmq.MQOO_SET_ALL_CONTEXT,
	toInquire:     ibmmq.MQOO_INQUIRE,
}

// handleKey names an open queue of a connection.
type handleKey struct {
	queue string
	use   purpose
}

// stale are the reasons after which a handle is of no more use: the queue was changed, deleted, or never ours.
var stale = []int32{mq.RCHobjError, mq.RCQDeleted, ibmmq.MQRC_OBJECT_CHANGED}

// open returns the connection's handle of a queue, which stays open.
func (c *conn) open(op, queue string, use purpose) (*ibmmq.MQObject, error) {
	k := handleKey{queue, use}
	if h := c.handles[k]; h != nil {
		return h, nil
	}
	if len(c.handles) >= mostHandles {
		c.closeIdle()
	}
	od := ibmmq.NewMQOD()
	od.ObjectName = queue
	h, err := c.manager.Open(od, openOptions[use])
	if e := callError(op, queue, err); e != nil && e.CompCode != mq.CCWarning {
		return nil, e
	}
	c.handles[k] = &h
	return &h, nil
}

// taker returns the handle to take from a queue. A connection that takes alone once does so from then on.
func (c *conn) taker(queue string, alone bool) (*ibmmq.MQObject, handleKey, error) {
	k := handleKey{queue, toTakeAlone}
	if c.handles[k] == nil && !alone {
		k.use = toTake
	}
	if k.use == toTakeAlone {
		// An own shared handle would be in the way of the exclusive one.
		c.forget(handleKey{queue, toTake})
	}
	h, err := c.open("get", queue, k.use)
	return h, k, err
}

// forget closes a handle, if it is open. Messages taken by it stay in the unit of work.
func (c *conn) forget(k handleKey) {
	if h := c.handles[k]; h != nil {
		delete(c.handles, k)
		_ = h.Close(ibmmq.MQCO_NONE)
	}
}

// forgetStale closes a handle that err says is of no more use, so that the next call opens another.
func (c *conn) forgetStale(k handleKey, err *mq.Error) {
	if err != nil && slices.Contains(stale, err.Reason) {
		c.forget(k)
	}
}

// closeIdle closes what can be opened again without a loss. Exclusive handles and browse cursors stay.
func (c *conn) closeIdle() {
	for k := range c.handles {
		if k.use == toPut || k.use == toPutIdentity || k.use == toPutContext || k.use == toInquire {
			c.forget(k)
		}
	}
}
