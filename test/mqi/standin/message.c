/* MQMD to the protocol's message and back; MQGET, MQPUT, MQPUT1. */
#include "standin.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MESSAGE_VERSION = 1, MATCH_GROUP = MQMO_MATCH_GROUP_ID | MQMO_MATCH_MSG_SEQ_NUMBER };

/* two_digits reads a number of the MQMD's date or time; blanks are 0. */
static int two_digits(const char *p) { return p[0] >= '0' && p[0] <= '9' && p[1] >= '0' && p[1] <= '9' ? 10 * (p[0] - '0') + p[1] - '0' : 0; }

/* put_time is PutDate YYYYMMDD and PutTime HHMMSSTH in milliseconds since 1970. 0: not set. */
static uint64_t put_time(const MQMD *md) {
    if (trimmed(md->PutDate, sizeof md->PutDate) != 8) {
        return 0;
    }
    struct tm t = {.tm_year = 100 * two_digits(md->PutDate) + two_digits(md->PutDate + 2) - 1900,
                   .tm_mon = two_digits(md->PutDate + 4) - 1, .tm_mday = two_digits(md->PutDate + 6),
                   .tm_hour = two_digits(md->PutTime), .tm_min = two_digits(md->PutTime + 2), .tm_sec = two_digits(md->PutTime + 4)};
    return (uint64_t)timegm(&t) * 1000 + (uint64_t)two_digits(md->PutTime + 6) * 10;
}

static void set_put_time(MQMD *md, uint64_t ms) {
    char text[64];
    time_t seconds = (time_t)(ms / 1000);
    struct tm t;
    gmtime_r(&seconds, &t);
    snprintf(text, sizeof text, "%04d%02d%02d%02d%02d%02d%02d", (t.tm_year + 1900) % 10000, t.tm_mon + 1, t.tm_mday,
             t.tm_hour, t.tm_min, t.tm_sec, (int)(ms % 1000 / 10));
    memcpy(md->PutDate, text, 8);
    memcpy(md->PutTime, text + 8, 8);
}

void put_message(struct bytes *b, const MQMD *md, const struct properties *p, const void *body, size_t n) {
    static const MQBYTE24 no_group;
    int grouped = md->Version >= MQMD_VERSION_2;
    put_u8(b, MESSAGE_VERSION);
    put_bytes(b, md->MsgId, 24);
    put_bytes(b, md->CorrelId, 24);
    put_bytes(b, grouped ? md->GroupId : no_group, 24);
    put_bytes(b, md->AccountingToken, 32);
    put_u8(b, md->Persistence == MQPER_PERSISTENT);
    put_u32(b, (uint32_t)md->Encoding);
    put_u32(b, (uint32_t)md->CodedCharSetId);
    put_u32(b, (uint32_t)md->Expiry);
    put_u32(b, md->Priority == MQPRI_PRIORITY_AS_Q_DEF ? 0 : (uint32_t)md->Priority);
    put_u32(b, (uint32_t)md->MsgType);
    put_u32(b, (uint32_t)md->Report);
    put_u32(b, (uint32_t)md->Feedback);
    put_u32(b, 0);
    put_u32(b, grouped ? (uint32_t)md->MsgSeqNumber : 1);
    put_u32(b, grouped ? (uint32_t)md->MsgFlags : 0);
    put_u64(b, put_time(md));
    put_text(b, md->Format, sizeof md->Format);
    put_text(b, md->ReplyToQ, sizeof md->ReplyToQ);
    put_text(b, md->ReplyToQMgr, sizeof md->ReplyToQMgr);
    put_text(b, md->UserIdentifier, sizeof md->UserIdentifier);
    put_text(b, md->ApplIdentityData, sizeof md->ApplIdentityData);
    put_text(b, md->PutApplName, sizeof md->PutApplName);
    put_u16(b, p ? (unsigned)p->n : 0);
    for (int i = 0; p && i < p->n; i++) {
        put_u16(b, (unsigned)p->list[i].name_length);
        put_bytes(b, p->list[i].name, p->list[i].name_length);
        put_u32(b, (uint32_t)p->list[i].value_length);
        put_bytes(b, p->list[i].value, p->list[i].value_length);
    }
    put_u32(b, (uint32_t)n);
    put_bytes(b, body, n);
}

