package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/portage-gateway/portage/copybooks"
	"github.com/portage-gateway/portage/copybooks/ebcdic"
	"github.com/portage-gateway/portage/copybooks/mapping"
	"github.com/portage-gateway/portage/copybooks/recfm"
)

// hexColumns is how many bytes stand in one row.
const hexColumns = 40

// hexView shows one record as ISPF does with HEX ON VERT: characters, high nibbles, low nibbles; field by field.
type hexView struct {
	record copybooks.Record // the view that is being walked
	views  []copybooks.Record
	file   *mapping.File // where sensitivities come from; may be nil
	all    []*copybooks.Layout
	reveal bool

	b      []byte
	hidden []bool // bytes that are not shown
	masked bool   // some are
	pages  map[string]*[256]rune
	out    strings.Builder
}

// newHexView returns what shows a record by its layout. If nothing says which of several layouts is the record's,
// every one that its bytes can be decoded by is a view of it.
func (f *recordFlags) newHexView(r copybooks.Record, all []*copybooks.Layout, reveal bool) *hexView {
	h := &hexView{views: []copybooks.Record{r}, file: f.file, all: all, reveal: reveal, b: r.Bytes(), pages: map[string]*[256]rune{}}
	h.hidden = make([]bool, len(h.b))
	for _, l := range all {
		if f.chooses || l == r.Layout() {
			continue
		}
		d := l.Decoder()
		d.RecordSize = len(h.b)
		if other, err := d.Decode(h.b); err == nil {
			h.views = append(h.views, other)
		}
	}
	return h
}

// writeHex writes a record, which has the number n and begins at byte at of the file. What is sensitive in one view
// is hidden in all.
func (h *hexView) writeHex(w io.Writer, n, at int64) error {
	for _, h.record = range h.views {
		if err := h.walk(h.record.Layout().Root(), nil, "", h.hide); err != nil {
			return err
		}
	}
	for _, h.record = range h.views {
		l := h.record.Layout()
		fmt.Fprintf(&h.out, "record %d at byte %d, %d bytes, layout %s\n", n, at, len(h.b), l.Name())
		if err := h.walk(l.Root(), nil, "", h.show); err != nil {
			return err
		}
		if n := h.record.Len(); n < len(h.b) {
			h.rows("beyond the layout", "", "", n, len(h.b)-n, l.Options().Codepage)
		}
	}
	if h.masked {
		h.out.WriteString("* is sensitive by the mapping; --reveal shows it.\n")
	}
	_, err := io.WriteString(w, h.out.String())
	return err
}

// visit is what is done with an item: every group once, every occurrence of an elementary item.
type visit func(f *copybooks.Field, index []int, off, size int, sensitivity string)

// walk visits items in the order of the copybook, tables as far as their counters say.
func (h *hexView) walk(f *copybooks.Field, index []int, sensitivity string, do visit) error {
	if s := h.setting(f); s != nil && s.Sensitivity != "" {
		sensitivity = s.Sensitivity
	}
	n := max(1, f.OccursMax)
	if f.DependingOn != nil {
		var err error
		if n, err = elements(h.record, f.DependingOn, index); err != nil {
			return err
		}
	}
	for i := range n {
		at := index
		if f.OccursMax > 0 {
			at = append(index[:len(index):len(index)], i)
		}
		off, size, err := h.record.Locate(f, at...)
		if short := new(copybooks.FieldError); errors.As(err, &short) && short.Reason == copybooks.ShortRecord.String() {
			off, size = min(short.Offset, len(h.b)), max(0, min(len(h.b)-short.Offset, short.Size)) // a view that is not the record's
		} else if err != nil {
			return err
		}
		do(f, at, off, size, sensitivity)
		for _, c := range f.Children {
			if err := h.walk(c, at, sensitivity, do); err != nil {
				return err
			}
		}
	}
	return nil
}

// setting returns what the mapping says of a Field; nil: nothing.
func (h *hexView) setting(f *copybooks.Field) *mapping.Setting {
	return settingOf(h.file, h.record.Layout(), f)
}

