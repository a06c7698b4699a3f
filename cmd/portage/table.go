package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"strconv"

	"github.com/portage-gateway/portage/copybooks"
	"github.com/portage-gateway/portage/copybooks/mapping"
)

// table is the CSV form of a View's records (RFC 4180, lines end in LF): a column for each elementary field
// and each element of its tables, at their greatest. With several layouts the first column names the record's.
type table struct {
	view    *mapping.View
	layouts map[*copybooks.Layout][]int // the columns of a layout: from, to
	columns []column
	named   bool // the first column is the layout's name
	invalid mapping.Invalid
}

// column is one occurrence of one field.
type column struct {
	field  *copybooks.Field
	index  []int
	tables []*copybooks.Field // those around the field, outermost first
	shared bool               // inside storage that a REDEFINES shares
}

func newTable(view *mapping.View, fillers bool, invalid mapping.Invalid) *table {
	t := &table{view: view, layouts: map[*copybooks.Layout][]int{}, named: len(view.Layouts()) > 1, invalid: invalid}
	for _, l := range view.Layouts() {
		from := len(t.columns)
		t.add(l.Root(), column{}, fillers)
		t.layouts[l] = []int{from, len(t.columns)}
	}
	return t
}

// add walks one item; c holds the tables and subscripts around it.
func (t *table) add(f *copybooks.Field, c column, fillers bool) {
	if c.shared = c.shared || f.Redefines != nil || redefined(f); f.OccursMax > 0 {
		c.tables = append(c.tables[:len(c.tables):len(c.tables)], f)
	}
	for i := range max(f.OccursMax, 1) {
		at := c
		if f.OccursMax > 0 {
			at.index = append(c.index[:len(c.index):len(c.index)], i)
		}
		switch {
		case !f.Elementary():
			for _, child := range f.Children {
				t.add(child, at, fillers)
			}
		case fillers || !f.Filler():
			at.field = f
			t.columns = append(t.columns, at)
		}
	}
}

// redefined reports whether another item shares the storage of f.
func redefined(f *copybooks.Field) bool {
	if f.Parent == nil {
		return false
	}
	for _, sibling := range f.Parent.Children {
		if sibling.Redefines == f {
			return true
		}
	}
	return false
}

// name is the field's name, or its path where names repeat, with subscripts from 1 as COBOL counts.
func (c column) name(unique bool) string {
	s := c.field.Name
	if !unique {
		s = c.field.Path
	}
	for i, n := range c.index {
		s += map[bool]string{true: "(", false: ","}[i == 0] + strconv.Itoa(n+1)
	}
	if len(c.index) > 0 {
		s += ")"
	}
	return s
}

// header returns the line of column names.
func (t *table) header() []byte {
	fields := map[string]map[*copybooks.Field]bool{}
	for _, c := range t.columns {
		if fields[c.field.Name] == nil {
			fields[c.field.Name] = map[*copybooks.Field]bool{}
		}
		fields[c.field.Name][c.field] = true
	}
	var row []string
	if t.named {
		row = append(row, "record")
	}
	for _, c := range t.columns {
		row = append(row, c.name(!c.field.Filler() && len(fields[c.field.Name]) == 1))
	}
	return line(row)
}

// line writes one row.
func line(row []string) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write(row) // a buffer takes everything
	w.Flush()
	return b.Bytes()
}

// rows returns what makes a line of a record.
func (t *table) rows() func(dst, record []byte) ([]byte, error) {
	d := t.view.Decoder()
	row := make([]string, 0, len(t.columns)+1)
	counts := map[*copybooks.Field]int{}
	return func(dst, record []byte) ([]byte, error) {
		clear(counts)
		r, err := d.Decode(record)
		if err != nil {
			return dst, err
		}
		span := t.layouts[r.Layout()]
		row = row[:0]
		if t.named {
			row = append(row, r.Layout().Name())
		}
		for i, c := range t.columns {
			text := ""
			if i >= span[0] && i < span[1] {
				if text, err = t.cell(r, c, counts); err != nil {
					return dst, err
				}
			}
			row = append(row, text)
		}
		return append(dst, line(row)...), nil
	}
}

// elements returns what a counter holds; index are the subscripts of an item that it governs.
func elements(r copybooks.Record, counter *copybooks.Field, index []int) (int, error) {
	text, err := r.TextAt(counter, index[:depth(counter)]...)
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, copybooks.NewFieldError(r.Layout(), counter, copybooks.ODOCount, counter.Offset, counter.Size)
	}
	return n, nil
}

// depth returns how many tables stand around an item.
func depth(f *copybooks.Field) (n int) {
	for p := f.Parent; p != nil; p = p.Parent {
		if p.OccursMax > 0 {
			n++
		}
	}
	return n
}

// cell returns a field's canonical text; "" for an element that the record does not have, and for a view of
// shared storage that cannot be decoded. counts remembers the counters of tables that stand once in the record.
func (t *table) cell(r copybooks.Record, c column, counts map[*copybooks.Field]int) (string, error) {
	for i, outer := range c.tables {
		if outer.DependingOn == nil {
			continue
		}
		n, known := counts[outer.DependingOn]
		if !known {
			var err error
			if n, err = elements(r, outer.DependingOn, c.index); err != nil {
				return "", err
			}
			if depth(outer.DependingOn) == 0 {
				counts[outer.DependingOn] = n
			}
		}
		if c.index[i] >= n {
			return "", nil
		}
	}
	text, err := r.TextAt(c.field, c.index...)
	fault := new(copybooks.FieldError)
	if err != nil && errors.As(err, &fault) && (c.shared || t.invalid != mapping.InvalidError) {
		return "", nil
	}
	return text, err
}
