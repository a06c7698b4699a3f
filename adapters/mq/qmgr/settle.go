package qmgr

import (
	"github.com/portage-gateway/portage/adapters/mq"
)

// settle makes a unit of work's puts visible and its gets final, after both are on the disk in one
// transaction. On an error neither is: the puts are gone, and the gets are back, or, if it is not
// known what the disk holds, out of sight until the next start reads it.
func (m *Manager) settle(op, queue string, puts, gets []*stored) error {
	m.mu.Lock()
	for _, s := range puts {
		m.seq++
		s.seq = m.seq
	}
	m.mu.Unlock()
	c := new(change)
	for _, s := range puts {
		if !s.m.Persistent {
			continue
		}
		r, err := m.seal(s)
		if err != nil {
			m.log.Error("a unit of work is backed out", "error", err)
			m.giveBack(puts, gets)
			return mq.Failed(op, queue, mq.RCBackedOut, "the messages could not be sealed: see the log")
		}
		c.inserts = append(c.inserts, r)
	}
	for _, s := range gets {
		if s.m.Persistent {
			c.deletes = append(c.deletes, s.seq)
		}
	}
	if err := m.writer.write(op, queue, c); err != nil {
		if !m.writer.isBroken() {
			m.giveBack(puts, gets)
		}
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range gets {
		m.drop(s)
	}
	for _, s := range puts {
		s.queue.show(s)
		if s.lost {
			s.queue.copiesLost++
		}
	}
	return nil
}

// giveBack backs out: puts never were, gets return to their old places with a higher BackoutCount,
// which is on the disk before another get can see them. An error says that it is not; the messages
// return all the same.
func (m *Manager) giveBack(puts, gets []*stored) error {
	m.mu.Lock()
	for _, s := range puts {
		m.drop(s)
	}
	c := new(change)
	for _, s := range gets {
		s.m.BackoutCount++
		if s.m.Persistent {
			c.backouts = append(c.backouts, hardened{s.seq, s.m.BackoutCount})
		}
	}
	m.mu.Unlock()
	err := m.writer.write("backout", "", c)
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range gets {
		s.queue.show(s)
	}
	return err
}

// drop forgets a message that is on no line. The caller holds m.mu.
func (m *Manager) drop(s *stored) {
	s.queue.depth--
	m.bytes -= int64(len(s.m.Body))
}

// discard removes messages whose time is over. The disk follows when it can: they stay expired until
// then. The caller holds m.mu.
func (m *Manager) discard(expired []*stored) {
	c := new(change)
	for _, s := range expired {
		s.queue.hide(s)
		m.drop(s)
		if s.m.Persistent {
			c.deletes = append(c.deletes, s.seq)
		}
	}
	if !c.empty() {
		m.writer.begin(c)
	}
}
