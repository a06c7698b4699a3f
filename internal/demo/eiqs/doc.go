// Package eiqs is the Go twin of the COBOL program EIQS (test/legacy/cobol/EIQS.cob): the synthetic Legacy of
// the EI status inquiry, for hosts without a COBOL runtime. [Answer] gives the same 586 bytes as the program
// does, whatever it is asked; test/legacy proves it. [Find] gives the claim behind an answer, and takes the
// rounding as a parameter, so that a Modern service can be as wrong as a real one.
//
// The rule stands in test/legacy/cobol/EIQSRULE.cpy. Everything follows from the SIN and the claim number.
// Safe for use by several goroutines.
package eiqs
