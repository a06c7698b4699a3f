// Package dataset takes generations of records that arrive as files, and writes such files.
//
// A [Source] watches one directory. A generation is one file; it is taken when it is complete, judged as a
// whole, and only then delivered, record by record:
//
//	DIR/OASMSTR.G0042V00          arrives; left alone until it is complete
//	DIR/portage/taking/           the generation in hand: moved here, judged, delivered
//	DIR/portage/accepted/         delivered to its end
//	DIR/portage/rejected/         refused whole, with NAME.reason beside it; nothing of it was delivered
//	DIR/portage/repeated/         holds what an accepted generation held
//	DIR/portage/dead-letters/     what handlers put, one folder a destination
//	DIR/portage/state.json        the generation in hand and the last record settled
//	DIR/portage/history.jsonl     the generations accepted so far, one line each
//
// # Identity
//
// A record's Message.ID is the identity of its generation and the record's number, from 1. The identity is of
// the content, not of the file: the dataset's name, the cycle, and a hash of the header without its
// generation number. A job that is run again for the same cycle makes the same IDs, so its records make no
// new events. Each record also has the cycle as a header, [HeaderCycle]. Where the rerun holds the same records it is not delivered at all; where it holds others it is
// rejected, because its IDs speak of other content already.
//
// # Settling
//
// Batch.Position is the generation, the number of the batch's last record and the offset of the byte behind
// it. With a Ledger, whose position [Source.Resume] takes, a killed process goes on behind the last record
// that the Ledger holds: nothing is lost or doubled. Without one the place is written to state.json, synced,
// when a batch settles, and a kill between the handler's yes and that write delivers one batch again.
//
// Dead letters are prepared before the Handler returns: whole, synced, under a name that ends in .pending and
// says which records the batch covers. They lose that ending when the batch settles. After a kill, a
// prepared file whose records are settled, by the Ledger's position or else by state.json, is kept; any
// other is removed, and its records are delivered again. A letter is thus there exactly if its batch is
// settled.
//
// Whatever the size of a file, memory holds one batch, and one block of the file.
package dataset
