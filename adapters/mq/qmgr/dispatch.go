package qmgr

import (
	"context"

	"github.com/portage-gateway/portage/adapters/mq"
)

var errNotConnected = mq.Failed("", "", mq.RCHconnError, "the first request on a connection is connect")

// do runs one request; ok is false when it is none of this protocol.
func (s *served) do(ctx context.Context, f frame) (result []byte, err error, ok bool) {
	r := &reader{b: f.payload}
	switch {
	case f.op == opConnect:
		return s.connect(ctx, r)
	case s.conn == nil:
		return nil, errNotConnected, true
	}
	switch f.op {
	case opGet:
		queue, o := r.get()
		if r.end() != nil {
			return nil, nil, false
		}
		m, err := s.work.Get(ctx, queue, o)
		if err != nil {
			return nil, err, true
		}
		return appendMessage(make([]byte, 0, len(m.Body)+512), &m), nil, true
	case opGetBatch:
		queue, o, most, size := r.getBatch()
		if r.end() != nil {
			return nil, nil, false
		}
		ms, err := s.getBatch(ctx, queue, o, most, size)
		if err != nil {
			return nil, err, true
		}
		return appendBatch(make([]byte, 0, weight(ms...)), ms), nil, true
	case opPut:
		queue, m, o := r.put()
		if r.end() != nil {
			return nil, nil, false
		}
		d, err := s.work.Put(ctx, queue, m, o)
		return appendMessage(nil, &mq.Message{Descriptor: d}), err, true
	case opInquire:
		queue := r.text()
		if r.end() != nil {
			return nil, nil, false
		}
		a, err := s.work.Inquire(ctx, queue)
		return appendAttributes(nil, a), err, true
	case opDefine, opAlias, opDescribe, opQuiesce, opFault:
		return s.doAdmin(ctx, f.op, r)
	}
	return s.doPlain(ctx, f.op, r)
}

// connect answers the first request. A client that names its level is told that of this side.
func (s *served) connect(ctx context.Context, r *reader) (result []byte, err error, ok bool) {
	app := r.text()
	asks := len(r.b) > 0
	if asks {
		r.uint16()
	}
	switch {
	case r.end() != nil || s.conn != nil || len(app) > 28:
		return nil, nil, false
	case s.m.quiescing.Load():
		return nil, quiescing("connect", ""), true
	}
	c := s.m.connect(app, false)
	s.conn, s.work = c, c
	if s.m.cfg.Faults {
		u := unreliable{c}
		if lost, err := u.strike(ctx, "connect", ""); err != nil || lost {
			return nil, err, !lost
		}
		s.work = u
	}
	b := appendText(nil, s.m.name)
	if asks {
		b = append(b, 0, protocolLevel)
	}
	return b, nil, true
}

// getBatch gets the first message as asked, and then what is there at once, until there are enough. One that was
// backed out before ends the batch, so that its reader can treat it alone. What goes wrong after the first
// message is left for the next request to find.
func (s *served) getBatch(ctx context.Context, queue string, o mq.GetOptions, most, size int) ([]mq.Message, error) {
	m, err := s.work.Get(ctx, queue, o)
	if err != nil {
		return nil, err
	}
	ms := []mq.Message{m}
	o.Wait, o.BrowseFirst, o.Browse = 0, false, o.Browse || o.BrowseFirst
	longest := o.MaxBody
	for size -= weight(m); size > 0 && len(ms) < most && m.BackoutCount == 0; size -= weight(m) {
		if o.MaxBody = size; longest > 0 {
			o.MaxBody = min(longest, size)
		}
		if m, err = s.work.Get(ctx, queue, o); err != nil {
			break
		}
		ms = append(ms, m)
	}
	return ms, nil
}

// weight is about as many bytes as messages take in a frame.
func weight(ms ...mq.Message) (n int) {
	for i := range ms {
		n += descriptorWeight + len(ms[i].Body)
		for _, p := range ms[i].Properties {
			n += len(p.Name) + len(p.Value)
		}
	}
	return n
}

// doPlain runs the requests that have no payload.
func (s *served) doPlain(ctx context.Context, op byte, r *reader) (result []byte, err error, ok bool) {
	if r.end() != nil {
		return nil, nil, false
	}
	switch op {
	case opCommit:
		return nil, s.work.Commit(ctx), true
	case opBackout:
		return nil, s.work.Backout(ctx), true
	case opClose:
		return nil, s.conn.Close(), true
	case opList:
		names, err := s.conn.Queues(ctx)
		b := appendInt(nil, int32(len(names)))
		for _, n := range names {
			b = appendText(b, n)
		}
		return b, err, true
	case opAliases:
		all, err := s.conn.Aliases(ctx)
		return appendAliases(nil, all), err, true
	}
	return nil, nil, false
}

// doAdmin runs the requests that change or show definitions.
func (s *served) doAdmin(ctx context.Context, op byte, r *reader) (result []byte, err error, ok bool) {
	var do func() error
	switch op {
	case opDefine:
		name, mode, settings := r.define()
		do = func() error { return s.conn.Define(ctx, name, settings) }
		if mode == modeAlter {
			do = func() error { return s.conn.Alter(ctx, name, settings) }
		}
	case opAlias:
		name, target := r.text(), r.text()
		do = func() error { return s.conn.Alias(ctx, name, target) }
	case opDescribe:
		name := r.text()
		do = func() error {
			d, err := s.conn.Describe(ctx, name)
			result = appendDetail(nil, d)
			return err
		}
	case opQuiesce:
		on := r.byte() != 0
		do = func() error { return s.conn.Quiesce(ctx, on) }
	case opFault:
		f := r.fault()
		do = func() error { return s.conn.Fault(ctx, f) }
		if f.Kind == 0 {
			do = func() error { return s.conn.ClearFaults(ctx) }
		}
	}
	if r.end() != nil {
		return nil, nil, false
	}
	err = do()
	return result, err, true
}
