/* The calls as COBOL makes them: everything by reference. A library of its own, as at IBM (libmqmcb_r beside libmqm_r),
 * since the names are the same. It finds libmqm_r by itself and keeps its names apart.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Not from cmqc.h: it declares the same names with other parameters. */
typedef int32_t MQLONG, MQHCONN, MQHOBJ, *PMQLONG, *PMQHCONN, *PMQHOBJ;
typedef char *PMQCHAR;
typedef void *PMQVOID;

static void *function(const char *name) {
    static void *library;
    if (!library) {
        library = dlopen("libmqm_r.so", RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
    }
    void *f = library ? dlsym(library, name) : NULL;
    if (!f) {
        fprintf(stderr, "mqi: %s\n", dlerror());
        exit(12);
    }
    return f;
}

void MQCONN(PMQCHAR name, PMQHCONN h, PMQLONG cc, PMQLONG rc) {
    ((void (*)(PMQCHAR, PMQHCONN, PMQLONG, PMQLONG))function("MQCONN"))(name, h, cc, rc);
}

void MQDISC(PMQHCONN h, PMQLONG cc, PMQLONG rc) { ((void (*)(PMQHCONN, PMQLONG, PMQLONG))function("MQDISC"))(h, cc, rc); }
void MQCMIT(PMQHCONN h, PMQLONG cc, PMQLONG rc) { ((void (*)(MQHCONN, PMQLONG, PMQLONG))function("MQCMIT"))(*h, cc, rc); }
void MQBACK(PMQHCONN h, PMQLONG cc, PMQLONG rc) { ((void (*)(MQHCONN, PMQLONG, PMQLONG))function("MQBACK"))(*h, cc, rc); }

void MQOPEN(PMQHCONN h, PMQVOID od, PMQLONG options, PMQHOBJ o, PMQLONG cc, PMQLONG rc) {
    ((void (*)(MQHCONN, PMQVOID, MQLONG, PMQHOBJ, PMQLONG, PMQLONG))function("MQOPEN"))(*h, od, *options, o, cc, rc);
}

void MQCLOSE(PMQHCONN h, PMQHOBJ o, PMQLONG options, PMQLONG cc, PMQLONG rc) {
    ((void (*)(MQHCONN, PMQHOBJ, MQLONG, PMQLONG, PMQLONG))function("MQCLOSE"))(*h, o, *options, cc, rc);
}

void MQGET(PMQHCONN h, PMQHOBJ o, PMQVOID md, PMQVOID gmo, PMQLONG room, PMQVOID buffer, PMQLONG length, PMQLONG cc, PMQLONG rc) {
    ((void (*)(MQHCONN, MQHOBJ, PMQVOID, PMQVOID, MQLONG, PMQVOID, PMQLONG, PMQLONG, PMQLONG))function("MQGET"))(*h, *o, md, gmo, *room, buffer, length, cc, rc);
}

void MQPUT(PMQHCONN h, PMQHOBJ o, PMQVOID md, PMQVOID pmo, PMQLONG length, PMQVOID buffer, PMQLONG cc, PMQLONG rc) {
    ((void (*)(MQHCONN, MQHOBJ, PMQVOID, PMQVOID, MQLONG, PMQVOID, PMQLONG, PMQLONG))function("MQPUT"))(*h, *o, md, pmo, *length, buffer, cc, rc);
}

void MQPUT1(PMQHCONN h, PMQVOID od, PMQVOID md, PMQVOID pmo, PMQLONG length, PMQVOID buffer, PMQLONG cc, PMQLONG rc) {
    ((void (*)(MQHCONN, PMQVOID, PMQVOID, PMQVOID, MQLONG, PMQVOID, PMQLONG, PMQLONG))function("MQPUT1"))(*h, od, md, pmo, *length, buffer, cc, rc);
}

void MQINQ(PMQHCONN h, PMQHOBJ o, PMQLONG n, PMQLONG selectors, PMQLONG in, PMQLONG i, PMQLONG cn, PMQCHAR c, PMQLONG cc, PMQLONG rc) {
    ((void (*)(MQHCONN, MQHOBJ, MQLONG, PMQLONG, MQLONG, PMQLONG, MQLONG, PMQCHAR, PMQLONG, PMQLONG))function("MQINQ"))(*h, *o, *n, selectors, *in, i, *cn, c, cc, rc);
}
