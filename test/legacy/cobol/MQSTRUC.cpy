      *================================================================
      * MQSTRUC - MQOD, MQMD, MQGMO, MQPMO IN THEIR FIRST VERSION, WITH
      * THEIR DEFAULTS (IBM MQ, REFERENCE, DATA TYPES). THE NAMES ARE THE
      * MQI'S. ON IBM MQ ITS OWN COPYBOOKS TAKE THIS ONE'S PLACE.
      *================================================================
       01  MQOD.
           05  MQOD-STRUCID                PIC X(04) VALUE 'OD  '.
           05  MQOD-VERSION                PIC S9(09) COMP-5 VALUE 1.
           05  MQOD-OBJECTTYPE             PIC S9(09) COMP-5 VALUE 1.
           05  MQOD-OBJECTNAME             PIC X(48) VALUE SPACES.
           05  MQOD-OBJECTQMGRNAME         PIC X(48) VALUE SPACES.
           05  MQOD-DYNAMICQNAME           PIC X(48) VALUE 'AMQ.*'.
           05  MQOD-ALTERNATEUSERID        PIC X(12) VALUE SPACES.
       01  MQMD.
           05  MQMD-STRUCID                PIC X(04) VALUE 'MD  '.
           05  MQMD-VERSION                PIC S9(09) COMP-5 VALUE 1.
           05  MQMD-REPORT                 PIC S9(09) COMP-5 VALUE 0.
           05  MQMD-MSGTYPE                PIC S9(09) COMP-5 VALUE 8.
           05  MQMD-EXPIRY                 PIC S9(09) COMP-5 VALUE -1.
           05  MQMD-FEEDBACK               PIC S9(09) COMP-5 VALUE 0.
           05  MQMD-ENCODING               PIC S9(09) COMP-5 VALUE 546.
           05  MQMD-CODEDCHARSETID         PIC S9(09) COMP-5 VALUE 0.
           05  MQMD-FORMAT                 PIC X(08) VALUE SPACES.
           05  MQMD-PRIORITY               PIC S9(09) COMP-5 VALUE -1.
           05  MQMD-PERSISTENCE            PIC S9(09) COMP-5 VALUE 2.
           05  MQMD-MSGID                  PIC X(24) VALUE LOW-VALUES.
           05  MQMD-CORRELID               PIC X(24) VALUE LOW-VALUES.
           05  MQMD-BACKOUTCOUNT           PIC S9(09) COMP-5 VALUE 0.
           05  MQMD-REPLYTOQ               PIC X(48) VALUE SPACES.
           05  MQMD-REPLYTOQMGR            PIC X(48) VALUE SPACES.
           05  MQMD-USERIDENTIFIER         PIC X(12) VALUE SPACES.
           05  MQMD-ACCOUNTINGTOKEN        PIC X(32) VALUE LOW-VALUES.
           05  MQMD-APPLIDENTITYDATA       PIC X(32) VALUE SPACES.
           05  MQMD-PUTAPPLTYPE            PIC S9(09) COMP-5 VALUE 0.
           05  MQMD-PUTAPPLNAME            PIC X(28) VALUE SPACES.
           05  MQMD-PUTDATE                PIC X(08) VALUE SPACES.
           05  MQMD-PUTTIME                PIC X(08) VALUE SPACES.
           05  MQMD-APPLORIGINDATA         PIC X(04) VALUE SPACES.
       01  MQGMO.
           05  MQGMO-STRUCID               PIC X(04) VALUE 'GMO '.
           05  MQGMO-VERSION               PIC S9(09) COMP-5 VALUE 1.
           05  MQGMO-OPTIONS               PIC S9(09) COMP-5 VALUE 0.
           05  MQGMO-WAITINTERVAL          PIC S9(09) COMP-5 VALUE 0.
           05  MQGMO-SIGNAL1               PIC S9(09) COMP-5 VALUE 0.
           05  MQGMO-SIGNAL2               PIC S9(09) COMP-5 VALUE 0.
           05  MQGMO-RESOLVEDQNAME         PIC X(48) VALUE SPACES.
       01  MQPMO.
           05  MQPMO-STRUCID               PIC X(04) VALUE 'PMO '.
           05  MQPMO-VERSION               PIC S9(09) COMP-5 VALUE 1.
           05  MQPMO-OPTIONS               PIC S9(09) COMP-5 VALUE 0.
           05  MQPMO-TIMEOUT               PIC S9(09) COMP-5 VALUE -1.
           05  MQPMO-CONTEXT               PIC S9(09) COMP-5 VALUE 0.
           05  MQPMO-KNOWNDESTCOUNT        PIC S9(09) COMP-5 VALUE 0.
           05  MQPMO-UNKNOWNDESTCOUNT      PIC S9(09) COMP-5 VALUE 0.
           05  MQPMO-INVALIDDESTCOUNT      PIC S9(09) COMP-5 VALUE 0.
           05  MQPMO-RESOLVEDQNAME         PIC X(48) VALUE SPACES.
           05  MQPMO-RESOLVEDQMGRNAME      PIC X(48) VALUE SPACES.
      *---- BEHIND THE LAST STRUCTURE: NOBODY MAY WRITE HERE
       01  MQ-GUARD                        PIC X(64) VALUE ALL 'G'.
       01  MQ-CALL-DATA.
           05  MQ-HCONN                    PIC S9(09) COMP-5 VALUE 0.
           05  MQ-HOBJ                     PIC S9(09) COMP-5 VALUE 0.
           05  MQ-OPTIONS                  PIC S9(09) COMP-5 VALUE 0.
           05  MQ-BUFFER-LENGTH            PIC S9(09) COMP-5 VALUE 0.
           05  MQ-DATA-LENGTH              PIC S9(09) COMP-5 VALUE 0.
           05  MQ-CC                       PIC S9(09) COMP-5 VALUE 0.
           05  MQ-RC                       PIC S9(09) COMP-5 VALUE 0.
           05  MQ-RC-SHOWN                 PIC 9(04).
           05  MQ-CALL                     PIC X(08).
           05  MQ-QMGR                     PIC X(48) VALUE SPACES.
