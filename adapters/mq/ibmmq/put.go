//go:build ibmmq

package ibmmq

import (
	"context"

	"github.com/ibm-messaging/mq-golang/v5/ibmmq"

	"github.com/portage-gateway/portage/adapters/mq"
)

// Put implements mq.Putter, by MQPUT on a handle that stays open: Portage puts many messages to few queues.
func (c *conn) Put(ctx context.Context, queue string, m mq.Message, o mq.PutOptions) (mq.Descriptor, error) {
	if err := checkDescriptor(queue, &m.Descriptor); err != nil {
		return mq.Descriptor{}, err
	}
	return call(ctx, c, "put", queue, func() (mq.Descriptor, error) { return c.put(queue, &m, o) })
}

func (c *conn) put(queue string, m *mq.Message, o mq.PutOptions) (mq.Descriptor, error) {
	md, pmo := toMQMD(&m.Descriptor), ibmmq.NewMQPMO()
	k := handleKey{queue, c.context(pmo, o)}
	if k.use != toPut {
		setContext(md, &m.Descriptor, pmo.Options, c.origins.find(&m.Descriptor), c.config.Now)
	}
	pmo.Options |= ibmmq.MQPMO_NO_SYNCPOINT
	if o.Syncpoint {
		pmo.Options ^= ibmmq.MQPMO_NO_SYNCPOINT | ibmmq.MQPMO_SYNCPOINT
	}
	if o.NewMsgID || m.MsgID.Zero() {
		pmo.Options |= ibmmq.MQPMO_NEW_MSG_ID
	}
	h, err := c.open("put", queue, k.use)
	if err != nil {
		return mq.Descriptor{}, err
	}
	drop, err := c.writeProperties(queue, pmo, m.Properties)
	if err != nil {
		return mq.Descriptor{}, err
	}
	defer drop()
	if e := callError("put", queue, h.Put(md, pmo, m.Body)); e != nil && e.CompCode != mq.CCWarning {
		c.forgetStale(k, e)
		return mq.Descriptor{}, e
	}
	d := fromMQMD(md)
	d.Properties = m.Properties
	return d, nil
}

// context chooses how a put sets the context, and what the queue must be open for. The options only name what the
// configuration allows: "none" says, for this connection, that its user stands in every message.
func (c *conn) context(pmo *ibmmq.MQPMO, o mq.PutOptions) purpose {
	switch {
	case !o.PassContext || c.config.Context == contextNone:
		return toPut
	case c.config.Context == contextIdentity:
		pmo.Options |= ibmmq.MQPMO_SET_IDENTITY_CONTEXT
		return toPutIdentity
	default:
		pmo.Options |= ibmmq.MQPMO_SET_ALL_CONTEXT
		return toPutContext
	}
}
