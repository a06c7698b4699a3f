/* What the stand-in and mq-golang take for granted about IBM's structures on 64-bit Linux. */
#include "standin.h"

#define SIZE(type, size) _Static_assert(sizeof(type) == (size), #type)
#define AT(type, field, offset) _Static_assert(offsetof(type, field) == (offset), #type "." #field)

SIZE(MQMD, 364);
SIZE(MQOD, 424);
SIZE(MQGMO, 112);
SIZE(MQPMO, 184);
SIZE(MQCNO, 272);
SIZE(MQCD, 2000);
SIZE(MQCSP, 104);
SIZE(MQSCO, 672);
SIZE(MQSD, 344);
SIZE(MQSTS, 280);
SIZE(MQCBD, 168);
SIZE(MQCBC, 64);
SIZE(MQCTLO, 24);
SIZE(MQIMPO, 64);
SIZE(MQPD, 24);
SIZE(MQSMPO, 20);
SIZE(MQSRO, 16);
SIZE(MQBNO, 20);
SIZE(MQBO, 12);
SIZE(MQCMHO, 12);
SIZE(MQDMHO, 12);
SIZE(MQDMPO, 12);
SIZE(MQCHARV, 24);
SIZE(MQDLH, 172);
SIZE(MQCIH, 180);
SIZE(MQIIH, 84);
SIZE(MQRFH2, 36);
SIZE(MQMDE, 72);
SIZE(MQXQH, 428);

/* COBOL passes version 1 of these: nothing may be read or written beyond. */
_Static_assert(MQMD_LENGTH_1 == 324 && MQGMO_LENGTH_1 == 72 && MQPMO_LENGTH_1 == 128 && MQOD_LENGTH_1 == 168, "version 1");

AT(MQMD, Report, 8);
AT(MQMD, Encoding, 24);
AT(MQMD, Format, 32);
AT(MQMD, Persistence, 44);
AT(MQMD, MsgId, 48);
AT(MQMD, CorrelId, 72);
AT(MQMD, BackoutCount, 96);
AT(MQMD, ReplyToQ, 100);
AT(MQMD, UserIdentifier, 196);
AT(MQMD, AccountingToken, 208);
AT(MQMD, ApplIdentityData, 240);
AT(MQMD, PutApplName, 276);
AT(MQMD, PutDate, 304);
AT(MQMD, ApplOriginData, 320);
AT(MQMD, GroupId, 324);
AT(MQMD, MsgFlags, 356);
AT(MQOD, ObjectType, 8);
AT(MQOD, ObjectName, 12);
AT(MQOD, ObjectQMgrName, 60);
AT(MQGMO, Options, 8);
AT(MQGMO, WaitInterval, 12);
AT(MQGMO, ResolvedQName, 24);
AT(MQGMO, MatchOptions, 72);
AT(MQGMO, MsgHandle, 104);
AT(MQPMO, Context, 16);
AT(MQPMO, NewMsgHandle, 168);
AT(MQCNO, ClientConnPtr, 16);
AT(MQCNO, SSLConfigPtr, 152);
AT(MQCNO, SecurityParmsPtr, 192);
AT(MQCNO, CCDTUrlPtr, 200);
AT(MQCNO, ApplName, 224);
AT(MQCD, ConnectionName, 1024);
AT(MQCD, SSLCipherSpec, 1688);
AT(MQCSP, CSPUserIdPtr, 16);
AT(MQCSP, CSPPasswordPtr, 40);
AT(MQCSP, TokenPtr, 88);
AT(MQSCO, KeyRepository, 8);
AT(MQCHARV, VSLength, 16);
AT(MQIMPO, ReturnedName, 32);
