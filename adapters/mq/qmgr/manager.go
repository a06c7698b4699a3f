package qmgr

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/portage-gateway/portage/adapters/mq"
)

// Manager owns the queues of one directory. Safe for use by several goroutines.
type Manager struct {
	cfg    Config
	name   string
	now    func() time.Time
	rand   io.Reader
	log    *slog.Logger
	lock   *os.File
	store  *store
	writer *writer
	held   *heldFile
	origin [16]byte // first bytes of the MsgIds of this process

	admin     sync.Mutex  // held while a definition changes; taken before mu
	quiescing atomic.Bool // new work gets 2161
	faults    faults

	mu      sync.Mutex
	queues  map[string]*queue
	aliases map[string]*Alias
	conns   map[*conn]struct{}
	seq     uint64 // of the newest message
	units   uint64 // numbers units of work in the held file
	ids     uint64 // last bytes of MsgIds
	bytes   int64  // of all bodies, those in units of work included
	closed  bool
}

// Open opens, or makes, the queues in cfg.Dir and makes this process their only owner. Messages that a
// unit of work in a dead process held count as backed out once more.
func Open(cfg Config) (*Manager, error) {
	m := &Manager{cfg: cfg, name: cfg.Name, now: cfg.Now, rand: cfg.Rand, log: cfg.Log,
		queues: make(map[string]*queue), aliases: make(map[string]*Alias), conns: make(map[*conn]struct{})}
	if m.name == "" {
		m.name = "PORTAGE"
	}
	if m.now == nil {
		m.now = time.Now
	}
	if m.rand == nil {
		m.rand = rand.Reader
	}
	if m.log == nil {
		m.log = slog.New(slog.DiscardHandler)
	}
	if m.cfg.MaxUncommitted <= 0 {
		m.cfg.MaxUncommitted = DefaultMaxUncommitted
	}
	if m.cfg.MaxBytes <= 0 {
		m.cfg.MaxBytes = DefaultMaxBytes
	}
	if err := m.open(); err != nil {
		return nil, errors.Join(fmt.Errorf("queue manager: %w", err), m.release())
	}
	return m, nil
}

func (m *Manager) open() error {
	switch {
	case m.cfg.Dir == "":
		return errors.New("no directory was given for its data")
	case m.cfg.Sealer == nil && !m.cfg.Plain:
		return errors.New("messages would lie unsealed on the disk: give it a Sealer")
	}
	if _, err := m.cfg.socket(); err != nil {
		return err
	}
	for i := range m.cfg.Queues {
		if err := m.cfg.Queues[i].check(); err != nil {
			return err
		}
	}
	for i := range m.cfg.Aliases {
		if err := m.cfg.Aliases[i].check(); err != nil {
			return err
		}
	}
	if _, err := io.ReadFull(m.rand, m.origin[4:]); err != nil {
		return fmt.Errorf("no random bytes for MsgIds: %w", err)
	}
	copy(m.origin[:], "PTG ")
	if err := os.MkdirAll(m.cfg.Dir, 0o700); err != nil {
		return err
	}
	var err error
	if m.lock, err = lockDir(m.cfg.Dir); err != nil {
		return err
	}
	ctx := context.Background()
	if m.store, err = openStore(ctx, m.cfg.Dir); err != nil {
		return err
	}
	if err := m.define(ctx); err != nil {
		return err
	}
	if err := m.load(ctx); err != nil {
		return err
	}
	m.writer = newWriter(m.store.apply)
	return m.recover()
}

// define joins the queues that the store knows with those of the configuration.
func (m *Manager) define(ctx context.Context) error {
	known, err := m.store.queues(ctx)
	if err != nil {
		return fmt.Errorf("read the queues' definitions: %w", err)
	}
	for _, q := range known {
		m.queues[q.Name] = newQueue(q)
	}
	var changed []Queue
	set := func(q Queue) {
		q = q.withDefaults()
		m.queues[q.Name] = newQueue(q)
		changed = append(changed, q)
	}
	for _, q := range m.cfg.Queues {
		set(q)
	}
	for _, q := range m.cfg.Queues {
		if q.BackoutQueue != "" && m.queues[q.BackoutQueue] == nil {
			set(Queue{Name: q.BackoutQueue})
		}
	}
	if err := m.store.define(ctx, changed); err != nil {
		return err
	}
	return m.defineAliases(ctx)
}

// defineAliases joins the aliases that the store knows with the new ones of the configuration.
func (m *Manager) defineAliases(ctx context.Context) error {
	known, err := m.store.aliases(ctx)
	if err != nil {
		return fmt.Errorf("read the aliases' definitions: %w", err)
	}
	for _, a := range known {
		m.aliases[a.Name] = &a
	}
	var added []Alias
	for _, a := range m.cfg.Aliases {
		switch {
		case m.aliases[a.Name] != nil:
			continue
		case m.queues[a.Target] == nil:
			return fmt.Errorf("alias %s stands for %s, which is no queue", a.Name, a.Target)
		}
		m.aliases[a.Name] = &a
		added = append(added, a)
	}
	for name := range m.aliases {
		if m.queues[name] != nil {
			return fmt.Errorf("%s is defined as a queue and as an alias: give one of them another name", name)
		}
	}
	return m.store.alias(ctx, added)
}

// load reads all messages into memory.
func (m *Manager) load(ctx context.Context) error {
	return m.store.each(ctx, func(r row) error {
		s, err := m.unseal(r)
		if err != nil {
			return err
		}
		s.queue.depth++
		s.queue.show(s)
		m.bytes += int64(len(s.m.Body))
		m.seq = max(m.seq, s.seq)
		return nil
	})
}

