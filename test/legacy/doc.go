// Package legacy runs the COBOL programs of the tests and turns what they write into what a mainframe would
// have written. The programs (folder cobol) are compiled by GnuCOBOL from the very copybooks that Portage
// reads, and each reports, field by field, where the field lies, how its bytes hold the value, and which value
// COBOL sees. That report is the only source of the transcoding from ASCII to EBCDIC and of the values that
// tests expect: nothing here knows Portage's own engine.
//
// GnuCOBOL with -std=ibm -fodoslide lays records out as Enterprise COBOL does, tables of variable length
// included. It differs in what is transcoded here: text is ASCII (ISO 8859-1), a minus sign overpunched on a
// zoned digit is X'70'-X'79', and COMP-1 and COMP-2 are IEEE 754, low byte first.
//
// The programs:
//
//   - OASXTR, CPPPAY, EICLMS write the records of one copybook each ([Programs.Extract]).
//   - EIQS answers EI status inquiries as a filter of 586-byte areas in code page 037; internal/demo/eiqs is
//     its twin in Go.
//   - EIQSMQ and CPPMQ do their work on queues: they CALL the MQI, and are built and run in test/mqi.
package legacy
