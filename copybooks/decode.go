package copybooks

// Decoder turns bytes into Records of one Layout. It is reusable and belongs to one goroutine.
type Decoder struct {
	// RecordSize is one more length that a record may have beside what its Layout covers: the LRECL of a file
	// of fixed records whose Layout is shorter. In bytes; 0: none.
	RecordSize int

	frame frame
	fixed int // the length of every record; -1: there may be others
	err   error
}

// Decoder returns a new Decoder. If the Layout cannot be compiled, each Decode says why.
func (l *Layout) Decoder() *Decoder {
	p, err := NewPlan(l)
	if err != nil {
		return &Decoder{fixed: -1, err: err}
	}
	return p.Decoder()
}

// Decoder returns a new Decoder that shares the Plan.
func (p *Plan) Decoder() *Decoder {
	d := &Decoder{fixed: -1, frame: frame{plan: p, regs: make([]int32, p.regs)}}
	if len(p.scope.tables) == 0 {
		d.fixed = int(p.root.size)
	}
	return d
}

// Decode checks the length of b and the counters of its tables, and returns b as a Record, which borrows b
// and is valid until the next Decode. It allocates nothing.
//
// A record must be as long as its Layout covers with the counters that it holds, or as the Layout's greatest
// record, or RecordSize. It may end early inside its last storage if that has several views. Errors are
// *FieldError: short-record, long-record, odo-count, or what is wrong with a counter.
func (d *Decoder) Decode(b []byte) (Record, error) {
	if len(b) == d.fixed {
		return Record{frame: &d.frame, b: b}, nil
	}
	return d.decode(b)
}

func (d *Decoder) decode(b []byte) (Record, error) {
	if d.err != nil {
		return Record{}, d.err
	}
	p, r := d.frame.plan, Record{frame: &d.frame, b: b}
	if len(p.scope.tables) > 0 {
		if f := r.enter(&p.scope, 0); f != OK {
			return Record{}, r.counterError(&p.scope, f)
		}
	}
	if n := r.Len(); len(b) != n {
		if err := d.measure(len(b), n); err != nil {
			return Record{}, err
		}
	}
	return r, nil
}

// measure says whether a record may have a length that is not what its Layout covers.
func (d *Decoder) measure(size, n int) error {
	p := d.frame.plan
	switch {
	case size < n-p.slack:
		return NewFieldError(p.layout, nil, ShortRecord, size, n-size)
	case size > n && size != int(p.root.size) && size != d.RecordSize:
		return NewFieldError(p.layout, nil, LongRecord, n, size-n)
	}
	return nil
}

// counterError finds the table whose counter refused.
func (r *Record) counterError(sc *scope, f Fault) *FieldError {
	for _, it := range sc.tables {
		if _, bad := r.Count(it); bad == f {
			return r.Error(it.table.counter, f)
		}
		if _, bad := r.extent(it); bad != OK && len(it.table.inner.tables) > 0 {
			return r.counterError(&it.table.inner, f)
		}
	}
	return NewFieldError(r.plan.layout, nil, f, 0, 0)
}

// Measure returns the length in bytes of the record that b begins, by the counters of its tables; what of b stands behind
// the record counts for nothing. It allocates nothing if it can tell. Errors are *FieldError: short-record where b ends
// before a counter that must be known, whose last byte is at Offset+Size; odo-count, or what is wrong with a counter.
func (d *Decoder) Measure(b []byte) (int, error) {
	if d.err != nil {
		return 0, d.err
	}
	p, r := d.frame.plan, Record{frame: &d.frame, b: b}
	if len(p.scope.tables) == 0 {
		return int(p.root.size), nil
	}
	if f := r.enter(&p.scope, 0); f != OK {
		return 0, r.counterError(&p.scope, f)
	}
	return r.Len(), nil
}
