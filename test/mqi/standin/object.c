/* MQOPEN, MQCLOSE, MQINQ. */
#include "standin.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct object *object_of(struct connection *c, MQHOBJ h, MQLONG *cc, MQLONG *rc) {
    if (h < 1 || h > MAX_OBJECTS || !c->objects[h - 1].used) {
        fail(cc, rc, MQRC_HOBJ_ERROR);
        return NULL;
    }
    return &c->objects[h - 1];
}

struct attributes {
    MQLONG depth, most, longest, threshold, inhibited;
    char name[MQ_Q_NAME_LENGTH], backout[MQ_Q_NAME_LENGTH]; /* another name than was asked for: an alias */
};

static int inquire(struct connection *c, const char *queue, struct attributes *a, MQLONG *cc, MQLONG *rc) {
    struct bytes request = {0}, reply = {0};
    put_text(&request, queue, MQ_Q_NAME_LENGTH);
    int ok = exchange(c, OP_INQUIRE, &request, &reply, cc, rc);
    if (ok) {
        take_text(&reply, a->name, sizeof a->name);
        a->depth = (MQLONG)take_u32(&reply);
        a->most = (MQLONG)take_u32(&reply);
        a->longest = (MQLONG)take_u32(&reply);
        a->threshold = (MQLONG)take_u32(&reply);
        take_text(&reply, a->backout, sizeof a->backout);
        a->inhibited = (MQLONG)take_u32(&reply);
    }
    bytes_free(&request);
    bytes_free(&reply);
    return ok;
}

/* claim becomes a reader of the queue, or finds that another connection has it for itself: a get for a message that
 * nobody has. */
static int claim(struct connection *c, const struct object *o, MQLONG *cc, MQLONG *rc) {
    static const MQBYTE24 nobody = "mqi stand-in: claim", any;
    struct bytes request = {0}, reply = {0};
    put_text(&request, o->name, sizeof o->name - 1);
    put_u32(&request, GET_SYNCPOINT | (o->options & MQOO_INPUT_EXCLUSIVE ? GET_EXCLUSIVE : 0u));
    put_u32(&request, 0);
    put_bytes(&request, nobody, 24);
    put_bytes(&request, any, 24);
    put_u32(&request, 0);
    exchange(c, OP_GET, &request, &reply, cc, rc);
    bytes_free(&request);
    bytes_free(&reply);
    if (*rc == MQRC_NO_MSG_AVAILABLE || *rc == MQRC_GET_INHIBITED) {
        done(cc, rc);
    }
    return *cc == MQCC_OK;
}

int open_queue(struct connection *c, MQOD *od, MQLONG options, struct object *o, MQLONG *cc, MQLONG *rc) {
    struct attributes a;
    size_t n = trimmed(od->ObjectName, sizeof od->ObjectName), m = trimmed(od->ObjectQMgrName, sizeof od->ObjectQMgrName);
    o->options = options;
    memcpy(o->name, od->ObjectName, n);
    if (m > 0 && (m != strlen(c->manager) || memcmp(od->ObjectQMgrName, c->manager, m) != 0)) {
        fail(cc, rc, MQRC_UNKNOWN_REMOTE_Q_MGR);
        return 0;
    }
    if (od->ObjectType == MQOT_Q_MGR) {
        o->is_manager = 1;
        return 1;
    }
    if (od->ObjectType != MQOT_Q) {
        fail(cc, rc, MQRC_OBJECT_TYPE_ERROR);
        return 0;
    }
    if (!inquire(c, o->name, &a, cc, rc)) {
        return 0;
    }
    return !(options & (MQOO_INPUT_SHARED | MQOO_INPUT_EXCLUSIVE | MQOO_INPUT_AS_Q_DEF)) || claim(c, o, cc, rc);
}

void MQENTRY MQOPEN(MQHCONN Hconn, PMQVOID pObjDesc, MQLONG Options, PMQHOBJ pHobj, PMQLONG pCompCode, PMQLONG pReason) {
    struct connection *c = enter(Hconn, "MQOPEN", pCompCode, pReason);
    *pHobj = MQHO_UNUSABLE_HOBJ;
    if (!c) {
        return;
    }
    trace("MQOPEN options=%#x", (unsigned)Options);
    int free_one = 0;
    while (free_one < MAX_OBJECTS && c->objects[free_one].used) {
        free_one++;
    }
    struct object o = {0};
    if (free_one == MAX_OBJECTS) {
        fail(pCompCode, pReason, MQRC_HANDLE_NOT_AVAILABLE);
    } else if (open_queue(c, pObjDesc, Options, &o, pCompCode, pReason)) {
        o.used = 1;
        c->objects[free_one] = o;
        *pHobj = free_one + 1;
    }
    leave(c, pCompCode, pReason);
}

void MQENTRY MQCLOSE(MQHCONN Hconn, PMQHOBJ pHobj, MQLONG Options, PMQLONG pCompCode, PMQLONG pReason) {
    struct connection *c = enter(Hconn, "MQCLOSE", pCompCode, pReason);
    if (!c) {
        return;
    }
    trace("MQCLOSE options=%#x", (unsigned)Options);
    struct object *o = object_of(c, *pHobj, pCompCode, pReason);
    if (o) {
        memset(o, 0, sizeof *o);
        *pHobj = MQHO_UNUSABLE_HOBJ;
    }
    leave(c, pCompCode, pReason);
}

static int is_alias(const struct object *o, const struct attributes *a) {
    size_t n = trimmed(a->name, sizeof a->name);
    return n != strlen(o->name) || memcmp(a->name, o->name, n) != 0;
}

