//go:build ibmmq

package ibmmq

import (
	"context"
	"time"

	"github.com/ibm-messaging/mq-golang/v5/ibmmq"

	"github.com/portage-gateway/portage/adapters/mq"
)

// Inquire implements mq.Inquirer. Of an alias it returns the attributes of the queue behind it: those are the ones that
// count for backout. OldestAge is that of the first message, by its put time and this host's clock; 0 without the
// authority to browse.
func (c *conn) Inquire(ctx context.Context, queue string) (mq.Attributes, error) {
	return call(ctx, c, "inquire", queue, func() (mq.Attributes, error) { return c.inquire(queue) })
}

func (c *conn) inquire(queue string) (mq.Attributes, error) {
	base, err := c.baseQueue(queue)
	if err != nil {
		return mq.Attributes{}, err
	}
	v, err := c.attributes(base, ibmmq.MQIA_CURRENT_Q_DEPTH, ibmmq.MQIA_MAX_Q_DEPTH, ibmmq.MQIA_MAX_MSG_LENGTH,
		ibmmq.MQIA_BACKOUT_THRESHOLD, ibmmq.MQIA_INHIBIT_GET, ibmmq.MQIA_INHIBIT_PUT, ibmmq.MQCA_BACKOUT_REQ_Q_NAME)
	if err != nil {
		return mq.Attributes{}, err
	}
	number := func(selector int32) int { n, _ := v[selector].(int32); return int(n) }
	a := mq.Attributes{
		Queue: base, Depth: number(ibmmq.MQIA_CURRENT_Q_DEPTH), MaxDepth: number(ibmmq.MQIA_MAX_Q_DEPTH),
		MaxMsgLength: number(ibmmq.MQIA_MAX_MSG_LENGTH), BackoutThreshold: number(ibmmq.MQIA_BACKOUT_THRESHOLD),
		GetInhibited: number(ibmmq.MQIA_INHIBIT_GET) == int(ibmmq.MQQA_GET_INHIBITED),
		PutInhibited: number(ibmmq.MQIA_INHIBIT_PUT) == int(ibmmq.MQQA_PUT_INHIBITED),
	}
	a.BackoutQueue, _ = v[ibmmq.MQCA_BACKOUT_REQ_Q_NAME].(string)
	if a.Depth > 0 {
		a.OldestAge = c.firstAge(base)
	}
	return a, nil
}

var _ mq.Definer = (*conn)(nil)

// Definition implements mq.Definer. The index type is asked for on z/OS only: elsewhere there is none.
func (c *conn) Definition(ctx context.Context, queue string) (mq.Definition, error) {
	return call(ctx, c, "inquire", queue, func() (mq.Definition, error) { return c.definition(queue) })
}

func (c *conn) definition(queue string) (mq.Definition, error) {
	d, err := c.inquireManager()
	if err != nil {
		return d, err
	}
	selectors := []int32{ibmmq.MQIA_TRIGGER_CONTROL, ibmmq.MQIA_TRIGGER_TYPE, ibmmq.MQIA_HARDEN_GET_BACKOUT}
	if d.ZOS {
		selectors = append(selectors, ibmmq.MQIA_INDEX_TYPE)
	}
	v, err := c.attributes(queue, selectors...)
	if err != nil {
		return d, err
	}
	is := func(selector, value int32) bool { n, ok := v[selector].(int32); return ok && n == value }
	d.Triggered = is(ibmmq.MQIA_TRIGGER_CONTROL, ibmmq.MQTC_ON) && !is(ibmmq.MQIA_TRIGGER_TYPE, ibmmq.MQTT_NONE)
	d.HardenBackout = is(ibmmq.MQIA_HARDEN_GET_BACKOUT, ibmmq.MQQA_BACKOUT_HARDENED)
	if n, ok := v[ibmmq.MQIA_INDEX_TYPE].(int32); ok {
		d.Index = indexTypes[n]
	}
	return d, nil
}

var indexTypes = map[int32]string{
	ibmmq.MQIT_NONE: mq.IndexNone, ibmmq.MQIT_MSG_ID: mq.IndexMsgID, ibmmq.MQIT_CORREL_ID: mq.IndexCorrelID,
	ibmmq.MQIT_GROUP_ID: mq.IndexGroupID, ibmmq.MQIT_MSG_TOKEN: mq.IndexToken,
}

// inquireManager asks the queue manager for its name and platform.
func (c *conn) inquireManager() (mq.Definition, error) {
	od := ibmmq.NewMQOD()
	od.ObjectType = ibmmq.MQOT_Q_MGR
	h, err := c.manager.Open(od, ibmmq.MQOO_INQUIRE)
	if e := callError("inquire", "", err); e != nil {
		return mq.Definition{}, e
	}
	defer func() { _ = h.Close(ibmmq.MQCO_NONE) }()
	v, err := h.Inq([]int32{ibmmq.MQCA_Q_MGR_NAME, ibmmq.MQIA_PLATFORM})
	if e := callError("inquire", "", err); e != nil {
		return mq.Definition{}, e
	}
	name, _ := v[ibmmq.MQCA_Q_MGR_NAME].(string)
	platform, _ := v[ibmmq.MQIA_PLATFORM].(int32)
	return mq.Definition{QueueManager: name, ZOS: platform == ibmmq.MQPL_ZOS}, nil
}

// baseQueue follows an alias to its queue; aliases of aliases there are none.
func (c *conn) baseQueue(queue string) (string, error) {
	v, err := c.attributes(queue, ibmmq.MQIA_Q_TYPE)
	if err != nil {
		return "", err
	}
	if kind, _ := v[ibmmq.MQIA_Q_TYPE].(int32); kind != ibmmq.MQQT_ALIAS {
		return queue, nil
	}
	if v, err = c.attributes(queue, ibmmq.MQCA_BASE_OBJECT_NAME); err != nil {
		return "", err
	}
	base, _ := v[ibmmq.MQCA_BASE_OBJECT_NAME].(string)
	return base, nil
}

func (c *conn) attributes(queue string, selectors ...int32) (map[int32]any, error) {
	if len(queue) > 48 {
		return nil, failed("inquire", queue[:48], mq.CCFailed, mq.RCUnknownObjectName)
	}
	h, err := c.open("inquire", queue, toInquire)
	if err != nil {
		return nil, err
	}
	v, err := h.Inq(selectors)
	if e := callError("inquire", queue, err); e != nil {
		c.forgetStale(handleKey{queue, toInquire}, e)
		return nil, e
	}
	return v, nil
}

// firstAge looks at the first message's descriptor. Its own handle leaves the connection's browse cursor alone.
func (c *conn) firstAge(queue string) time.Duration {
	od := ibmmq.NewMQOD()
	od.ObjectName = queue
	h, err := c.manager.Open(od, openOptions[toBrowse])
	if err != nil {
		return 0
	}
	defer func() { _ = h.Close(ibmmq.MQCO_NONE) }()
	md, gmo := ibmmq.NewMQMD(), ibmmq.NewMQGMO()
	gmo.Version = ibmmq.MQGMO_VERSION_2
	gmo.MatchOptions = ibmmq.MQMO_NONE
	gmo.Options = ibmmq.MQGMO_BROWSE_FIRST | ibmmq.MQGMO_ACCEPT_TRUNCATED_MSG | ibmmq.MQGMO_NO_PROPERTIES
	if _, err := h.Get(md, gmo, nil); err != nil && !isWarning(err) || md.PutDateTime.IsZero() {
		return 0
	}
	return max(0, c.config.Now().Sub(md.PutDateTime))
}
