package copybooks

// Decoder turns bytes into Records of one Layout. It is reusable and belongs to one goroutine.
type Decoder struct {
	// RecordSize is one more length that a record may have beside what its Layout covers: the LRECL of a file
	// of fixed records whose Layout is shorter. In bytes; 0: none.
	RecordSize int

	plan *Plan
	regs []int32
	err  error
}

// Decoder returns a new Decoder. If the Layout cannot be compiled, each Decode says why.
func (l *Layout) Decoder() *Decoder {
	p, err := NewPlan(l)
	if err != nil {
		return &Decoder{err: err}
	}
	return p.Decoder()
}

// Decoder returns a new Decoder that shares the Plan.
func (p *Plan) Decoder() *Decoder {
	return &Decoder{plan: p, regs: make([]int32, p.regs)}
}

// Decode checks the length of b and the counters of its tables, and returns b as a Record, which borrows b
// and is valid until the next Decode. It allocates nothing.
//
// A record must be as long as its Layout covers with the counters that it holds, or as the Layout's greatest
// record, or RecordSize. It may end early inside its last storage if that has several views. Errors are
// *FieldError: short-record, long-record, odo-count, or what is wrong with a counter.
func (d *Decoder) Decode(b []byte) (Record, error) {
	if d.err != nil {
		return Record{}, d.err
	}
	r := Record{plan: d.plan, b: b, regs: d.regs}
	root := d.plan.root
	if len(d.plan.scope.tables) > 0 {
		if f := r.enter(&d.plan.scope, 0); f != OK {
			return Record{}, r.counterError(&d.plan.scope, f)
		}
	}
	r.n = int(root.size + r.regs[d.plan.scope.last])
	switch size := len(b); {
	case size == r.n:
	case size < r.n-d.plan.slack:
		return Record{}, NewFieldError(d.plan.layout, nil, ShortRecord, size, r.n-size)
	case size > r.n && size != int(root.size) && size != d.RecordSize:
		return Record{}, NewFieldError(d.plan.layout, nil, LongRecord, r.n, size-r.n)
	}
	return r, nil
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
	return NewFieldError(r.plan.layout, nil, f, 0, r.n)
}
