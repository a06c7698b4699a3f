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
and --kind.

--format csv has a column for each elementary COBOL field and each element of its tables, at their greatest.

"portage encode" with the same flags gives the records back. What JSON does not say comes back in its
canonical form: FILLER as spaces or zeros unless --fillers keep, signs as C, D and F, spaces behind text,
blocks of VB filled up to --blksize, zeros for skipped bytes. RDWs, lengths and all values are the same.

Exit codes: 0 done; 1 a record was refused; 2 usage, copybook or mapping; 3 input or output.`,
		Example: `  portage decode -c builtin:OASMSTR --recfm VB -i extract.vb -o extract.jsonl
  portage decode -c CUSTOMER.cpy --lrecl 500 < customers.bin | jq .
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
	p := &pipeline{
		next: func() ([]byte, int64, error) {
			b, err := reader.Next()
			return b, reader.Offset(), readError(err)
		},
		worker: func() func(dst, record []byte) ([]byte, error) { return jsonLines(view) },
		emit:   fs.emit,
		refuse: f.refuser(fs, recordLetter), seen: seen, jobs: f.jobs, limit: f.limit,
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
	if e := new(exitError); emitted == 0 && !cmd.Flags().Changed("recfm") && errors.As(err, &e) && e.code == exitNo {
		e.err = fmt.Errorf("%w\n  is the record format right? try: --recfm auto", e.err)
	}
	return f.result(emitted, refused, err)
}

// jsonLines returns what makes a line of JSON of a record.
func jsonLines(view *mapping.View) func(dst, record []byte) ([]byte, error) {
	d := view.Decoder()
	return func(dst, record []byte) ([]byte, error) {
		r, err := d.Decode(record)
		if err != nil {
			return dst, err
		}
		dst, err = view.AppendJSON(dst, r)
		return append(dst, '\n'), err
	}
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
