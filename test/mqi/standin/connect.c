/* MQCONN, MQCONNX, MQDISC, MQCMIT, MQBACK, and what every call begins and ends with.
 *
 * The socket's path is, in this order: the connection name of the MQCD, the host in a CCDT in JSON, or the third part
 * of MQSERVER (CHANNEL/UNIX/PATH). PORTAGE_MQI_REQUIRE says what the connection must come with:
 * user=NAME,password=TEXT,token=TEXT,cipher=NAME,repository=PATH (any of them; checked as a server would).
 */
#include "standin.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct connection *connections[MAX_CONNECTIONS];

void fail(MQLONG *cc, MQLONG *rc, MQLONG reason) {
    *cc = MQCC_FAILED;
    *rc = reason;
}

void done(MQLONG *cc, MQLONG *rc) {
    *cc = MQCC_OK;
    *rc = MQRC_NONE;
}

/* enter begins a call on a connection; a second one beside it gets 2219 (MQCNO_HANDLE_SHARE_NO_BLOCK). */
struct connection *enter(MQHCONN h, const char *verb, MQLONG *cc, MQLONG *rc) {
    struct connection *c = NULL;
    pthread_mutex_lock(&lock);
    if (h > 0 && h <= MAX_CONNECTIONS) {
        c = connections[h - 1];
    }
    int got = c && pthread_mutex_trylock(&c->busy) == 0;
    pthread_mutex_unlock(&lock);
    if (!got) {
        fail(cc, rc, c ? MQRC_CALL_IN_PROGRESS : MQRC_HCONN_ERROR);
        return NULL;
    }
    c->fault = fault_of(verb, &c->fault_cc, &c->fault_rc);
    if (c->fault == FAIL_BEFORE) {
        *cc = c->fault_cc;
        *rc = c->fault_rc;
        pthread_mutex_unlock(&c->busy);
        return NULL;
    }
    if (c->fault == CUT_BEFORE) {
        hang_up(c);
    }
    done(cc, rc);
    return c;
}

void leave(struct connection *c, MQLONG *cc, MQLONG *rc) {
    if (c->fault == LOSE_AFTER) {
        hang_up(c);
        fail(cc, rc, MQRC_CONNECTION_BROKEN);
    } else if (c->fault == WARN_AFTER && *cc == MQCC_OK) {
        *cc = c->fault_cc;
        *rc = c->fault_rc;
    }
    c->fault = NO_FAULT;
    pthread_mutex_unlock(&c->busy);
}

/* wants reports whether PORTAGE_MQI_REQUIRE asks for a value that is not this one. */
static int wants(const char *key, const char *value, size_t n) {
    const char *rules = getenv("PORTAGE_MQI_REQUIRE");
    size_t k = strlen(key);
    while (rules && *rules) {
        size_t length = strcspn(rules, ",");
        if (length > k && strncmp(rules, key, k) == 0 && rules[k] == '=') {
            return length - k - 1 != n || memcmp(rules + k + 1, value, n) != 0;
        }
        rules += length;
        rules += *rules == ',';
    }
    return 0;
}

static int wants_pointer(const char *key, const void *p, MQLONG n) { return wants(key, p ? p : "", p ? (size_t)n : 0); }

/* check looks at credentials and TLS as a server connection would. */
static MQLONG check(const MQCNO *cno) {
    const MQCSP *csp = cno && cno->Version >= MQCNO_VERSION_5 ? cno->SecurityParmsPtr : NULL;
    const MQSCO *sco = cno && cno->Version >= MQCNO_VERSION_4 ? cno->SSLConfigPtr : NULL;
    const MQCD *cd = cno && cno->Version >= MQCNO_VERSION_2 ? cno->ClientConnPtr : NULL;
    int token = csp && csp->Version >= MQCSP_VERSION_3;
    if (wants("cipher", cd ? cd->SSLCipherSpec : "", cd ? trimmed(cd->SSLCipherSpec, sizeof cd->SSLCipherSpec) : 0) ||
        wants("repository", sco ? sco->KeyRepository : "", sco ? trimmed(sco->KeyRepository, sizeof sco->KeyRepository) : 0)) {
        return MQRC_SSL_INITIALIZATION_ERROR;
    }
    if (wants_pointer("user", csp ? csp->CSPUserIdPtr : NULL, csp ? csp->CSPUserIdLength : 0) ||
        wants_pointer("password", csp ? csp->CSPPasswordPtr : NULL, csp ? csp->CSPPasswordLength : 0) ||
        wants_pointer("token", token ? csp->TokenPtr : NULL, token ? csp->TokenLength : 0)) {
        return MQRC_NOT_AUTHORIZED;
    }
    return MQRC_NONE;
}