/* take_message fills the fields of md that its Version has; p may be NULL. body points into b. */
void take_message(struct bytes *b, MQMD *md, struct properties *p, const unsigned char **body, size_t *n) {
    MQBYTE24 group;
    int grouped = md->Version >= MQMD_VERSION_2;
    take_u8(b);
    memcpy(md->MsgId, take(b, 24), 24);
    memcpy(md->CorrelId, take(b, 24), 24);
    memcpy(group, take(b, 24), 24);
    memcpy(md->AccountingToken, take(b, 32), 32);
    md->Persistence = take_u8(b) & 1 ? MQPER_PERSISTENT : MQPER_NOT_PERSISTENT;
    md->Encoding = (MQLONG)take_u32(b);
    md->CodedCharSetId = (MQLONG)take_u32(b);
    md->Expiry = (MQLONG)take_u32(b);
    md->Priority = (MQLONG)take_u32(b);
    md->MsgType = (MQLONG)take_u32(b);
    md->Report = (MQLONG)take_u32(b);
    md->Feedback = (MQLONG)take_u32(b);
    md->BackoutCount = (MQLONG)take_u32(b);
    MQLONG sequence = (MQLONG)take_u32(b), flags = (MQLONG)take_u32(b);
    if (grouped) {
        memcpy(md->GroupId, group, 24);
        md->MsgSeqNumber = sequence ? sequence : 1;
        md->MsgFlags = flags;
        md->Offset = 0;
        md->OriginalLength = MQOL_UNDEFINED;
    }
    set_put_time(md, take_u64(b));
    take_text(b, md->Format, sizeof md->Format);
    take_text(b, md->ReplyToQ, sizeof md->ReplyToQ);
    take_text(b, md->ReplyToQMgr, sizeof md->ReplyToQMgr);
    take_text(b, md->UserIdentifier, sizeof md->UserIdentifier);
    take_text(b, md->ApplIdentityData, sizeof md->ApplIdentityData);
    take_text(b, md->PutApplName, sizeof md->PutApplName);
    /* The protocol has neither: programs whose name begins with CICS show what a region of theirs would. */
    int cics = memcmp(md->PutApplName, "CICS", 4) == 0;
    md->PutApplType = cics ? MQAT_CICS : MQAT_UNIX;
    memcpy(md->ApplOriginData, cics ? "EIQS" : "    ", sizeof md->ApplOriginData);
    if (p) {
        properties_clear(p);
    }
    for (unsigned count = take_u16(b); count > 0 && !b->bad; count--) {
        size_t nn = take_u16(b);
        const unsigned char *name = take(b, nn);
        size_t vn = take_u32(b);
        const unsigned char *value = take(b, vn);
        if (p && !b->bad) {
            properties_add(p, name, nn, value, vn);
        }
    }
    *n = take_u32(b);
    *body = take(b, *n);
}

/* get_options are the protocol's for those of MQGET; 0 in *ok: the stand-in does not know one of them. */
static uint32_t get_options(const MQGMO *gmo, const struct object *o, MQLONG *rc) {
    MQLONG known = MQGMO_WAIT | MQGMO_SYNCPOINT | MQGMO_NO_SYNCPOINT | MQGMO_BROWSE_FIRST | MQGMO_BROWSE_NEXT | MQGMO_ACCEPT_TRUNCATED_MSG |
                   MQGMO_FAIL_IF_QUIESCING | MQGMO_CONVERT | MQGMO_LOGICAL_ORDER | MQGMO_ALL_MSGS_AVAILABLE | MQGMO_NO_PROPERTIES | MQGMO_PROPERTIES_IN_HANDLE | MQGMO_PROPERTIES_COMPATIBILITY;
    int browses = (gmo->Options & (MQGMO_BROWSE_FIRST | MQGMO_BROWSE_NEXT)) != 0;
    int syncpoint = (gmo->Options & MQGMO_SYNCPOINT) != 0;
    *rc = MQRC_NONE;
    if ((gmo->Options & ~known) || (browses && syncpoint) || (syncpoint && (gmo->Options & MQGMO_NO_SYNCPOINT))) {
        *rc = MQRC_OPTIONS_ERROR;
    } else if (browses && !(o->options & MQOO_BROWSE)) {
        *rc = MQRC_NOT_OPEN_FOR_BROWSE;
    } else if (!browses && !(o->options & (MQOO_INPUT_SHARED | MQOO_INPUT_EXCLUSIVE | MQOO_INPUT_AS_Q_DEF))) {
        *rc = MQRC_NOT_OPEN_FOR_INPUT;
    } else if (gmo->Version >= MQGMO_VERSION_2 && (gmo->MatchOptions & ~(MQMO_MATCH_MSG_ID | MQMO_MATCH_CORREL_ID | MATCH_GROUP))) {
        *rc = MQRC_MATCH_OPTIONS_ERROR;
    }
    return (syncpoint ? GET_SYNCPOINT : 0u) | (browses ? GET_BROWSE : 0u) | (gmo->Options & MQGMO_BROWSE_FIRST ? GET_BROWSE_FIRST : 0u) |
           (o->options & MQOO_INPUT_EXCLUSIVE ? GET_EXCLUSIVE : 0u) | (gmo->Options & MQGMO_LOGICAL_ORDER ? GET_LOGICAL : 0u) |
           (gmo->Options & MQGMO_ALL_MSGS_AVAILABLE ? GET_ALL : 0u) |
           (gmo->Version >= MQGMO_VERSION_2 && (gmo->MatchOptions & MATCH_GROUP) ? GET_MATCH_GROUP : 0u);
}

