       IDENTIFICATION DIVISION.
       PROGRAM-ID. CPPPAY.
      *================================================================
      * CPPPAY - WRITES SYNTHETIC CPP PAYMENT EVENTS BY COPYBOOK CPPPAYEV
      *
      *   COMMAND LINE: NUMBER OF EVENTS (DEFAULT 600)
      *   DD_EXTRACT:   THE RECORDS, VARIABLE SEQUENTIAL, 170 BYTES EACH
      *   SYSOUT:       AS OASXTR
      *
      * EVENT TYPES IN TURN: IS CX RE (ISSUE DETAIL), RT (RETURN DETAIL),
      * RC (RATE DETAIL), DS (NO DETAIL: SPACES).
      * NET = GROSS - TAX - OAS RECOVERY, TO THE CENT. COMP-1 VALUES HAVE
      * FEW ENOUGH BITS FOR BOTH IEEE AND HEXADECIMAL FLOATING POINT.
      *================================================================
       ENVIRONMENT DIVISION.
       INPUT-OUTPUT SECTION.
       FILE-CONTROL.
           SELECT RECORDS-FILE ASSIGN TO EXTRACT
               ORGANIZATION IS SEQUENTIAL
               FILE STATUS IS RECORDS-STATUS.
       DATA DIVISION.
       FILE SECTION.
       FD  RECORDS-FILE
           RECORD IS VARYING IN SIZE FROM 14 TO 2000 CHARACTERS
               DEPENDING ON RECORDS-LENGTH.
       01  RECORDS-RECORD                  PIC X(2000).
       WORKING-STORAGE SECTION.
       COPY CPPPAYEV.
       COPY SHOWDATA.
       COPY DRAWDATA.
       01  RECORDS-STATUS                  PIC X(02).
       01  RECORDS-LENGTH                  PIC 9(05).
       01  RECORD-NUMBER                   PIC 9(09) VALUE 0.
       01  WANTED-TEXT                     PIC X(09).
       01  WANTED                          PIC 9(09) VALUE 600.
       01  K                               PIC S9(09) COMP-5.
       01  EVENT-TYPES                     PIC X(12) VALUE
           'ISRTCXRERCDS'.
       01  FILLER REDEFINES EVENT-TYPES.
           05  EVENT-TYPE                  PIC X(02) OCCURS 6.
       01  BENEFIT-TYPES                   PIC X(18) VALUE
           'RTRPRBDISSURCHBDTH'.
       01  FILLER REDEFINES BENEFIT-TYPES.
           05  BENEFIT-TYPE                PIC X(03) OCCURS 6.
       01  SYNTHETIC-SINS                  PIC X(54) VALUE
           '046454286010000016012345674023456783055500011099999997'.
       01  FILLER REDEFINES SYNTHETIC-SINS.
           05  SYNTHETIC-SIN               PIC 9(09) OCCURS 6.
       PROCEDURE DIVISION.
       MAIN.
           ACCEPT WANTED-TEXT FROM COMMAND-LINE.
           IF WANTED-TEXT NOT = SPACES
               COMPUTE WANTED = FUNCTION NUMVAL (WANTED-TEXT)
           END-IF.
           OPEN OUTPUT RECORDS-FILE.
           IF RECORDS-STATUS NOT = '00'
               DISPLAY 'OPEN FAILED, STATUS ' RECORDS-STATUS UPON SYSERR
               MOVE 8 TO RETURN-CODE
               STOP RUN
           END-IF.
           MOVE 20260129 TO DRAW-SEED.
           PERFORM WRITE-EVENT VARYING K FROM 0 BY 1
               UNTIL K = WANTED.
           CLOSE RECORDS-FILE.
           STOP RUN.

       WRITE-EVENT.
           ADD 1 TO RECORD-NUMBER.
           PERFORM FILL-EVENT.
           EVALUATE TRUE
               WHEN PE-ISSUED OR PE-CANCELLED OR PE-REISSUED
                   PERFORM FILL-ISSUE
               WHEN PE-RETURNED
                   PERFORM FILL-RETURN
               WHEN PE-RATE-CHANGE
                   PERFORM FILL-RATE
           END-EVALUATE.
           PERFORM SHOW-EVENT.
           MOVE LENGTH OF CPP-PAYMENT-EVENT TO RECORDS-LENGTH.
           MOVE CPP-PAYMENT-EVENT TO RECORDS-RECORD.
           WRITE RECORDS-RECORD.
           IF RECORDS-STATUS NOT = '00'
               DISPLAY 'WRITE FAILED, STATUS ' RECORDS-STATUS
                   UPON SYSERR
               MOVE 8 TO RETURN-CODE
               STOP RUN
           END-IF.
           DISPLAY 'R ' RECORD-NUMBER ' ' RECORDS-LENGTH
               ' CPP-PAYMENT-EVENT'.

       FILL-EVENT.
           MOVE SPACES TO CPP-PAYMENT-EVENT.
           MOVE 'CPPE' TO PE-EYECATCHER.
           MOVE 1 TO PE-VERSION.
           MOVE EVENT-TYPE (FUNCTION MOD (K 6) + 1) TO PE-EVENT-TYPE.
           COMPUTE PE-EVENT-SEQ = 20260128000000 + RECORD-NUMBER.
           COMPUTE PE-EVENT-DATE = 20260101 + FUNCTION MOD (K 31).
           COMPUTE PE-EVENT-TIME = FUNCTION MOD (K 24) * 1000000
               + FUNCTION MOD (K 60) * 10000 + FUNCTION MOD (K 6000).
           MOVE 6 TO DRAW-OF.
           PERFORM DRAW.
           MOVE SYNTHETIC-SIN (DRAW-VALUE + 1) TO PE-SIN.
           PERFORM DRAW.
           MOVE BENEFIT-TYPE (DRAW-VALUE + 1) TO PE-BENEFIT-TYPE.
           COMPUTE PE-PAY-MONTH = 202601 + FUNCTION MOD (K 12).

       FILL-ISSUE.
           MOVE 174121 TO DRAW-OF.
           PERFORM DRAW.
           COMPUTE PE-GROSS = DRAW-VALUE / 100.
           MULTIPLY PE-GROSS BY 0.15 GIVING PE-TAX ROUNDED.
           MOVE ZERO TO PE-OAS-RECOVERY.
           IF FUNCTION MOD (DRAW-VALUE 5) = 0
               MOVE 12.34 TO PE-OAS-RECOVERY
           END-IF.
           COMPUTE PE-NET = PE-GROSS - PE-TAX - PE-OAS-RECOVERY.
           IF PE-CANCELLED
               COMPUTE PE-GROSS = 0 - PE-GROSS
               COMPUTE PE-TAX = 0 - PE-TAX
               COMPUTE PE-OAS-RECOVERY = 0 - PE-OAS-RECOVERY
               COMPUTE PE-NET = 0 - PE-NET
           END-IF.
           COMPUTE PE-DUE-DATE = 2026001 + FUNCTION MOD (K 365).
           MOVE 815 TO PE-INSTITUTION.
           COMPUTE PE-TRANSIT = 20000 + FUNCTION MOD (K 999).
           MOVE '000123456789' TO PE-ACCOUNT.
           MOVE '0815AFT0000000042' TO PE-TRACE-NO.
           MOVE 231 TO PE-CPA-CODE.
           COMPUTE PE-SEGMENT-NO = 1 + FUNCTION MOD (K 6).

       FILL-RETURN.
           MOVE '0815AFT0000000042' TO PE-ORIG-TRACE-NO.
           COMPUTE PE-RETURN-REASON = 900 + FUNCTION MOD (K 13).
           MOVE 174121 TO DRAW-OF.
           PERFORM DRAW.
           COMPUTE PE-RETURN-AMT = 0 - DRAW-VALUE / 100.
           COMPUTE PE-RETURN-DATE = 2026001 + FUNCTION MOD (K 365).

       FILL-RATE.
           MOVE 15076501 TO DRAW-OF.
           PERFORM DRAW.
           COMPUTE PE-OLD-RATE = DRAW-VALUE / 10000.
           COMPUTE PE-NEW-RATE ROUNDED = PE-OLD-RATE * 1.026.
           MOVE 'ANNUAL INDEXATION' TO PE-RATE-REASON-EN.
           MOVE 'INDEXATION ANNUELLE' TO PE-RATE-REASON-FR.
           COMPUTE PE-INDEX-FACTOR = 1 + FUNCTION MOD (K 64) / 32.
           MOVE 1.026 TO PE-INDEX-FACTOR-L.
           IF FUNCTION MOD (RECORD-NUMBER 10) = 5
               MOVE ZERO TO PE-NEW-RATE
               MOVE 'EARNINGS REVIEWED' TO PE-RATE-REASON-EN
               MOVE SPACES TO PE-RATE-REASON-FR
               STRING 'GAINS R' X'C9' 'VIS' X'C9' 'S'
                   DELIMITED BY SIZE INTO PE-RATE-REASON-FR
               COMPUTE PE-INDEX-FACTOR = 0 - PE-INDEX-FACTOR
               COMPUTE PE-INDEX-FACTOR-L =
                   FUNCTION MOD (K 100) / 8 - 118.625
           END-IF.

       SHOW-EVENT.
           SET SHOW-BASE TO ADDRESS OF CPP-PAYMENT-EVENT.
           COPY SHOWT REPLACING
               ==:FIELD:== BY ==PE-EYECATCHER==
               ==:NAME:==  BY =='PE-EYECATCHER'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==PE-VERSION==
               ==:NAME:==  BY =='PE-VERSION'==
               ==:KIND:==  BY =='Z'==.
           COPY SHOWT REPLACING
               ==:FIELD:== BY ==PE-EVENT-TYPE==
               ==:NAME:==  BY =='PE-EVENT-TYPE'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==PE-EVENT-SEQ==
               ==:NAME:==  BY =='PE-EVENT-SEQ'==
               ==:KIND:==  BY =='B'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==PE-EVENT-DATE==
               ==:NAME:==  BY =='PE-EVENT-DATE'==
               ==:KIND:==  BY =='Z'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==PE-EVENT-TIME==
               ==:NAME:==  BY =='PE-EVENT-TIME'==
               ==:KIND:==  BY =='Z'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==PE-SIN==
               ==:NAME:==  BY =='PE-SIN'==
               ==:KIND:==  BY =='Z'==.
           COPY SHOWT REPLACING
               ==:FIELD:== BY ==PE-BENEFIT-TYPE==
               ==:NAME:==  BY =='PE-BENEFIT-TYPE'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==PE-PAY-MONTH==
               ==:NAME:==  BY =='PE-PAY-MONTH'==
               ==:KIND:==  BY =='Z'==.
           EVALUATE TRUE
               WHEN PE-ISSUED OR PE-CANCELLED OR PE-REISSUED
                   PERFORM SHOW-ISSUE
               WHEN PE-RETURNED
                   PERFORM SHOW-RETURN
               WHEN PE-RATE-CHANGE
                   PERFORM SHOW-RATE
               WHEN OTHER
           COPY SHOWT REPLACING
               ==:FIELD:== BY ==PE-DETAIL==
               ==:NAME:==  BY =='PE-DETAIL'==.
           END-EVALUATE.

       SHOW-ISSUE.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==PE-GROSS==
               ==:NAME:==  BY =='PE-GROSS'==
               ==:KIND:==  BY =='P'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==PE-TAX==
               ==:NAME:==  BY =='PE-TAX'==
               ==:KIND:==  BY =='P'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==PE-OAS-RECOVERY==
               ==:NAME:==  BY =='PE-OAS-RECOVERY'==
               ==:KIND:==  BY =='P'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==PE-NET==
               ==:NAME:==  BY =='PE-NET'==
               ==:KIND:==  BY =='P'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==PE-DUE-DATE==
               ==:NAME:==  BY =='PE-DUE-DATE'==
               ==:KIND:==  BY =='Z'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==PE-DUE-CCYY==
               ==:NAME:==  BY =='PE-DUE-CCYY'==
               ==:KIND:==  BY =='Z'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==PE-DUE-DDD==
               ==:NAME:==  BY =='PE-DUE-DDD'==
               ==:KIND:==  BY =='Z'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==PE-INSTITUTION==
               ==:NAME:==  BY =='PE-INSTITUTION'==
               ==:KIND:==  BY =='Z'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==PE-TRANSIT==
               ==:NAME:==  BY =='PE-TRANSIT'==
               ==:KIND:==  BY =='Z'==.
           COPY SHOWT REPLACING
               ==:FIELD:== BY ==PE-ACCOUNT==
               ==:NAME:==  BY =='PE-ACCOUNT'==.
           COPY SHOWT REPLACING
               ==:FIELD:== BY ==PE-TRACE-NO==
               ==:NAME:==  BY =='PE-TRACE-NO'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==PE-CPA-CODE==
               ==:NAME:==  BY =='PE-CPA-CODE'==
               ==:KIND:==  BY =='Z'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==PE-SEGMENT-NO==
               ==:NAME:==  BY =='PE-SEGMENT-NO'==
               ==:KIND:==  BY =='Z'==.
           CONTINUE.

       SHOW-RETURN.
           COPY SHOWT REPLACING
               ==:FIELD:== BY ==PE-ORIG-TRACE-NO==
               ==:NAME:==  BY =='PE-ORIG-TRACE-NO'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==PE-RETURN-REASON==
               ==:NAME:==  BY =='PE-RETURN-REASON'==
               ==:KIND:==  BY =='Z'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==PE-RETURN-AMT==
               ==:NAME:==  BY =='PE-RETURN-AMT'==
               ==:KIND:==  BY =='P'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==PE-RETURN-DATE==
               ==:NAME:==  BY =='PE-RETURN-DATE'==
               ==:KIND:==  BY =='Z'==.
           CONTINUE.

       SHOW-RATE.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==PE-OLD-RATE==
               ==:NAME:==  BY =='PE-OLD-RATE'==
               ==:KIND:==  BY =='P'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==PE-NEW-RATE==
               ==:NAME:==  BY =='PE-NEW-RATE'==
               ==:KIND:==  BY =='P'==.
           COPY SHOWT REPLACING
               ==:FIELD:== BY ==PE-RATE-REASON-EN==
               ==:NAME:==  BY =='PE-RATE-REASON-EN'==.
           COPY SHOWT REPLACING
               ==:FIELD:== BY ==PE-RATE-REASON-FR==
               ==:NAME:==  BY =='PE-RATE-REASON-FR'==.
           COPY SHOWF REPLACING
               ==:FIELD:== BY ==PE-INDEX-FACTOR==
               ==:NAME:==  BY =='PE-INDEX-FACTOR'==
               ==:KIND:==  BY =='E'==.
           COPY SHOWF REPLACING
               ==:FIELD:== BY ==PE-INDEX-FACTOR-L==
               ==:NAME:==  BY =='PE-INDEX-FACTOR-L'==
               ==:KIND:==  BY =='D'==.
           CONTINUE.
       COPY DRAW.
