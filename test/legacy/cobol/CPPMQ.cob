       IDENTIFICATION DIVISION.
       PROGRAM-ID. CPPMQ.
      *================================================================
      * CPPMQ - PUTS CPP PAYMENT EVENTS ON A QUEUE
      *
      *   COMMAND LINE: QUEUE, THEN EVENTS IN A UNIT OF WORK (DEFAULT
      *                 100), THEN THE UNIT OF WORK THAT IS BACKED OUT ONCE
      *                 AND PUT AGAIN (DEFAULT NONE)
      *   DD_EXTRACT:   THE RECORDS (CPPPAYEV, CODE PAGE 037), 170 BYTES
      *
      * EACH RECORD IS A PERSISTENT MESSAGE WITHOUT FORMAT, ENCODING S/390,
      * CCSID 37, PUT UNDER SYNCPOINT. ONE MQMD FOR ALL: MQPMO-NEW-MSG-ID.
      *================================================================
       ENVIRONMENT DIVISION.
       INPUT-OUTPUT SECTION.
       FILE-CONTROL.
           SELECT RECORDS-FILE ASSIGN TO EXTRACT
               ORGANIZATION IS SEQUENTIAL
               FILE STATUS IS RECORDS-STATUS.
       DATA DIVISION.
       FILE SECTION.
       FD  RECORDS-FILE.
       01  RECORDS-RECORD                  PIC X(170).
       WORKING-STORAGE SECTION.
       COPY MQCONST.
       COPY MQSTRUC.
       01  RECORDS-STATUS                  PIC X(02).
       01  ARGUMENTS                       PIC X(80).
       01  TARGET-QUEUE                    PIC X(48).
       01  UNIT-TEXT                       PIC X(08).
       01  REPEAT-TEXT                     PIC X(08).
       01  UNIT-SIZE                       PIC S9(09) COMP-5 VALUE 100.
       01  REPEAT-UNIT                     PIC S9(09) COMP-5 VALUE 0.
       01  UNIT-NUMBER                     PIC S9(09) COMP-5 VALUE 1.
       01  IN-UNIT                         PIC S9(09) COMP-5 VALUE 0.
       01  I                               PIC S9(09) COMP-5.
       01  PUT-COUNT                       PIC 9(09) VALUE 0.
       01  UNIT-RECORDS.
           05  UNIT-RECORD                 PIC X(170) OCCURS 1000.
       PROCEDURE DIVISION.
       MAIN.
           ACCEPT ARGUMENTS FROM COMMAND-LINE.
           UNSTRING ARGUMENTS DELIMITED BY ALL SPACES
               INTO TARGET-QUEUE UNIT-TEXT REPEAT-TEXT.
           IF UNIT-TEXT NOT = SPACES
               COMPUTE UNIT-SIZE = FUNCTION NUMVAL (UNIT-TEXT)
           END-IF.
           IF REPEAT-TEXT NOT = SPACES
               COMPUTE REPEAT-UNIT = FUNCTION NUMVAL (REPEAT-TEXT)
           END-IF.
           IF UNIT-SIZE < 1 OR UNIT-SIZE > 1000
               DISPLAY 'CPPMQ: 1 TO 1000 EVENTS IN A UNIT OF WORK'
                   UPON SYSERR
               MOVE 8 TO RETURN-CODE
               STOP RUN
           END-IF.
           OPEN INPUT RECORDS-FILE.
           IF RECORDS-STATUS NOT = '00'
               DISPLAY 'OPEN FAILED, STATUS ' RECORDS-STATUS UPON SYSERR
               MOVE 8 TO RETURN-CODE
               STOP RUN
           END-IF.
           MOVE 'MQCONN' TO MQ-CALL.
           CALL 'MQCONN' USING MQ-QMGR MQ-HCONN MQ-CC MQ-RC.
           PERFORM CHECK-CALL.
           MOVE TARGET-QUEUE TO MQOD-OBJECTNAME.
           COMPUTE MQ-OPTIONS = MQOO-OUTPUT + MQOO-FAIL-IF-QUIESCING.
           MOVE 'MQOPEN' TO MQ-CALL.
           CALL 'MQOPEN' USING MQ-HCONN MQOD MQ-OPTIONS MQ-HOBJ
               MQ-CC MQ-RC.
           PERFORM CHECK-CALL.
           READ RECORDS-FILE.
           PERFORM UNTIL RECORDS-STATUS NOT = '00'
               ADD 1 TO IN-UNIT
               MOVE RECORDS-RECORD TO UNIT-RECORD (IN-UNIT)
               IF IN-UNIT = UNIT-SIZE
                   PERFORM PUT-UNIT
               END-IF
               READ RECORDS-FILE
           END-PERFORM.
           IF RECORDS-STATUS NOT = '10'
               DISPLAY 'READ FAILED, STATUS ' RECORDS-STATUS UPON SYSERR
               MOVE 8 TO RETURN-CODE
               STOP RUN
           END-IF.
           IF IN-UNIT > 0
               PERFORM PUT-UNIT
           END-IF.
           CLOSE RECORDS-FILE.
           MOVE 'MQDISC' TO MQ-CALL.
           CALL 'MQDISC' USING MQ-HCONN MQ-CC MQ-RC.
           PERFORM CHECK-CALL.
           DISPLAY 'CPPMQ: PUT ' PUT-COUNT.
           STOP RUN.

       PUT-UNIT.
           PERFORM PUT-RECORD VARYING I FROM 1 BY 1 UNTIL I > IN-UNIT.
           IF UNIT-NUMBER = REPEAT-UNIT
               MOVE 'MQBACK' TO MQ-CALL
               CALL 'MQBACK' USING MQ-HCONN MQ-CC MQ-RC
               PERFORM CHECK-CALL
               PERFORM PUT-RECORD VARYING I FROM 1 BY 1
                   UNTIL I > IN-UNIT
           END-IF.
           MOVE 'MQCMIT' TO MQ-CALL.
           CALL 'MQCMIT' USING MQ-HCONN MQ-CC MQ-RC.
           PERFORM CHECK-CALL.
           ADD IN-UNIT TO PUT-COUNT.
           ADD 1 TO UNIT-NUMBER.
           MOVE 0 TO IN-UNIT.

       PUT-RECORD.
           MOVE SPACES TO MQMD-FORMAT.
           MOVE MQENC-S390 TO MQMD-ENCODING.
           MOVE 37 TO MQMD-CODEDCHARSETID.
           MOVE MQPER-PERSISTENT TO MQMD-PERSISTENCE.
           MOVE MQEI-UNLIMITED TO MQMD-EXPIRY.
           MOVE MQMT-DATAGRAM TO MQMD-MSGTYPE.
           COMPUTE MQPMO-OPTIONS = MQPMO-SYNCPOINT + MQPMO-NEW-MSG-ID
               + MQPMO-FAIL-IF-QUIESCING.
           MOVE LENGTH OF RECORDS-RECORD TO MQ-BUFFER-LENGTH.
           MOVE 'MQPUT' TO MQ-CALL.
           CALL 'MQPUT' USING MQ-HCONN MQ-HOBJ MQMD MQPMO
               MQ-BUFFER-LENGTH UNIT-RECORD (I) MQ-CC MQ-RC.
           PERFORM CHECK-CALL.
       COPY MQCHECK.
