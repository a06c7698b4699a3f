package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/portage-gateway/portage/copybooks"
	"github.com/portage-gateway/portage/copybooks/ebcdic"
	"github.com/portage-gateway/portage/copybooks/mapping"
	"github.com/portage-gateway/portage/copybooks/recfm"
)

// maxPiped is how much of standard input triage takes, in bytes: it must look at the end, too.
const maxPiped = 64 << 20

func newTriage() *cobra.Command {
	f, lang := &recordFlags{}, &language{}
	asJSON := false
	cmd := &cobra.Command{
		Use:   "triage FILE",
		Short: "Find out what a transfer did to a mainframe file, and how to send it again",
		Long: `Looks at the beginning, the middle and the end of a file, and names what transfers do to mainframe
data: packed numbers translated to ASCII, RDWs left out or doubled, newlines inserted, a wrong record length or
code page, ends cut off or filled up, blanks trimmed, and forms around the data such as gzip or base64. Each
finding says how sure it is, what was seen (counts and offsets, never content), which transfer setting did it,
and how to send the file again. "portage explain CODE" says that of a finding without a file.

Without a copybook triage looks at the bytes alone. With one it holds them against the fields, and finds more;
--recfm and --lrecl say what the dataset is on the mainframe. A finding is damage, or only another form that
decode can read as it is. FILE may be - for standard input, of which it takes 64 MiB.

Exit codes: 0 no damage found; 1 damage found; 2 usage or copybook; 3 input or output.`,
		Example: `  portage triage extract.bin
  portage triage -c builtin:OASMSTR --recfm VB extract.bin
  portage triage --lang fr extract.bin
  portage triage --json extract.bin | jq '.findings[].code'`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			french, err := lang.french()
			if err != nil {
				return err
			}
			d, err := f.triage(cmd, args[0])
			if err != nil {
				return err
			}
			words := wordsOfTriage(french)
			if d = d.In(words.language); asJSON {
				err = writeJSON(cmd.OutOrStdout(), d)
			} else {
				err = words.write(cmd.OutOrStdout(), args[0], d)
			}
			if err != nil {
				return &exitError{exitIO, fmt.Errorf("write: %w", err)}
			}
			if d.Damaged() {
				return &exitError{exitNo, nil}
			}
			return nil
		},
	}
	f.layoutFlags.register(cmd)
	f.registerKinds(cmd)
	flags := cmd.Flags()
	flags.StringArrayVarP(&f.copybooks, "copybook", "c", nil, copybookUsage)
	flags.StringVar((*string)(&f.format.Recfm), "recfm", "auto", "auto|F|FB|V|VB|VBS|VS|text: the dataset's record format")
	f.registerLength(cmd, "length of the dataset's fixed records in bytes, or counted: what the layout says with the counters that each record holds (default: the layout's)")
	flags.BoolVar(&asJSON, "json", false, "print the diagnosis as JSON")
	lang.register(cmd)
	return cmd
}

// triage opens the file and looks at it.
func (f *recordFlags) triage(cmd *cobra.Command, name string) (*recfm.Diagnosis, error) {
	known, err := f.known(cmd)
	if err != nil {
		return nil, err
	}
	src, size, err := sized(stdin(cmd), name)
	if err != nil {
		return nil, &exitError{exitIO, err}
	}
	if c, ok := src.(io.Closer); ok {
		defer c.Close()
	}
	d, err := recfm.Triage(src, size, known)
	if err != nil {
		return nil, &exitError{exitIO, err}
	}
	return d, nil
}

// sized opens a file whose length is known; - is read into memory.
func sized(stdin io.Reader, name string) (io.ReaderAt, int64, error) {
	if name == "-" {
		b, err := io.ReadAll(io.LimitReader(stdin, maxPiped+1))
		if err == nil && len(b) > maxPiped {
			err = fmt.Errorf("standard input is longer than %d bytes: name a file", maxPiped)
		}
		return bytes.NewReader(b), int64(len(b)), err
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, 0, fmt.Errorf("input: %w", err)
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("input %s is no regular file: name one, or - for standard input", name)
	}
	if err != nil {
		return nil, 0, errors.Join(err, file.Close())
	}
	return file, info.Size(), nil
}

