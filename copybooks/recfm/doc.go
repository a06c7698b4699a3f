// Package recfm cuts streams of bytes into records and joins records into streams, by the record
// formats of z/OS: fixed (F, FB), variable (V, VB), spanned (VBS), and lines of text. It knows nothing
// of copybooks: a record is a run of bytes.
//
// A [Reader] streams: it holds one record and a buffer, whatever the size of the file, and lends its
// buffer instead of copying. Input packed by gzip, bzip2 or zstd is recognised and unpacked. A [Writer]
// is its inverse: what it writes, a Reader with the same [Format] gives back, and the other way round
// where a format has one canonical form (F, FB, V, text lines that end in one newline, VB and VBS whose
// blocks are filled as far as Blksize goes).
//
// # What the formats look like in a file
//
//   - F, FB: records of Lrecl bytes, one after the other. Blocks leave no mark in a stream, so both are the
//     same. With LengthOf, each record says its own length: in a field, or by the counters of its tables.
//   - V: each record follows a record descriptor word (RDW) of four bytes, as a transfer with "site rdw"
//     leaves it. On z/OS bytes 0-1 hold the length, high byte first, its own four bytes included, 4 to
//     32,760; bytes 2-3 are zero (z/OS DFSMS Using Data Sets, SC23-6855, "Record Descriptor Word").
//   - VB: V records in blocks, each after a block descriptor word (BDW) whose length includes itself. With
//     bit 0 on it is an extended BDW and holds 31 bits of length (same manual, "Block Descriptor Word").
//   - VBS: as VB, and a record may be cut into segments. The low two bits of byte 2 say which: 0 the whole
//     record, 1 its first, 2 its last, 3 a middle segment (same manual, "Segment Descriptor Word").
//   - VS: the segments of VBS without blocks around them, as a transfer with "site rdw" leaves spanned records.
//   - text: lines. The newline is not part of the record.
//
// Products that move files write other descriptor words: length in bytes 2-3, low byte first (Little), or
// a length that does not count the descriptor (RDWAdjust 4).
//
// # Errors
//
// Every fault is an [*Error] with the record's number, its byte offset, a stable reason and a hint. Once the
// framing is lost it stays lost: a Reader returns the same error from then on. Errors never hold content.
package recfm
