package bridge

import (
	"errors"
	"fmt"
	"strings"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/copybooks"
	"github.com/portage-gateway/portage/copybooks/mapping"
)

// RecordKey returns a Diversion's Key: the mac of the text of one Field of the record, such as PE-SIN, or of
// the SIN that the View's event block names if field is "". A whole number keeps its leading zeros; a record
// in which the field is empty names no client. The mac must be the one by which the router makes Keys of the same text, so that a client's
// messages follow its requests. The func belongs to one Diversion.
func RecordKey(view *mapping.View, field string, mac func(text string) [16]byte) (func(adapters.Message) ([16]byte, bool, error), error) {
	text, err := keyText(view, field)
	if err != nil {
		return nil, fmt.Errorf("key of mapping %s: %w", view.Name(), err)
	}
	decoder := view.Decoder()
	return func(m adapters.Message) (key [16]byte, ok bool, err error) {
		record, err := decoder.Decode(m.Body)
		if err != nil {
			return key, false, err
		}
		s, err := text(record)
		if s = strings.TrimSpace(s); err != nil || s == "" {
			return key, false, err
		}
		return mac(s), true, nil
	}, nil
}

// keyText returns how the key's text is found in a record.
func keyText(view *mapping.View, field string) (func(copybooks.Record) (string, error), error) {
	if field == "" {
		e := view.Event()
		if e == nil {
			return nil, fmt.Errorf("it has no event block, which names the SIN: name the field")
		}
		return func(r copybooks.Record) (string, error) {
			a, err := e.Attributes(r)
			if errors.Is(err, mapping.ErrNoEvent) { // a kind of record that names no client
				return "", nil
			}
			return a.SIN, err
		}, nil
	}
	in := make(map[*copybooks.Layout]*copybooks.Field)
	var missing error
	for _, l := range view.Layouts() {
		f, err := l.Field(field)
		switch {
		case err != nil:
			missing = err
		case f.Elementary() && !occurs(f):
			in[l] = f
		default:
			missing = fmt.Errorf("field %s is not one elementary item", f.Path)
		}
	}
	if len(in) == 0 {
		return nil, missing
	}
	return func(r copybooks.Record) (string, error) {
		f := in[r.Layout()]
		if f == nil { // another kind of record, which names no client
			return "", nil
		}
		s, err := r.TextAt(f)
		if f.Category == copybooks.Numeric && f.Scale == 0 && s != "" && s[0] != '-' {
			s = strings.Repeat("0", max(0, f.Digits-len(s))) + s
		}
		return s, err
	}, nil
}

// occurs reports whether a Field has more than one element.
func occurs(f *copybooks.Field) bool {
	for ; f != nil; f = f.Parent {
		if f.OccursMax > 0 {
			return true
		}
	}
	return false
}
