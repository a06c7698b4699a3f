package mapping

import (
	"errors"
	"fmt"

	"github.com/portage-gateway/portage/copybooks"
)

// Measurable says why Measure cannot tell where a record of the View ends; nil: it can.
func (v *View) Measurable() error {
	if v.kinds == nil {
		if len(v.records) > 1 {
			return errors.New("nothing says which of several records one is: it needs a kind field and kinds")
		}
		return nil
	}
	end := v.kinds.item.Field.Offset + v.kinds.item.Size()
	for i, rec := range v.records {
		if v.kinds.selects(i) && rec.layout.MinSize() < end {
			return fmt.Errorf("%s may end at byte %d, before the field that says its kind: %s ends at byte %d",
				rec.layout.Name(), rec.layout.MinSize(), v.kinds.item.Field.Path, end)
		}
	}
	return nil
}

// Measure returns the length in bytes of the record that b begins: that of its kind, with the counters that it holds.
// What of b stands behind the record counts for nothing. Errors are those of copybooks.Decoder.Measure, short-record too
// where b ends before the kind field, and unknown-kind.
func (d *Decoder) Measure(b []byte) (int, error) {
	v, i := d.view, 0
	if v.kinds != nil {
		var err error
		if i, err = v.kindOf(b); err != nil {
			return 0, err
		}
	} else if len(v.records) > 1 {
		return 0, copybooks.NewFieldError(v.records[0].layout, nil, copybooks.UnknownKind, 0, len(b))
	}
	return d.decoders[i].Measure(b)
}

// kindOf returns which record some bytes are, by their kind field.
func (v *View) kindOf(b []byte) (int, error) {
	i, f := v.kinds.peek(b, v.records)
	if f == copybooks.OK {
		return i, nil
	}
	it := v.kinds.item
	return 0, copybooks.NewFieldError(v.records[v.kinds.record].layout, it.Field, f, it.Field.Offset, it.Size())
}
