package mq

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// FolderUser is the folder of an application's own properties.
const FolderUser = "usr"

// Bounds of a folder whose properties are read.
const (
	maxFolderBytes  = 1 << 20
	maxProperties   = 1000
	maxFolderDepth  = 8
	maxPropertyName = 4095 // MQ_MAX_PROPERTY_NAME_LENGTH
)

// Property is one element of a folder of an MQRFH2.
type Property struct {
	// Name is the element's; elements within elements are joined by full stops.
	Name string
	// Type is its dt attribute: "" or "string", "boolean" ("1", "0"), "bin.hex", "i1" to "i8", "int", "r4", "r8".
	Type string
	// Value is its text, with references resolved and blanks kept.
	Value string
}

// Properties returns the elements of the folder of that name, in order; none if there is no such folder.
// Null ones (xsi:nil) are left out. The text is read by a real XML decoder, within bounds: 1 MiB, 1,000
// properties, 8 levels, no document type, no entity but XML's five. The error is an *adapters.Refusal with
// reason header-folder.
func (h *RFH2) Properties(folder string) ([]Property, error) {
	var out []Property
	for i, raw := range h.Folders {
		fail := func(err error) error {
			return refuseHeader(reasonHeaderFolder, fmt.Sprintf("MQRFH2.NameValueData[%d]", i), -1, len(raw), err)
		}
		text, err := h.folderText(raw)
		if err != nil {
			return nil, fail(err)
		}
		if rootName(text) != folder {
			continue
		}
		if len(text) > maxFolderBytes {
			return nil, fail(fmt.Errorf("it has %d bytes; at most %d are read", len(text), maxFolderBytes))
		}
		r := folderReader{decoder: xml.NewDecoder(bytes.NewReader(text)), out: out}
		if err := r.read(); err != nil {
			return nil, fail(fmt.Errorf("byte %d of its text: %w", r.decoder.InputOffset(), err))
		}
		out = r.out
	}
	return out, nil
}

// folderText returns a folder as UTF-8 without the blanks and NULs that pad it.
func (h *RFH2) folderText(raw []byte) ([]byte, error) {
	var text []byte
	switch {
	case h.NameValueCCSID == 0 || h.NameValueCCSID == CCSIDUTF8:
		text = raw
	case h.twoByte():
		if len(raw)%2 != 0 {
			return nil, errors.New("UTF-16 of an odd number of bytes")
		}
		units := make([]uint16, len(raw)/2)
		for i := range units {
			units[i] = h.folderOrder().Uint16(raw[2*i:])
		}
		text = []byte(string(utf16.Decode(units)))
	default:
		page := codepage(h.NameValueCCSID)
		if page == nil {
			return nil, fmt.Errorf("NameValueCCSID %d is none that Portage has", h.NameValueCCSID)
		}
		text = page.AppendUTF8(nil, raw)
	}
	if !utf8.Valid(text) {
		return nil, errors.New("it is not text in the code page stated")
	}
	return bytes.TrimRight(text, " \x00\t\r\n"), nil
}

// rootName is the name of the element that a folder begins with.
func rootName(text []byte) string {
	rest, ok := bytes.CutPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte("<"))
	if !ok {
		return ""
	}
	if i := bytes.IndexAny(rest, " \t\r\n/>"); i >= 0 {
		return string(rest[:i])
	}
	return ""
}

// folderReader reads the elements of one folder.
type folderReader struct {
	decoder *xml.Decoder
	path    []string
	out     []Property

	property Property // of the innermost element that is open
	text     []byte
	null     bool
	leaf     bool // the open element has had no element in it
}

var (
	errNotXML    = errors.New("it is not well-formed XML")
	errMarkup    = errors.New("it holds markup that folders do not have")
	errManyProps = fmt.Errorf("more than %d properties", maxProperties)
	errDeep      = fmt.Errorf("elements within elements, more than %d deep", maxFolderDepth)
)

