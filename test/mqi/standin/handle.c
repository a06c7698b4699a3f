/* Message handles: MQCRTMH, MQDLTMH, MQSETMP, MQDLTMP, MQINQMP. Properties are strings; others get 2473. */
#include "standin.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_HANDLES = 1024 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct properties *handles[MAX_HANDLES];

struct properties *properties_of(MQHMSG h) {
    struct properties *p = NULL;
    pthread_mutex_lock(&lock);
    if (h > 0 && h <= MAX_HANDLES) {
        p = handles[h - 1];
    }
    pthread_mutex_unlock(&lock);
    return p;
}

void properties_clear(struct properties *p) {
    for (int i = 0; i < p->n; i++) {
        free(p->list[i].name);
        free(p->list[i].value);
    }
    p->n = 0;
    p->cursor = -1;
}

static char *copy(const void *from, size_t n) {
    char *out = malloc(n + 1);
    if (out && n > 0) {
        memcpy(out, from, n);
    }
    return out;
}

int properties_add(struct properties *p, const void *name, size_t nn, const void *value, size_t vn) {
    if (p->n == MAX_PROPERTIES) {
        return 0;
    }
    p->list[p->n++] = (struct property){copy(name, nn), copy(value, vn), nn, vn};
    return 1;
}

static void properties_drop(struct properties *p, int i) {
    free(p->list[i].name);
    free(p->list[i].value);
    memmove(&p->list[i], &p->list[i + 1], (size_t)(p->n - i - 1) * sizeof p->list[0]);
    p->n--;
    if (p->cursor >= i) {
        p->cursor--;
    }
}

static int find(const struct properties *p, const char *name, size_t n) {
    for (int i = 0; i < p->n; i++) {
        if (p->list[i].name_length == n && memcmp(p->list[i].name, name, n) == 0) {
            return i;
        }
    }
    return -1;
}

/* valid holds the rules for names (IBM MQ, Property name restrictions) for those that are ASCII. */
static int valid(const char *name, size_t n) {
    static const char *const reserved[] = {"NULL", "TRUE", "FALSE", "NOT", "AND", "OR", "BETWEEN", "LIKE", "IN", "IS", "ESCAPE"};
    int first = 1;
    for (size_t i = 0; i < n; i++, first = 0) {
        char ch = name[i];
        int letter = (ch >= 'A' && ch <= 'Z') || (ch >= 'a' && ch <= 'z') || ch == '_' || ch == '$';
        if (!letter && (first || (!(ch >= '0' && ch <= '9') && ch != '.'))) {
            return 0;
        }
        if (ch == '.' && (i + 1 == n || name[i + 1] == '.')) {
            return 0;
        }
    }
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
        if (strlen(reserved[i]) == n && strncasecmp(name, reserved[i], n) == 0) {
            return 0;
        }
    }
    return n > 0 && strncmp(name, "JMS", n < 3 ? n : 3) != 0 && strncmp(name, "Root", n < 4 ? n : 4) != 0 && strncmp(name, "Body", n < 4 ? n : 4) != 0;
}

void MQENTRY MQCRTMH(MQHCONN Hconn, PMQVOID pCrtMsgHOpts, PMQHMSG pHmsg, PMQLONG pCompCode, PMQLONG pReason) {
    (void)pCrtMsgHOpts;
    struct connection *c = enter(Hconn, "MQCRTMH", pCompCode, pReason);
    if (!c) {
        return;
    }
    *pHmsg = MQHM_UNUSABLE_HMSG;
    pthread_mutex_lock(&lock);
    int i = 0;
    while (i < MAX_HANDLES && handles[i]) {
        i++;
    }
    if (i < MAX_HANDLES && (handles[i] = calloc(1, sizeof *handles[i])) != NULL) {
        handles[i]->cursor = -1;
        *pHmsg = i + 1;
    }
    pthread_mutex_unlock(&lock);
    if (*pHmsg == MQHM_UNUSABLE_HMSG) {
        fail(pCompCode, pReason, MQRC_HANDLE_NOT_AVAILABLE); /* handles that are not deleted are found out here */
    }
    leave(c, pCompCode, pReason);
}

void MQENTRY MQDLTMH(MQHCONN Hconn, PMQHMSG pHmsg, PMQVOID pDltMsgHOpts, PMQLONG pCompCode, PMQLONG pReason) {
    (void)pDltMsgHOpts;
    struct connection *c = enter(Hconn, "MQDLTMH", pCompCode, pReason);
    if (!c) {
        return;
    }
    struct properties *p = properties_of(*pHmsg);
    if (p) {
        pthread_mutex_lock(&lock);
        handles[*pHmsg - 1] = NULL;
        pthread_mutex_unlock(&lock);
        properties_clear(p);
        free(p);
        *pHmsg = MQHM_UNUSABLE_HMSG;
    } else {
        fail(pCompCode, pReason, MQRC_HMSG_ERROR);
    }
    leave(c, pCompCode, pReason);
}

