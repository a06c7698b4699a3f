package audit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
)

// maxBatch is how many waiting entries are written and synced together.
const maxBatch = 256

// errClosed is what Append says after Close.
var errClosed = errors.New("the audit is closed")

// chain is one hash-chained sequence of segments. One goroutine writes; what waits while it syncs is
// written with the next sync.
type chain struct {
	dir        string
	name       string
	maxSegment int64
	openFile   func(string) (appendFile, error)
	waiting    chan *waiter
	stop       chan struct{}
	stopped    chan struct{}

	mu   sync.Mutex
	head Head  // the last confirmed entry
	size int64 // of the confirmed bytes in the newest segment
	// failure is why the last write was refused; nil after a good one.
	failure error
	// damage is why the chain takes no entry at all.
	damage error

	// The writer's own.
	path string // the newest segment; "" before the first
	file appendFile
	// doubtful says that bytes after size may stand in the newest segment.
	doubtful bool
}

// waiter is an entry on its way to the disk.
type waiter struct {
	entry Entry
	err   error
	done  chan struct{}
	taken atomic.Bool // by the writer, or by the one who gave up waiting
}

// openChain reads where the chain in dir ends, and starts its writer. A chain that is not in order gets
// its damage set.
func openChain(c Config, dir, name string) (*chain, error) {
	ch := &chain{
		dir: dir, name: name, maxSegment: c.MaxSegment, openFile: c.openFile,
		waiting: make(chan *waiter, maxBatch), stop: make(chan struct{}), stopped: make(chan struct{}),
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if err := ch.resume(); err != nil {
		var damage *Damage
		if !errors.As(err, &damage) {
			return nil, err
		}
		ch.damage = fmt.Errorf("the chain in %s is damaged: %w; keep the folder as evidence under another name, so that a new chain begins", dir, err)
	}
	go ch.write()
	return ch, nil
}

// resume finds the end of the chain: from the newest segment alone if the head file allows it.
func (c *chain) resume() error {
	segments, err := listSegments(c.dir)
	if err != nil {
		return err
	}
	head, found, err := readHead(c.dir)
	if errors.Is(err, errHeadUnreadable) {
		return &Damage{File: headName, Reason: err.Error()}
	}
	if err != nil {
		return err
	}
	c.head = Head{Chain: c.name, Hash: zeroHash}
	if len(segments) == 0 {
		if found && head.Seq > 0 {
			return &Damage{Seq: 1, File: headName, Reason: fmt.Sprintf("entries 1 to %d are missing", head.Seq)}
		}
		return nil
	}
	newest := segments[len(segments)-1]
	w := newWalk(c.dir)
	if found && head.Seq > 0 && head.Seq+1 == newest.first {
		// The head is the last entry before the newest segment.
		w.last = Entry{Seq: head.Seq, Hash: head.Hash, Chain: head.Chain}
		c.size, err = w.segment(newest)
	} else {
		if found {
			w.expect = []Head{head}
		}
		c.size, err = c.walkAll(w, segments, head)
	}
	if err != nil {
		return err
	}
	if !found && w.last.Seq > 0 {
		return &Damage{Seq: w.last.Seq, File: headName, Reason: "the head file is missing"}
	}
	c.path = newest.path
	c.doubtful = w.torn > 0
	if w.last.Seq > 0 {
		c.name = w.last.Chain
		c.head = Head{Chain: w.last.Chain, Seq: w.last.Seq, Hash: w.last.Hash}
	}
	return nil
}

// walkAll starts at the segment that holds the head, or at the first one.
func (c *chain) walkAll(w *walk, segments []segment, head Head) (size int64, err error) {
	newest := segments[len(segments)-1]
	if head.Seq >= newest.first && newest.first > 1 {
		// What comes before the newest segment is left to Verify; its first line says what it follows.
		prev, err := firstPrev(newest)
		if err != nil {
			return 0, err
		}
		w.last = Entry{Seq: newest.first - 1, Hash: prev.Prev, Chain: prev.Chain}
		segments = segments[len(segments)-1:]
	}
	if err := w.all(segments); err != nil {
		return 0, err
	}
	if err := w.finish(); err != nil {
		return 0, err
	}
	info, err := os.Stat(newest.path)
	if err != nil {
		return 0, err
	}
	return info.Size() - w.torn, nil
}

func firstPrev(s segment) (Entry, error) {
	var first Entry
	stop := errors.New("enough")
	_, _, err := scanLines(s.path, func(line []byte, _ int64) error {
		e, err := parseLine(line)
		if err != nil {
			return &Damage{Seq: s.first, File: filepath.Base(s.path), Line: 1, Reason: err.Error()}
		}
		first = e
		return stop
	})
	if err == nil {
		err = &Damage{Seq: s.first, File: filepath.Base(s.path), Reason: "the file holds no entry, and the head says it does"}
	}
	if errors.Is(err, stop) {
		err = nil
	}
	return first, err
}

// append hands the entry to the writer and waits until it is on disk. If ctx ends first, the entry is
// withdrawn; if it is too late for that, the error says so.
func (c *chain) append(ctx context.Context, e Entry) (Entry, error) {
	if err := ctx.Err(); err != nil {
		return Entry{}, err
	}
	w := &waiter{entry: e, done: make(chan struct{})}
	select {
	case c.waiting <- w:
	case <-c.stop:
		return Entry{}, errClosed
	case <-ctx.Done():
		return Entry{}, fmt.Errorf("the disk is slow: %w", ctx.Err())
	}
	select {
	case <-w.done:
		return w.entry, w.err
	case <-ctx.Done():
		if w.taken.CompareAndSwap(false, true) {
			return Entry{}, fmt.Errorf("the disk is slow: %w", ctx.Err())
		}
		return Entry{}, fmt.Errorf("the disk is slow, and the entry may be written or not: %w", ctx.Err())
	case <-c.stopped:
		// The writer may have dealt with it just before it stopped.
		select {
		case <-w.done:
			return w.entry, w.err
		default:
			return Entry{}, errClosed
		}
	}
}

// write is the writer.
func (c *chain) write() {
	defer close(c.stopped)
	for {
		select {
		case <-c.stop:
			if c.file != nil {
				c.file.Close()
			}
			return
		case w := <-c.waiting:
			c.commit(c.collect(w))
		}
	}
}

// collect takes what waits beside the first, without waiting for more.
func (c *chain) collect(first *waiter) []*waiter {
	var batch []*waiter
	for w := first; ; {
		if w.taken.CompareAndSwap(false, true) {
			batch = append(batch, w)
		}
		if len(batch) == maxBatch {
			return batch
		}
		select {
		case w = <-c.waiting:
		default:
			return batch
		}
	}
}

// commit makes the batch durable, or none of it, and tells each waiter.
func (c *chain) commit(batch []*waiter) {
	if len(batch) == 0 {
		return
	}
	head, size, err := c.put(batch)
	c.mu.Lock()
	c.failure = err
	if err == nil {
		c.head, c.size = head, size
	}
	c.mu.Unlock()
	for _, w := range batch {
		w.err = err
		close(w.done)
	}
}

// put writes the batch's lines and then the head file. After an error the newest segment may hold lines
// behind size that nobody was told of: the next put cuts them off first. It is the cut that makes going on
// after a failed fsync sound, since whatever the kernel dropped lay behind it.
func (c *chain) put(batch []*waiter) (head Head, size int64, err error) {
	if c.damage != nil {
		return head, 0, c.damage
	}
	head, size = c.head, c.size
	var lines []byte
	for _, w := range batch {
		w.entry.Seq, w.entry.Chain, w.entry.Prev = head.Seq+1, c.name, head.Hash
		if lines, err = appendLine(lines, &w.entry); err != nil {
			return head, 0, err
		}
		head = Head{Chain: c.name, Seq: w.entry.Seq, Hash: w.entry.Hash}
	}
	if c.path == "" || size > 0 && size+int64(len(lines)) > c.maxSegment {
		if err := c.begin(batch[0].entry.Seq); err != nil {
			return head, 0, err
		}
		size = 0
	}
	if err := c.ready(size); err != nil {
		return head, 0, err
	}
	c.doubtful = true
	if _, err := c.file.Write(lines); err != nil {
		return head, 0, err
	}
	if err := c.file.Sync(); err != nil {
		return head, 0, err
	}
	if err := writeHead(c.openFile, c.dir, head); err != nil {
		return head, 0, err
	}
	c.doubtful = false
	return head, size + int64(len(lines)), nil
}

// begin makes the segment whose first entry is first the newest one. An earlier try may have left the
// file, with nothing in it that anybody was told of.
func (c *chain) begin(first uint64) error {
	path := filepath.Join(c.dir, segmentName(first))
	if c.file != nil {
		c.file.Close()
		c.file = nil
	}
	if first == 1 {
		// So that a chain with entries and without a head file is always a damaged one.
		if err := writeHead(c.openFile, c.dir, c.head); err != nil {
			return err
		}
	}
	f, err := c.openFile(path)
	if err != nil {
		return err
	}
	if err := syncDir(c.dir); err != nil {
		f.Close()
		return err
	}
	c.path, c.file, c.doubtful = path, f, true
	c.mu.Lock()
	c.size = 0
	c.mu.Unlock()
	return nil
}

// ready opens the newest segment and cuts off what follows its confirmed size.
func (c *chain) ready(size int64) error {
	if c.file != nil && !c.doubtful {
		return nil
	}
	if c.file != nil {
		c.file.Close()
		c.file = nil
	}
	f, err := c.openFile(c.path)
	if err != nil {
		return err
	}
	if info, err := os.Stat(c.path); err != nil || info.Size() < size {
		f.Close()
		return fmt.Errorf("the newest file of the audit is gone or shorter than it was")
	}
	if err := os.Truncate(c.path, size); err != nil {
		f.Close()
		return err
	}
	if err := f.Sync(); err != nil {
		f.Close()
		return err
	}
	c.file, c.doubtful = f, false
	return nil
}

func (c *chain) lastHead() Head {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.head
}

// trouble returns why the chain takes no entries, and whether that is for good.
func (c *chain) trouble() (err error, forGood bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.damage != nil {
		return c.damage, true
	}
	return c.failure, false
}

func (c *chain) close() {
	close(c.stop)
	<-c.stopped
}
