// Package qmgr is the embedded queue manager: Legacy's queues where IBM MQ is not. It is for
// development, tests and small sites, and does not replace IBM MQ: one process on one host, local queues
// only, no channels, topics, segments or triggers.
//
// One process, found by a lock, owns the directory with queues.db (SQLite, WAL, synchronous=FULL).
// Connections come from within (Manager.Connect) or over a Unix socket (Dial), in the framed protocol
// of protocol.md, which C and COBOL can speak too. Each connection has one unit of work.
//
// # What it promises
//
//   - Put and get under syncpoint become final together with Commit, which is one SQLite transaction;
//     commits that wait at the same time share one (group commit). When Commit returns nil the messages
//     survive kill -9 and loss of power.
//   - A unit of work whose connection or process dies is backed out.
//   - A backed-out message returns to its old place, and its BackoutCount is on the disk before anyone
//     sees it again. Messages that a connection within a process held when that process died count too;
//     one that was held alone, and not for the first time, is set to its queue's threshold, so that no
//     message kills a process three times.
//   - Messages stand in order of arrival within their priority, highest priority first.
//   - Non-persistent messages never touch the disk, and end with the queue manager.
//   - Messages are sealed at rest: bodies, properties and descriptors. Queue names, order, counts,
//     arrival and expiry times are not.
//   - Queues and aliases are defined and changed while messages flow (Definer); what was changed is on the disk.
//   - A stream queue's copy is put in the unit of work of its original, or lost and counted; it never fails a put.
//   - Quiesced (Quiescer), it refuses new work and lets units of work end.
//   - When the disk refuses, nothing is acknowledged: a full disk backs the unit of work out (2192) and
//     work goes on once there is room; after any other write error gets and puts fail (2195) until a
//     restart has read what the disk really holds.
//
// # What differs from IBM MQ
//
//   - Closing a connection backs out; MQDISC commits.
//   - A queue is opened by its first get, put or inquire; there is no MQOPEN.
//   - An alias is resolved by each call, and repointing it is no error for those who use it; IBM MQ resolves
//     it in MQOPEN, and answers 2041 after ALTER QALIAS FORCE.
//   - Inquire on an alias answers for its queue.
//   - Groups are kept and taken (GetOptions.LogicalOrder, AllAvailable), not made: a putter numbers its messages.
//   - A queue that Config names has Config's attributes again after a restart; an alias keeps its target.
//   - All messages are in memory (Config.MaxBytes).
package qmgr
