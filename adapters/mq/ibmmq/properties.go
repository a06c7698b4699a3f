//go:build ibmmq

package ibmmq

import (
	"strconv"

	"github.com/ibm-messaging/mq-golang/v5/ibmmq"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/mq"
)

const (
	// maxPropertyValue is what mq-golang's InqMP reads, in bytes.
	maxPropertyValue = 1024
	// maxProperties bounds how many properties of a message are read.
	maxProperties = 1000
	// headerLeftOut says how many properties could not be read.
	headerLeftOut = "mq-properties-left-out"
)

// propertyHandle returns the message handle that takes the properties of each get. The library empties it at each get.
func (c *conn) propertyHandle(queue string) (*ibmmq.MQMessageHandle, error) {
	if c.names != nil {
		return c.names, nil
	}
	h, err := c.manager.CrtMH(ibmmq.NewMQCMHO())
	if e := callError("get", queue, err); e != nil {
		return nil, e
	}
	c.names = &h
	return c.names, nil
}

// readProperties reads the properties that came with a message, in their order. The handle is the library's own
// memory: nothing is asked of the queue manager. One that is longer than the library reads, or has no name that it
// tells, is left out and counted in a header of its own: it must not hold up its message.
func readProperties(h *ibmmq.MQMessageHandle) (out []adapters.Header) {
	left, next := 0, ibmmq.MQIMPO_INQ_FIRST
	for len(out)+left < maxProperties {
		o := ibmmq.NewMQIMPO()
		o.Options = ibmmq.MQIMPO_CONVERT_VALUE | next
		name, value, err := h.InqMP(o, ibmmq.NewMQPD(), "%")
		e := callError("get", "", err)
		switch {
		case e == nil:
			out = append(out, adapters.Header{Name: headerName(name), Value: propertyText(value)})
			next = ibmmq.MQIMPO_INQ_NEXT
			continue
		case e.Reason == ibmmq.MQRC_PROPERTY_NOT_AVAILABLE:
		case e.Reason == mq.RCPropertyValueTooBig && o.ReturnedName != "" && h.DltMP(ibmmq.NewMQDMPO(), o.ReturnedName) == nil:
			// The cursor stands still before a value that is too long, so that it has to go, and all begins anew.
			left, next, out = left+1, ibmmq.MQIMPO_INQ_FIRST, nil
			continue
		default:
			left++
		}
		break
	}
	if left > 0 {
		out = append(out, adapters.Header{Name: headerLeftOut, Value: strconv.Itoa(left)})
	}
	return out
}

// writeProperties makes a message handle with properties for a put; drop deletes it again. Without properties there is
// none, so that a queue manager adds no MQRFH2 for readers that do not expect one.
func (c *conn) writeProperties(queue string, pmo *ibmmq.MQPMO, ps []adapters.Header) (drop func(), err error) {
	drop = func() {}
	if len(ps) == 0 {
		return drop, nil
	}
	h, err := c.manager.CrtMH(ibmmq.NewMQCMHO())
	if e := callError("put", queue, err); e != nil {
		return drop, e
	}
	drop = func() { _ = h.DltMH(ibmmq.NewMQDMHO()) }
	for _, p := range ps {
		if e := setProperty(&h, queue, p); e != nil {
			drop()
			return func() {}, e
		}
	}
	pmo.NewMsgHandle = h
	return drop, nil
}

// setProperty adds a property after those of the same name. A name that looks right and that the queue manager
// refuses all the same is written with all its dots escaped.
func setProperty(h *ibmmq.MQMessageHandle, queue string, p adapters.Header) *mq.Error {
	if len(p.Value) > maxPropertyValue {
		return failed("put", queue, mq.CCFailed, mq.RCPropertyValueTooBig)
	}
	set := func(name string) *mq.Error {
		o := ibmmq.NewMQSMPO()
		o.Options = ibmmq.MQSMPO_APPEND_PROPERTY
		return callError("put", queue, h.SetMP(o, name, ibmmq.NewMQPD(), p.Value))
	}
	e := set(propertyName(p.Name))
	if e != nil && e.Reason == mq.RCPropertyNameError {
		e = set(escaped(p.Name, true))
	}
	if e != nil && e.CompCode == mq.CCWarning {
		return nil
	}
	return e
}