// read never passes on the decoder's errors: they quote the text.
func (r *folderReader) read() error {
	closed := false
	for {
		token, err := r.decoder.Token()
		if err == io.EOF && closed {
			return nil
		}
		if err != nil {
			return errNotXML
		}
		if closed {
			return errMarkup
		}
		switch t := token.(type) {
		case xml.StartElement:
			err = r.open(t)
		case xml.EndElement:
			err = r.close()
			closed = len(r.path) == 0
		case xml.CharData:
			r.text = append(r.text, t...)
		case xml.Comment:
		default:
			err = errMarkup
		}
		if err != nil {
			return err
		}
	}
}

func (r *folderReader) open(t xml.StartElement) error {
	if len(r.path) == maxFolderDepth {
		return errDeep
	}
	r.path = append(r.path, t.Name.Local)
	r.text, r.null, r.leaf, r.property = nil, false, true, Property{}
	for _, a := range t.Attr {
		switch {
		case a.Name.Local == "dt":
			r.property.Type = a.Value
		case a.Name.Local == "nil" && a.Name.Space != "":
			r.null = a.Value == "true" || a.Value == "1"
		}
	}
	return nil
}

func (r *folderReader) close() error {
	if r.leaf && !r.null && len(r.path) > 1 {
		if len(r.out) == maxProperties {
			return errManyProps
		}
		r.property.Name = strings.Join(r.path[1:], ".")
		r.property.Value = string(r.text)
		r.out = append(r.out, r.property)
	}
	r.path = r.path[:len(r.path)-1]
	r.text, r.leaf = nil, false
	return nil
}

// buildFolder writes a folder, padded with blanks to a multiple of four bytes.
func buildFolder(name string, properties []Property) ([]byte, error) {
	if !elementName(name) {
		return nil, refuseHeader(reasonHeaderValue, "MQRFH2.NameValueData", -1, -1, errors.New("a folder's name is no XML name"))
	}
	var b bytes.Buffer
	b.WriteString("<" + name + ">")
	for i, p := range properties {
		where := fmt.Sprintf("MQRFH2.NameValueData property %d", i)
		switch {
		case !elementName(p.Name):
			return nil, refuseHeader(reasonHeaderValue, where, -1, -1, errors.New("its name is no XML name without colon and full stop"))
		case p.Type != "" && !dataTypes[p.Type]:
			return nil, refuseHeader(reasonHeaderValue, where, -1, -1, errors.New("its type is none of MQRFH2"))
		}
		b.WriteString("<" + p.Name)
		if p.Type != "" && p.Type != "string" {
			b.WriteString(` dt="` + p.Type + `"`)
		}
		b.WriteString(">")
		if err := escape(&b, p.Value); err != nil {
			return nil, refuseHeader(reasonHeaderValue, where, -1, -1, err)
		}
		b.WriteString("</" + p.Name + ">")
	}
	b.WriteString("</" + name + ">")
	for b.Len()%4 != 0 {
		b.WriteByte(' ')
	}
	return b.Bytes(), nil
}

// dataTypes are the values of dt (IBM MQ, Reference, NameValueData).
var dataTypes = map[string]bool{"string": true, "boolean": true, "bin.hex": true, "i1": true, "i2": true, "i4": true, "i8": true,
	"int": true, "r4": true, "r8": true}

// escape writes text so that the decoder gives it back; XML cannot carry every character.
func escape(b *bytes.Buffer, text string) error {
	for _, r := range text {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff || r == utf8.RuneError {
			return errors.New("its value holds a character that XML cannot carry")
		}
	}
	return xml.EscapeText(b, []byte(text))
}

// elementName accepts the ASCII part of XML names, which is what property names are made of.
func elementName(name string) bool {
	for i, r := range name {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_'
		if !letter && (i == 0 || !(r >= '0' && r <= '9' || r == '-')) {
			return false
		}
	}
	return name != "" && len(name) <= maxPropertyName
}
