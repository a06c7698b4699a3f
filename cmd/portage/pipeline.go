package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/portage-gateway/portage/copybooks"
	"github.com/portage-gateway/portage/copybooks/mapping"
)

// A batch is as many records as one worker takes at once: enough to make handing over cheap.
const (
	batchRecords = 512
	batchBytes   = 256 << 10
)

// pipeline carries records from a source through workers to a sink, in their order.
type pipeline struct {
	// next returns the next record, lent until the next call, and where it begins. io.EOF ends the work; any
	// other error too, and is reported.
	next func() (record []byte, offset int64, err error)
	// worker returns what one goroutine translates records by. It appends to dst; an error refuses the record.
	worker func() func(dst, record []byte) ([]byte, error)
	// emit takes the translated records in the order of their sources.
	emit func(out []byte) error
	// refuse takes a refused record; nil: the first one ends the work.
	refuse func(n, offset int64, record []byte, err error) error
	// flush hands on what emit has kept back; called when the input pauses. May be nil.
	flush func() error
	// seen is told the offset up to which the input is dealt with; may be nil.
	seen  func(offset int64)
	waits func() // set by read
	jobs  int
	// limit is how many records are taken; 0: all.
	limit int64
}

// batch is a run of records on its way. Each record is in[ends[i-1]:ends[i]].
type batch struct {
	first   int64 // number of the first record
	in, out []byte
	ends    []int
	offsets []int64
	paused  bool  // the input waits behind the last record
	outs    []int // as ends, in out
	faults  []error
	err     error // of the source, behind the last record
	done    chan struct{}
}

