package mapping

import "github.com/portage-gateway/portage/copybooks"

// leaf gives an elementary Field's node its meaning.
func (w walk) leaf(n *node, it *copybooks.Item, e *encItem, s *Setting, path string) {
	c := w.c
	if s.Varchar {
		codec, err := c.rec.plan.VarcharCodec(it)
		if err != nil {
			c.fail(path+".varchar", "%w", err)
			return
		}
		it = it.With(codec)
	}
	if len(it.Children) > 0 || it.Codec.Kind() == copybooks.NoValue && s.Date != "" {
		codec, err := c.rec.plan.TextCodec(it)
		if err != nil {
			c.fail(path, "%w", err)
			return
		}
		it = it.With(codec)
	}
	if it.Codec.Kind() == copybooks.TextValue {
		it = it.With(it.Codec.WithTrim(c.view.options.Trim))
	}
	if s.Fold != "" {
		codec, ok := it.Codec.WithFold(s.Fold)
		if !ok {
			c.fail(path+".fold", "%q is no rule for %s: want %q, for text of a code page", s.Fold, it.Field.Path, copybooks.Folds)
		}
		it = it.With(codec)
	}
	l := &leaf{item: it, nulls: nullRules(s.Null), def: s.Default}
	n.leaf, e.item, e.node = l, it, n
	if c.rec.shows == nil {
		c.rec.shows = map[*copybooks.Field]*node{}
	}
	c.rec.shows[it.Field] = n
	c.form(l, s, path)
	if s.NullIndicator != "" {
		c.indicator(n, l, s, path)
	}
	switch {
	case s.Date != "":
		c.date(l, s, path)
	case len(s.Codes) > 0:
		w.codes(n, l, e, s, path)
	}
	if s.Money != "" && l.form != moneyLeaf || s.Identifier && l.form != identifierLeaf {
		c.fail(path, "a field has one meaning: date, codes, money or identifier")
	}
}

// form chooses how a value is written.
func (c *compiler) form(l *leaf, s *Setting, path string) {
	it := l.item
	asNumber := c.view.options.Numbers == NumberNumbers
	switch it.Codec.Kind() {
	case copybooks.TextValue:
		l.form = textLeaf
	case copybooks.NoValue:
		l.form = bytesLeaf
	case copybooks.IntegerValue:
		l.form = numberLeaf
		if it.Codec.WholeDigits() > 15 && !asNumber {
			l.form = quotedLeaf
		}
	default:
		l.form = quotedLeaf
		if asNumber {
			l.form = numberLeaf
		}
	}
	if s.Identifier {
		if it.Codec.Kind() != copybooks.IntegerValue {
			c.fail(path+".identifier", "%s is no whole number", it.Field.Path)
		}
		l.form, l.digits = identifierLeaf, it.Codec.WholeDigits()
	}
	if s.Money == "" {
		return
	}
	if k := it.Codec.Kind(); k != copybooks.DecimalValue && k != copybooks.IntegerValue || len(s.Money) != 3 {
		c.fail(path+".money", "%s is no exact number, or %q no currency code", it.Field.Path, s.Money)
	}
	l.form = moneyLeaf
	l.money = append(appendString([]byte(`","currency":`), s.Money), '}')
	l.closing = padded(append(l.money[:len(l.money):len(l.money)], ','))
}

func (c *compiler) date(l *leaf, s *Setting, path string) {
	zone := s.Zone
	if zone == "" {
		zone = c.file.Zone
	}
	d, err := newDateForm(s.Date, s.Window, zone)
	if err != nil {
		c.fail(path+".date", "%w", err)
		return
	}
	it := l.item
	room := it.Size()
	switch it.Codec.Kind() {
	case copybooks.IntegerValue:
		room = it.Codec.WholeDigits()
	case copybooks.TextValue:
	default:
		c.fail(path+".date", "%s holds no digits", it.Field.Path)
	}
	if room < d.digits {
		c.fail(path+".date", "%s has %d digits, the date %s has %d", it.Field.Path, room, d.name, d.digits)
	}
	l.form, l.date, l.digits = dateLeaf, d, d.digits
	if len(s.Null) == 0 {
		l.nulls, l.usual = append(l.nulls, nullRules(dateNulls)...), true
	}
}

// codes adds a code and the nodes beside it.
func (w walk) codes(n *node, l *leaf, e *encItem, s *Setting, path string) {
	t, err := newCodeTable(l.item, s.Codes)
	if err != nil {
		w.c.fail(path+".codes", "%w", err)
		return
	}
	l.form, l.codes = codeLeaf, t
	raw := &Setting{To: s.Raw}
	if s.Raw == "" {
		raw.To = n.key + "LegacyCode"
		w.container = n.parent
	}
	if n.parent.kind == arrayNode {
		w.c.fail(path+".codes", "%s is a table of single values, whose codes have no place beside them", l.item.Field.Path)
		return
	}
	if r := w.place(l.item, raw, path, leafNode); r != nil {
		r.leaf = &leaf{form: rawLeaf, item: l.item, codes: t, always: s.Raw != "", indicator: l.indicator}
		e.raw = r
	}
	if s.Texts == "" {
		return
	}
	if r := w.place(l.item, &Setting{To: s.Texts}, path, leafNode); r != nil {
		r.leaf = &leaf{form: textsLeaf, item: l.item, codes: t, indicator: l.indicator}
	}
}
