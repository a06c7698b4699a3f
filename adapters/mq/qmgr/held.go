package qmgr

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// heldFile remembers which messages a unit of work inside this process holds, so that a message that
// kills the process is found out: at the next Open each of them counts as backed out once.
//
// The file is written without fsync. That is enough: a dead process leaves its writes to the kernel, and
// when the whole machine goes down no message is to blame.
//
// It is an array of slots of 16 bytes: sequence of the message (0: free) and number of the unit of
// work, both big-endian. Safe for concurrent use.
type heldFile struct {
	mu   sync.Mutex
	f    *os.File
	free []int64
	size int64 // in slots
}

const slotSize = 16

// suspect is a message that was held when a process died; alone says that its unit of work held no other.
type suspect struct {
	seq   uint64
	alone bool
}

// openHeld opens the file and returns what the last process left in it.
func openHeld(dir string) (*heldFile, []suspect, error) {
	path := filepath.Join(dir, "queues.held")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("open %s: %w", path, err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("read %s: %w", path, err), f.Close())
	}
	return &heldFile{f: f}, suspects(b), nil
}

func suspects(b []byte) []suspect {
	type slot struct{ seq, unit uint64 }
	var slots []slot
	size := make(map[uint64]int)
	for ; len(b) >= slotSize; b = b[slotSize:] {
		s := slot{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])}
		if s.seq != 0 {
			slots = append(slots, s)
			size[s.unit]++
		}
	}
	var out []suspect
	for _, s := range slots {
		out = append(out, suspect{s.seq, size[s.unit] == 1})
	}
	return out
}

// forget empties the file, once its suspects are counted.
func (h *heldFile) forget() error { return h.f.Truncate(0) }

// hold notes a message and returns its slot.
func (h *heldFile) hold(seq, unit uint64) (int64, error) {
	h.mu.Lock()
	var slot int64
	if n := len(h.free); n > 0 {
		slot = h.free[n-1]
		h.free = h.free[:n-1]
	} else {
		slot = h.size
		h.size++
	}
	h.mu.Unlock()
	var b [slotSize]byte
	binary.BigEndian.PutUint64(b[:], seq)
	binary.BigEndian.PutUint64(b[8:], unit)
	_, err := h.f.WriteAt(b[:], slot*slotSize)
	return slot, err
}

// release frees a slot. An error only means that the message counts as held once too often.
func (h *heldFile) release(slot int64) error {
	var b [slotSize]byte
	_, err := h.f.WriteAt(b[:], slot*slotSize)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.free = append(h.free, slot)
	return err
}

func (h *heldFile) close() error { return h.f.Close() }