static void ask_for(struct bytes *request, const struct object *o, const MQMD *md, const MQGMO *gmo, uint32_t options, MQLONG room) {
    static const MQBYTE24 any;
    MQLONG match = gmo->Version >= MQGMO_VERSION_2 ? gmo->MatchOptions : MQMO_MATCH_MSG_ID | MQMO_MATCH_CORREL_ID;
    MQLONG wait = !(gmo->Options & MQGMO_WAIT) ? 0 : gmo->WaitInterval < 0 ? 0x7fffffff : gmo->WaitInterval;
    put_text(request, o->name, sizeof o->name - 1);
    put_u32(request, options);
    put_u32(request, (uint32_t)wait);
    put_bytes(request, match & MQMO_MATCH_MSG_ID ? md->MsgId : any, 24);
    put_bytes(request, match & MQMO_MATCH_CORREL_ID ? md->CorrelId : any, 24);
    put_u32(request, gmo->Options & MQGMO_ACCEPT_TRUNCATED_MSG ? 0 : (uint32_t)room);
    if (options & GET_MATCH_GROUP) {
        put_bytes(request, match & MQMO_MATCH_GROUP_ID ? md->GroupId : any, 24);
        put_u32(request, match & MQMO_MATCH_MSG_SEQ_NUMBER ? (uint32_t)md->MsgSeqNumber : 0);
    }
}

/* give hands a message to the caller, with the warnings that deliver. */
static void give(struct bytes *reply, struct object *o, MQMD *md, MQGMO *gmo, MQLONG room, void *buffer, MQLONG *length, MQLONG *cc, MQLONG *rc) {
    const unsigned char *body;
    size_t n;
    struct properties *p = gmo->Version >= MQGMO_VERSION_4 && (gmo->Options & MQGMO_PROPERTIES_IN_HANDLE) ? properties_of(gmo->MsgHandle) : NULL;
    take_message(reply, md, p, &body, &n);
    if (reply->bad) {
        fail(cc, rc, MQRC_UNEXPECTED_ERROR);
        return;
    }
    *length = (MQLONG)n;
    memcpy(buffer, body, n < (size_t)room ? n : (size_t)room);
    memset(gmo->ResolvedQName, ' ', sizeof gmo->ResolvedQName);
    memcpy(gmo->ResolvedQName, o->name, strlen(o->name));
    if (o->options & MQOO_SAVE_ALL_CONTEXT) {
        memcpy(&o->context, md, MQMD_LENGTH_1);
        o->has_context = 1;
    }
    if (n > (size_t)room) {
        *cc = MQCC_WARNING;
        *rc = MQRC_TRUNCATED_MSG_ACCEPTED;
    } else if ((gmo->Options & MQGMO_CONVERT) && trimmed(md->Format, sizeof md->Format) == 0) {
        *cc = MQCC_WARNING;
        *rc = MQRC_FORMAT_ERROR; /* what CONVERT does to records without a format */
    }
}

