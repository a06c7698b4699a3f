// Package parity compares the answers of the two sides of an operation, and says in which fields they differ
// and how grave that is, without showing what stands there.
//
// Two answers are equal if their status, their chosen headers and their bodies are. JSON bodies are compared
// by structure: member order and white space mean nothing, numbers are compared by their exact value and
// texts, decimal texts included, by their characters. Arrays keep their order unless a rule names a key.
// Problem documents (RFC 9457) are compared by type and status, since their texts are for people.
//
// Nothing is forgiven silently. A rule that hides a difference says why, who answers for it and until when,
// and counts what it hid; after that day it hides nothing.
//
// Kinds of Difference and their severity, 1 the gravest:
//
//	value     another value                                      1 if money, else 2
//	rounding  decimals at most one unit in the last place apart  1 if money, else 2
//	type      another kind of value, or the same number in
//	          another form ("729.0" for "729.00")                1 if money, else 2
//	missing   Legacy has it, Modern has not                      1 if money, else 2
//	extra     Modern has it, Legacy has not                      1 if money, else 2
//	status    another HTTP status; bodies are not compared then  2
//	order     the same elements in another order                 3
package parity
