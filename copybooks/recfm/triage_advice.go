package recfm

import (
	"maps"
	"slices"
)

// Codes returns the codes of all Findings, in alphabetical order.
func Codes() []string { return slices.Sorted(maps.Keys(advices)) }

// Ways to send a file so that no byte changes. Sources: z/OS Communications Server IP User's Guide and Commands
// (FTP subcommands binary, quote site rdw), z/OS UNIX System Services Command Reference (cp -B, -F), Sterling
// Connect:Direct for UNIX User's Guide (sysopts datatype, strip.blanks), Co:Z SFTP and z/OS OpenSSH User's Guides.
var (
	sendBinary = []string{
		"FTP from the workstation: binary, then get 'HLQ.DATA.SET'.",
		"FTP for records of varying length: binary, quote site rdw, then get: each record keeps its RDW.",
		"SFTP (z/OS OpenSSH) reads z/OS UNIX files only, and as they are: first cp -B \"//'HLQ.DATA.SET'\" file. With Co:Z SFTP: ls /+mode=binary, then get.",
		"Connect:Direct: sysopts \":datatype=binary:\" on the side that is not z/OS.",
		"z/OS UNIX: cp -B \"//'HLQ.DATA.SET'\" file copies without newlines and without translation.",
	}
	sendDescriptors = []string{
		"FTP: binary, quote site rdw, then get 'HLQ.DATA.SET'. Without quote site rdw the RDWs are left out.",
		"SFTP with Co:Z: ls /+mode=binary,linerule=rdw, then get. z/OS OpenSSH knows no RDWs: use FTP, or copy the dataset to RECFM=U before.",
		"Connect:Direct: sysopts \":datatype=vb:\" on the side that is not z/OS; the file then has BDWs and RDWs (--recfm VB).",
		"z/OS UNIX: cp knows no RDWs (cp -F record writes prefixes of its own); send the dataset by FTP.",
	}
	sendAgain = []string{
		"Send the file again and compare its length with the dataset's: records times LRECL, or what the sender's log says.",
		"FTP: look for reply 250 in the log; 426, 451 and 552 mean that the transfer stopped. Connect:Direct: look for SCPA000I in the statistics.",
	}
)

