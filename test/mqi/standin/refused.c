/* Calls that mq-golang links to and the stand-in does not have: 2298 FUNCTION_NOT_SUPPORTED. */
#include "standin.h"

#define REFUSE fail(pCompCode, pReason, MQRC_FUNCTION_NOT_SUPPORTED)
#pragma GCC diagnostic ignored "-Wunused-parameter"

void MQENTRY MQSET(MQHCONN h, MQHOBJ o, MQLONG n, PMQLONG s, MQLONG in, PMQLONG i, MQLONG cn, PMQCHAR c, PMQLONG pCompCode, PMQLONG pReason) { REFUSE; }
void MQENTRY MQBEGIN(MQHCONN h, PMQVOID o, PMQLONG pCompCode, PMQLONG pReason) { REFUSE; }
void MQENTRY MQSTAT(MQHCONN h, MQLONG t, PMQVOID s, PMQLONG pCompCode, PMQLONG pReason) { REFUSE; }
void MQENTRY MQSUB(MQHCONN h, PMQVOID d, PMQHOBJ o, PMQHOBJ s, PMQLONG pCompCode, PMQLONG pReason) { REFUSE; }
void MQENTRY MQSUBRQ(MQHCONN h, MQHOBJ s, MQLONG a, PMQVOID o, PMQLONG pCompCode, PMQLONG pReason) { REFUSE; }
void MQENTRY MQCB(MQHCONN h, MQLONG op, PMQVOID d, MQHOBJ o, PMQVOID md, PMQVOID g, PMQLONG pCompCode, PMQLONG pReason) { REFUSE; }
void MQENTRY MQCTL(MQHCONN h, MQLONG op, PMQVOID o, PMQLONG pCompCode, PMQLONG pReason) { REFUSE; }
