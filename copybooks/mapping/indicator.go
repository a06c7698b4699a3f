package mapping

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/portage-gateway/portage/copybooks"
)

// Db2 says that a column is null beside it: in a host program by a halfword below 0 (Db2 for z/OS,
// Application Programming and SQL Guide, indicator variables), in an unloaded file by a byte, ? from DSNTIAUL
// and X'FF' from UNLOAD (Utility Guide).

// indication is one value with its null indicator.
type indication struct {
	node *node
	leaf *leaf
}

const present, absent, unloaded = 0x00, '?', 0xFF

// subscript reads NAME or NAME(n), n from 1. Without one n is 0.
func subscript(text string) (name string, n int, err error) {
	name, rest, ok := strings.Cut(text, "(")
	if !ok {
		return strings.TrimSpace(text), 0, nil
	}
	n, err = strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), ")")))
	if err != nil || n < 1 || !strings.HasSuffix(strings.TrimSpace(text), ")") {
		return "", 0, fmt.Errorf("%q is neither a name nor NAME(n)", text)
	}
	return strings.TrimSpace(name), n, nil
}

// indicator gives a leaf its null indicator.
func (c *compiler) indicator(n *node, l *leaf, s *Setting, path string) {
	path += ".nullIndicator"
	name, i, err := subscript(s.NullIndicator)
	if err != nil {
		c.fail(path, "%w", err)
		return
	}
	f, err := c.rec.layout.Field(name)
	if err != nil {
		c.fail(path, "%w", err)
		return
	}
	by := c.rec.plan.Item(f)
	if i > 0 {
		if by, err = c.rec.plan.Element(by, i-1); err != nil {
			c.fail(path, "%w", err)
			return
		}
		f = f.Parent
	}
	for _, p := range []*copybooks.Field{f, l.item.Field} {
		if movable(p) {
			c.fail(path, "%s stands in a table or in a REDEFINES, where a null indicator has no meaning", p.Path)
			return
		}
	}
	number := by.Codec.Kind() == copybooks.IntegerValue && by.Codec.Signed()
	if !number && (by.Codec.Kind() != copybooks.TextValue || by.Size() != 1) {
		c.fail(path, "%s is neither a signed whole number nor a text of one byte", by.Field.Path)
		return
	}
	l.indicator = by
	l.nulls = append([]nullRule{{kind: nullIndicator}}, l.nulls...)
	c.rec.indicators = append(c.rec.indicators, indication{n, l})
}

// movable reports whether f is in a table or shares its storage.
func movable(f *copybooks.Field) bool {
	for ; f != nil; f = f.Parent {
		if f.OccursMax > 0 || f.Parent != nil && shared(f) {
			return true
		}
	}
	return false
}

// indicated reports whether an indicator says null.
func indicated(r *copybooks.Record, by *copybooks.Item) (bool, copybooks.Fault) {
	if by.Codec.Kind() == copybooks.TextValue {
		b, f := r.Slice(by)
		if f != copybooks.OK {
			return false, f
		}
		var mark [1]byte
		_ = by.Codec.Put(mark[:], []byte{absent})
		return b[0] == mark[0] || b[0] == unloaded, copybooks.OK
	}
	n, f := r.Integer(by)
	return n < 0, f
}

// indicate writes the null indicators of the values that the JSON named.
func (j *encodeJob) indicate() error {
	for i := range j.rec.indicators {
		in := &j.rec.indicators[i]
		at := j.bound[in.node.id]
		if at < 0 {
			continue
		}
		null := j.tape.values[at].kind == jsonNull
		is, f := indicated(j.enc.Record(), in.leaf.indicator)
		if f == copybooks.OK && is == null || null && j.nullAlready(in.leaf) {
			continue
		}
		if f = j.putIndicator(in.leaf.indicator, null); f != copybooks.OK {
			return j.refuse(in.node, at, in.leaf.indicator, f)
		}
	}
	return nil
}

// nullAlready reports whether the original content means null whatever its indicator says.
func (j *encodeJob) nullAlready(l *leaf) bool {
	r := j.enc.Original()
	if r.Plan() == nil {
		return false
	}
	if null, f := indicated(&r, l.indicator); f != copybooks.OK || null {
		return false
	}
	b, f := r.Slice(l.item)
	return f == copybooks.OK && l.shownAsNull(l.item, b, j.rec.view.options.Invalid)
}

func (j *encodeJob) putIndicator(by *copybooks.Item, null bool) copybooks.Fault {
	if by.Codec.Kind() != copybooks.TextValue {
		return j.enc.Put(by, []byte(map[bool]string{true: "-1", false: "0"}[null]))
	}
	if null {
		return j.enc.Put(by, []byte{absent})
	}
	return j.enc.PutRaw(by, []byte{present})
}