static void set_property(struct properties *p, const MQSMPO *smpo, const MQCHARV *name, MQLONG type, MQLONG n, const void *value, MQLONG *cc, MQLONG *rc) {
    if (!valid(name->VSPtr, (size_t)name->VSLength)) {
        fail(cc, rc, MQRC_PROPERTY_NAME_ERROR);
        return;
    }
    if (type != MQTYPE_STRING) {
        fail(cc, rc, MQRC_PROPERTY_TYPE_ERROR);
        return;
    }
    int i = find(p, name->VSPtr, (size_t)name->VSLength);
    if (i >= 0 && !(smpo->Options & MQSMPO_APPEND_PROPERTY)) {
        properties_drop(p, i);
    }
    if (!properties_add(p, name->VSPtr, (size_t)name->VSLength, value, (size_t)n)) {
        fail(cc, rc, MQRC_STORAGE_NOT_AVAILABLE);
    }
}

void MQENTRY MQSETMP(MQHCONN Hconn, MQHMSG Hmsg, PMQVOID pSetPropOpts, PMQVOID pName, PMQVOID pPropDesc, MQLONG Type, MQLONG ValueLength,
                     PMQVOID pValue, PMQLONG pCompCode, PMQLONG pReason) {
    (void)pPropDesc;
    struct connection *c = enter(Hconn, "MQSETMP", pCompCode, pReason);
    if (!c) {
        return;
    }
    struct properties *p = properties_of(Hmsg);
    if (p) {
        set_property(p, pSetPropOpts, pName, Type, ValueLength, pValue, pCompCode, pReason);
    } else {
        fail(pCompCode, pReason, MQRC_HMSG_ERROR);
    }
    leave(c, pCompCode, pReason);
}

void MQENTRY MQDLTMP(MQHCONN Hconn, MQHMSG Hmsg, PMQVOID pDltPropOpts, PMQVOID pName, PMQLONG pCompCode, PMQLONG pReason) {
    (void)pDltPropOpts;
    struct connection *c = enter(Hconn, "MQDLTMP", pCompCode, pReason);
    if (!c) {
        return;
    }
    const MQCHARV *name = pName;
    struct properties *p = properties_of(Hmsg);
    int i = p ? find(p, name->VSPtr, (size_t)name->VSLength) : -1;
    if (i >= 0) {
        properties_drop(p, i);
    } else {
        fail(pCompCode, pReason, p ? MQRC_PROPERTY_NOT_AVAILABLE : MQRC_HMSG_ERROR);
    }
    leave(c, pCompCode, pReason);
}

/* inquire_property finds by name, or any by "%". A value that does not fit leaves the cursor where it is. */
static void inquire_property(struct properties *p, MQIMPO *impo, const MQCHARV *name, MQLONG *type, MQLONG room, void *value, MQLONG *length, MQLONG *cc, MQLONG *rc) {
    const char *wanted = name->VSPtr;
    int any = name->VSLength > 0 && wanted[name->VSLength - 1] == '%';
    size_t n = (size_t)name->VSLength - (any ? 1 : 0);
    int i = !(impo->Options & MQIMPO_INQ_NEXT) ? 0 : p->cursor < 0 ? p->n : p->cursor + 1; /* no next without a first */
    for (; i < p->n; i++) {
        if ((any ? p->list[i].name_length >= n : p->list[i].name_length == n) && memcmp(p->list[i].name, wanted, n) == 0) {
            break;
        }
    }
    if (i >= p->n) {
        fail(cc, rc, MQRC_PROPERTY_NOT_AVAILABLE);
        return;
    }
    const struct property *found = &p->list[i];
    if (impo->ReturnedName.VSPtr && impo->ReturnedName.VSBufSize >= (MQLONG)found->name_length) {
        memcpy(impo->ReturnedName.VSPtr, found->name, found->name_length);
        impo->ReturnedName.VSLength = (MQLONG)found->name_length;
    }
    *type = MQTYPE_STRING;
    *length = (MQLONG)found->value_length;
    if ((size_t)room < found->value_length) {
        fail(cc, rc, MQRC_PROPERTY_VALUE_TOO_BIG);
        return;
    }
    memcpy(value, found->value, found->value_length);
    p->cursor = i;
}

void MQENTRY MQINQMP(MQHCONN Hconn, MQHMSG Hmsg, PMQVOID pInqPropOpts, PMQVOID pName, PMQVOID pPropDesc, PMQLONG pType, MQLONG ValueLength,
                     PMQVOID pValue, PMQLONG pDataLength, PMQLONG pCompCode, PMQLONG pReason) {
    (void)pPropDesc;
    struct connection *c = enter(Hconn, "MQINQMP", pCompCode, pReason);
    if (!c) {
        return;
    }
    struct properties *p = properties_of(Hmsg);
    if (p) {
        inquire_property(p, pInqPropOpts, pName, pType, ValueLength, pValue, pDataLength, pCompCode, pReason);
    } else {
        fail(pCompCode, pReason, MQRC_HMSG_ERROR);
    }
    leave(c, pCompCode, pReason);
}
