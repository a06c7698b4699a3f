/* Faults on demand, and a trace of what was asked. Both are read from the environment at each call.
 *
 * PORTAGE_MQI_FAULT=VERB:N:WHAT[:CC:RC]  what happens to the N-th call of VERB since the variable was set:
 *   fail:CC:RC   the call is not made
 *   warn:CC:RC   the call is made, and if it worked it is answered by this
 *   lose         the call is made, then the connection breaks: 2009
 *   cut          the connection breaks before the call is made: 2009
 * PORTAGE_MQI_TRACE=FILE  one line for each call, with its options. It never holds content.
 */
#include "standin.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char known[128];
static int calls;

enum fault fault_of(const char *verb, MQLONG *cc, MQLONG *rc) {
    const char *wanted = getenv("PORTAGE_MQI_FAULT");
    char name[16], what[8];
    int n, cc_wanted = MQCC_FAILED, rc_wanted = MQRC_CONNECTION_BROKEN;
    enum fault out = NO_FAULT;

    pthread_mutex_lock(&lock);
    if (strcmp(wanted ? wanted : "", known) != 0) {
        snprintf(known, sizeof known, "%s", wanted ? wanted : "");
        calls = 0;
    }
    if (wanted && sscanf(wanted, "%15[^:]:%d:%7[^:]:%d:%d", name, &n, what, &cc_wanted, &rc_wanted) >= 3 &&
        strcmp(name, verb) == 0 && ++calls == n) {
        out = strcmp(what, "fail") == 0 ? FAIL_BEFORE
            : strcmp(what, "warn") == 0 ? WARN_AFTER
            : strcmp(what, "lose") == 0 ? LOSE_AFTER : CUT_BEFORE;
        *cc = cc_wanted;
        *rc = rc_wanted;
    }
    pthread_mutex_unlock(&lock);
    return out;
}

void trace(const char *format, ...) {
    const char *path = getenv("PORTAGE_MQI_TRACE");
    if (!path || !*path) {
        return;
    }
    FILE *f = fopen(path, "a");
    if (!f) {
        return;
    }
    va_list args;
    va_start(args, format);
    vfprintf(f, format, args);
    va_end(args);
    fputc('\n', f);
    fclose(f);
}
