package mapping

import (
	"github.com/portage-gateway/portage/copybooks"
)

// View is one or more Layouts seen through a mapping. It is immutable and safe to share.
type View struct {
	name     string
	options  Options
	file     *File
	records  []*record
	kinds    *selector // chooses a record; nil: the only one, or all of them
	longest  int
	keys     *keys
	event    *EventView
	exchange *ExchangeView
}

// record is one Layout of a View.
type record struct {
	view     *View
	member   string // its name among the 01 levels, where nothing tells which one a record is
	layout   *copybooks.Layout
	plan     *copybooks.Plan
	root     *node
	ops      []op
	enc      *encItem
	leaves   int
	clusters []*cluster
	expects  []expect
	hidden   map[*copybooks.Field]bool
	// indicators and renames are written when the record stands.
	indicators []indication
	renames    []*renaming
	// shows holds the values of single Fields, while the record is compiled.
	shows map[*copybooks.Field]*node
}

// expect is a Field that must hold certain bytes.
type expect struct {
	item *copybooks.Item
	text string
}

// Name returns the name of the mapping, or of the first Layout.
func (v *View) Name() string { return v.name }

// Layouts returns the Layouts in their order.
func (v *View) Layouts() []*copybooks.Layout {
	out := make([]*copybooks.Layout, len(v.records))
	for i, r := range v.records {
		out[i] = r.layout
	}
	return out
}

// Options returns the options that the View was compiled with.
func (v *View) Options() Options { return v.options }

// Event returns what makes CloudEvents of records; nil without an event block.
func (v *View) Event() *EventView { return v.event }

// Exchange returns what binds an HTTP operation to records; nil without an exchange block.
func (v *View) Exchange() *ExchangeView { return v.exchange }

// Decoder decodes the records of a View. It belongs to one goroutine.
type Decoder struct {
	view     *View
	decoders []*copybooks.Decoder
	only     *copybooks.Decoder // set where it decides alone: one Layout, and nothing expected
}

// Decoder returns a new Decoder.
func (v *View) Decoder() *Decoder {
	d := &Decoder{view: v}
	for _, r := range v.records {
		c := r.plan.Decoder()
		c.RecordSize = v.options.RecordSize
		if r.layout.MinSize() == r.layout.Size() && c.RecordSize == 0 {
			c.RecordSize = v.longest
		}
		d.decoders = append(d.decoders, c)
	}
	if v.kinds == nil && len(v.records) == 1 && len(v.records[0].expects) == 0 {
		d.only = d.decoders[0]
	}
	return d
}

// Decode picks the record kind, checks length and counters, and that fields with an expected value have it.
// The Record borrows b and is valid until the next Decode. Errors are *copybooks.FieldError; "unknown-kind"
// says that no kind belongs to the kind field's value, "eyecatcher" that an expected value is missing.
//
// Several Layouts without a kind give the Record of the first one that can be decoded; AppendJSON shows all
// of them.
func (d *Decoder) Decode(b []byte) (copybooks.Record, error) {
	if d.only != nil {
		return d.only.Decode(b)
	}
	v := d.view
	if v.kinds == nil && len(v.records) > 1 {
		return d.any(b)
	}
	i := 0
	if v.kinds != nil {
		var err error
		if i, err = v.kindOf(b); err != nil {
			return copybooks.Record{}, err
		}
	}
	r, err := d.decoders[i].Decode(b)
	if err != nil {
		return r, err
	}
	if rec := v.records[i]; len(rec.expects) > 0 {
		return r, rec.check(&r)
	}
	return r, nil
}

func (d *Decoder) any(b []byte) (copybooks.Record, error) {
	var first error
	for i := range d.decoders {
		r, err := d.as(i, b)
		if err == nil {
			return r, nil
		}
		if first == nil {
			first = err
		}
	}
	return copybooks.Record{}, first
}

// as decodes b as one of several 01 levels that share the record's storage: one of fixed size may be shorter
// than the record.
func (d *Decoder) as(i int, b []byte) (copybooks.Record, error) {
	rec, c := d.view.records[i], d.decoders[i]
	if rec.layout.MinSize() == rec.layout.Size() {
		c.RecordSize = len(b)
	}
	r, err := c.Decode(b)
	if err != nil {
		return r, err
	}
	return r, rec.check(&r)
}

// check holds the expected values against a Record.
func (rec *record) check(r *copybooks.Record) error {
	for i := range rec.expects {
		e := &rec.expects[i]
		b, f := r.Slice(e.item)
		if f == copybooks.OK {
			var buf [256]byte
			text, g := e.item.Codec.AppendText(buf[:0], b)
			if g == copybooks.OK && string(text) == e.text {
				continue
			}
			f = copybooks.Eyecatcher
		}
		return r.Error(e.item, f)
	}
	return nil
}

// Decode is Decoder.Decode with a Decoder of its own.
func (v *View) Decode(b []byte) (copybooks.Record, error) { return v.Decoder().Decode(b) }

// of returns the record that r was decoded by.
func (v *View) of(r *copybooks.Record) *record {
	for _, rec := range v.records {
		if rec.plan == r.Plan() || rec.layout == r.Layout() {
			return rec
		}
	}
	return nil
}
