// Package syntax reads COBOL source text and returns its data description entries.
//
// It knows the reference formats (fixed, variable and free), COPY and REPLACE, and the data division as Enterprise
// COBOL for z/OS describes it (Language Reference, "Reference format", "Source text manipulation" and
// "Data division"). What it does not know is storage: sizes and offsets are the work of package copybooks.
//
// Whole programs are welcome: what stands before the data division is passed over, SPECIAL-NAMES excepted,
// and reading stops at the procedure division. EXEC ... END-EXEC, compiler directives, listing
// statements (EJECT, SKIP1, TITLE) and file descriptions are passed over too.
//
// The text is not trusted: time and memory are bounded by the limits in this package, whatever it holds.
package syntax
