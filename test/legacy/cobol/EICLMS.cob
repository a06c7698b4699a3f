       IDENTIFICATION DIVISION.
       PROGRAM-ID. EICLMS.
      *================================================================
      * EICLMS - WRITES SYNTHETIC EI STATUS REPLIES BY COPYBOOK EICLMSTA
      *
      *   COMMAND LINE: NUMBER OF REPLIES (DEFAULT 500)
      *   DD_EXTRACT:   THE RECORDS, VARIABLE SEQUENTIAL, 586 BYTES EACH
      *   SYSOUT:       AS OASXTR
      *
      * THE REPLIES ARE THOSE OF EIQSRULE, TO REQUESTS OF EVERY KIND.
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
       COPY EICLMSTA.
       COPY EIQSDATA.
       COPY SHOWDATA.
       COPY DRAWDATA.
       01  RECORDS-STATUS                  PIC X(02).
       01  RECORDS-LENGTH                  PIC 9(05).
       01  RECORD-NUMBER                   PIC 9(09) VALUE 0.
       01  WANTED-TEXT                     PIC X(09).
       01  WANTED                          PIC 9(09) VALUE 500.
       01  K                               PIC S9(09) COMP-5.
       01  I                               PIC S9(09) COMP-5.
       01  LANGUAGES                       PIC X(04) VALUE 'EF12'.
       01  FILLER REDEFINES LANGUAGES.
           05  LANGUAGE                    PIC X(01) OCCURS 4.
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
           PERFORM WRITE-REPLY VARYING K FROM 0 BY 1
               UNTIL K = WANTED.
           CLOSE RECORDS-FILE.
           STOP RUN.

       WRITE-REPLY.
           ADD 1 TO RECORD-NUMBER.
           PERFORM FILL-REQUEST.
           PERFORM ANSWER-INQUIRY.
           MOVE 0 TO SHOW-INDEX.
           SET SHOW-BASE TO ADDRESS OF EI-STATUS-COMMAREA.
           PERFORM SHOW-HEADER.
           IF CA-OK
               PERFORM SHOW-STATUS
               PERFORM SHOW-PAYMENT VARYING I FROM 1 BY 1 UNTIL I > 10
           ELSE
               PERFORM SHOW-ERROR
           END-IF.
           MOVE LENGTH OF EI-STATUS-COMMAREA TO RECORDS-LENGTH.
           MOVE EI-STATUS-COMMAREA TO RECORDS-RECORD.
           WRITE RECORDS-RECORD.
           IF RECORDS-STATUS NOT = '00'
               DISPLAY 'WRITE FAILED, STATUS ' RECORDS-STATUS
                   UPON SYSERR
               MOVE 8 TO RETURN-CODE
               STOP RUN
           END-IF.
           DISPLAY 'R ' RECORD-NUMBER ' ' RECORDS-LENGTH
               ' EI-STATUS-COMMAREA'.

       FILL-REQUEST.
           MOVE SPACES TO EI-STATUS-COMMAREA.
           MOVE 'INQS' TO CA-FUNC-CODE.
           MOVE 1 TO CA-VERSION.
           MOVE LANGUAGE (FUNCTION MOD (K 4) + 1) TO CA-LANG.
           MOVE 'TOKEN 0001' TO CA-CORREL-TOKEN.
           MOVE 'PORTAGE' TO CA-REQ-USERID.
           MOVE 'BENE' TO CA-PURPOSE-CODE.
           MOVE SYNTHETIC-SIN (FUNCTION MOD (K 6) + 1) TO CA-SIN.
           MOVE K TO CA-CLAIM-NO.
           EVALUATE FUNCTION MOD (K 25)
               WHEN 3 MOVE 'INQP' TO CA-FUNC-CODE
               WHEN 5 MOVE 'PING' TO CA-FUNC-CODE
               WHEN 7 MOVE 'NONE' TO CA-FUNC-CODE
               WHEN 11 MOVE 7 TO CA-VERSION
               WHEN 13 ADD 1 TO CA-SIN
               WHEN 17 COMPUTE CA-CLAIM-NO = 99000000 + K
               WHEN 18 COMPUTE CA-CLAIM-NO = 99500000 + K
           END-EVALUATE.

       SHOW-HEADER.
           COPY SHOWT REPLACING
               ==:FIELD:== BY ==CA-FUNC-CODE==
               ==:NAME:==  BY =='CA-FUNC-CODE'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==CA-VERSION==
               ==:NAME:==  BY =='CA-VERSION'==
               ==:KIND:==  BY =='Z'==.
           COPY SHOWT REPLACING
               ==:FIELD:== BY ==CA-LANG==
               ==:NAME:==  BY =='CA-LANG'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==CA-RETURN-CODE==
               ==:NAME:==  BY =='CA-RETURN-CODE'==
               ==:KIND:==  BY =='B'==.
           COPY SHOWT REPLACING
               ==:FIELD:== BY ==CA-REASON-CODE==
               ==:NAME:==  BY =='CA-REASON-CODE'==.
           COPY SHOWT REPLACING
               ==:FIELD:== BY ==CA-CORREL-TOKEN==
               ==:NAME:==  BY =='CA-CORREL-TOKEN'==.
           COPY SHOWT REPLACING
               ==:FIELD:== BY ==CA-REQ-USERID==
               ==:NAME:==  BY =='CA-REQ-USERID'==.
           COPY SHOWT REPLACING
               ==:FIELD:== BY ==CA-PURPOSE-CODE==
               ==:NAME:==  BY =='CA-PURPOSE-CODE'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==CA-SIN==
               ==:NAME:==  BY =='CA-SIN'==
               ==:KIND:==  BY =='Z'==.
           COPY SHOWT REPLACING
               ==:FIELD:== BY ==CA-SIN-FIRST==
               ==:NAME:==  BY =='CA-SIN-FIRST'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==CA-CLAIM-NO==
               ==:NAME:==  BY =='CA-CLAIM-NO'==
               ==:KIND:==  BY =='B'==.
           CONTINUE.

       SHOW-ERROR.
           COPY SHOWT REPLACING
               ==:FIELD:== BY ==CA-ERR-TEXT-EN==
               ==:NAME:==  BY =='CA-ERR-TEXT-EN'==.
           COPY SHOWT REPLACING
               ==:FIELD:== BY ==CA-ERR-TEXT-FR==
               ==:NAME:==  BY =='CA-ERR-TEXT-FR'==.
           COPY SHOWT REPLACING
               ==:FIELD:== BY ==CA-ERR-PROGRAM==
               ==:NAME:==  BY =='CA-ERR-PROGRAM'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==CA-ERR-SQLCODE==
               ==:NAME:==  BY =='CA-ERR-SQLCODE'==
               ==:KIND:==  BY =='B'==.
           CONTINUE.

       SHOW-STATUS.
           COPY SHOWT REPLACING
               ==:FIELD:== BY ==CA-SURNAME==
               ==:NAME:==  BY =='CA-SURNAME'==.
           COPY SHOWT REPLACING
               ==:FIELD:== BY ==CA-GIVEN-NAMES==
               ==:NAME:==  BY =='CA-GIVEN-NAMES'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==CA-BIRTH-DATE==
               ==:NAME:==  BY =='CA-BIRTH-DATE'==
               ==:KIND:==  BY =='Z'==.
           COPY SHOWT REPLACING
               ==:FIELD:== BY ==CA-CLAIM-TYPE==
               ==:NAME:==  BY =='CA-CLAIM-TYPE'==.
           COPY SHOWT REPLACING
               ==:FIELD:== BY ==CA-STATUS-CODE==
               ==:NAME:==  BY =='CA-STATUS-CODE'==.
           COPY SHOWT REPLACING
               ==:FIELD:== BY ==CA-STATUS-TEXT-EN==
               ==:NAME:==  BY =='CA-STATUS-TEXT-EN'==.
           COPY SHOWT REPLACING
               ==:FIELD:== BY ==CA-STATUS-TEXT-FR==
               ==:NAME:==  BY =='CA-STATUS-TEXT-FR'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==CA-APPLIED-DATE==
               ==:NAME:==  BY =='CA-APPLIED-DATE'==
               ==:KIND:==  BY =='P'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==CA-BPC-DATE==
               ==:NAME:==  BY =='CA-BPC-DATE'==
               ==:KIND:==  BY =='Z'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==CA-WEEKLY-RATE==
               ==:NAME:==  BY =='CA-WEEKLY-RATE'==
               ==:KIND:==  BY =='P'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==CA-WEEKS-ENTITLED==
               ==:NAME:==  BY =='CA-WEEKS-ENTITLED'==
               ==:KIND:==  BY =='Z'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==CA-WEEKS-PAID==
               ==:NAME:==  BY =='CA-WEEKS-PAID'==
               ==:KIND:==  BY =='Z'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==CA-INSURABLE-HOURS==
               ==:NAME:==  BY =='CA-INSURABLE-HOURS'==
               ==:KIND:==  BY =='P'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==CA-INSURABLE-EARNINGS==
               ==:NAME:==  BY =='CA-INSURABLE-EARNINGS'==
               ==:KIND:==  BY =='P'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==CA-REGION-CODE==
               ==:NAME:==  BY =='CA-REGION-CODE'==
               ==:KIND:==  BY =='Z'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==CA-OVERPAYMENT-BAL==
               ==:NAME:==  BY =='CA-OVERPAYMENT-BAL'==
               ==:KIND:==  BY =='P'==.
           COPY SHOWT REPLACING
               ==:FIELD:== BY ==CA-AUTOMATED-IND==
               ==:NAME:==  BY =='CA-AUTOMATED-IND'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==CA-PAY-COUNT==
               ==:NAME:==  BY =='CA-PAY-COUNT'==
               ==:KIND:==  BY =='B'==.
           CONTINUE.

       SHOW-PAYMENT.
           MOVE I TO SHOW-INDEX.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==CA-PAY-WEEK-CODE (I)==
               ==:NAME:==  BY =='CA-PAY-WEEK-CODE'==
               ==:KIND:==  BY =='Z'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==CA-PAY-GROSS (I)==
               ==:NAME:==  BY =='CA-PAY-GROSS'==
               ==:KIND:==  BY =='P'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==CA-PAY-TAX (I)==
               ==:NAME:==  BY =='CA-PAY-TAX'==
               ==:KIND:==  BY =='P'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==CA-PAY-NET (I)==
               ==:NAME:==  BY =='CA-PAY-NET'==
               ==:KIND:==  BY =='P'==.
           COPY SHOWT REPLACING
               ==:FIELD:== BY ==CA-PAY-METHOD (I)==
               ==:NAME:==  BY =='CA-PAY-METHOD'==.
           CONTINUE.
       COPY EIQSRULE.
       COPY DRAW.
