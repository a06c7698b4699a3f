package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
)

// standardOutput is standard output, and remembers that it could not be written.
type standardOutput struct {
	w   io.Writer
	err error
}

// Write implements io.Writer.
func (o *standardOutput) Write(b []byte) (int, error) {
	n, err := o.w.Write(b)
	if err != nil && o.err == nil {
		o.err = err
	}
	return n, err
}

// result is a command's error: that of its output before any other, since nobody saw what it had to say. A command
// that lasts, and was told to stop, ends well all the same.
func (o *standardOutput) result(cmd *cobra.Command, err error) error {
	if o.err == nil || errors.Is(err, context.Canceled) && lasting[cmd.Name()] {
		return err
	}
	return &exitError{exitIO, fmt.Errorf("write standard output: %w", o.err)}
}

// stdin is a command's standard input. Reading it ends when the command is interrupted.
func stdin(cmd *cobra.Command) io.Reader {
	return &interruptible{ctx: cmd.Context(), src: cmd.InOrStdin()}
}

// interruptible ends a Read that waits, on a terminal or a pipe, once its context is done. The read below it is then left
// to the end of the process. It is for use by one goroutine.
type interruptible struct {
	ctx  context.Context
	src  io.Reader
	buf  []byte
	rest []byte // of buf, not yet handed out
	err  error  // behind rest
}

const interruptibleBuffer = 64 << 10

// Read implements io.Reader.
func (r *interruptible) Read(p []byte) (int, error) {
	if len(r.rest) == 0 && r.err == nil && len(p) > 0 {
		if err := r.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.rest)
	if r.rest = r.rest[n:]; len(r.rest) == 0 {
		return n, r.err
	}
	return n, nil
}

// fill reads once. The error is why it did not wait for that.
func (r *interruptible) fill() error {
	if r.buf == nil {
		r.buf = make([]byte, interruptibleBuffer)
	}
	type reading struct {
		n   int
		err error
	}
	buf, done := r.buf, make(chan reading, 1)
	go func() {
		n, err := r.src.Read(buf)
		done <- reading{n, err}
	}()
	select {
	case got := <-done:
		r.rest, r.err = buf[:got.n], got.err
		return nil
	case <-r.ctx.Done():
		r.buf, r.err = nil, context.Cause(r.ctx) // the buffer is the other goroutine's now
		return r.err
	}
}

// openInput opens a file to read. A named pipe waits for who writes it, until the context is done, and what it reads
// from ends with the context, too.
func openInput(ctx context.Context, name string) (io.ReadCloser, os.FileInfo, error) {
	type opening struct {
		file *os.File
		err  error
	}
	done := make(chan opening, 1)
	go func() {
		file, err := os.Open(name)
		done <- opening{file, err}
	}()
	var file *os.File
	select {
	case o := <-done:
		if o.err != nil {
			return nil, nil, o.err
		}
		file = o.file
	case <-ctx.Done():
		return nil, nil, context.Cause(ctx)
	}
	info, err := file.Stat()
	if err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}
	if info.Mode().IsRegular() {
		return file, info, nil
	}
	return struct {
		io.Reader
		io.Closer
	}{&interruptible{ctx: ctx, src: file}, file}, info, nil
}