/* host_in_ccdt finds the first host of a CCDT in JSON. */
static int host_in_ccdt(const MQCNO *cno, char *path, size_t room) {
    char url[1024], text[8192];
    size_t n = (size_t)cno->CCDTUrlLength;
    if (n >= sizeof url) {
        return 0;
    }
    memcpy(url, cno->CCDTUrlPtr, n);
    url[n] = 0;
    FILE *f = fopen(strncmp(url, "file://", 7) == 0 ? url + 7 : url, "r");
    if (!f) {
        return 0;
    }
    text[fread(text, 1, sizeof text - 1, f)] = 0;
    fclose(f);
    const char *at = strstr(text, "\"host\"");
    char format[32];
    snprintf(format, sizeof format, " : \"%%%zu[^\"]\"", room - 1);
    return at && sscanf(at + 6, format, path) == 1;
}

static int find_socket(const MQCNO *cno, char *path, size_t room) {
    const char *server = getenv("MQSERVER");
    path[0] = 0;
    if (cno && cno->Version >= MQCNO_VERSION_2 && cno->ClientConnPtr) {
        const MQCD *cd = cno->ClientConnPtr;
        snprintf(path, room, "%.*s", (int)trimmed(cd->ConnectionName, sizeof cd->ConnectionName), cd->ConnectionName);
    } else if (cno && cno->Version >= MQCNO_VERSION_6 && cno->CCDTUrlPtr) {
        return host_in_ccdt(cno, path, room);
    } else if (server) {
        for (int part = 0; part < 2 && server; part++) {
            server = strchr(server, '/');
            server = server ? server + 1 : NULL;
        }
        snprintf(path, room, "%s", server ? server : "");
    }
    return path[0] == '/';
}