func settingOf(file *mapping.File, l *copybooks.Layout, f *copybooks.Field) *mapping.Setting {
	if file == nil || f.Filler() {
		return nil
	}
	for _, name := range []string{f.Path, f.Name} {
		if s := file.Fields[name]; s != nil {
			return s
		}
	}
	for name, s := range file.Fields { // a path that leaves out groups, or another case
		if found, err := l.Field(name); err == nil && found == f {
			return s
		}
	}
	return nil
}

// hide marks the bytes of sensitive fields, whichever view shows them.
func (h *hexView) hide(f *copybooks.Field, _ []int, off, size int, sensitivity string) {
	if sensitivity != "" {
		h.mark(off, size)
	}
	s := h.setting(f)
	if s == nil || s.Layout == "" {
		return
	}
	for _, l := range h.all { // another 01 stands in the place of this item
		if !strings.EqualFold(l.Name(), s.Layout) {
			continue
		}
		for inner := range l.Fields() {
			if s := settingOf(h.file, l, inner); s != nil && s.Sensitivity != "" && inner.Offset < size {
				h.mark(off+inner.Offset, min(inner.Size*max(1, inner.OccursMax), size-inner.Offset))
			}
		}
	}
}

func (h *hexView) mark(off, size int) {
	for i := off; i < min(off+size, len(h.b)) && !h.reveal; i++ {
		h.hidden[i], h.masked = true, true
	}
}

// show writes an item: a group's name, or an elementary item's bytes.
func (h *hexView) show(f *copybooks.Field, index []int, off, size int, _ string) {
	name := strings.Repeat("  ", min(itemDepth(f), 8)) + column{field: f, index: index}.name(true)
	if f.Filler() {
		name = strings.TrimSuffix(name, f.Name) + "FILLER"
	}
	if f.Redefines != nil {
		name += " REDEFINES " + f.Redefines.Name
	}
	if !f.Elementary() {
		fmt.Fprintf(&h.out, "%6d %5d  %s\n", off, size, name)
		return
	}
	h.rows(name, f.Picture+" "+shortUsage(f), h.value(f, index, off, size), off, size, f.Codepage)
}

func itemDepth(f *copybooks.Field) (n int) {
	for p := f.Parent; p != nil; p = p.Parent {
		n++
	}
	return n
}

// shortUsage is the usage where it is not DISPLAY.
func shortUsage(f *copybooks.Field) string {
	if f.Usage == copybooks.Display {
		return ""
	}
	return f.Usage.String()
}

// value is a number's value, or why it has none; "" for text and for what is hidden.
func (h *hexView) value(f *copybooks.Field, index []int, off, size int) string {
	if size < f.Size {
		return "! the record ends here"
	}
	text, err := h.record.TextAt(f, index...)
	if e := new(copybooks.FieldError); errors.As(err, &e) {
		return "! " + e.Reason
	}
	hidden := false
	for i := off; i < off+size; i++ {
		hidden = hidden || h.hidden[i]
	}
	if k := h.record.Plan().Item(f).Codec.Kind(); hidden || k == copybooks.TextValue || k == copybooks.NoValue || text == "" {
		return ""
	}
	return "= " + text
}

// rows writes bytes in rows of three lines.
func (h *hexView) rows(name, picture, value string, off, size int, page string) {
	const left = "%6s %5s  %-32s %-18s |"
	runes := h.runes(page)
	for at := 0; at < size || at == 0; at += hexColumns {
		var chars, high, low strings.Builder
		for i := off + at; i < min(off+size, off+at+hexColumns, len(h.b)); i++ {
			if h.hidden[i] {
				chars.WriteByte('*')
				high.WriteByte('*')
				low.WriteByte('*')
				continue
			}
			chars.WriteRune(runes[h.b[i]])
			high.WriteByte("0123456789ABCDEF"[h.b[i]>>4])
			low.WriteByte("0123456789ABCDEF"[h.b[i]&15])
		}
		offset, length := strconv.Itoa(off+at), ""
		if at == 0 {
			length = strconv.Itoa(size)
		}
		first := fmt.Sprintf(left+"%s| %s", offset, length, name, strings.TrimSpace(picture), chars.String(), value)
		h.out.WriteString(strings.TrimRight(first, " ") + "\n")
		for _, line := range []string{high.String(), low.String()} {
			fmt.Fprintf(&h.out, left+"%s|\n", "", "", "", "", line)
		}
		name, picture, value = "", "", ""
	}
}

