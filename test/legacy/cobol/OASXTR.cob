       IDENTIFICATION DIVISION.
       PROGRAM-ID. OASXTR.
      *================================================================
      * OASXTR - WRITES A SYNTHETIC OAS MASTER EXTRACT BY COPYBOOK OASMSTR
      *
      *   COMMAND LINE: NUMBER OF CLIENTS (DEFAULT 1000)
      *   DD_EXTRACT:   THE RECORDS, VARIABLE SEQUENTIAL
      *   SYSOUT:       THIS PROGRAM'S OWN VIEW OF EVERY FIELD (SHOWDATA),
      *                 AND A LINE  R NUMBER LENGTH LAYOUT  AFTER EACH RECORD
      *
      * H, THEN FOR EACH CLIENT C, ONE TO THREE B, ONE OR TWO A, THEN T.
      * THE FIRST THREE B RECORDS HOLD 0, 1 AND 120 PAYMENTS; ADDRESSES
      * HAVE ONE TO SIX LINES. SINS START WITH 0 AND PASS THEIR CHECK.
      * TOTALS OF T: ALL RECORDS, H AND T INCLUDED; CLIENTS; THE SUM OF
      * OB-MONTHLY-AMT; THE SUM OF THE SINS MODULO 10 ** 15.
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
       COPY OASMSTR.
       COPY SHOWDATA.
       COPY DRAWDATA.
       01  RECORDS-STATUS                  PIC X(02).
       01  RECORDS-LENGTH                  PIC 9(05).
       01  RECORD-NUMBER                   PIC 9(09) VALUE 0.
       01  WANTED-TEXT                     PIC X(09).
       01  WANTED                          PIC 9(09) VALUE 1000.
       01  LAYOUT-NAME                     PIC X(24).
       01  WORK.
           05  C                           PIC S9(09) COMP-5.
           05  I                           PIC S9(09) COMP-5.
           05  B                           PIC S9(09) COMP-5.
           05  BENEFITS-WANTED             PIC S9(09) COMP-5.
           05  BENEFITS-WRITTEN            PIC S9(09) COMP-5 VALUE 0.
           05  ADDRESSES-WANTED            PIC S9(09) COMP-5.
           05  CHECK-SUM                   PIC S9(09) COMP-5.
           05  CHECK-DIGIT                 PIC S9(09) COMP-5.
           05  DOUBLED                     PIC S9(09) COMP-5.
           05  CENTS                       PIC S9(18) COMP-5.
       01  SIN-WORK.
           05  SIN-NUMBER                  PIC 9(09).
           05  SIN-DIGITS REDEFINES SIN-NUMBER.
               10  SIN-DIGIT               PIC 9(01) OCCURS 9.
       01  TOTALS.
           05  TOTAL-CLIENTS               PIC 9(09) VALUE 0.
           05  TOTAL-MONTHLY               PIC S9(13)V99 VALUE 0.
           05  TOTAL-SINS                  PIC 9(18) VALUE 0.
       01  SURNAMES.
           05  FILLER PIC X(30) VALUE 'TREMBLAY'.
           05  FILLER PIC X(30) VALUE 'GAGN' & X'C9'.
           05  FILLER PIC X(30) VALUE 'C' & X'D4' & 'T' & X'C9'.
           05  FILLER PIC X(30) VALUE 'B' & X'C9' & 'LANGER'.
           05  FILLER PIC X(30) VALUE 'LEFRAN' & X'C7' &
               'OIS-ST-PIERRE'.
           05  FILLER PIC X(30) VALUE 'O''BRIEN'.
           05  FILLER PIC X(30) VALUE 'SINGH'.
           05  FILLER PIC X(30) VALUE 'MACDONALD'.
           05  FILLER PIC X(30) VALUE 'DEL' & X'C0' & ' LA RIVI' &
               X'C8' & 'RE'.
           05  FILLER PIC X(30) VALUE 'NGUYEN'.
       01  FILLER REDEFINES SURNAMES.
           05  SURNAME                     PIC X(30) OCCURS 10.
       01  GIVEN-NAMES-TABLE.
           05  FILLER PIC X(30) VALUE 'H' & X'C9' & 'L' & X'C8' & 'NE'.
           05  FILLER PIC X(30) VALUE 'JOS' & X'C9' & ' FRAN' & X'C7' &
               'OIS'.
           05  FILLER PIC X(30) VALUE 'MARY ANN'.
           05  FILLER PIC X(30) VALUE 'J' & X'C9' & 'R' & X'D4' & 'ME'.
           05  FILLER PIC X(30) VALUE 'WEI'.
           05  FILLER PIC X(30) VALUE 'ANA' & X'CF' & 'S'.
           05  FILLER PIC X(30) VALUE 'JOHN'.
           05  FILLER PIC X(30) VALUE SPACES.
       01  FILLER REDEFINES GIVEN-NAMES-TABLE.
           05  GIVEN-NAMES                 PIC X(30) OCCURS 8.
       01  ADDRESS-LINES.
           05  FILLER PIC X(30) VALUE '123 RUE DE L' & X'C9' & 'GLISE'.
           05  FILLER PIC X(30) VALUE 'APP. 4'.
           05  FILLER PIC X(30) VALUE 'QU' & X'C9' & 'BEC'.
           05  FILLER PIC X(30) VALUE 'RR 2, STATION MAIN'.
           05  FILLER PIC X(30) VALUE 'C/O THE PUBLIC TRUSTEE'.
           05  FILLER PIC X(30) VALUE X'CE' & 'LE-AUX-COUDRES #7'.
       01  FILLER REDEFINES ADDRESS-LINES.
           05  ADDRESS-LINE                PIC X(30) OCCURS 6.
       01  PROVINCES                       PIC X(26) VALUE
           'NLPENSNBQCONMBSKABBCYTNTNU'.
       01  FILLER REDEFINES PROVINCES.
           05  PROVINCE                    PIC X(02) OCCURS 13.
       01  BENEFIT-CODES                   PIC X(12) VALUE
           'OASGISALWALS'.
       01  FILLER REDEFINES BENEFIT-CODES.
           05  BENEFIT-CODE                PIC X(03) OCCURS 4.
       01  REASONS                         PIC X(08) VALUE 'RGRTAJRI'.
       01  FILLER REDEFINES REASONS.
           05  REASON                      PIC X(02) OCCURS 4.
       01  MARITALS                        PIC X(06) VALUE 'SMLWXD'.
       01  FILLER REDEFINES MARITALS.
           05  MARITAL                     PIC X(01) OCCURS 6.
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
           MOVE 20260128 TO DRAW-SEED.
           PERFORM WRITE-HEADER.
           PERFORM WRITE-CLIENT VARYING C FROM 1 BY 1 UNTIL C > WANTED.
           PERFORM WRITE-TRAILER.
           CLOSE RECORDS-FILE.
           STOP RUN.

       NEXT-RECORD.
           ADD 1 TO RECORD-NUMBER.
           MOVE RECORD-NUMBER TO OX-SEQ-NO.

      *---- THE FIRST 14 BYTES ARE ALIKE IN EVERY LAYOUT
       SHOW-COMMON.
           SET SHOW-BASE TO ADDRESS OF OAS-EXTRACT-RECORD.
           MOVE 0 TO SHOW-INDEX.
           COPY SHOWT REPLACING
               ==:FIELD:== BY ==OX-REC-TYPE==
               ==:NAME:==  BY =='OX-REC-TYPE'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==OX-SEQ-NO==
               ==:NAME:==  BY =='OX-SEQ-NO'==
               ==:KIND:==  BY =='B'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==OX-ACCT-NO==
               ==:NAME:==  BY =='OX-ACCT-NO'==
               ==:KIND:==  BY =='Z'==.
           CONTINUE.

       WRITE-RECORD.
           WRITE RECORDS-RECORD.
           IF RECORDS-STATUS NOT = '00'
               DISPLAY 'WRITE FAILED, STATUS ' RECORDS-STATUS
                   UPON SYSERR
               MOVE 8 TO RETURN-CODE
               STOP RUN
           END-IF.
           DISPLAY 'R ' RECORD-NUMBER ' ' RECORDS-LENGTH ' '
               LAYOUT-NAME.

       WRITE-HEADER.
           PERFORM NEXT-RECORD.
           MOVE 'H' TO OX-REC-TYPE.
           MOVE ZERO TO OX-ACCT-NO.
           MOVE SPACES TO OAS-HEADER-RECORD.
           MOVE OAS-EXTRACT-RECORD TO OH-COMMON.
           MOVE 'OASMSTR' TO OH-EXTRACT-NAME.
           MOVE 20260128 TO OH-CYCLE-DATE.
           MOVE 42 TO OH-GENERATION.
           MOVE 37 TO OH-CCSID.
           PERFORM SHOW-COMMON.
           SET SHOW-BASE TO ADDRESS OF OAS-HEADER-RECORD.
           COPY SHOWT REPLACING
               ==:FIELD:== BY ==OH-EXTRACT-NAME==
               ==:NAME:==  BY =='OH-EXTRACT-NAME'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==OH-CYCLE-DATE==
               ==:NAME:==  BY =='OH-CYCLE-DATE'==
               ==:KIND:==  BY =='Z'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==OH-CYCLE-CCYY==
               ==:NAME:==  BY =='OH-CYCLE-CCYY'==
               ==:KIND:==  BY =='Z'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==OH-CYCLE-MM==
               ==:NAME:==  BY =='OH-CYCLE-MM'==
               ==:KIND:==  BY =='Z'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==OH-CYCLE-DD==
               ==:NAME:==  BY =='OH-CYCLE-DD'==
               ==:KIND:==  BY =='Z'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==OH-GENERATION==
               ==:NAME:==  BY =='OH-GENERATION'==
               ==:KIND:==  BY =='Z'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==OH-CCSID==
               ==:NAME:==  BY =='OH-CCSID'==
               ==:KIND:==  BY =='Z'==.
           MOVE LENGTH OF OAS-HEADER-RECORD TO RECORDS-LENGTH.
           MOVE OAS-HEADER-RECORD TO RECORDS-RECORD.
           MOVE 'OAS-HEADER-RECORD' TO LAYOUT-NAME.
           PERFORM WRITE-RECORD.

       WRITE-CLIENT.
           PERFORM MAKE-SIN.
           ADD 1 TO TOTAL-CLIENTS.
           ADD SIN-NUMBER TO TOTAL-SINS.
           COMPUTE OX-ACCT-NO = 100000000 + C.
           PERFORM FILL-CLIENT.
           PERFORM SHOW-CLIENT.
           PERFORM WRITE-RECORD.
           MOVE 3 TO DRAW-OF.
           PERFORM DRAW.
           COMPUTE BENEFITS-WANTED = 1 + DRAW-VALUE.
           PERFORM WRITE-BENEFIT VARYING B FROM 1 BY 1
               UNTIL B > BENEFITS-WANTED.
           MOVE 2 TO DRAW-OF.
           PERFORM DRAW.
           COMPUTE ADDRESSES-WANTED = 1 + DRAW-VALUE.
           PERFORM WRITE-ADDRESS VARYING B FROM 1 BY 1
               UNTIL B > ADDRESSES-WANTED.

      *---- EIGHT DIGITS OF THE CLIENT'S NUMBER AND A LUHN CHECK DIGIT
       MAKE-SIN.
           COMPUTE SIN-NUMBER = 10000000 + C * 370.
           MOVE 0 TO CHECK-SUM.
           PERFORM VARYING I FROM 1 BY 1 UNTIL I > 8
               MOVE SIN-DIGIT (I) TO DOUBLED
               IF FUNCTION MOD (I 2) = 0
                   ADD DOUBLED TO DOUBLED
                   IF DOUBLED > 9
                       SUBTRACT 9 FROM DOUBLED
                   END-IF
               END-IF
               ADD DOUBLED TO CHECK-SUM
           END-PERFORM.
           COMPUTE CHECK-DIGIT =
               FUNCTION MOD (10 - FUNCTION MOD (CHECK-SUM 10) 10).
           MOVE CHECK-DIGIT TO SIN-DIGIT (9).

       FILL-CLIENT.
           PERFORM NEXT-RECORD.
           MOVE 'C' TO OX-REC-TYPE.
           MOVE SPACES TO OAS-CLIENT-RECORD.
           MOVE OAS-EXTRACT-RECORD TO OC-COMMON.
           MOVE SIN-NUMBER TO OC-SIN.
           MOVE 10 TO DRAW-OF.
           PERFORM DRAW.
           MOVE SURNAME (DRAW-VALUE + 1) TO OC-SURNAME.
           MOVE 8 TO DRAW-OF.
           PERFORM DRAW.
           MOVE GIVEN-NAMES (DRAW-VALUE + 1) TO OC-GIVEN-NAMES.
           MOVE 19 TO OC-BIRTH-CC.
           MOVE 36 TO DRAW-OF.
           PERFORM DRAW.
           COMPUTE OC-BIRTH-YYMMDD = (25 + DRAW-VALUE) * 10000 + 0615.
           MOVE ZERO TO OC-DEATH-DATE.
           MOVE 20 TO DRAW-OF.
           PERFORM DRAW.
           IF DRAW-VALUE = 0
               MOVE 20260104 TO OC-DEATH-DATE
           END-IF.
           MOVE 'F' TO OC-SEX.
           IF DRAW-VALUE > 9
               MOVE 'M' TO OC-SEX
           END-IF.
           MOVE 'E' TO OC-LANG.
           IF DRAW-VALUE > 14
               MOVE 'F' TO OC-LANG
           END-IF.
           MOVE 6 TO DRAW-OF.
           PERFORM DRAW.
           MOVE MARITAL (DRAW-VALUE + 1) TO OC-MARITAL.
           MOVE 41 TO DRAW-OF.
           PERFORM DRAW.
           MOVE DRAW-VALUE TO OC-RESIDENCE-YEARS.
           MOVE 'Y' TO OC-AUTO-ENROL.
           IF DRAW-VALUE < 10
               MOVE 'N' TO OC-AUTO-ENROL
           END-IF.
           IF DRAW-VALUE = 40
               MOVE 'O' TO OC-AUTO-ENROL
           END-IF.
           MOVE 'YNYN' TO OC-CONSENT-FLAGS.
           COMPUTE OC-LAST-CHG-DATE = 2025001 + DRAW-VALUE * 9.
           MOVE 7 TO DRAW-OF.
           PERFORM DRAW.
           IF DRAW-VALUE = 0
               MOVE 'C' TO OC-PAY-METHOD
               MOVE SPACES TO OC-CHEQUE-DATA
               MOVE 'R01' TO OC-CHQ-MAIL-CODE
               MOVE 20260228 TO OC-CHQ-HOLD-UNTIL
           ELSE
               MOVE 'D' TO OC-PAY-METHOD
               MOVE 815 TO OC-INSTITUTION
               COMPUTE OC-TRANSIT = 20000 + C
               MOVE SIN-NUMBER TO OC-ACCOUNT
           END-IF.

       SHOW-CLIENT.
           PERFORM SHOW-COMMON.
           SET SHOW-BASE TO ADDRESS OF OAS-CLIENT-RECORD.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==OC-SIN==
               ==:NAME:==  BY =='OC-SIN'==
               ==:KIND:==  BY =='P'==.
           COPY SHOWT REPLACING
               ==:FIELD:== BY ==OC-SURNAME==
               ==:NAME:==  BY =='OC-SURNAME'==.
           COPY SHOWT REPLACING
               ==:FIELD:== BY ==OC-GIVEN-NAMES==
               ==:NAME:==  BY =='OC-GIVEN-NAMES'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==OC-BIRTH-CC==
               ==:NAME:==  BY =='OC-BIRTH-CC'==
               ==:KIND:==  BY =='Z'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==OC-BIRTH-YYMMDD==
               ==:NAME:==  BY =='OC-BIRTH-YYMMDD'==
               ==:KIND:==  BY =='Z'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==OC-DEATH-DATE==
               ==:NAME:==  BY =='OC-DEATH-DATE'==
               ==:KIND:==  BY =='Z'==.
           COPY SHOWT REPLACING
               ==:FIELD:== BY ==OC-SEX==
               ==:NAME:==  BY =='OC-SEX'==.
           COPY SHOWT REPLACING
               ==:FIELD:== BY ==OC-LANG==
               ==:NAME:==  BY =='OC-LANG'==.
           COPY SHOWT REPLACING
               ==:FIELD:== BY ==OC-MARITAL==
               ==:NAME:==  BY =='OC-MARITAL'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==OC-RESIDENCE-YEARS==
               ==:NAME:==  BY =='OC-RESIDENCE-YEARS'==
               ==:KIND:==  BY =='Z'==.
           COPY SHOWT REPLACING
               ==:FIELD:== BY ==OC-AUTO-ENROL==
               ==:NAME:==  BY =='OC-AUTO-ENROL'==.
           COPY SHOWT REPLACING
               ==:FIELD:== BY ==OC-CONSENT-FLAGS==
               ==:NAME:==  BY =='OC-CONSENT-FLAGS'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==OC-LAST-CHG-DATE==
               ==:NAME:==  BY =='OC-LAST-CHG-DATE'==
               ==:KIND:==  BY =='Z'==.
           IF OC-CHEQUE
           COPY SHOWT REPLACING
               ==:FIELD:== BY ==OC-CHQ-MAIL-CODE==
               ==:NAME:==  BY =='OC-CHQ-MAIL-CODE'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==OC-CHQ-HOLD-UNTIL==
               ==:NAME:==  BY =='OC-CHQ-HOLD-UNTIL'==
               ==:KIND:==  BY =='Z'==.
           ELSE
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==OC-INSTITUTION==
               ==:NAME:==  BY =='OC-INSTITUTION'==
               ==:KIND:==  BY =='Z'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==OC-TRANSIT==
               ==:NAME:==  BY =='OC-TRANSIT'==
               ==:KIND:==  BY =='Z'==.
           COPY SHOWT REPLACING
               ==:FIELD:== BY ==OC-ACCOUNT==
               ==:NAME:==  BY =='OC-ACCOUNT'==.
           END-IF.
           COPY SHOWT REPLACING
               ==:FIELD:== BY ==OC-PAY-METHOD==
               ==:NAME:==  BY =='OC-PAY-METHOD'==.
           MOVE LENGTH OF OAS-CLIENT-RECORD TO RECORDS-LENGTH.
           MOVE OAS-CLIENT-RECORD TO RECORDS-RECORD.
           MOVE 'OAS-CLIENT-RECORD' TO LAYOUT-NAME.

       WRITE-BENEFIT.
           PERFORM NEXT-RECORD.
           ADD 1 TO BENEFITS-WRITTEN.
           MOVE 'B' TO OX-REC-TYPE.
           PERFORM FILL-BENEFIT.
           PERFORM SHOW-BENEFIT.
           PERFORM WRITE-RECORD.

       FILL-BENEFIT.
           MOVE OAS-EXTRACT-RECORD TO OB-COMMON.
           MOVE 4 TO DRAW-OF.
           PERFORM DRAW.
           MOVE BENEFIT-CODE (DRAW-VALUE + 1) TO OB-BENEFIT-CODE.
           MOVE 30 TO DRAW-OF.
           PERFORM DRAW.
           COMPUTE OB-STATUS = 10 + DRAW-VALUE.
           IF DRAW-VALUE > 19
               COMPUTE OB-STATUS = 70 + DRAW-VALUE
           END-IF.
           COMPUTE OB-START-MONTH = 199001 + DRAW-VALUE * 100.
           MOVE 168047 TO DRAW-OF.
           PERFORM DRAW.
           COMPUTE OB-MONTHLY-AMT = DRAW-VALUE / 100.
           ADD OB-MONTHLY-AMT TO TOTAL-MONTHLY.
           MOVE 41 TO DRAW-OF.
           PERFORM DRAW.
           MOVE DRAW-VALUE TO OB-PARTIAL-40THS.
           MOVE 12000000 TO DRAW-OF.
           PERFORM DRAW.
           COMPUTE OB-INCOME-AMT = (DRAW-VALUE - 1500000) / 100.
           MOVE 20001 TO DRAW-OF.
           PERFORM DRAW.
           COMPUTE CENTS = DRAW-VALUE - 10000.
           IF BENEFITS-WRITTEN < 4
               COMPUTE CENTS = (BENEFITS-WRITTEN - 2) * 4321
           END-IF.
           COMPUTE OB-RECOVERY-TAX = CENTS / 100.
           EVALUATE BENEFITS-WRITTEN
               WHEN 1 MOVE 0 TO OB-HIST-COUNT
               WHEN 2 MOVE 1 TO OB-HIST-COUNT
               WHEN 3 MOVE 120 TO OB-HIST-COUNT
               WHEN OTHER
                   MOVE 13 TO DRAW-OF
                   PERFORM DRAW
                   MOVE DRAW-VALUE TO OB-HIST-COUNT
           END-EVALUATE.
           PERFORM FILL-HISTORY VARYING I FROM 1 BY 1
               UNTIL I > OB-HIST-COUNT.

       FILL-HISTORY.
           COMPUTE OB-H-PAY-DATE (I) =
               16000 + FUNCTION INTEGER (I / 12) * 1000
               + FUNCTION MOD (I * 30 365) + 1.
           MOVE 4 TO DRAW-OF.
           PERFORM DRAW.
           MOVE REASON (DRAW-VALUE + 1) TO OB-H-REASON (I).
           MOVE OB-MONTHLY-AMT TO OB-H-GROSS (I).
           COMPUTE OB-H-NET (I) ROUNDED = OB-H-GROSS (I) * 0.925.
           IF DRAW-VALUE > 1
               COMPUTE OB-H-GROSS (I) = 0 - OB-H-GROSS (I)
               COMPUTE OB-H-NET (I) = 0 - OB-H-NET (I)
           END-IF.

       SHOW-BENEFIT.
           PERFORM SHOW-COMMON.
           SET SHOW-BASE TO ADDRESS OF OAS-BENEFIT-RECORD.
           COPY SHOWT REPLACING
               ==:FIELD:== BY ==OB-BENEFIT-CODE==
               ==:NAME:==  BY =='OB-BENEFIT-CODE'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==OB-STATUS==
               ==:NAME:==  BY =='OB-STATUS'==
               ==:KIND:==  BY =='Z'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==OB-START-MONTH==
               ==:NAME:==  BY =='OB-START-MONTH'==
               ==:KIND:==  BY =='Z'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==OB-MONTHLY-AMT==
               ==:NAME:==  BY =='OB-MONTHLY-AMT'==
               ==:KIND:==  BY =='P'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==OB-PARTIAL-40THS==
               ==:NAME:==  BY =='OB-PARTIAL-40THS'==
               ==:KIND:==  BY =='Z'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==OB-INCOME-AMT==
               ==:NAME:==  BY =='OB-INCOME-AMT'==
               ==:KIND:==  BY =='L'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==OB-RECOVERY-TAX==
               ==:NAME:==  BY =='OB-RECOVERY-TAX'==
               ==:KIND:==  BY =='S'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==OB-HIST-COUNT==
               ==:NAME:==  BY =='OB-HIST-COUNT'==
               ==:KIND:==  BY =='B'==.
           PERFORM SHOW-HISTORY VARYING I FROM 1 BY 1
               UNTIL I > OB-HIST-COUNT.
           MOVE LENGTH OF OAS-BENEFIT-RECORD TO RECORDS-LENGTH.
           MOVE OAS-BENEFIT-RECORD TO RECORDS-RECORD.
           MOVE 'OAS-BENEFIT-RECORD' TO LAYOUT-NAME.

       SHOW-HISTORY.
           MOVE I TO SHOW-INDEX.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==OB-H-PAY-DATE (I)==
               ==:NAME:==  BY =='OB-H-PAY-DATE'==
               ==:KIND:==  BY =='Z'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==OB-H-GROSS (I)==
               ==:NAME:==  BY =='OB-H-GROSS'==
               ==:KIND:==  BY =='P'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==OB-H-NET (I)==
               ==:NAME:==  BY =='OB-H-NET'==
               ==:KIND:==  BY =='P'==.
           COPY SHOWT REPLACING
               ==:FIELD:== BY ==OB-H-REASON (I)==
               ==:NAME:==  BY =='OB-H-REASON'==.
           CONTINUE.

       WRITE-ADDRESS.
           PERFORM NEXT-RECORD.
           MOVE 'A' TO OX-REC-TYPE.
           COMPUTE OA-LINE-COUNT =
               1 + FUNCTION MOD (RECORD-NUMBER 6).
           MOVE OAS-EXTRACT-RECORD TO OA-COMMON.
           MOVE 'M' TO OA-ADDR-TYPE.
           IF B > 1
               MOVE 'R' TO OA-ADDR-TYPE
           END-IF.
           PERFORM VARYING I FROM 1 BY 1 UNTIL I > OA-LINE-COUNT
               MOVE ADDRESS-LINE (I) TO OA-LINE (I)
           END-PERFORM.
           MOVE 13 TO DRAW-OF.
           PERFORM DRAW.
           MOVE PROVINCE (DRAW-VALUE + 1) TO OA-PROVINCE.
           MOVE 'H2X1Y4' TO OA-POSTAL-CODE.
           MOVE 'CAN' TO OA-COUNTRY.
           MOVE 202601 TO OA-EFFECTIVE.
           PERFORM SHOW-ADDRESS.
           PERFORM WRITE-RECORD.

       SHOW-ADDRESS.
           PERFORM SHOW-COMMON.
           SET SHOW-BASE TO ADDRESS OF OAS-ADDRESS-RECORD.
           COPY SHOWT REPLACING
               ==:FIELD:== BY ==OA-ADDR-TYPE==
               ==:NAME:==  BY =='OA-ADDR-TYPE'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==OA-LINE-COUNT==
               ==:NAME:==  BY =='OA-LINE-COUNT'==
               ==:KIND:==  BY =='Z'==.
           PERFORM VARYING I FROM 1 BY 1 UNTIL I > OA-LINE-COUNT
               MOVE I TO SHOW-INDEX
           COPY SHOWT REPLACING
               ==:FIELD:== BY ==OA-LINE (I)==
               ==:NAME:==  BY =='OA-LINE'==.
           END-PERFORM.
           MOVE 0 TO SHOW-INDEX.
           COPY SHOWT REPLACING
               ==:FIELD:== BY ==OA-PROVINCE==
               ==:NAME:==  BY =='OA-PROVINCE'==.
           COPY SHOWT REPLACING
               ==:FIELD:== BY ==OA-POSTAL-CODE==
               ==:NAME:==  BY =='OA-POSTAL-CODE'==.
           COPY SHOWT REPLACING
               ==:FIELD:== BY ==OA-COUNTRY==
               ==:NAME:==  BY =='OA-COUNTRY'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==OA-EFFECTIVE==
               ==:NAME:==  BY =='OA-EFFECTIVE'==
               ==:KIND:==  BY =='Z'==.
           MOVE LENGTH OF OAS-ADDRESS-RECORD TO RECORDS-LENGTH.
           MOVE OAS-ADDRESS-RECORD TO RECORDS-RECORD.
           MOVE 'OAS-ADDRESS-RECORD' TO LAYOUT-NAME.

       WRITE-TRAILER.
           PERFORM NEXT-RECORD.
           MOVE 'T' TO OX-REC-TYPE.
           MOVE ZERO TO OX-ACCT-NO.
           MOVE SPACES TO OAS-TRAILER-RECORD.
           MOVE OAS-EXTRACT-RECORD TO OT-COMMON.
           MOVE RECORD-NUMBER TO OT-RECORD-COUNT.
           MOVE TOTAL-CLIENTS TO OT-CLIENT-COUNT.
           MOVE TOTAL-MONTHLY TO OT-TOTAL-MONTHLY.
           COMPUTE OT-SIN-HASH-TOTAL =
               FUNCTION MOD (TOTAL-SINS 1000000000000000).
           PERFORM SHOW-COMMON.
           SET SHOW-BASE TO ADDRESS OF OAS-TRAILER-RECORD.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==OT-RECORD-COUNT==
               ==:NAME:==  BY =='OT-RECORD-COUNT'==
               ==:KIND:==  BY =='B'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==OT-CLIENT-COUNT==
               ==:NAME:==  BY =='OT-CLIENT-COUNT'==
               ==:KIND:==  BY =='B'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==OT-TOTAL-MONTHLY==
               ==:NAME:==  BY =='OT-TOTAL-MONTHLY'==
               ==:KIND:==  BY =='P'==.
           COPY SHOWN REPLACING
               ==:FIELD:== BY ==OT-SIN-HASH-TOTAL==
               ==:NAME:==  BY =='OT-SIN-HASH-TOTAL'==
               ==:KIND:==  BY =='P'==.
           MOVE LENGTH OF OAS-TRAILER-RECORD TO RECORDS-LENGTH.
           MOVE OAS-TRAILER-RECORD TO RECORDS-RECORD.
           MOVE 'OAS-TRAILER-RECORD' TO LAYOUT-NAME.
           PERFORM WRITE-RECORD.
       COPY DRAW.
