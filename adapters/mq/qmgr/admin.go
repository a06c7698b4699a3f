package qmgr

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/portage-gateway/portage/adapters/mq"
)

// Definer changes definitions while messages flow. Settings are as MQSC writes them, "maxdepth=100"; each
// change is on the disk when it returns nil. Connections of this package and Manager are Definers.
type Definer interface {
	// Define makes a queue, or refuses with 2100 if the name is taken.
	Define(ctx context.Context, queue string, settings []string) error
	// Alter changes what settings name of a queue or an alias; the rest stays. 2085 if there is none.
	Alter(ctx context.Context, name string, settings []string) error
	// Alias makes an alias, or repoints it from one call to the next. Connections that take from the queue by
	// this name no longer keep others from taking it exclusively. 2085 if there is no such target, 2100 if
	// name is a queue.
	Alias(ctx context.Context, name, target string) error
}

// Describer tells what Inquire does not.
type Describer interface {
	// Describe returns a queue or an alias, with its target's attributes.
	Describe(ctx context.Context, name string) (Detail, error)
}

// Quiescer ends work in good order.
type Quiescer interface {
	// Quiesce refuses new connections, gets, puts and inquiries with 2161, also those that wait; units of work
	// may still be committed or backed out. Quiesce(ctx, false) takes it back, which IBM MQ cannot.
	Quiesce(ctx context.Context, on bool) error
}

var (
	_ Definer   = (*Manager)(nil)
	_ Definer   = (*conn)(nil)
	_ Definer   = (*client)(nil)
	_ Describer = (*conn)(nil)
	_ Describer = (*client)(nil)
	_ Quiescer  = (*conn)(nil)
	_ Quiescer  = (*client)(nil)
)

// Detail is a queue or an alias, and what it does now.
type Detail struct {
	Name string
	// Target is the queue that an alias stands for; "" for a queue.
	Target string
	// Attributes are the queue's own; an alias may be inhibited where they are not.
	Attributes mq.Attributes
	// GetInhibited and PutInhibited hold for calls by Name.
	GetInhibited, PutInhibited bool
	// StreamQueue gets copies; CopiesLost counts those that it could not take, since the queue manager started.
	StreamQueue string
	CopiesLost  uint64
	// Readers counts connections that take from the queue.
	Readers int
}

// Define implements Definer.
func (m *Manager) Define(_ context.Context, name string, settings []string) error {
	m.admin.Lock()
	defer m.admin.Unlock()
	q := Queue{Name: name}
	if err := errors.Join(q.set(settings), q.check()); err != nil {
		return mq.Failed("define", name, mq.RCOptionsError, err.Error())
	}
	if m.known(name) {
		return taken("define", name)
	}
	return m.redefine("define", q)
}

// Alter implements Definer.
func (m *Manager) Alter(_ context.Context, name string, settings []string) error {
	m.admin.Lock()
	defer m.admin.Unlock()
	m.mu.Lock()
	q, a := m.queues[name], m.aliases[name]
	m.mu.Unlock()
	switch {
	case q != nil:
		changed := q.Queue // only admin writes it
		if err := errors.Join(changed.set(settings), changed.check()); err != nil {
			return mq.Failed("alter", name, mq.RCOptionsError, err.Error())
		}
		return m.redefine("alter", changed)
	case a != nil:
		changed := *a
		if err := errors.Join(changed.set(settings), changed.check()); err != nil {
			return mq.Failed("alter", name, mq.RCOptionsError, err.Error())
		}
		return m.repoint("alter", changed)
	}
	return unknown("alter", name)
}

// Alias implements Definer.
func (m *Manager) Alias(_ context.Context, name, target string) error {
	m.admin.Lock()
	defer m.admin.Unlock()
	m.mu.Lock()
	q, a := m.queues[name], m.aliases[name]
	m.mu.Unlock()
	if q != nil {
		return taken("alias", name)
	}
	changed := Alias{Name: name}
	if a != nil {
		changed = *a
	}
	changed.Target = target
	if err := changed.check(); err != nil {
		return mq.Failed("alias", name, mq.RCOptionsError, err.Error())
	}
	return m.repoint("alias", changed)
}

// known reports whether a queue or an alias has the name.
func (m *Manager) known(name string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.queues[name] != nil || m.aliases[name] != nil
}

func taken(op, name string) *mq.Error {
	return mq.Failed(op, name, mq.RCObjectAlreadyExists, "a queue or an alias has this name already")
}

