// Package ibmmq connects to IBM MQ with IBM's own client: github.com/ibm-messaging/mq-golang. It is the only
// room that needs cgo and IBM's library, and is built with the tag ibmmq; without it Dial refuses, and the rest
// (Config, to be read and checked) is there. docs/ibm-mq.md says how to install and what was seen where.
//
// # What each outcome means
//
// Every failed call returns an *mq.Error with the MQI's completion and reason codes. Its Class says what to do:
//
//   - Transient (2033, 2016, 2051, 2053, 2003, ...): the connection is sound; wait and do the same again on it.
//   - Reconnect (2009, 2059, 2161, 2537, 2538, ...): close the connection, whose unit of work is backed out,
//     and dial again. A call that outlives its context is 2009 too: the connection is given up, and backed out
//     once the library comes back.
//   - Alert (2035, 2085, 2058, 2393, 2540, 2042): a person must mend something; dial again slowly.
//   - Permanent (2026, 2030, 2080, 2442, ...): no retry helps this message.
//   - InDoubt: a commit that ended in 2009 or another lost connection, or in 2124. The messages come again or they do not.
//
// Warnings (MQCC_WARNING) deliver: a get that ends in 2079, 2110, 2119, 2120 or any other warning but 2080
// returns its message, and a connect that ends in 2391 returns its connection. 2080 is answered with a longer buffer
// unless GetOptions.MaxBody forbids it.
//
// # What it does and does not do
//
//   - One Conn is one MQHCONN, one unit of work, one goroutine; a call beside another gets 2219.
//   - Every get has a fresh MQMD (version 2) and explicit match options, and never converts: conversion would destroy
//     COMP and COMP-3, and a body without format would come with 2110. Encoding and CCSID say what the body is.
//   - Every get and put says SYNCPOINT or NO_SYNCPOINT, since the defaults differ between z/OS and elsewhere.
//   - Properties travel as message properties, by message handles: the body is what was put. See names.go for their names.
//   - The library does not reconnect by itself (MQCNO_RECONNECT_DISABLED): it would hide that a unit of work was
//     backed out, and lose browse cursors and exclusive opens. mq.Source and mq.Requester reconnect, and know.
//   - Closing backs out. (MQDISC alone would commit.)
//   - A get that waits does so in slices of Config.Poll, since the MQI cannot end a wait; a cancelled context is seen
//     between them.
package ibmmq
