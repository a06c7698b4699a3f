package copybooks

import "strings"

// ValueKind is the kind of value that an elementary item holds, whatever its bytes look like.
type ValueKind uint8

// The kinds of value.
const (
	NoValue      ValueKind = iota // a group, a pointer or an index: bytes only
	TextValue                     // characters
	IntegerValue                  // an exact whole number
	DecimalValue                  // an exact number with a fraction
	RealValue                     // floating point: the shortest decimal that gives the same bytes
)

type codecForm uint8

const (
	formBytes codecForm = iota
	formText
	formNational
	formZoned
	formPacked
	formPackedUnsigned
	formBinary
	formHexFloat
	formIEEE
	formEdited
	formUTF8
	formDouble         // DBCS
	formNationalNumber // digits in UTF-16
	formVarchar        // a group of a length and a text
)

// Codec reads and writes the bytes of one elementary item. It is a small value, immutable, safe to share;
// its methods allocate nothing unless a text is longer than 256 bytes on the way in.
type Codec struct {
	form   codecForm
	kind   ValueKind
	trim   Trim
	signed bool
	little bool
	right  bool // JUSTIFIED
	bwz    bool // BLANK WHEN ZERO on an item that is not edited
	pic    int16
	scale  int16
	size   int32
	chars  *charset
	zoned  zonedForm
	binary binaryForm
	edited *editedForm
	// fold replaces characters that the code page lacks.
	fold    bool
	varchar *varcharForm
}

// newCodec compiles a Field. Charsets are shared through get.
func newCodec(f *Field, o Options, get func(name string) (*charset, error)) (Codec, error) {
	c := Codec{size: int32(f.Size), pic: int16(f.Digits), scale: int16(f.Scale), signed: f.Sign != Unsigned,
		little: o.Endian == Little, right: f.Justified, bwz: f.BlankWhenZero}
	// Binary and packed items take their sign from the PICTURE.
	c.signed = c.signed || strings.HasPrefix(f.Picture, "S")
	name := f.Codepage
	if name == "" {
		name = o.Codepage
	}
	var err error
	if c.chars, err = get(name); err != nil {
		return c, err
	}
	switch f.Usage {
	case Binary, NativeBinary:
		full := f.Usage == NativeBinary || o.Trunc == Bin
		c.form = formBinary
		c.binary = binaryForm{little: c.little, signed: c.signed, full: full, scale: f.Scale, pic: f.Digits}
	case Packed:
		c.form = formPacked
	case PackedUnsigned:
		c.form = formPackedUnsigned
	case Float, Double:
		c.form = formHexFloat
		if o.Float == IEEE {
			c.form = formIEEE
		}
	case National:
		if c.form = formNational; f.Category == Numeric || f.Category == NumericEdited {
			err = c.national(f, o)
		}
	case DBCS:
		switch {
		case c.chars.mixed:
			c.form = formDouble
		case c.chars.ascii:
			c.form = formNational
		} // else bytes: the page has no such characters
	case UTF8:
		c.form = formUTF8
		c.chars = &charset{utf8: true, ascii: true, space: ' '}
	case Display:
		err = c.display(f, o)
	}
	c.kind = c.valueKind(f, o)
	return c, err
}

func (c *Codec) display(f *Field, o Options) error {
	c.form = formText
	var err error
	switch f.Category {
	case Numeric:
		c.form = formZoned
		c.zoned = zonedForm{ascii: c.chars.ascii, over: o.Overpunch, sign: f.Sign, scale: f.Scale, pic: f.Digits}
	case NumericEdited:
		c.form = formEdited
		if c.edited, err = newEditedForm(f, o.DecimalComma, o.Currency, o.CurrencySign); err == nil {
			c.edited.rule(c.chars)
		}
	}
	return err
}