// advices by code, in English.
var advices = map[string]Advice{
	"empty": {Cause: "Nothing arrived: the dataset was empty, or the transfer ended before its first record.", Resend: sendAgain},
	"packed-translated": {
		Cause:  "The file was sent as text. Every byte was translated from EBCDIC to ASCII, those of packed and binary numbers too, which are no characters.",
		Resend: sendBinary,
		Local:  "Do not translate it back: newlines and substituted characters cannot be told from data. Ask for the file again, in binary.",
	},
	"characters-replaced": {
		Cause:  "A translation met bytes that are no characters of its code page and wrote a substitute in their place. What stood there is lost.",
		Resend: sendBinary,
	},
	"already-ascii": {
		Cause:  "The file was sent as text, and its records hold characters only, so nothing is lost.",
		Resend: sendBinary,
		Local:  "Read it as it is: portage decode --codepage latin1 --recfm text, or utf8. Signs in zoned numbers then have their ASCII form.",
	},
	"double-translated": {
		Cause:  "The file was translated between EBCDIC and ASCII once too often: two steps of the transfer each did it.",
		Resend: append([]string{"Let one step translate, or none: for instance binary FTP of a file that is in ASCII already."}, sendBinary...),
	},
	"wrong-code-page": {
		Cause:  "The text is in another EBCDIC code page than the expected one. Brackets, exclamation mark, vertical bar, caret, braces or accented letters differ.",
		Resend: []string{"The bytes are right: no need to send the file again.", "FTP as text: quote site sbdataconn=(IBM-1047,ISO8859-1) names the pages; the default may be another one."},
		Local:  "Name the right page: portage decode --codepage.",
	},
	"newlines-inserted": {
		Cause:  "The transfer ended each record, or each line feed, with a newline of its own, as text transfers do. In binary records that moves every byte behind it.",
		Resend: sendBinary,
		Local:  "If every record has the same length, --skip-record-end 1 (LF) or 2 (CR LF) with --lrecl of the record and its newline reads it.",
	},
	"ebcdic-newlines": {
		Cause:  "A copy in text mode inside of z/OS UNIX ended each record with an EBCDIC newline (X'15') or line feed (X'25').",
		Resend: []string{"z/OS UNIX: cp -B \"//'HLQ.DATA.SET'\" file copies without newlines.", "For text nothing needs to be sent again."},
		Local:  "Records of characters can be read as they are: --recfm text --newline nl (X'15') or ebcdic-lf (X'25').",
	},
	"rdw-stripped": {
		Cause:  "The dataset has records of varying length, and the transfer left out the RDWs that say where each one ends.",
		Resend: sendDescriptors,
		Local:  "If the copybook's counters alone say where records end, read it as it is: --recfm F --lrecl counted.",
	},
	"rdw-doubled": {
		Cause:  "Each record has two descriptor words. Either a program wrote RDWs into the records and the transfer added its own, or the dataset is unblocked (RECFM=V) and its BDWs were kept.",
		Resend: []string{"Leave out one of the two: no quote site rdw for a file that holds RDWs as data.", "For an unblocked dataset nothing is wrong."},
		Local:  "Read it as it is: --recfm VB.",
	},
	"rdw-little": {
		Cause:  "A transfer product wrote the length in bytes 2-3 of each descriptor word, low byte first.",
		Resend: sendDescriptors,
		Local:  "Read it as it is: --rdw little.",
	},
	"rdw-uncounted": {
		Cause:  "A transfer product or a compiler's run time wrote lengths that do not count the descriptor word's own four bytes.",
		Resend: sendDescriptors,
		Local:  "Read it as it is: --rdw-adjust 4.",
	},
	"rdw-kept": {
		Cause:  "The dataset is said to have fixed records, and these have RDWs: it is another dataset, or it was copied to RECFM=V before it was sent.",
		Resend: []string{"Ask which DCB the dataset has (LISTDS, or ISPF 3.2)."},
		Local:  "Read it as it is: --recfm V.",
	},
	"bdw-kept": {
		Cause:  "The dataset's blocks were sent, with their block descriptor words: it was read as RECFM=U, or with a product's block option.",
		Resend: sendDescriptors,
		Local:  "Read it as it is: --recfm VB.",
	},
	"bdw-lost": {
		Cause:  "Records have RDWs, and no blocks stand around them: FTP with site rdw sends records, never blocks.",
		Resend: []string{"Nothing needs to be sent again: blocks carry no data."},
		Local:  "Read it as it is: --recfm V.",
	},
	"framing-lost": {
		Cause:  "The descriptor words lead from record to record up to a place, and not beyond it: bytes were inserted, lost or changed before it.",
		Resend: sendBinary,
	},
	"wrong-lrecl": {
		Cause: "The records have another length than the expected one: the dataset or the receiving side was defined with another LRECL, which cuts or fills records, or the copybook is of another version.",
		Resend: []string{
			"Compare the dataset's LRECL (ISPF 3.2, LISTDS) with the copybook's length.",
			"FTP to z/OS: quote site recfm=fb lrecl=N blksize=0 before put; without it the default LRECL cuts records or wraps them (quote site wrap, truncate).",
			"Connect:Direct: state DCB=(RECFM=FB,LRECL=N) on the TO side.",
		},
		Local: "If records were only filled up, --lrecl N and --skip-record-end read it.",
	},
	"truncated": {
		Cause:  "The file ends inside a record: the transfer stopped, or the receiving side ran out of space (B37, D37, E37 on z/OS, disk full elsewhere).",
		Resend: sendAgain,
		Local:  "The records before the end are whole: portage decode --on-error skip reads them.",
	},
	"padded": {
		Cause:  "Bytes without meaning fill up the file or its records: to a block's length by the transfer, or to the longest record by a copy from RECFM=V to RECFM=F.",
		Resend: []string{"Send with the dataset's own RECFM and LRECL: FTP binary, for varying lengths with quote site rdw.", "XMODEM and similar protocols fill up the last block: use another."},
		Local:  "Leave the end out: --skip-file-footer, or --limit with the number of records.",
	},
	"blanks-trimmed": {
		Cause:  "Blanks at the ends of records were cut off, as text transfers do (FTP: site notrailingblanks; Connect:Direct: strip.blanks=yes).",
		Resend: append([]string{"FTP as text: quote site trailingblanks.", "Connect:Direct: sysopts \":strip.blanks=no:\"."}, sendBinary...),
		Local:  "Lines of text are filled up again on reading: --recfm text with --lrecl.",
	},
	"packed-file": {
		Cause:  "The file is compressed or in an archive.",
		Resend: []string{"Nothing needs to be sent again."},
		Local:  "gzip, bzip2 and zstd are unpacked on reading. Unpack other forms with their own tools: zip, xz; AMATERSE and TSO RECEIVE on z/OS.",
	},
	"packed-file-broken": {
		Cause:  "The file begins as a compressed file, and cannot be unpacked: it was cut off, or sent as text.",
		Resend: append([]string{"Compressed files must always be sent in binary."}, sendAgain...),
	},
	"not-records": {
		Cause:  "This is another sort of file than a dataset of records.",
		Resend: []string{"Ask for the dataset by its name and DCB; look into the job that made this file."},
	},
	"hex-dump": {
		Cause:  "The file is a printout of bytes in hexadecimal digits, not the bytes.",
		Resend: sendBinary,
		Local:  "xxd -r -p turns plain digits into bytes.",
	},
	"base64": {
		Cause:  "The file was wrapped for mail or for a web form (base64).",
		Resend: sendBinary,
		Local:  "base64 -d gives the bytes.",
	},
	"wrong-copybook": {
		Cause:  "The fields do not fit the bytes, and no known transfer explains it: another copybook, another version of it, or another file.",
		Resend: []string{"Compare the copybook with the program that writes the file; look at one record with portage inspect --hex."},
	},
}
