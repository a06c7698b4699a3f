package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/portage-gateway/portage/copybooks/mapping"
	"github.com/portage-gateway/portage/copybooks/recfm"
)

func newDecode() *cobra.Command {
	f := &recordFlags{}
	form := ""
	cmd := &cobra.Command{
		Use:   "decode --copybook FILE [--input FILE] [--output FILE]",
		Short: "Turn records into JSON, one object a line",
		Long: `Reads records, decodes each by its copybook, and writes one JSON object a line, in the order of the
input. Input packed by gzip, bzip2 or zstd is unpacked.

Groups are objects, tables are arrays, names are lowerCamel. Decimals are strings that keep every digit
("729.00"), integers up to 15 digits are numbers. Text loses its padding; numbers that hold only spaces or
low-values are null. A mapping file shapes all of this further. --recfm auto says on standard error what it
found. With several records in a copybook, kinds say which one a record is: the mapping's, or --kind-field
and --kind. Records of varying length that stand without RDWs, one after the other, are cut by the counters of
their tables with --lrecl counted.

--format csv has a column for each elementary COBOL field and each element of its tables, at their greatest.

"portage encode" with the same flags gives the records back. What JSON does not say comes back in its
canonical form: FILLER as spaces or zeros unless --fillers keep, signs as C, D and F, spaces behind text,
blocks of VB filled up to --blksize, zeros for skipped bytes. RDWs, lengths and all values are the same.

Exit codes: 0 done; 1 a record was refused; 2 usage, copybook or mapping; 3 input or output.`,
		Example: `  portage decode -c builtin:OASMSTR --recfm VB -i extract.vb -o extract.jsonl
  portage decode -c CUSTOMER.cpy --lrecl 500 < customers.bin | jq .
  portage decode -c POLICY.cpy --lrecl counted < unloaded.bin
  portage decode -c EXPORT.cpy --kind-field REC-TYPE --kind C=CUSTOMER --kind A,B=ACCOUNT < export.bin
  portage decode -c builtin:OASMSTR --recfm auto --dead-letters refused.jsonl -i extract.vb.gz`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := oneOf("format", form, "jsonl", "csv"); err != nil {
				return err
			}
			return f.decode(cmd, form == "csv")
		},
	}
	f.register(cmd)
	cmd.Flags().StringVar(&form, "format", "jsonl", "jsonl|csv: the form of the output")
	return cmd
}

// decode carries records from the input to JSON or CSV lines.
func (f *recordFlags) decode(cmd *cobra.Command, asCSV bool) (err error) {
	view, err := f.compile(cmd)
	if err != nil {
		return err
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
	if h != nil && asCSV {
		return &exitError{exitUsage, errors.New("--child nests records: CSV has no place for that")}
	}
	p := &pipeline{jobs: f.jobs, limit: f.limit}
	fs.live(p.idle)
	reader, err := recfm.NewReader(fs.in, f.format)
	if err != nil {
		return readError(err)
	}
	if f.format.Recfm == recfm.Auto {
		fmt.Fprintln(cmd.ErrOrStderr(), "portage: found "+reader.Guess().String())
	}
	if reader.Packed() != "" {
		fs.size = -1
	}
	seen, stop := progress(cmd, "decode", fs.size)
	p.next = func() ([]byte, int64, error) {
		b, err := reader.Next()
		return b, reader.Offset(), readError(err)
	}
	p.worker = func() func(dst, record []byte) ([]byte, error) { return jsonLines(view, h) }
	p.emit, p.flush, p.seen, p.refuse = fs.emit, fs.flush, seen, f.refuser(fs, recordLetter)
	finish := func() error { return nil }
	if h != nil {
		finish = p.nest(cmd, view, h)
	}
	if asCSV {
		table := newTable(view, f.view.Fillers, f.view.Invalid)
		if err := fs.emit(table.header()); err != nil {
			return err
		}
		p.worker = table.rows
	}
	emitted, refused, err := p.run(cmd.Context())
	stop()
	if err == nil {
		err = finish()
	}
	if e := new(exitError); emitted == 0 && !cmd.Flags().Changed("recfm") && errors.As(err, &e) && e.code == exitNo {
		e.err = fmt.Errorf("%w\n  is the record format right? try: --recfm auto%s", e.err, f.orCounted(view))
	}
	return f.result(emitted, refused, err)
}

// jsonLines returns what makes a line of JSON of a record, its kind in two bytes before it if there is a hierarchy.
func jsonLines(view *mapping.View, h *hierarchy) func(dst, record []byte) ([]byte, error) {
	d := view.Decoder()
	return func(dst, record []byte) ([]byte, error) {
		r, err := d.Decode(record)
		if err != nil {
			return dst, err
		}
		if h != nil {
			kind, ok := h.kindOf(r)
			if !ok {
				return dst, fmt.Errorf("%s: no kind for --child", r.Layout().Name())
			}
			dst = append(dst, byte(kind>>8), byte(kind))
		}
		dst, err = view.AppendJSON(dst, r)
		return append(dst, '\n'), err
	}
}

// nest puts a nester between the pipeline and its output, and returns what ends its work.
func (p *pipeline) nest(cmd *cobra.Command, view *mapping.View, h *hierarchy) (finish func() error) {
	n := &nester{h: h, emit: p.emit}
	p.emit = n.add
	if refuse, d := p.refuse, view.Decoder(); refuse != nil {
		p.refuse = func(number, offset int64, record []byte, err error) error {
			kind, known := 0, false
			if r, err := d.Decode(record); err == nil {
				kind, known = h.kindOf(r)
			}
			return errors.Join(n.lost(kind, known), refuse(number, offset, record, err))
		}
	}
	return func() error {
		if n.mixed > 0 {
			fmt.Fprintf(cmd.ErrOrStderr(), "portage: %d children stand behind one of another kind: encode writes each kind together\n", n.mixed)
		}
		return n.flush()
	}
}

// flush hands on what was written.
func (fs *files) flush() error {
	if err := fs.out.Flush(); err != nil {
		return &exitError{exitIO, fmt.Errorf("write: %w", err)}
	}
	return nil
}

// emit writes translated records.
func (fs *files) emit(b []byte) error {
	if _, err := fs.out.Write(b); err != nil {
		return &exitError{exitIO, fmt.Errorf("write: %w", err)}
	}
	return nil
}

// readError gives an error of the record format its exit code. io.EOF stays as it is.
func readError(err error) error {
	e := new(recfm.Error)
	switch {
	case err == nil, err == io.EOF:
		return err
	case errors.As(err, &e) && e.Reason != "read":
		return &exitError{exitNo, err}
	case errors.As(err, &e):
		return &exitError{exitIO, err}
	}
	return &exitError{exitUsage, err}
}