// recover counts the messages that the last process held when it died. One that was held alone, and
// not for the first time, has most likely killed it: it goes to the threshold at once, so that it does
// not kill a third time.
func (m *Manager) recover() error {
	held, suspects, err := openHeld(m.cfg.Dir)
	if err != nil {
		return err
	}
	m.held = held
	by := make(map[uint64]suspect, len(suspects))
	for _, s := range suspects {
		by[s.seq] = s
	}
	c := new(change)
	for _, q := range m.queues {
		for p := range q.lines {
			for e := q.lines[p].Front(); e != nil; e = e.Next() {
				s := e.Value.(*stored)
				found, was := by[s.seq]
				if !was {
					continue
				}
				again := s.m.BackoutCount > 0
				s.m.BackoutCount++
				if found.alone && again {
					s.m.BackoutCount = max(s.m.BackoutCount, q.threshold())
				}
				c.backouts = append(c.backouts, hardened{s.seq, s.m.BackoutCount})
			}
		}
	}
	if err := m.writer.write("connect", "", c); err != nil {
		return err
	}
	if n := len(c.backouts); n > 0 {
		m.log.Warn("the last process died holding messages; each counts as backed out", "messages", n)
	}
	return m.held.forget()
}

// sealContext binds a sealed message to its row.
func sealContext(queue string, seq uint64) string {
	return string(binary.BigEndian.AppendUint64([]byte("queues.db/"+queue+"/"), seq))
}

// seal returns the row of a persistent message.
func (m *Manager) seal(s *stored) (row, error) {
	r := row{seq: s.seq, queue: s.queue.Name, arrived: s.arrived.UnixMilli(), message: appendMessage(nil, &s.m)}
	if !s.expires.IsZero() {
		r.expires = s.expires.UnixMilli()
	}
	if m.cfg.Sealer == nil {
		return r, nil
	}
	sealed, err := m.cfg.Sealer.Seal(r.message, sealContext(r.queue, r.seq))
	if err != nil {
		return row{}, fmt.Errorf("seal a message for %s: %w", r.queue, err)
	}
	r.message = sealed
	return r, nil
}

func (m *Manager) unseal(r row) (*stored, error) {
	q := m.queues[r.queue]
	if q == nil {
		return nil, fmt.Errorf("queues.db has a message for a queue %s that it does not define", r.queue)
	}
	plain := r.message
	if m.cfg.Sealer != nil {
		var err error
		if plain, err = m.cfg.Sealer.Open(r.message, sealContext(r.queue, r.seq)); err != nil {
			return nil, fmt.Errorf("message %d of queue %s cannot be opened: %w; restore the keys that sealed it", r.seq, r.queue, err)
		}
	}
	in := reader{b: plain}
	s := &stored{seq: r.seq, queue: q, m: in.message(), arrived: time.UnixMilli(r.arrived).UTC()}
	if err := in.end(); err != nil {
		return nil, fmt.Errorf("message %d of queue %s cannot be read: %w", r.seq, r.queue, err)
	}
	if s.m.Priority < 0 || s.m.Priority > 9 {
		return nil, fmt.Errorf("message %d of queue %s cannot be read: its priority is out of range", r.seq, r.queue)
	}
	s.m.BackoutCount = r.backouts
	if r.expires != 0 {
		s.expires = time.UnixMilli(r.expires).UTC()
	}
	return s, nil
}

// Queues returns the names of all queues, sorted; aliases are not among them.
func (m *Manager) Queues() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	names := make([]string, 0, len(m.queues))
	for name := range m.queues {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Connect opens a connection within the process. Poison that kills the process while a unit of work of
// such a connection holds it is found out at the next Open.
func (m *Manager) Connect() mq.Conn {
	c := m.connect("portage", true)
	if m.cfg.Faults {
		return unreliable{c}
	}
	return c
}

// Dial is Connect as an mq.Dial; it fails once the Manager is closed.
func (m *Manager) Dial(ctx context.Context) (mq.Conn, error) {
	m.mu.Lock()
	closed := m.closed
	m.mu.Unlock()
	switch {
	case closed:
		return nil, mq.Failed("connect", "", mq.RCQMgrNotAvailable, "the queue manager has ended")
	case m.quiescing.Load():
		return nil, quiescing("connect", "")
	}
	c := m.connect("portage", true)
	if !m.cfg.Faults {
		return c, nil
	}
	u := unreliable{c}
	if _, err := u.strike(ctx, "connect", ""); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return u, nil
}

// Close backs out all units of work, writes what waits and lets go of the directory. Connections then
// return 2162.
func (m *Manager) Close() error {
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		return nil
	}
	m.closed = true
	conns := make([]*conn, 0, len(m.conns))
	for c := range m.conns {
		conns = append(conns, c)
	}
	m.mu.Unlock()
	for _, c := range conns {
		c.Close()
	}
	return m.release()
}

// release closes what is open, in the order that keeps the lock longest.
func (m *Manager) release() error {
	var err error
	if m.writer != nil {
		m.writer.close()
	}
	if m.store != nil {
		err = errors.Join(err, m.store.close())
	}
	if m.held != nil {
		err = errors.Join(err, m.held.close())
	}
	if m.lock != nil {
		err = errors.Join(err, m.lock.Close())
	}
	return err
}