static int dial(const char *path) {
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof to.sun_path) {
        return -1;
    }
    strcpy(to.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* greet says who connects and learns the queue manager's name. */
static int greet(struct connection *c, MQLONG *cc, MQLONG *rc) {
    struct bytes request = {0}, reply = {0};
    put_text(&request, c->application, sizeof c->application - 1);
    int ok = exchange(c, OP_CONNECT, &request, &reply, cc, rc);
    if (ok) {
        take_text(&reply, c->manager, sizeof c->manager - 1);
        c->manager[trimmed(c->manager, sizeof c->manager - 1)] = 0;
    }
    bytes_free(&request);
    bytes_free(&reply);
    return ok;
}

static void name_application(struct connection *c, const MQCNO *cno) {
    const char *name = "mqi stand-in";
    size_t n = strlen(name);
    if (cno && cno->Version >= MQCNO_VERSION_7 && trimmed(cno->ApplName, sizeof cno->ApplName) > 0) {
        name = cno->ApplName;
        n = trimmed(cno->ApplName, sizeof cno->ApplName);
    }
    memcpy(c->application, name, n);
}

static void connect_to(const char *manager, const MQCNO *cno, struct connection *c, MQLONG *cc, MQLONG *rc) {
    char path[512];
    if (!find_socket(cno, path, sizeof path) || (c->fd = dial(path)) < 0) {
        fail(cc, rc, MQRC_HOST_NOT_AVAILABLE);
        return;
    }
    MQLONG refused = check(cno);
    name_application(c, cno);
    if (refused != MQRC_NONE) {
        fail(cc, rc, refused);
    } else if (greet(c, cc, rc)) {
        size_t n = trimmed(manager, MQ_Q_MGR_NAME_LENGTH);
        if (n > 0 && manager[0] != '*' && (n != strlen(c->manager) || memcmp(manager, c->manager, n) != 0)) {
            fail(cc, rc, MQRC_Q_MGR_NAME_ERROR);
        }
    }
}

static MQHCONN keep(struct connection *c) {
    MQHCONN h = 0;
    pthread_mutex_lock(&lock);
    for (int i = 0; i < MAX_CONNECTIONS && h == 0; i++) {
        if (!connections[i]) {
            connections[i] = c;
            h = i + 1;
        }
    }
    pthread_mutex_unlock(&lock);
    return h;
}

void MQENTRY MQCONNX(PMQCHAR pQMgrName, PMQCNO pConnectOpts, PMQHCONN pHconn, PMQLONG pCompCode, PMQLONG pReason) {
    MQLONG cc, rc;
    enum fault fault = fault_of("MQCONNX", &cc, &rc);
    trace("MQCONNX options=%#x", pConnectOpts ? (unsigned)pConnectOpts->Options : 0u);
    *pHconn = MQHC_UNUSABLE_HCONN;
    done(pCompCode, pReason);
    struct connection *c = calloc(1, sizeof *c);
    if (!c || fault == FAIL_BEFORE) {
        free(c);
        fail(pCompCode, pReason, fault == FAIL_BEFORE ? rc : MQRC_STORAGE_NOT_AVAILABLE);
        return;
    }
    c->fd = -1;
    pthread_mutex_init(&c->busy, NULL);
    connect_to(pQMgrName, pConnectOpts, c, pCompCode, pReason);
    if (*pCompCode == MQCC_OK && (*pHconn = keep(c)) == 0) {
        fail(pCompCode, pReason, MQRC_HCONN_ERROR);
    }
    if (*pCompCode != MQCC_OK) {
        *pHconn = MQHC_UNUSABLE_HCONN;
        hang_up(c);
        free(c);
    } else if (fault == WARN_AFTER) {
        *pCompCode = cc;
        *pReason = rc;
    }
}

void MQENTRY MQCONN(PMQCHAR pQMgrName, PMQHCONN pHconn, PMQLONG pCompCode, PMQLONG pReason) {
    MQCONNX(pQMgrName, NULL, pHconn, pCompCode, pReason);
}

static void plain(struct connection *c, int op, MQLONG *cc, MQLONG *rc) {
    struct bytes request = {0}, reply = {0};
    exchange(c, op, &request, &reply, cc, rc);
    bytes_free(&request);
    bytes_free(&reply);
}

/* MQDISC commits, as IBM MQ does for a program that ends as it should. */
void MQENTRY MQDISC(PMQHCONN pHconn, PMQLONG pCompCode, PMQLONG pReason) {
    struct connection *c = enter(*pHconn, "MQDISC", pCompCode, pReason);
    if (!c) {
        return;
    }
    trace("MQDISC");
    if (c->fd >= 0) {
        MQLONG cc, rc;
        plain(c, OP_COMMIT, pCompCode, pReason);
        plain(c, OP_CLOSE, &cc, &rc);
    }
    hang_up(c);
    pthread_mutex_lock(&lock);
    connections[*pHconn - 1] = NULL;
    pthread_mutex_unlock(&lock);
    leave(c, pCompCode, pReason);
    pthread_mutex_destroy(&c->busy);
    free(c);
    *pHconn = MQHC_UNUSABLE_HCONN;
}

static void settle(MQHCONN h, const char *verb, int op, PMQLONG pCompCode, PMQLONG pReason) {
    struct connection *c = enter(h, verb, pCompCode, pReason);
    if (c) {
        trace("%s", verb);
        plain(c, op, pCompCode, pReason);
        leave(c, pCompCode, pReason);
    }
}

void MQENTRY MQCMIT(MQHCONN Hconn, PMQLONG pCompCode, PMQLONG pReason) { settle(Hconn, "MQCMIT", OP_COMMIT, pCompCode, pReason); }
void MQENTRY MQBACK(MQHCONN Hconn, PMQLONG pCompCode, PMQLONG pReason) { settle(Hconn, "MQBACK", OP_BACKOUT, pCompCode, pReason); }
