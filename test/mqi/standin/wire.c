/* The frames of adapters/mq/qmgr/protocol.md: integers high byte first, texts with their length before them. */
#include "standin.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PROTOCOL_VERSION = 1, FRAME_HEAD = 6, LONGEST_FRAME = 105971712 };

void bytes_free(struct bytes *b) {
    free(b->at);
    memset(b, 0, sizeof *b);
}

void put_bytes(struct bytes *b, const void *from, size_t n) {
    if (b->n + n > b->room) {
        size_t room = 2 * b->room + n + 256;
        unsigned char *more = realloc(b->at, room);
        if (!more) {
            abort(); /* a test's process without memory: nothing sensible is left to do */
        }
        b->at = more;
        b->room = room;
    }
    if (n > 0) {
        memcpy(b->at + b->n, from, n);
    }
    b->n += n;
}

static void put_integer(struct bytes *b, uint64_t v, int size) {
    unsigned char out[8];
    for (int i = size - 1; i >= 0; i--, v >>= 8) {
        out[i] = (unsigned char)v;
    }
    put_bytes(b, out, (size_t)size);
}

void put_u8(struct bytes *b, unsigned v) { put_integer(b, v, 1); }
void put_u16(struct bytes *b, unsigned v) { put_integer(b, v, 2); }
void put_u32(struct bytes *b, uint32_t v) { put_integer(b, v, 4); }
void put_u64(struct bytes *b, uint64_t v) { put_integer(b, v, 8); }

/* trimmed is the length of a field of the MQI: it ends at a NUL, and blanks at its end do not count. */
size_t trimmed(const char *field, size_t width) {
    size_t n = strnlen(field, width);
    while (n > 0 && field[n - 1] == ' ') {
        n--;
    }
    return n;
}

void put_text(struct bytes *b, const char *field, size_t width) {
    size_t n = trimmed(field, width);
    put_u16(b, (unsigned)n);
    put_bytes(b, field, n);
}

const unsigned char *take(struct bytes *b, size_t n) {
    static const unsigned char nothing[32];
    if (b->bad || n > b->n - b->read) {
        b->bad = 1;
        return n <= sizeof nothing ? nothing : NULL;
    }
    b->read += n;
    return b->at + b->read - n;
}

static uint64_t take_integer(struct bytes *b, size_t size) {
    const unsigned char *p = take(b, size);
    uint64_t v = 0;
    for (size_t i = 0; i < size; i++) {
        v = v << 8 | p[i];
    }
    return v;
}

unsigned take_u8(struct bytes *b) { return (unsigned)take_integer(b, 1); }
unsigned take_u16(struct bytes *b) { return (unsigned)take_integer(b, 2); }
uint32_t take_u32(struct bytes *b) { return (uint32_t)take_integer(b, 4); }
uint64_t take_u64(struct bytes *b) { return take_integer(b, 8); }

/* take_text fills a field of the MQI and pads it with blanks. */
void take_text(struct bytes *b, char *field, size_t width) {
    size_t n = take_u16(b);
    const unsigned char *p = take(b, n);
    memset(field, ' ', width);
    if (p && !b->bad) {
        memcpy(field, p, n < width ? n : width);
    }
}

void hang_up(struct connection *c) {
    if (c->fd >= 0) {
        close(c->fd);
    }
    c->fd = -1;
}

static int send_all(int fd, const unsigned char *p, size_t n) {
    while (n > 0) {
        ssize_t done = send(fd, p, n, MSG_NOSIGNAL);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return 0;
        }
        p += done;
        n -= (size_t)done;
    }
    return 1;
}

static int read_all(int fd, unsigned char *p, size_t n) {
    while (n > 0) {
        ssize_t done = read(fd, p, n);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return 0;
        }
        p += done;
        n -= (size_t)done;
    }
    return 1;
}

static int send_frame(struct connection *c, int op, const struct bytes *request) {
    struct bytes frame = {0};
    put_u32(&frame, (uint32_t)(FRAME_HEAD + request->n));
    put_u8(&frame, PROTOCOL_VERSION);
    put_u8(&frame, (unsigned)op);
    put_u32(&frame, ++c->request);
    put_bytes(&frame, request->at, request->n);
    int sent = send_all(c->fd, frame.at, frame.n);
    bytes_free(&frame);
    return sent;
}

static int read_frame(struct connection *c, int op, struct bytes *reply) {
    struct bytes head = {0};
    unsigned char raw[4 + FRAME_HEAD];
    if (!read_all(c->fd, raw, sizeof raw)) {
        return 0;
    }
    put_bytes(&head, raw, sizeof raw);
    size_t n = take_u32(&head);
    unsigned version = take_u8(&head), got = take_u8(&head);
    uint32_t request = take_u32(&head);
    bytes_free(&head);
    if (n < FRAME_HEAD || n > LONGEST_FRAME || version != PROTOCOL_VERSION || got != ((unsigned)op | 0x80) || request != c->request) {
        return 0;
    }
    n -= FRAME_HEAD;
    reply->at = malloc(n + 1);
    reply->n = reply->room = n;
    return reply->at != NULL && read_all(c->fd, reply->at, n);
}

/* exchange sends a request and reads its reply up to the result. 0: the call failed, or was answered with a warning
 * instead of a result; cc and rc say which. The caller frees both. */
int exchange(struct connection *c, int op, struct bytes *request, struct bytes *reply, MQLONG *cc, MQLONG *rc) {
    if (c->fd < 0 || !send_frame(c, op, request) || !read_frame(c, op, reply)) {
        hang_up(c);
        fail(cc, rc, MQRC_CONNECTION_BROKEN);
        return 0;
    }
    *cc = (MQLONG)take_u32(reply);
    *rc = (MQLONG)take_u32(reply);
    take(reply, take_u16(reply)); /* the hint is for people */
    if (reply->bad) {
        hang_up(c);
        fail(cc, rc, MQRC_CONNECTION_BROKEN);
    }
    return *cc == MQCC_OK;
}
