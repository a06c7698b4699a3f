package mapping

import (
	"sort"

	"github.com/portage-gateway/portage/copybooks"
)

// ShapeKind is the kind of a JSON value that a View makes.
type ShapeKind uint8

// The kinds.
const (
	ObjectShape     ShapeKind = iota
	ArrayShape                // Members holds the element
	TextShape                 // a string
	NumberShape               // a number
	DecimalShape              // a string that is an exact number
	IdentifierShape           // a string of Digits digits
	MoneyShape                // an object of amount (a decimal string) and currency
	DayShape                  // a string: RFC 3339 full-date; of a week the day on which it starts
	MonthShape                // a string: YYYY-MM
	TimeShape                 // a string: RFC 3339 date-time in UTC
	CodeShape                 // a string: one of Codes, or "unknown"
	CodeTextsShape            // an object of en and fr, or null
	BytesShape                // a string of hexadecimal digits
)

// Shape is the JSON of a View as a tree, for schemas and documents. It is a copy.
type Shape struct {
	// Name is the member's name; "" for the root and for elements.
	Name string
	Kind ShapeKind
	// Field is the data item behind the value; nil for objects that only pointers made.
	Field *copybooks.Field
	// Members are an object's, in their order, or an array's one element.
	Members []*Shape
	// Least and Most bound the elements of an array.
	Least, Most int
	// Null says that the value may be null; Optional that the member may be missing.
	Null, Optional bool
	// Digits and Scale are those of numbers: all digits, and those behind the point. Real numbers have 0.
	Digits, Scale int
	// Size is the greatest number of characters of a text.
	Size int
	// Signed says that a number may be negative.
	Signed bool
	// Currency is the code of money.
	Currency string
	// Codes are the names of a code's values, in the order of the names.
	Codes []Code
	// Sensitivity is the value's own, or that of what is around it.
	Sensitivity string
	// Writable is false for values that follow from others, and are ignored on the way back.
	Writable bool
}

// Shapes returns the shape of each Layout's JSON, in the order of Layouts.
func (v *View) Shapes() []*Shape {
	out := make([]*Shape, len(v.records))
	for i, rec := range v.records {
		out[i] = shapeOf(rec.root, nil)
	}
	return out
}

// Shape returns the shape of the data of events of a type; nil if there is no such type. Types of one kind of
// record have one shape.
func (v *EventView) Shape(eventType string) *Shape {
	for i, name := range v.names {
		for _, k := range v.kinds {
			if name == eventType && k.makes(i) {
				return shapeOf(k.rec.root, keptBy(k.ops))
			}
		}
	}
	return nil
}

// Shape returns the shape of a good answer, without its id and source.
func (x *ExchangeView) Shape() *Shape { return shapeOf(x.rec.root, keptBy(x.ops)) }

// keptBy returns the nodes that a program writes.
func keptBy(ops []op) map[*node]bool {
	kept := map[*node]bool{}
	for i := range ops {
		for n := ops[i].node; n != nil; n = n.parent {
			kept[n] = true
		}
	}
	return kept
}

func shapeOf(n *node, kept map[*node]bool) *Shape {
	s := &Shape{Name: n.key, Sensitivity: n.sensitivity, Optional: n.when != nil || n.implicit, Null: n.trial, Writable: true}
	if n.item != nil {
		s.Field = n.item.Field
	}
	switch n.kind {
	case leafNode:
		s.leaf(n)
		return s
	case arrayNode:
		s.Kind = ArrayShape
		s.Least, s.Most = n.item.Bounds()
		if n.used != nil {
			s.Least = 0
		}
	}
	for _, m := range n.members {
		if kept == nil || kept[m] {
			s.Members = append(s.Members, shapeOf(m, kept))
		}
	}
	return s
}

func (s *Shape) leaf(n *node) {
	l := n.leaf
	c := &l.item.Codec
	s.Field = l.item.Field
	s.Size = c.TextSize()
	s.Null = s.Null || len(l.nulls) > 0 || c.Nullable()
	switch c.Kind() {
	case copybooks.IntegerValue, copybooks.DecimalValue:
		s.Digits, s.Scale, s.Signed = c.WholeDigits(), max(0, c.Scale()), c.Signed()
	case copybooks.RealValue:
		s.Signed = true
	}
	s.Kind = [...]ShapeKind{textLeaf: TextShape, numberLeaf: NumberShape, quotedLeaf: DecimalShape, identifierLeaf: IdentifierShape,
		moneyLeaf: MoneyShape, dateLeaf: DayShape, codeLeaf: CodeShape, rawLeaf: TextShape, textsLeaf: CodeTextsShape, bytesLeaf: BytesShape}[l.form]
	switch l.form {
	case moneyLeaf:
		s.Currency = string(l.money[len(`","currency":"`) : len(l.money)-2])
	case dateLeaf:
		s.Kind = [...]ShapeKind{dayDate: DayShape, weekDate: DayShape, monthDate: MonthShape, timeDate: TimeShape}[l.date.kind]
	case codeLeaf:
		s.Null = true
		for _, code := range l.codes.slugs {
			s.Codes = append(s.Codes, code)
		}
		sort.Slice(s.Codes, func(i, j int) bool { return s.Codes[i].Slug < s.Codes[j].Slug })
	case rawLeaf:
		s.Optional, s.Null = s.Optional || !l.always, l.always
	case textsLeaf:
		s.Null, s.Writable = true, false
	}
}
