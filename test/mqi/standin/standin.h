/* The MQI stand-in: IBM's calls, answered by Portage's embedded queue manager over its Unix socket. For tests only.
 *
 * It speaks adapters/mq/qmgr/protocol.md and honours the fields of each structure's Version, as the MQI does. What it
 * does not know it refuses by the MQI's own reason codes; README.md has the list.
 */
#ifndef STANDIN_H
#define STANDIN_H

#include <cmqc.h>
#include <cmqxc.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

enum { MAX_CONNECTIONS = 256, MAX_OBJECTS = 256, MAX_PROPERTIES = 1000 };

/* Operations and option bits of the protocol. */
enum { OP_CONNECT = 1, OP_GET, OP_PUT, OP_COMMIT, OP_BACKOUT, OP_INQUIRE, OP_LIST, OP_CLOSE };
enum { GET_SYNCPOINT = 1, GET_BROWSE = 2, GET_BROWSE_FIRST = 4, GET_EXCLUSIVE = 8, GET_LOGICAL = 16, GET_ALL = 32, GET_MATCH_GROUP = 64 };
enum { PUT_SYNCPOINT = 1, PUT_NEW_MSGID = 2, PUT_PASS_CONTEXT = 4 };

/* Bytes to send, or bytes received with the place up to which they are read. bad: it ended too early. */
struct bytes {
    unsigned char *at;
    size_t n, room, read;
    int bad;
};

struct property {
    char *name, *value;
    size_t name_length, value_length;
};

/* The properties of a message handle, and the cursor of MQINQMP (-1: before the first). */
struct properties {
    struct property list[MAX_PROPERTIES];
    int n, cursor;
};

struct object {
    int used, is_manager;
    MQLONG options;
    char name[MQ_Q_NAME_LENGTH + 1];
    MQMD context; /* of the last message got, for MQPMO_PASS_*_CONTEXT */
    int has_context;
};

/* What a fault does to a call. */
enum fault { NO_FAULT, FAIL_BEFORE, WARN_AFTER, LOSE_AFTER, CUT_BEFORE };

struct connection {
    int used, fd; /* -1: the connection is broken */
    pthread_mutex_t busy;
    uint32_t request;
    char manager[MQ_Q_MGR_NAME_LENGTH + 1], application[MQ_APPL_NAME_LENGTH + 1];
    struct object objects[MAX_OBJECTS];
    enum fault fault;
    MQLONG fault_cc, fault_rc;
};

/* wire.c */
void bytes_free(struct bytes *b);
void put_bytes(struct bytes *b, const void *from, size_t n);
void put_u8(struct bytes *b, unsigned v);
void put_u16(struct bytes *b, unsigned v);
void put_u32(struct bytes *b, uint32_t v);
void put_u64(struct bytes *b, uint64_t v);
void put_text(struct bytes *b, const char *field, size_t width);
const unsigned char *take(struct bytes *b, size_t n);
unsigned take_u8(struct bytes *b);
unsigned take_u16(struct bytes *b);
uint32_t take_u32(struct bytes *b);
uint64_t take_u64(struct bytes *b);
void take_text(struct bytes *b, char *field, size_t width);
size_t trimmed(const char *field, size_t width);
int exchange(struct connection *c, int op, struct bytes *request, struct bytes *reply, MQLONG *cc, MQLONG *rc);
void hang_up(struct connection *c);

/* connect.c */
struct connection *enter(MQHCONN h, const char *verb, MQLONG *cc, MQLONG *rc);
void leave(struct connection *c, MQLONG *cc, MQLONG *rc);
struct object *object_of(struct connection *c, MQHOBJ h, MQLONG *cc, MQLONG *rc);
void fail(MQLONG *cc, MQLONG *rc, MQLONG reason);
void done(MQLONG *cc, MQLONG *rc);

/* fault.c */
enum fault fault_of(const char *verb, MQLONG *cc, MQLONG *rc);
void trace(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* message.c */
void put_message(struct bytes *b, const MQMD *md, const struct properties *p, const void *body, size_t n);
void take_message(struct bytes *b, MQMD *md, struct properties *p, const unsigned char **body, size_t *n);

/* handle.c */
struct properties *properties_of(MQHMSG h);
void properties_clear(struct properties *p);
int properties_add(struct properties *p, const void *name, size_t nn, const void *value, size_t vn);

/* object.c */
int open_queue(struct connection *c, MQOD *od, MQLONG options, struct object *o, MQLONG *cc, MQLONG *rc);

#endif
