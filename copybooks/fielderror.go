package copybooks

import (
	"errors"
	"fmt"
	"strconv"
)

// Fault says why bytes are not a value, or why a value does not fit its bytes. The zero value is no
// fault. A Fault is what the codecs return, so that a refusal costs no allocation; FieldError carries its
// String as Reason.
type Fault uint8

// The faults. Blank is not an error: it says that a numeric item holds only spaces or low-values, which
// is JSON's null.
const (
	OK           Fault = iota
	Blank              // only spaces or only low-values in a numeric item
	ShortRecord        // the record ends before the field does
	LongRecord         // the record goes on behind the last field
	ZonedDigit         // a byte of a zoned item is not a digit
	ZonedSign          // the sign of a zoned item is no sign
	PackedNibble       // a nibble of a packed item is not a digit
	PackedSign         // the last nibble of a packed item is not a sign
	FloatSpecial       // an infinity or a NaN, which COBOL and JSON do not have
	TextEncoding       // bytes that the code page, UTF-8 or UTF-16 does not know
	EditedText         // text that the PICTURE of a numeric-edited item cannot produce
	ODOCount           // the counter of a table lies outside the table's bounds
	UsedCount          // a mapping's count lies outside the table
	UnknownKind        // no record kind or view belongs to the selecting value
	Eyecatcher         // a field does not hold the value that its mapping expects
	DateValue          // digits that are no date of the stated form
	DateGap            // a local time that clocks skipped
	NotNumber          // text that is not a decimal number
	Overflow           // more digits than the PICTURE has
	FractionLost       // more decimal places than the PICTURE has
	SignLost           // a negative number for an unsigned item
	TextTooLong        // more characters than the field has
	Unencodable        // a character that the code page does not have
	NoBlank            // null for an item whose bytes are always a number
	UnknownCode        // text that no code of the mapping has
	ViewsDiffer        // two views of the same storage encode to different bytes
	WrongKind          // a JSON value of the wrong kind
	MissingValue       // a value that the record cannot do without
	NotEncodable       // a field that has no encoding, such as a pointer, was given a value
	ReturnCode         // a return code that the mapping does not know
	TextLength         // the length of a VARCHAR is negative or more than its text holds
	lastFault
)

var faultNames = [lastFault]string{
	OK: "ok", Blank: "blank", ShortRecord: "short-record", LongRecord: "long-record",
	ZonedDigit: "zoned-digit", ZonedSign: "zoned-sign", PackedNibble: "packed-nibble",
	PackedSign: "packed-sign", FloatSpecial: "float-special", TextEncoding: "text-encoding",
	EditedText: "edited-text", ODOCount: "odo-count", UsedCount: "used-count",
	UnknownKind: "unknown-kind", Eyecatcher: "eyecatcher", DateValue: "date-value", DateGap: "date-gap",
	NotNumber: "not-number", Overflow: "overflow", FractionLost: "fraction-lost", SignLost: "sign-lost",
	TextTooLong: "text-too-long", Unencodable: "unencodable", NoBlank: "no-blank",
	UnknownCode: "unknown-code", ViewsDiffer: "views-differ", WrongKind: "value-kind",
	MissingValue: "missing-value", NotEncodable: "not-encodable", ReturnCode: "return-code", TextLength: "text-length",
}

var faultHints = [lastFault]string{
	Blank:        "only spaces or low-values",
	ShortRecord:  "the record ends before this field does: check the record length and the layout",
	LongRecord:   "the record is longer than its layout: check the layout, the counters and the record length",
	ZonedDigit:   "a byte is not a digit: check the code page and the offset",
	ZonedSign:    "the sign is none of those that the item can have: check the code page and the SIGN clause",
	PackedNibble: "a nibble is not a digit: check the offset, or that nobody translated the record as text",
	PackedSign:   "the last nibble is not a sign: check the offset, or that nobody translated the record as text",
	FloatSpecial: "an infinity or not a number: check the float format",
	TextEncoding: "bytes that the code page does not define: check the code page",
	EditedText:   "text that this PICTURE cannot produce",
	ODOCount:     "the counter of the table lies outside its bounds",
	UsedCount:    "the count is greater than the table",
	UnknownKind:  "the value selects no record kind",
	Eyecatcher:   "the field does not hold its constant: wrong queue, wrong layout or wrong code page",
	DateValue:    "the digits are not a date of the stated form",
	DateGap:      "clocks skipped this local time",
	NotNumber:    "the value is not a decimal number",
	Overflow:     "the value has more digits than the PICTURE",
	FractionLost: "the value has more decimal places than the PICTURE",
	SignLost:     "the value is negative and the item is unsigned",
	TextTooLong:  "the text is longer than the field",
	Unencodable:  "a character is not in the code page",
	NoBlank:      "this item has no bytes that mean null",
	UnknownCode:  "the text is none of the field's codes",
	ViewsDiffer:  "two views of the same storage do not agree: leave one of them null",
	WrongKind:    "the JSON value is of another kind",
	MissingValue: "a value is missing",
	NotEncodable: "the item has no value that could be written",
	ReturnCode:   "the return code is not in the mapping",
	TextLength:   "the length of the text is negative or more than the text holds",
}

// String returns the stable reason code, such as "packed-nibble". It is a metric label.
func (f Fault) String() string {
	if f < lastFault {
		return faultNames[f]
	}
	return "fault-" + strconv.Itoa(int(f))
}

// Reasons returns all reason codes in a fixed order: the closed set of a metric's label.
func Reasons() []string {
	out := make([]string, 0, int(lastFault)-1)
	for f := Blank; f < lastFault; f++ {
		out = append(out, faultNames[f])
	}
	return out
}

// FieldError says where in a record a value was refused and why. It never holds the record's content.
type FieldError struct {
	// Layout is the 01 level's name.
	Layout string
	// Path is the Field's path; empty if the whole record is meant. Elements of tables stand as (3), from 1
	// as COBOL counts.
	Path string
	// Offset and Size are bytes from the start of the record. Offset is -1 where there are no bytes yet.
	Offset, Size int
	// Reason is the Fault's code: one of Reasons.
	Reason string
	// Err says what to do about it.
	Err error
}

// NewFieldError returns the error for a Fault in a Field. index counts the table elements from 0, outermost
// first; it may be empty. f nil means the whole record.
func NewFieldError(l *Layout, f *Field, fault Fault, offset, size int, index ...int) *FieldError {
	e := &FieldError{Offset: offset, Size: size, Reason: fault.String(), Err: errors.New(faultHints[fault])}
	if l != nil {
		e.Layout = l.Name()
	}
	if f == nil {
		return e
	}
	e.Path = f.Path
	if len(index) > 0 {
		e.Path += "("
		for i, n := range index {
			if i > 0 {
				e.Path += ","
			}
			e.Path += strconv.Itoa(n + 1)
		}
		e.Path += ")"
	}
	return e
}

// Error implements error.
func (e *FieldError) Error() string {
	where := e.Path
	if where == "" {
		where = e.Layout
	}
	if e.Offset < 0 {
		return fmt.Sprintf("%s: %s: %v", where, e.Reason, e.Err)
	}
	return fmt.Sprintf("%s: %s at offset %d, size %d: %v", where, e.Reason, e.Offset, e.Size, e.Err)
}

// Unwrap returns the cause.
func (e *FieldError) Unwrap() error { return e.Err }