/* defined reads PORTAGE_MQI_DEFINE, which says how objects are defined where the embedded queue manager has nothing of the
 * kind: "QUEUE:selector=value", with commas between, and the selectors of the MQI as numbers. "*" is the queue manager. */
static int defined(const char *object, MQLONG selector, MQLONG *out) {
    const char *at = getenv("PORTAGE_MQI_DEFINE");
    for (size_t n = strlen(object); at && *at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
        int asked = 0, value = 0;
        if (strncmp(at, object, n) == 0 && sscanf(at + n, ":%d=%d", &asked, &value) == 2 && asked == selector) {
            *out = value;
            return 1;
        }
    }
    return 0;
}

static int integer(const struct object *o, const struct attributes *a, MQLONG selector, MQLONG *out) {
    MQLONG platform = MQPL_UNIX;
    defined("*", MQIA_PLATFORM, &platform);
    if (o->is_manager) {
        *out = selector == MQIA_CODED_CHAR_SET_ID ? 1208 : selector == MQIA_MAX_UNCOMMITTED_MSGS ? 10000 : platform;
        return selector == MQIA_CODED_CHAR_SET_ID || selector == MQIA_MAX_UNCOMMITTED_MSGS || selector == MQIA_PLATFORM;
    }
    if (selector == MQIA_Q_TYPE) {
        *out = is_alias(o, a) ? MQQT_ALIAS : MQQT_LOCAL;
        return 1;
    }
    if (is_alias(o, a)) {
        *out = MQIAV_NOT_APPLICABLE; /* only the queue behind it has these */
        return 1;
    }
    switch (selector) {
    case MQIA_CURRENT_Q_DEPTH: *out = a->depth; return 1;
    case MQIA_MAX_Q_DEPTH: *out = a->most; return 1;
    case MQIA_MAX_MSG_LENGTH: *out = a->longest; return 1;
    case MQIA_BACKOUT_THRESHOLD: *out = a->threshold; return 1;
    case MQIA_INHIBIT_GET: *out = a->inhibited & 1; return 1;
    case MQIA_INHIBIT_PUT: *out = a->inhibited >> 1 & 1; return 1;
    case MQIA_TRIGGER_CONTROL: *out = MQTC_OFF; break;
    case MQIA_TRIGGER_TYPE: *out = MQTT_FIRST; break;
    case MQIA_HARDEN_GET_BACKOUT: *out = MQQA_BACKOUT_HARDENED; break;
    case MQIA_INDEX_TYPE:
        if (platform != MQPL_ZOS) {
            return 0; /* z/OS only */
        }
        *out = MQIT_NONE;
        break;
    default: return 0;
    }
    defined(o->name, selector, out);
    return 1;
}

static int text(const struct connection *c, const struct object *o, const struct attributes *a, MQLONG selector, char *out) {
    memset(out, ' ', MQ_Q_NAME_LENGTH); /* names of queues and queue managers are equally long */
    switch (selector) {
    case MQCA_Q_MGR_NAME: memcpy(out, c->manager, strlen(c->manager)); return o->is_manager;
    case MQCA_Q_NAME: memcpy(out, o->name, strlen(o->name)); return !o->is_manager;
    case MQCA_BASE_OBJECT_NAME: memcpy(out, a->name, sizeof a->name); return !o->is_manager && is_alias(o, a);
    case MQCA_BACKOUT_REQ_Q_NAME: memcpy(out, a->backout, sizeof a->backout); return !o->is_manager;
    }
    return 0;
}

void MQENTRY MQINQ(MQHCONN Hconn, MQHOBJ Hobj, MQLONG SelectorCount, PMQLONG pSelectors, MQLONG IntAttrCount, PMQLONG pIntAttrs,
                   MQLONG CharAttrLength, PMQCHAR pCharAttrs, PMQLONG pCompCode, PMQLONG pReason) {
    struct connection *c = enter(Hconn, "MQINQ", pCompCode, pReason);
    if (!c) {
        return;
    }
    trace("MQINQ selectors=%d", SelectorCount);
    struct attributes a = {0};
    struct object *o = object_of(c, Hobj, pCompCode, pReason);
    int ok = o != NULL;
    if (ok && !(o->options & MQOO_INQUIRE)) {
        fail(pCompCode, pReason, MQRC_NOT_OPEN_FOR_INQUIRE);
        ok = 0;
    }
    ok = ok && (o->is_manager || inquire(c, o->name, &a, pCompCode, pReason));
    int integers = 0, texts = 0;
    for (int i = 0; ok && i < SelectorCount; i++) {
        char name[MQ_Q_NAME_LENGTH];
        MQLONG value = 0;
        if (integer(o, &a, pSelectors[i], &value) && integers < IntAttrCount) {
            pIntAttrs[integers++] = value;
            if (value == MQIAV_NOT_APPLICABLE) {
                *pCompCode = MQCC_WARNING;
                *pReason = MQRC_SELECTOR_NOT_FOR_TYPE;
            }
        } else if (text(c, o, &a, pSelectors[i], name) && (texts + 1) * MQ_Q_NAME_LENGTH <= CharAttrLength) {
            memcpy(pCharAttrs + texts++ * MQ_Q_NAME_LENGTH, name, sizeof name);
        } else {
            fail(pCompCode, pReason, MQRC_SELECTOR_ERROR);
            ok = 0;
        }
    }
    leave(c, pCompCode, pReason);
}
