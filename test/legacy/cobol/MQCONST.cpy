      *================================================================
      * MQCONST - THE MQI'S CONSTANTS THAT THE PROGRAMS USE, AS IBM MQ
      * DEFINES THEM (REFERENCE, MQI). NATIVE INTEGERS (COMP-5).
      *================================================================
       01  MQ-CONSTANTS.
           05  MQ-NULL-ID                  PIC X(24) VALUE LOW-VALUES.
           05  MQ-BLANK-NAME               PIC X(48) VALUE SPACES.
           05  MQCC-FAILED                 PIC S9(09) COMP-5 VALUE 2.
           05  MQRC-NO-MSG-AVAILABLE       PIC S9(09) COMP-5 VALUE 2033.
           05  MQRC-DATA-LENGTH-ERROR      PIC S9(09) COMP-5 VALUE 2010.
           05  MQRC-Q-MGR-QUIESCING        PIC S9(09) COMP-5 VALUE 2161.
           05  MQRC-TRUNC-ACCEPTED         PIC S9(09) COMP-5 VALUE 2079.
           05  MQOO-INPUT-SHARED           PIC S9(09) COMP-5 VALUE 2.
           05  MQOO-OUTPUT                 PIC S9(09) COMP-5 VALUE 16.
           05  MQOO-SAVE-ALL-CONTEXT       PIC S9(09) COMP-5 VALUE 128.
           05  MQOO-FAIL-IF-QUIESCING      PIC S9(09) COMP-5 VALUE 8192.
           05  MQCO-NONE                   PIC S9(09) COMP-5 VALUE 0.
           05  MQGMO-WAIT                  PIC S9(09) COMP-5 VALUE 1.
           05  MQGMO-SYNCPOINT             PIC S9(09) COMP-5 VALUE 2.
           05  MQGMO-ACCEPT-TRUNCATED      PIC S9(09) COMP-5 VALUE 64.
           05  MQGMO-FAIL-IF-QUIESCING     PIC S9(09) COMP-5 VALUE 8192.
           05  MQPMO-SYNCPOINT             PIC S9(09) COMP-5 VALUE 2.
           05  MQPMO-NEW-MSG-ID            PIC S9(09) COMP-5 VALUE 64.
           05  MQPMO-PASS-IDENTITY         PIC S9(09) COMP-5 VALUE 256.
           05  MQPMO-FAIL-IF-QUIESCING     PIC S9(09) COMP-5 VALUE 8192.
           05  MQMT-REQUEST                PIC S9(09) COMP-5 VALUE 1.
           05  MQMT-REPLY                  PIC S9(09) COMP-5 VALUE 2.
           05  MQMT-REPORT                 PIC S9(09) COMP-5 VALUE 4.
           05  MQMT-DATAGRAM               PIC S9(09) COMP-5 VALUE 8.
           05  MQPER-PERSISTENT            PIC S9(09) COMP-5 VALUE 1.
           05  MQEI-UNLIMITED              PIC S9(09) COMP-5 VALUE -1.
           05  MQENC-S390                  PIC S9(09) COMP-5 VALUE 785.
           05  MQOT-Q                      PIC S9(09) COMP-5 VALUE 1.
