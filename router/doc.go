// Package router sends each request to one of the two sides of its operation, Legacy or Modern, and
// says where it went and why. A client, known by its Key, stays with one side; a breaker guards
// Modern; shadow copies compare both answers; every step can be taken back.
//
// # A request's way
//
//	inspect     the canonical path, once; what is malformed is answered 400        refuse.go
//	match       route and parameters, or 404, or 405 with Allow                    pattern.go
//	identify    Config.Key; no Key: Legacy; a bad Reference: 404                   serve.go
//	decide      Table.Decide, a pure function                                      table.go
//	read        up to bufferBody of the body, before a side hears of the request   body.go
//	call        the side, within its timeout; the answer up to bufferAnswer        call.go
//	send        the answer, with Portage-Decision                                  answer.go
//	copy        to the other side, afterwards, if the route has a shadow           shadow.go
//
// # When Legacy serves in Modern's stead
//
//	Modern …                                         read     write
//	is not called: the breaker is open               yes      yes
//	was not reached, or proves that it did nothing   yes      yes
//	answers 500 or more, breaks off, or is late      yes      no
//	broke off after the first byte had gone out      cut      cut
//
// Nothing is ever sent twice that may have an effect: http.Transport's own repetition is turned off for
// writes. A side proves that it did nothing by an error that implements NotExecuted, or by answering 425,
// 429 or 503 with "Portage-Executed: no". There is no fallback at stage retired, for a client pinned to
// Modern, for a streamed body that Modern has begun to read, or beyond maxFallbackInFlight.
//
// # Steps and the way back
//
// Change and Rollback put another Table in force, atomically; requests under way keep theirs. A step
// towards Legacy is in force first and recorded afterwards; any other must be recorded first. The Store
// outranks the configuration, which sets first values only.
//
// # What the router does not do
//
// Trailers and informational answers (1xx) are dropped; connections are not upgraded; nothing is
// cached; redirects are passed on.
package router