// shownRune is a character that takes one place on a terminal.
func shownRune(r rune) rune {
	if r < 0x20 || r >= 0x7f && r < 0xa1 || r == 0xad {
		return '.'
	}
	return r
}

// runes returns the characters of a page, that of the layout for "".
func (h *hexView) runes(page string) *[256]rune {
	if page == "" {
		page = h.record.Layout().Options().Codepage
	}
	if r := h.pages[page]; r != nil {
		return r
	}
	var runes [256]rune
	if p, err := ebcdic.Lookup(orDefault(page)); err == nil {
		runes = p.Runes()
	}
	for i := range runes {
		runes[i] = shownRune(runes[i])
	}
	h.pages[page] = &runes
	return &runes
}

func orDefault(page string) string {
	if page == "" {
		return "cp037"
	}
	return page
}

// hexFlags are those of inspect --hex.
type hexFlags struct {
	file   string
	record int64
	reveal bool
	reason string // why it is revealed: then a running Portage records it first
}

func (x *hexFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&x.file, "hex", "", "show a record of FILE; - for standard input")
	flags.Int64Var(&x.record, "record", 1, "with --hex: the record's number, from 1")
	flags.BoolVar(&x.reveal, "reveal", false, "with --hex: show what the mapping calls sensitive, too")
	flags.StringVar(&x.reason, "reason", "", "with --reveal: why; a running Portage puts it in its audit first, or nothing is shown")
	controlFlags(cmd)
}

func (x *hexFlags) check() error {
	switch {
	case x.record < 1:
		return &exitError{exitUsage, errors.New("--record counts from 1")}
	case x.reason != "" && !x.reveal:
		return &exitError{exitUsage, errors.New("--reason says why you --reveal, and you do not")}
	}
	return nil
}

// showRecord finds a record of a file and writes it.
func (f *recordFlags) showRecord(cmd *cobra.Command, view *mapping.View, x *hexFlags) (err error) {
	in := io.NopCloser(stdin(cmd))
	if x.file != "-" {
		if in, _, err = openInput(cmd.Context(), x.file); err != nil {
			return &exitError{exitIO, fmt.Errorf("hex: %w", err)}
		}
	}
	defer in.Close()
	reader, err := recfm.NewReader(in, f.format)
	if err != nil {
		return readError(err)
	}
	defer reader.Close()
	for {
		b, err := reader.Next()
		if err == io.EOF {
			return &exitError{exitNo, fmt.Errorf("there is no record %d: the file has %d", x.record, reader.Number())}
		}
		if err != nil {
			return readError(err)
		}
		if reader.Number() < x.record {
			continue
		}
		r, err := view.Decode(b)
		if err != nil {
			return &exitError{exitNo, fmt.Errorf("record %d at byte %d: %w\n  is the record format right? portage triage tells", x.record, reader.Offset(), err)}
		}
		switch {
		case x.reason != "":
			if err := record(cmd, "reveal", fmt.Sprintf("record %d of file %s", x.record, x.file), x.reason); err != nil {
				return err
			}
		case f.file == nil && !x.reveal:
			fmt.Fprintln(cmd.ErrOrStderr(), "portage: no mapping says what is sensitive: nothing is hidden\n  name one with --mapping FILE")
		}
		h := f.newHexView(r, view.Layouts(), x.reveal)
		if err := h.writeHex(cmd.OutOrStdout(), x.record, reader.Offset()); err != nil {
			return &exitError{exitIO, err}
		}
		return nil
	}
}
