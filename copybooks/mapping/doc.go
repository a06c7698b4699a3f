// Package mapping shows the records of copybooks as JSON, and turns JSON back into records.
//
// A View is one or more Layouts seen through a mapping file, which gives values names, shape and meaning
// outside Legacy. Without a file the View is the copybook's own: groups are objects, tables are arrays,
// member names are the data-names in lowerCamel.
//
// # Values
//
// Text loses the spaces that encoding adds. Exact decimals are strings that keep every digit ("729.00");
// whole numbers are numbers if the PICTURE has at most 15 digits, strings above (or the 18 to 39 digits of a
// full-range binary item); floating point is a string with the shortest decimal that gives the same bytes.
// Numbers that hold only spaces or low-values are null. Pointers and indices are hexadecimal digits.
//
// # Records of several kinds
//
// Kinds choose an 01 level, or a view of a REDEFINES, by a Field's value; a setting's selects do the same
// for one storage, in a table for each element. Without them each view appears, null if it cannot be
// decoded, and several 01 levels appear as one member each, numbered from 2 where their names are the same.
//
// # The way back
//
// EncodeJSON takes what AppendJSON writes. The bytes of the record that was decoded before win where a value
// has several encodings, where the JSON has no member, and where nothing is shown (FILLER, omitted fields,
// elements behind the used ones): decoding and then encoding gives the same bytes. Without that record the
// canonical forms of copybooks.Encoder are written, defaults of the mapping, and what INITIALIZE gives.
// Null views are ignored; several views of the same storage must agree.
//
// Whatever cannot be inverted is refused with its place: in the mapping file when it is compiled, in the JSON
// text by pointer and byte, in the record by path and offset. No error holds content.
//
// # Db2
//
// A group of level 49 is one text (varchar), an indicator says that a value is null and is not shown itself
// (nullIndicator), and dates and timestamps have the forms of Db2's strings.
//
// # Level 66
//
// A level 66 is shown if the file names it. On the way back it writes its bytes where the JSON names none of
// the Fields that it renames, and must agree with them where it does.
//
// # Events and exchanges
//
// An event block makes a CloudEvent of a record; an exchange block binds an HTTP operation to a request and a
// reply record. Both show only what their mapping lists, and never a value of sensitivity sin.
package mapping