// redefine writes a queue's definition, then lets calls see it. Its backout queue is made if it is not
// there. The caller holds m.admin.
func (m *Manager) redefine(op string, q Queue) error {
	all := []Queue{q.withDefaults()}
	if q.BackoutQueue != "" && !m.known(q.BackoutQueue) {
		all = append(all, Queue{Name: q.BackoutQueue}.withDefaults())
	}
	if err := m.writer.write(op, q.Name, &change{queues: all}); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, q := range all {
		if old := m.queues[q.Name]; old != nil {
			old.Queue = q
			old.wake()
		} else {
			m.queues[q.Name] = newQueue(q)
		}
	}
	return nil
}

// repoint writes an alias, then lets calls see it. The caller holds m.admin.
func (m *Manager) repoint(op string, a Alias) error {
	m.mu.Lock()
	target := m.queues[a.Target]
	m.mu.Unlock()
	if target == nil {
		return mq.Failed(op, a.Name, mq.RCUnknownObjectName, "its target "+a.Target+" is no queue: define it first")
	}
	if err := m.writer.write(op, a.Name, &change{aliases: []Alias{a}}); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if old := m.aliases[a.Name]; old != nil {
		if q := m.queues[old.Target]; q != nil {
			if q != target {
				q.dismiss(a.Name)
			}
			q.wake()
		}
	}
	m.aliases[a.Name] = &a
	return nil
}

// resolve returns the queue that a call by this name is about. The caller holds m.mu.
func (m *Manager) resolve(op, name string) (*queue, *mq.Error) {
	if q := m.queues[name]; q != nil {
		return q, nil
	}
	a := m.aliases[name]
	if a == nil {
		return nil, unknown(op, name)
	}
	q := m.queues[a.Target]
	switch {
	case q == nil:
		return nil, mq.Failed(op, name, mq.RCUnknownAliasBaseQ, "the alias stands for "+a.Target+", which is no queue")
	case a.GetInhibited && op == "get":
		return nil, mq.Failed(op, name, mq.RCGetInhibited, "gets are inhibited on this alias")
	case a.PutInhibited && op == "put":
		return nil, mq.Failed(op, name, mq.RCPutInhibited, "puts are inhibited on this alias")
	}
	return q, nil
}

func (m *Manager) describe(name string) (Detail, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	q, e := m.resolve("describe", name)
	if e != nil {
		return Detail{}, e
	}
	now := m.now()
	m.discard(q.allExpired(now))
	d := Detail{Name: name, Attributes: q.attributes(now), GetInhibited: q.GetInhibited, PutInhibited: q.PutInhibited,
		StreamQueue: q.StreamQueue, CopiesLost: q.copiesLost, Readers: len(q.readers)}
	if a := m.aliases[name]; a != nil {
		d.Target = a.Target
		d.GetInhibited, d.PutInhibited = d.GetInhibited || a.GetInhibited, d.PutInhibited || a.PutInhibited
	}
	return d, nil
}

// Aliases returns all aliases, sorted by name.
func (m *Manager) Aliases() []Alias {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make([]Alias, 0, len(m.aliases))
	for _, a := range m.aliases {
		out = append(out, *a)
	}
	slices.SortFunc(out, func(a, b Alias) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// Quiesce implements Quiescer.
func (m *Manager) Quiesce(_ context.Context, on bool) error {
	m.quiescing.Store(on)
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, q := range m.queues {
		q.wake()
	}
	return nil
}

func quiescing(op, queue string) *mq.Error {
	return mq.Failed(op, queue, mq.RCQMgrQuiescing, "the queue manager is ending: commit or back out, and connect again later")
}

// The same by a connection, under its rules: one call at a time, none after Close.

func (c *conn) administer(ctx context.Context, op, name string, f func() error) error {
	if err := c.enter(ctx, op, name); err != nil {
		return err
	}
	defer c.busy.Unlock()
	return f()
}

// Define implements Definer.
func (c *conn) Define(ctx context.Context, queue string, settings []string) error {
	return c.administer(ctx, "define", queue, func() error { return c.m.Define(ctx, queue, settings) })
}

// Alter implements Definer.
func (c *conn) Alter(ctx context.Context, name string, settings []string) error {
	return c.administer(ctx, "alter", name, func() error { return c.m.Alter(ctx, name, settings) })
}

// Alias implements Definer.
func (c *conn) Alias(ctx context.Context, name, target string) error {
	return c.administer(ctx, "alias", name, func() error { return c.m.Alias(ctx, name, target) })
}

// Describe implements Describer.
func (c *conn) Describe(ctx context.Context, name string) (d Detail, err error) {
	err = c.administer(ctx, "describe", name, func() error {
		d, err = c.m.describe(name)
		return err
	})
	return d, err
}

// Quiesce implements Quiescer.
func (c *conn) Quiesce(ctx context.Context, on bool) error {
	return c.administer(ctx, "quiesce", "", func() error { return c.m.Quiesce(ctx, on) })
}