// known returns what flags and copybooks say of the file.
func (f *recordFlags) known(cmd *cobra.Command) (recfm.Known, error) {
	lrecl, expected := f.format.Lrecl, f.format.Recfm
	r, err := recfm.ParseRecfm(string(expected))
	if err != nil {
		return recfm.Known{}, &exitError{exitUsage, fmt.Errorf("--recfm: %w", err)}
	}
	if lrecl < 0 {
		return recfm.Known{}, &exitError{exitUsage, errors.New("--lrecl takes no negative number")}
	}
	k := recfm.Known{Lrecl: lrecl, Counted: f.counted, Pages: triagePages(f.options.Codepage)}
	if r != recfm.Auto {
		k.Recfm = r
	}
	if len(f.copybooks) == 0 {
		return k, f.settle()
	}
	f.format.Recfm, f.format.Lrecl, f.counted = recfm.Auto, 0, false // the records may have any of the layouts' lengths
	f.rdw, f.newline, f.fillers, f.onError = "big", "lf", "drop", "stop"
	view, err := f.compile(cmd)
	if err != nil {
		return k, err
	}
	k.Kinds = recordKinds(view)
	if f.chooses {
		k.Length = recordLength(view)
	}
	return k, nil
}

// triagePages are the code pages that triage tells apart, the expected one first.
func triagePages(expected string) []recfm.Page {
	var pages []recfm.Page
	seen := map[string]bool{}
	for _, name := range []string{expected, "cp037", "cp1047", "cp500", "cp297", "cp273", "ebcdic-ca-fr"} {
		p, err := ebcdic.Lookup(name)
		if err != nil || !p.EBCDIC() || seen[p.Name()] {
			continue // a wrong name is reported with the copybook
		}
		seen[p.Name()] = true
		pages = append(pages, recfm.Page{Name: p.Name(), Runes: p.Runes()})
	}
	return pages
}

// maxSpans bounds the fields of one kind that triage looks at.
const maxSpans = 2000

// recordKinds says what triage must know of each layout.
func recordKinds(view *mapping.View) []recfm.Kind {
	var kinds []recfm.Kind
	for _, l := range view.Layouts() {
		k := recfm.Kind{Name: l.Name(), Min: l.MinSize(), Max: l.Size()}
		k.Spans = spans(nil, l.Root(), 0)
		kinds = append(kinds, k)
	}
	return kinds
}

// spans appends the fields of an item that stand at one place in every record. Shared storage is left out.
func spans(to []recfm.Span, f *copybooks.Field, shift int) []recfm.Span {
	if f.Sliding || f.Redefines != nil || redefined(f) {
		return to
	}
	n := max(1, f.OccursMax)
	if f.DependingOn != nil {
		n = f.OccursMin
	}
	for i := range n {
		if len(to) >= maxSpans {
			return to
		}
		if !f.Elementary() {
			for _, c := range f.Children {
				to = spans(to, c, shift+i*f.Size)
			}
			continue
		}
		to = append(to, recfm.Span{Offset: f.Offset + shift + i*f.Size, Size: f.Size, Holds: holds(f)})
	}
	return to
}

func holds(f *copybooks.Field) recfm.Holds {
	switch {
	case f.Filler():
		return recfm.HoldsBytes
	case f.Usage == copybooks.Packed:
		return recfm.HoldsPacked
	case f.Usage == copybooks.Display && f.Category == copybooks.Numeric:
		return recfm.HoldsZoned
	case f.Usage == copybooks.Display:
		return recfm.HoldsText
	}
	return recfm.HoldsBytes
}

// recordLength returns what tells the length of the record at the start of some bytes, by the copybook's kinds
// and counters.
func recordLength(view *mapping.View) func([]byte) int {
	layouts, longest := view.Layouts(), 0
	for _, l := range layouts {
		longest = max(longest, l.Size())
	}
	d := view.Decoder()
	window := make([]byte, longest)
	var out []byte
	return func(b []byte) int {
		clear(window[copy(window, b):])
		r, err := d.Decode(window)
		if err != nil || r.Len() > len(b) {
			return 0
		}
		n := r.Len()
		if r, err = d.Decode(b[:n]); err != nil {
			return 0
		}
		if out, err = view.AppendJSON(out[:0], r); err != nil {
			return 0
		}
		return n
	}
}
