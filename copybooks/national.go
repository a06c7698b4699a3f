package copybooks

// national is a number whose characters are UTF-16: that of a DISPLAY item in ASCII, two bytes a character.
func (c *Codec) national(f *Field, o Options) (err error) {
	c.form = formNationalNumber
	c.zoned = zonedForm{ascii: true, plain: true, sign: f.Sign, scale: f.Scale, pic: f.Digits}
	if f.Category == NumericEdited {
		narrow := *f
		narrow.Size /= 2
		c.edited, err = newEditedForm(&narrow, o.DecimalComma, o.Currency, o.CurrencySign)
	}
	return err
}

// appendNational appends text of two bytes a character.
func (c *Codec) appendNational(dst, b []byte) ([]byte, Fault) {
	right := c.trim == TrimBoth || c.trim == TrimPadding && !c.right
	left := c.trim == TrimBoth || c.trim == TrimLeft || c.trim == TrimPadding && c.right
	if c.form == formDouble {
		return c.chars.appendDouble(dst, b, left, right)
	}
	return appendNational(dst, b, c.little, left, right)
}

func (c *Codec) appendNationalNumber(dst, b []byte) ([]byte, Fault) {
	var buf [256]byte
	if len(b)/2 > len(buf) {
		return dst, NotEncodable
	}
	narrow := buf[:len(b)/2]
	for i := range narrow {
		hi, lo := b[2*i], b[2*i+1]
		if c.little {
			hi, lo = lo, hi
		}
		if narrow[i] = lo; hi != 0 {
			narrow[i] = 0xFF // no digit, sign or blank
		}
	}
	switch {
	case c.edited == nil:
		return c.zoned.append(dst, narrow)
	case only(narrow, 0):
		return dst, Blank
	}
	return c.edited.parse(dst, narrow)
}

func (c *Codec) putNationalNumber(b, text []byte) Fault {
	var buf [256]byte
	if len(b)/2 > len(buf) {
		return NotEncodable
	}
	narrow := buf[:len(b)/2]
	f := OK
	if c.edited != nil {
		f = c.edited.put(narrow, text)
	} else {
		f = c.zoned.put(narrow, text)
	}
	if f != OK {
		return f
	}
	return putNational(b, narrow, c.little, false)
}
