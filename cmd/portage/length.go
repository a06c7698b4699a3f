package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/portage-gateway/portage/copybooks"
	"github.com/portage-gateway/portage/copybooks/mapping"
	"github.com/portage-gateway/portage/copybooks/recfm"
)

// lengthFlag is --lrecl: a number of bytes, or the word counted.
type lengthFlag struct {
	bytes   *int
	counted *bool
}

// countedWord says that each record is as long as its counters say.
const countedWord = "counted"

func (f *recordFlags) registerLength(cmd *cobra.Command, usage string) {
	cmd.Flags().Var(lengthFlag{&f.format.Lrecl, &f.counted}, "lrecl", usage)
}

// String implements pflag.Value.
func (l lengthFlag) String() string {
	switch {
	case l.bytes == nil:
		return "0"
	case *l.counted:
		return countedWord
	}
	return strconv.Itoa(*l.bytes)
}

// Set implements pflag.Value.
func (l lengthFlag) Set(s string) error {
	if *l.counted = s == countedWord; *l.counted {
		*l.bytes = 0
		return nil
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return fmt.Errorf("want a number of bytes, or %s", countedWord)
	}
	*l.bytes = n
	return nil
}

// Type implements pflag.Value.
func (l lengthFlag) Type() string { return "int|" + countedWord }

// count makes the record format ask the layouts how long each record is.
func (f *recordFlags) count(view *mapping.View) error {
	switch {
	case f.format.Recfm != recfm.F && f.format.Recfm != recfm.FB:
		return fmt.Errorf("--lrecl %s is for records without descriptor words: it needs --recfm F, not %s", countedWord, f.format.Recfm)
	case f.lengthField != "":
		return fmt.Errorf("--lrecl %s and --length-field both say how long a record is", countedWord)
	}
	if err := view.Measurable(); err != nil {
		return fmt.Errorf("--lrecl %s: %w", countedWord, err)
	}
	least := view.Layouts()[0].MinSize()
	for _, l := range view.Layouts() {
		least = min(least, l.MinSize())
		f.format.MaxRecord = max(f.format.MaxRecord, l.Size()+f.format.SkipRecordStart+f.format.SkipRecordEnd)
	}
	f.format.LengthPrefix = max(least, 1)
	d := view.Decoder()
	f.format.LengthOf = func(b []byte) (int, error) {
		n, err := d.Measure(b)
		if e := new(copybooks.FieldError); errors.As(err, &e) && e.Reason == copybooks.ShortRecord.String() {
			return 0, fmt.Errorf("%s: %w", e.Path, recfm.More(e.Offset+e.Size))
		}
		return n, err
	}
	return nil
}

// orCounted adds --lrecl counted to a hint, where records may be as long as their counters say.
func (f *recordFlags) orCounted(view *mapping.View) string {
	for _, l := range view.Layouts() {
		if l.MinSize() < l.Size() && f.format.LengthOf == nil && view.Measurable() == nil {
			return "; or, for records without RDWs that are as long as their counters say: --lrecl " + countedWord
		}
	}
	return ""
}

// measure makes the record format read lengths from --length-field.
func (f *recordFlags) measure(layouts []*copybooks.Layout) error {
	var err error
	for _, l := range layouts {
		var field *copybooks.Field
		if field, err = l.Field(f.lengthField); err != nil {
			continue
		}
		var plan *copybooks.Plan
		if plan, err = copybooks.NewPlan(l); err != nil {
			return err
		}
		item := plan.Item(field)
		if field.Sliding || !field.Elementary() || field.Category != copybooks.Numeric {
			return fmt.Errorf("--length-field: %s is no number at a fixed place", field.Path)
		}
		end := field.Offset + field.Size
		f.format.LengthPrefix = end
		f.format.LengthOf = func(b []byte) (int, error) {
			if len(b) < end {
				return 0, fmt.Errorf("the stream ends before %s: %w", field.Path, io.ErrUnexpectedEOF)
			}
			text, fault := item.Codec.AppendText(nil, b[field.Offset:end])
			if fault != copybooks.OK {
				return 0, copybooks.NewFieldError(l, field, fault, field.Offset, field.Size)
			}
			n, err := copybooks.ParseDecimal(string(text))
			if err != nil {
				return 0, copybooks.NewFieldError(l, field, copybooks.NotNumber, field.Offset, field.Size)
			}
			whole, ok := n.Int64()
			if !ok || whole < 0 || whole > 1<<30 {
				return 0, copybooks.NewFieldError(l, field, copybooks.Overflow, field.Offset, field.Size)
			}
			return int(whole) + f.lengthAdjust, nil
		}
		return nil
	}
	return fmt.Errorf("--length-field: %w", err)
}