// run does the work. It returns how many records were emitted and refused. When it ends early, the source may
// still be waiting for input: it is left to the end of the process.
func (p *pipeline) run(ctx context.Context) (emitted, refused int64, err error) {
	if p.jobs <= 0 {
		p.jobs = runtime.GOMAXPROCS(0)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	work, order := make(chan *batch), make(chan *batch, 2*p.jobs)
	free := sync.Pool{New: func() any { return &batch{} }}
	go p.read(ctx, &free, work, order)
	for range p.jobs {
		go func(translate func(dst, record []byte) ([]byte, error)) {
			for b := range work {
				p.translate(b, translate)
			}
		}(p.worker())
	}
	for b := range order {
		select {
		case <-b.done:
		case <-ctx.Done():
			return emitted, refused, context.Cause(ctx)
		}
		e, r, err := p.settle(b)
		emitted, refused = emitted+e, refused+r
		if err != nil {
			return emitted, refused, err
		}
		free.Put(b)
	}
	return emitted, refused, context.Cause(ctx)
}

// read fills batches and hands each to a worker and, in order, to the one that settles.
func (p *pipeline) read(ctx context.Context, free *sync.Pool, work, order chan<- *batch) {
	defer close(order)
	defer close(work)
	n := int64(1)
	fresh := func() *batch {
		b := free.Get().(*batch)
		*b = batch{first: n, in: b.in[:0], out: b.out[:0], ends: b.ends[:0], offsets: b.offsets[:0], outs: b.outs[:0],
			faults: b.faults[:0], done: make(chan struct{})}
		return b
	}
	hand := func(b *batch) bool {
		for _, c := range []chan<- *batch{order, work} {
			select {
			case c <- b:
			case <-ctx.Done():
				return false
			}
		}
		return true
	}
	b := fresh()
	p.waits = func() {
		if len(b.ends) > 0 {
			b.paused = true
			hand(b) // if it fails, the work is over, and next batch fails, too
			b = fresh()
		}
	}
	for {
		for len(b.ends) < batchRecords && len(b.in) < batchBytes && b.err == nil {
			if p.limit > 0 && n > p.limit {
				b.err = io.EOF
				break
			}
			record, offset, err := p.next()
			if err != nil {
				b.err = err
				break
			}
			b.in = append(b.in, record...)
			b.ends, b.offsets = append(b.ends, len(b.in)), append(b.offsets, offset)
			n++
		}
		if end := b.err != nil; !hand(b) || end {
			return
		}
		b = fresh()
	}
}

// idle is called by the source, from within next, before it waits for more input: what was read so far goes on its
// way.
func (p *pipeline) idle() {
	if p.waits != nil {
		p.waits()
	}
}

// translate does a batch's work. It stops at the first fault if that ends all work.
func (p *pipeline) translate(b *batch, translate func(dst, record []byte) ([]byte, error)) {
	defer close(b.done)
	start := 0
	for _, end := range b.ends {
		out, err := translate(b.out, b.in[start:end])
		start = end
		if err == nil {
			b.out = out
		}
		b.outs, b.faults = append(b.outs, len(b.out)), append(b.faults, err)
		if err != nil && p.refuse == nil {
			return
		}
	}
}

// settle emits a batch's records and refuses the others.
func (p *pipeline) settle(b *batch) (emitted, refused int64, err error) {
	in, out := 0, 0
	for i, fault := range b.faults {
		n := b.first + int64(i)
		if fault == nil {
			err = p.emit(b.out[out:b.outs[i]])
			if r := new(refusal); errors.As(err, &r) {
				fault, err = r.err, nil
			}
		}
		switch {
		case fault == nil:
			emitted++
		case p.refuse == nil:
			return emitted, 1, &exitError{exitNo, fmt.Errorf("record %d at byte %d: %w", n, b.offsets[i], fault)}
		default:
			err = p.refuse(n, b.offsets[i], b.in[in:b.ends[i]], fault)
			refused++
		}
		if err != nil {
			return emitted, refused, err
		}
		in, out = b.ends[i], b.outs[i]
	}
	if p.seen != nil && len(b.offsets) > 0 {
		p.seen(b.offsets[len(b.offsets)-1])
	}
	if b.paused && p.flush != nil {
		if err := p.flush(); err != nil {
			return emitted, refused, err
		}
	}
	if b.err != nil && b.err != io.EOF {
		return emitted, refused, b.err
	}
	return emitted, refused, nil
}

// deadLetter is one line of the file of --dead-letters.
type deadLetter struct {
	Record int64  `json:"record"`
	Byte   int64  `json:"byte"`
	Reason string `json:"reason"`
	Field  string `json:"field,omitempty"`
	// Pointer is the place of the value in the JSON text.
	Pointer string `json:"pointer,omitempty"`
	Offset  *int   `json:"offset,omitempty"`
	Size    *int   `json:"size,omitempty"`
	Error   string `json:"error"`
	// Hex is a refused record as it was, in hexadecimal digits; Line is a refused line.
	Hex  string `json:"hex,omitempty"`
	Line string `json:"line,omitempty"`
}

// recordLetter keeps a refused record.
func recordLetter(record []byte, err error) deadLetter {
	d := letter(err)
	d.Hex = hex.EncodeToString(record)
	return d
}

// lineLetter keeps a refused line of JSON.
func lineLetter(line []byte, err error) deadLetter {
	d := letter(err)
	d.Line = string(line)
	return d
}

func letter(err error) deadLetter {
	d := deadLetter{Reason: "refused", Error: err.Error()}
	field, value, syntax := new(copybooks.FieldError), new(mapping.ValueError), new(mapping.SyntaxError)
	if errors.As(err, &value) {
		d.Reason, d.Pointer = value.Reason, value.Pointer
	}
	if errors.As(err, &syntax) {
		d.Reason = "json"
	}
	if errors.As(err, &field) {
		d.Reason, d.Field, d.Offset, d.Size = field.Reason, field.Path, &field.Offset, &field.Size
	}
	return d
}

// pausing is input that says when it is about to wait: the file is no regular one, and all that came was read.
type pausing struct {
	io.ReadCloser
	waits func()
}

// Read implements io.Reader.
func (p *pausing) Read(b []byte) (int, error) {
	p.waits()
	return p.ReadCloser.Read(b)
}

// live makes the input tell p before it waits, unless it is a regular file.
func (fs *files) live(p func()) {
	if fs.size < 0 {
		fs.in = &pausing{fs.in, p}
	}
}

// files are what a command reads and writes.
type files struct {
	in      io.ReadCloser
	out     *bufio.Writer
	dead    *json.Encoder
	size    int64 // of the input; -1: unknown
	closers []func() error
}

// open opens input, output and dead letters. Output and dead letters never overwrite the input.
func (f *recordFlags) open(cmd *cobra.Command) (*files, error) {
	fs := &files{in: io.NopCloser(stdin(cmd)), size: -1}
	var input os.FileInfo
	if f.input != "-" {
		var err error
		if fs.in, input, err = openInput(cmd.Context(), f.input); err != nil {
			return nil, &exitError{exitIO, fmt.Errorf("input: %w", err)}
		}
		if input.Mode().IsRegular() {
			fs.size = input.Size()
		}
	}
	create := func(what, name string, mode os.FileMode) (io.Writer, error) {
		if there, err := os.Stat(name); err == nil && input != nil && os.SameFile(there, input) {
			return nil, &exitError{exitUsage, fmt.Errorf("%s %s is the input", what, name)}
		}
		file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
		if err != nil {
			return nil, &exitError{exitIO, fmt.Errorf("%s: %w", what, err)}
		}
		fs.closers = append(fs.closers, file.Close)
		return file, nil
	}
	out := cmd.OutOrStdout()
	var err error
	if f.output != "-" {
		if out, err = create("output", f.output, 0o666); err != nil {
			return nil, errors.Join(err, fs.in.Close())
		}
	}
	fs.out = bufio.NewWriterSize(out, 64<<10)
	if f.deadLetters != "" {
		w, err := create("dead letters", f.deadLetters, 0o600)
		if err != nil {
			return nil, errors.Join(err, fs.close())
		}
		fs.dead = json.NewEncoder(w)
		fs.dead.SetEscapeHTML(false)
	}
	return fs, nil
}

// close flushes and closes everything.
func (fs *files) close() error {
	err := fs.out.Flush()
	for _, c := range fs.closers {
		err = errors.Join(err, c())
	}
	err = errors.Join(err, fs.in.Close())
	if err != nil {
		return &exitError{exitIO, fmt.Errorf("write: %w", err)}
	}
	return nil
}

// refuser returns what becomes of refused records; nil if the first one ends the work.
func (f *recordFlags) refuser(fs *files, letter func(content []byte, err error) deadLetter) func(n, offset int64, record []byte, err error) error {
	if f.onError == "stop" {
		return nil
	}
	return func(n, offset int64, record []byte, err error) error {
		if fs.dead == nil {
			return nil
		}
		d := letter(record, err)
		d.Record, d.Byte = n, offset
		if err := fs.dead.Encode(d); err != nil {
			return &exitError{exitIO, fmt.Errorf("dead letters: %w", err)}
		}
		return nil
	}
}

// result is the command's error for what was emitted and refused.
func (f *recordFlags) result(emitted, refused int64, err error) error {
	if err != nil || refused == 0 {
		return err
	}
	where := "name a file for them with --dead-letters"
	if f.deadLetters != "" {
		where = "they are in " + f.deadLetters
	}
	return &exitError{exitNo, fmt.Errorf("%d records went through, %d were refused\n  %s", emitted, refused, where)}
}

// progress returns what shows how far the input is read, on standard error and only if that is a terminal.
func progress(cmd *cobra.Command, what string, size int64) (seen func(int64), stop func()) {
	stderr, ok := cmd.ErrOrStderr().(*os.File)
	if !ok || !term.IsTerminal(int(stderr.Fd())) {
		return func(int64) {}, func() {}
	}
	bar := progressbar.NewOptions64(size, progressbar.OptionSetWriter(stderr), progressbar.OptionSetDescription(what),
		progressbar.OptionShowBytes(true), progressbar.OptionThrottle(100e6), progressbar.OptionClearOnFinish())
	return func(offset int64) { _ = bar.Set64(offset) }, func() { _ = bar.Finish() }
}
