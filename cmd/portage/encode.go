package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/portage-gateway/portage/copybooks"
	"github.com/portage-gateway/portage/copybooks/mapping"
	"github.com/portage-gateway/portage/copybooks/recfm"
)

// maxLine bounds one line of JSON, in bytes.
const maxLine = 64 << 20

func newEncode() *cobra.Command {
	f := &recordFlags{}
	cmd := &cobra.Command{
		Use:   "encode --copybook FILE [--input FILE] [--output FILE]",
		Short: "Turn JSON, one object a line, into records",
		Long: `Reads one JSON object a line, as "portage decode" writes them, and writes records, in the order of
the input. The flags mean what they mean for decode; use the same ones to get the same bytes back.

What the JSON does not say is written in its canonical form: FILLER as spaces or zeros, signs as C, D and
F, spaces behind text, blocks of VB and VBS filled up to --blksize, zeros where bytes are skipped. A value
that does not fit its field is refused: nothing is cut off or rounded.

Exit codes: 0 done; 1 a line was refused; 2 usage, copybook or mapping; 3 input or output.`,
		Example: `  portage encode -c builtin:OASMSTR --recfm VB -i extract.jsonl -o extract.vb
  portage decode -c CUSTOMER.cpy < customers.bin | portage encode -c CUSTOMER.cpy | cmp - customers.bin`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.encode(cmd) },
	}
	f.register(cmd)
	return cmd
}

// encode carries JSON lines to records.
func (f *recordFlags) encode(cmd *cobra.Command) (err error) {
	view, err := f.compile(cmd)
	if err != nil {
		return err
	}
	if f.format.Recfm == recfm.Auto {
		return &exitError{exitUsage, errors.New("--recfm auto looks at records; say which format to write")}
	}
	fs, err := f.open(cmd)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, fs.close()) }()
	h, err := f.hierarchy(view)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	writer, err := recfm.NewWriter(fs.out, f.format)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	seen, stop := progress(cmd, "encode", fs.size)
	var written int64
	p := &pipeline{
		worker: func() func(dst, line []byte) ([]byte, error) {
			e := view.Encoder()
			return func(dst, line []byte) ([]byte, error) {
				out, err := e.Append(dst, line, nil)
				return out, f.kindMissing(err)
			}
		},
		emit: func(record []byte) error {
			if err := writeRecord(writer, record); err != nil {
				return err
			}
			written++
			return nil
		},
		refuse: f.refuser(fs, lineLetter), seen: seen, jobs: f.jobs, limit: f.limit,
	}
	fs.live(p.idle)
	p.next = lines(fs.in)
	p.flush = func() error {
		if err := writer.Flush(); err != nil {
			return &exitError{exitIO, err}
		}
		return fs.flush()
	}
	if h != nil {
		p.next = h.flatten(p.next)
	}
	_, refused, err := p.run(cmd.Context())
	stop()
	if err == nil {
		if err = writer.Close(); err != nil {
			err = &exitError{exitIO, err}
		}
	}
	return f.result(written, refused, err)
}

// writeRecord writes one record: one that the format cannot hold is the data's fault.
func writeRecord(w *recfm.Writer, record []byte) error {
	err := w.Write(record)
	if e := new(recfm.Error); errors.As(err, &e) {
		return &exitError{exitNo, err}
	}
	if err != nil {
		return &exitError{exitIO, err}
	}
	return nil
}

// kindMissing says what to do where nothing in a line says which record it is.
func (f *recordFlags) kindMissing(err error) error {
	e := new(mapping.ValueError)
	if errors.As(err, &e) && e.Pointer == "" && e.Reason == copybooks.UnknownKind.String() {
		return &kindError{e}
	}
	return err
}

// kindError is a ValueError about the whole line, which has no pointer.
type kindError struct{ err *mapping.ValueError }

// Error says what was found, and what to do.
func (e *kindError) Error() string {
	return fmt.Sprintf("%s: %v\n  the line needs a member for that field: it is missing, holds a value of no kind, or the field is FILLER or omitted and needs a place (mapping: fields: NAME: {to: kind})",
		e.err.Reason, e.err.Err)
}

// Unwrap returns the cause.
func (e *kindError) Unwrap() error { return e.err }

// lines returns what reads one line after the other, blank ones left out.
func lines(src io.Reader) func() ([]byte, int64, error) {
	r := bufio.NewReaderSize(src, 64<<10)
	var long []byte
	offset := int64(0)
	return func() ([]byte, int64, error) {
		for {
			start := offset
			long = long[:0]
			line, err := r.ReadSlice('\n')
			for err == bufio.ErrBufferFull {
				if long = append(long, line...); len(long) > maxLine {
					return nil, start, &exitError{exitNo, fmt.Errorf("the line at byte %d is longer than %d bytes", start, maxLine)}
				}
				line, err = r.ReadSlice('\n')
			}
			if len(long) > 0 {
				long = append(long, line...)
				line = long
			}
			offset += int64(len(line))
			if err != nil && err != io.EOF {
				return nil, start, &exitError{exitIO, fmt.Errorf("read at byte %d: %w", offset, err)}
			}
			if line = bytes.TrimSpace(line); len(line) > 0 {
				return line, start, nil
			}
			if err == io.EOF {
				return nil, start, io.EOF
			}
		}
	}
}