func (c *Codec) valueKind(f *Field, o Options) ValueKind {
	switch c.form {
	case formBytes:
		return NoValue
	case formText, formNational, formUTF8, formDouble:
		return TextValue
	case formHexFloat, formIEEE:
		return RealValue
	}
	scale := f.Scale
	if c.edited != nil {
		scale = c.edited.scale
	}
	if scale > 0 {
		return DecimalValue
	}
	return IntegerValue
}

// Kind returns what the item's values are.
func (c *Codec) Kind() ValueKind { return c.kind }

// Size returns the item's length in bytes.
func (c *Codec) Size() int { return int(c.size) }

// WholeDigits returns how many digits an integer may have, zeros of PICTURE P included: 19 or 39 where the
// range is that of 8 or 16 bytes.
func (c *Codec) WholeDigits() int {
	n := int(c.pic)
	if c.form == formBinary && c.binary.full {
		n = [...]int{3, 5, 8, 10, 13, 15, 17, 20, 22, 24, 27, 29, 32, 34, 36, 39}[c.size-1]
	}
	if c.edited != nil {
		n = c.edited.digits
	}
	if c.scale < 0 {
		n -= int(c.scale)
	}
	return n
}

// Space returns the byte of a blank in the item's code page.
func (c *Codec) Space() byte { return c.chars.space }

// WithTrim returns the Codec with another trim.
func (c Codec) WithTrim(t Trim) Codec {
	c.trim = t
	return c
}

func (c *Codec) trimmed(b []byte) []byte {
	switch c.trim {
	case TrimPadding:
		if c.right {
			return c.chars.trimLeft(b)
		}
		return c.chars.trimRight(b)
	case TrimBoth:
		return c.chars.trimLeft(c.chars.trimRight(b))
	case TrimLeft:
		return c.chars.trimLeft(b)
	}
	return b
}

// AppendText appends the canonical text of b, which is Size bytes long: UTF-8, or an exact decimal such as
// "-12.30". Blank says that there is no value, and nothing is appended then.
func (c *Codec) AppendText(dst, b []byte) ([]byte, Fault) {
	switch c.form {
	case formText, formUTF8:
		return c.chars.appendText(dst, c.trimmed(b))
	case formNational, formDouble:
		return c.appendNational(dst, b)
	case formVarchar:
		return c.varchar.append(dst, b)
	}
	return c.AppendNumber(dst, b)
}

// AppendJSONText appends the inside of a JSON string (RFC 8259 section 7) for an item whose Kind is
// TextValue.
func (c *Codec) AppendJSONText(dst, b []byte) ([]byte, Fault) {
	if c.form == formText || c.form == formUTF8 {
		return c.chars.appendJSON(dst, c.trimmed(b))
	}
	var buf [256]byte
	text, f := c.AppendText(buf[:0], b)
	if f != OK {
		return dst, f
	}
	return appendEscaped(dst, text), OK
}

// AppendNumber appends the canonical text of an item whose Kind is a number; it is a JSON number too.
func (c *Codec) AppendNumber(dst, b []byte) ([]byte, Fault) {
	switch c.form {
	case formPacked:
		return appendPacked(dst, b, int(c.scale), c.signed, true)
	case formPackedUnsigned:
		return appendPacked(dst, b, int(c.scale), false, false)
	case formZoned:
		out, f := c.zoned.append(dst, b)
		if f == Blank && c.bwz && !only(b, 0) {
			return appendDigits(dst, false, nil, int(c.scale)), OK
		}
		return out, f
	case formBinary:
		return c.binary.append(dst, b)
	case formHexFloat:
		return appendHexFloat(dst, b, c.little)
	case formIEEE:
		return appendIEEE(dst, b, c.little)
	case formEdited:
		var buf [256]byte
		text, f := c.chars.appendText(buf[:0], b)
		if f != OK {
			return dst, f
		}
		if only(b, 0) {
			return dst, Blank
		}
		if c.edited.print != "" {
			var plain [256]byte
			text = c.edited.unprint(plain[:0], text)
		}
		return c.edited.parse(dst, text)
	case formNationalNumber:
		return c.appendNationalNumber(dst, b)
	}
	return dst, NotEncodable
}