void MQENTRY MQGET(MQHCONN Hconn, MQHOBJ Hobj, PMQVOID pMsgDesc, PMQVOID pGetMsgOpts, MQLONG BufferLength, PMQVOID pBuffer, PMQLONG pDataLength,
                   PMQLONG pCompCode, PMQLONG pReason) {
    MQMD *md = pMsgDesc;
    MQGMO *gmo = pGetMsgOpts;
    struct connection *c = enter(Hconn, "MQGET", pCompCode, pReason);
    if (!c) {
        return;
    }
    trace("MQGET options=%#x version=%d match=%#x wait=%d", (unsigned)gmo->Options, gmo->Version,
          gmo->Version >= MQGMO_VERSION_2 ? (unsigned)gmo->MatchOptions : 3u, gmo->WaitInterval);
    struct bytes request = {0}, reply = {0};
    struct object *o = object_of(c, Hobj, pCompCode, pReason);
    MQLONG refused = MQRC_NONE;
    uint32_t options = o ? get_options(gmo, o, &refused) : 0;
    if (refused == MQRC_NONE && BufferLength <= 0 && !(gmo->Options & MQGMO_ACCEPT_TRUNCATED_MSG)) {
        refused = MQRC_BUFFER_LENGTH_ERROR; /* the protocol has no word for a body of no bytes at most */
    }
    if (refused != MQRC_NONE) {
        fail(pCompCode, pReason, refused);
    } else if (o) {
        ask_for(&request, o, md, gmo, options, BufferLength);
        if (exchange(c, OP_GET, &request, &reply, pCompCode, pReason)) {
            give(&reply, o, md, gmo, BufferLength, pBuffer, pDataLength, pCompCode, pReason);
        } else if (*pReason == MQRC_TRUNCATED_MSG_FAILED) {
            *pCompCode = MQCC_WARNING;
            *pDataLength = (MQLONG)take_u32(&reply);
        }
    }
    bytes_free(&request);
    bytes_free(&reply);
    leave(c, pCompCode, pReason);
}

/* set_context puts the context that pmo asks for into md, and returns the protocol's option for it. */
static uint32_t set_context(struct connection *c, const MQPMO *pmo, const struct object *o, MQMD *md, MQLONG *cc, MQLONG *rc) {
    MQLONG all = MQPMO_SET_ALL_CONTEXT | MQPMO_PASS_ALL_CONTEXT, identity = MQPMO_SET_IDENTITY_CONTEXT | MQPMO_PASS_IDENTITY_CONTEXT;
    if (!(pmo->Options & (all | identity))) {
        return 0;
    }
    MQLONG needed = pmo->Options & MQPMO_SET_ALL_CONTEXT      ? MQOO_SET_ALL_CONTEXT
                  : pmo->Options & MQPMO_SET_IDENTITY_CONTEXT ? MQOO_SET_IDENTITY_CONTEXT : 0;
    if (o && needed && !(o->options & needed)) {
        fail(cc, rc, MQRC_OPTIONS_ERROR);
        return 0;
    }
    if (pmo->Options & (MQPMO_PASS_ALL_CONTEXT | MQPMO_PASS_IDENTITY_CONTEXT)) {
        const struct object *from = object_of(c, pmo->Context, cc, rc);
        if (!from || !from->has_context) {
            fail(cc, rc, from ? MQRC_CONTEXT_NOT_AVAILABLE : MQRC_CONTEXT_HANDLE_ERROR);
            return 0;
        }
        memcpy(md->UserIdentifier, from->context.UserIdentifier, sizeof md->UserIdentifier);
        memcpy(md->AccountingToken, from->context.AccountingToken, sizeof md->AccountingToken);
        memcpy(md->ApplIdentityData, from->context.ApplIdentityData, sizeof md->ApplIdentityData);
        memcpy(md->PutApplName, from->context.PutApplName, sizeof md->PutApplName);
        memcpy(md->PutDate, from->context.PutDate, sizeof md->PutDate);
        memcpy(md->PutTime, from->context.PutTime, sizeof md->PutTime);
    }
    if (!(pmo->Options & all)) { /* the origin is the queue manager's to set */
        memset(md->PutDate, ' ', sizeof md->PutDate);
        memset(md->PutTime, ' ', sizeof md->PutTime);
        memset(md->PutApplName, ' ', sizeof md->PutApplName);
        memcpy(md->PutApplName, c->application, strlen(c->application));
    }
    return PUT_PASS_CONTEXT;
}