// Put writes the bytes of a value, given as its canonical text. All of b is written, or nothing of worth:
// after a Fault b is undefined. Numbers must fit exactly; text is filled up with spaces.
func (c *Codec) Put(b, text []byte) Fault {
	if c.kind != TextValue && c.putShort(b, text) {
		return OK
	}
	switch c.form {
	case formText, formUTF8:
		if !c.right && c.chars.backAll && len(text) <= len(b) && c.chars.putASCII(b, text) {
			return OK
		}
		var buf [256]byte
		enc, f := c.encode(buf[:0], text)
		if f != OK {
			return f
		}
		return fill(b, enc, []byte{c.chars.space}, c.right)
	case formVarchar:
		return c.varchar.put(b, text, c.fold)
	case formNational:
		return putNational(b, text, c.little, c.right)
	case formDouble:
		return c.chars.putDouble(b, text, c.right)
	case formNationalNumber:
		return c.putNationalNumber(b, text)
	case formPacked:
		return putPacked(b, text, int(c.pic), int(c.scale), c.signed, true)
	case formPackedUnsigned:
		return putPacked(b, text, int(c.pic), int(c.scale), false, false)
	case formZoned:
		if f := c.zoned.put(b, text); f != OK || !c.bwz {
			return f
		}
		if out, f := c.zoned.append(nil, b); f == OK && zeroText(out) {
			c.zoned.putBlank(b)
		}
		return OK
	case formBinary:
		return c.binary.put(b, text)
	case formHexFloat:
		return putHexFloat(b, text, c.little)
	case formIEEE:
		return putIEEE(b, text, c.little)
	case formEdited:
		var buf [256]byte
		out := buf[:len(c.edited.symbols)]
		if f := c.edited.put(out, text); f != OK {
			return f
		}
		if c.edited.print != "" {
			var wide [384]byte
			out = c.edited.printed(wide[:0], out)
		}
		return c.chars.put(b, out, false)
	}
	return NotEncodable
}

// encode appends text in the item's code page, without padding.
func (c *Codec) encode(dst, text []byte) ([]byte, Fault) {
	enc, f := c.chars.encode(dst, text)
	if f == Unencodable && c.fold {
		enc, f = c.chars.encode(dst, c.chars.fold(text))
	}
	return enc, f
}

// zeroText reports whether decimal text is zero.
func zeroText(text []byte) bool {
	for _, c := range text {
		if c > '0' && c <= '9' {
			return false
		}
	}
	return true
}

// PutNull writes the bytes that decode as null: spaces for DISPLAY items, low-values for packed ones and for
// those that are BLANK WHEN ZERO. Text, binary and floating point items have none: NoBlank.
func (c *Codec) PutNull(b []byte) Fault {
	switch {
	case c.form == formPacked, c.form == formZoned && c.bwz, c.form == formEdited, c.form == formNationalNumber:
		clear(b)
	case c.form == formZoned:
		c.zoned.putBlank(b)
	default:
		return NoBlank
	}
	return OK
}

var zeroDigit = []byte("0")

// PutInitial writes what INITIALIZE would: zero for numbers, spaces for text, low-values for the rest.
func (c *Codec) PutInitial(b []byte) {
	if c.kind == TextValue {
		_ = c.Put(b, nil)
		return
	}
	if c.kind == NoValue || c.Put(b, zeroDigit) != OK {
		clear(b)
	}
}

// Nullable reports whether the item has bytes that mean null.
func (c *Codec) Nullable() bool {
	return c.form == formPacked || c.form == formZoned || c.form == formEdited || c.form == formNationalNumber
}

// Scale returns the number of digits behind the point; negative for trailing P of the PICTURE.
func (c *Codec) Scale() int {
	if c.edited != nil {
		return c.edited.scale
	}
	return int(c.scale)
}

// Signed reports whether a number may be negative.
func (c *Codec) Signed() bool {
	if c.edited != nil {
		return c.edited.signed
	}
	return c.signed
}