static void put(struct connection *c, struct object *o, MQMD *md, MQPMO *pmo, MQLONG length, const void *buffer, MQLONG *cc, MQLONG *rc) {
    struct bytes request = {0}, reply = {0};
    MQMD out = {0};
    memcpy(&out, md, md->Version >= MQMD_VERSION_2 ? MQMD_LENGTH_2 : MQMD_LENGTH_1);
    uint32_t options = set_context(c, pmo, o, &out, cc, rc);
    options |= pmo->Options & MQPMO_SYNCPOINT ? PUT_SYNCPOINT : 0u;
    options |= pmo->Options & MQPMO_NEW_MSG_ID ? PUT_NEW_MSGID : 0u;
    if (out.Version >= MQMD_VERSION_2 && (out.MsgSeqNumber < 1 || out.MsgSeqNumber > 999999999)) {
        fail(cc, rc, MQRC_MSG_SEQ_NUMBER_ERROR);
    }
    if (trimmed(out.ReplyToQ, sizeof out.ReplyToQ) > 0 && trimmed(out.ReplyToQMgr, sizeof out.ReplyToQMgr) == 0) {
        memset(out.ReplyToQMgr, ' ', sizeof out.ReplyToQMgr);
        memcpy(out.ReplyToQMgr, c->manager, strlen(c->manager));
    }
    struct properties *p = pmo->Version >= MQPMO_VERSION_3 ? properties_of(pmo->NewMsgHandle ? pmo->NewMsgHandle : pmo->OriginalMsgHandle) : NULL;
    if (*cc == MQCC_OK) {
        put_text(&request, o->name, sizeof o->name - 1);
        put_u32(&request, options);
        put_message(&request, &out, p, buffer, (size_t)length);
        if (exchange(c, OP_PUT, &request, &reply, cc, rc)) {
            const unsigned char *body;
            size_t n;
            take_message(&reply, md, NULL, &body, &n);
        }
    }
    bytes_free(&request);
    bytes_free(&reply);
}

void MQENTRY MQPUT(MQHCONN Hconn, MQHOBJ Hobj, PMQVOID pMsgDesc, PMQVOID pPutMsgOpts, MQLONG BufferLength, PMQVOID pBuffer, PMQLONG pCompCode,
                   PMQLONG pReason) {
    MQPMO *pmo = pPutMsgOpts;
    struct connection *c = enter(Hconn, "MQPUT", pCompCode, pReason);
    if (!c) {
        return;
    }
    trace("MQPUT options=%#x type=%d origin=%.4s", (unsigned)pmo->Options, ((MQMD *)pMsgDesc)->PutApplType, ((MQMD *)pMsgDesc)->ApplOriginData);
    struct object *o = object_of(c, Hobj, pCompCode, pReason);
    if (o && !(o->options & MQOO_OUTPUT)) {
        fail(pCompCode, pReason, MQRC_NOT_OPEN_FOR_OUTPUT);
    } else if (o) {
        put(c, o, pMsgDesc, pmo, BufferLength, pBuffer, pCompCode, pReason);
    }
    leave(c, pCompCode, pReason);
}

void MQENTRY MQPUT1(MQHCONN Hconn, PMQVOID pObjDesc, PMQVOID pMsgDesc, PMQVOID pPutMsgOpts, MQLONG BufferLength, PMQVOID pBuffer, PMQLONG pCompCode,
                    PMQLONG pReason) {
    MQPMO *pmo = pPutMsgOpts;
    struct connection *c = enter(Hconn, "MQPUT1", pCompCode, pReason);
    if (!c) {
        return;
    }
    trace("MQPUT1 options=%#x", (unsigned)pmo->Options);
    struct object o = {0};
    if (open_queue(c, pObjDesc, MQOO_OUTPUT | MQOO_SET_ALL_CONTEXT | MQOO_SET_IDENTITY_CONTEXT, &o, pCompCode, pReason)) {
        put(c, &o, pMsgDesc, pmo, BufferLength, pBuffer, pCompCode, pReason);
    }
    leave(c, pCompCode, pReason);
}
