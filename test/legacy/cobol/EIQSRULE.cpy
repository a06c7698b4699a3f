      *================================================================
      * EIQSRULE - ANSWERS ONE EI STATUS INQUIRY
      *
      * IN:  EI-STATUS-COMMAREA, ITS TEXT IN ISO 8859-1
      * OUT: RETURN CODE, REASON CODE AND BODY. THE REST IS AS IT CAME.
      * NEEDS EICLMSTA, EIQSDATA, DRAWDATA, DRAW. EVERYTHING IS SYNTHETIC
      * AND FOLLOWS FROM SIN AND CLAIM NUMBER, SO THAT ANOTHER PROGRAM CAN
      * GIVE THE SAME BYTES (INTERNAL/DEMO/EIQS DOES). THE RULE:
      *
      * 1 THE BODY IS SPACES. THE FIRST OF THESE THAT HOLDS DECIDES:
      *    FUNCTION NOT INQS, INQP, PING         RC  8  EIQS0801
      *    VERSION NOT 01 OR 02                  RC  8  EIQS0802
      *    FUNCTION PING                         RC  0  EIQS0000
      *    SIN NOT NINE DIGITS                   RC  8  EIQS0803
      *    SIN ZERO OR FAILS ITS CHECK DIGIT     RC  8  EIQS0804
      *    CLAIM NUMBER ABOVE 99999999           RC  8  EIQS0805
      *    CLAIM NUMBER 99500000 OR ABOVE        RC 16  EIQS1601  SQL -904
      *    CLAIM NUMBER 99000000 OR ABOVE        RC 12  EIQS1201  SQL -911
      *    CLAIM NUMBER ENDS IN 9                RC  4  EIQS0401
      *    OTHERWISE                             RC  0  EIQS0000
      * 2 RC NOT 0: THE ERROR BODY, ITS TEXTS IN BOTH LANGUAGES, PROGRAM
      *   EIQS. PING: THE STATUS BODY INITIALIZED (SPACES AND ZEROS), ITS
      *   STATUS TEXTS SAY THAT EIQS IS THERE.
      * 3 FOUND: THE STATUS BODY INITIALIZED, THEN FILLED BY CHANCE (DRAW)
      *   FROM SEED (SIN * 7919 + CLAIM * 104729) MOD 2147483646 + 1.
      *   D(N) IS THE NEXT DRAW OF N. IN THIS ORDER:
      *    SURNAME D(12), GIVEN NAMES D(10)
      *    BIRTH DATE (1950 + D(50)) * 10000 + (1 + D(12)) * 100 + 1 + D(28)
      *    TYPE D(7), STATUS D(16)
      *    DAY = 1 + D(365); APPLIED 2025000 + DAY
      *    DAY = MAX (DAY - D(7), 1); BENEFIT PERIOD 25000 + DAY
      *    EARNED = (30000 + D(120000)) CENTS A WEEK
      *    RATE = 0.55 * EARNED, AT MOST 729.00; FOR TYPE PX 0.33, AT MOST
      *      437.00; ROUNDED TO THE CENT, HALF AWAY FROM ZERO
      *    INSURABLE EARNINGS = EARNED * (14 + D(9))
      *    WEEKS ENTITLED 14 + D(32)
      *    WEEKS PAID D(ENTITLED + 1) IF STATUS IS 40 OR 90, ELSE 0 (DRAWN
      *      ALL THE SAME)
      *    HOURS 420 + D(1400), REGION 1 + D(62)
      *    OVERPAYMENT: K = D(8), A = D(100000) CENTS; K = 0: A, K = 1:
      *      - (1 + A), ELSE 0
      *    AUTOMATED M IF D(3) = 0, ELSE A
      *    TAX RATE D(4) OF 0.10 0.125 0.15 0.2025
      *    METHOD C IF D(5) = 0, ELSE D
      * 4 PAYMENTS: MIN (WEEKS PAID, 10) ROWS, THE LATEST FIRST. ROW I:
      *    WEEK = DAY / 7 + WEEKS PAID - I, CODE (25 + WEEK / 52) * 100 +
      *      WEEK MOD 52 + 1
      *    GROSS = RATE; IF D(5) = 0 FIVE EIGHTHS OF IT, ROUNDED AS ABOVE
      *    TAX = GROSS * TAX RATE, ROUNDED AS ABOVE; NET = GROSS - TAX
      *================================================================
       ANSWER-INQUIRY.
           MOVE SPACES TO CA-BODY.
           MOVE ZERO TO CA-RETURN-CODE.
           MOVE 'EIQS0000' TO CA-REASON-CODE.
           MOVE 'N' TO RULE-ERROR.
           PERFORM CHECK-REQUEST.
           IF NOT RULE-REFUSED AND NOT CA-PING
               PERFORM CHECK-KEY
               IF NOT RULE-REFUSED
                   PERFORM LOOK-UP
               END-IF
           END-IF.
           IF NOT RULE-REFUSED
               INITIALIZE CA-STATUS-BODY
               IF CA-PING
                   MOVE 'EIQS IS UP' TO CA-STATUS-TEXT-EN
                   MOVE 'EIQS EST EN SERVICE' TO CA-STATUS-TEXT-FR
               ELSE
                   PERFORM FILL-STATUS
                   PERFORM FILL-MONEY
                   PERFORM FILL-PAYMENT VARYING RULE-I FROM 1 BY 1
                       UNTIL RULE-I > CA-PAY-COUNT
               END-IF
           END-IF.

       CHECK-REQUEST.
           EVALUATE TRUE
               WHEN NOT CA-INQUIRE-STATUS AND NOT CA-INQUIRE-PAYMENTS
                    AND NOT CA-PING
                   PERFORM REFUSE-BAD
                   MOVE 'EIQS0801' TO CA-REASON-CODE
                   MOVE 'FUNCTION CODE IS NOT KNOWN' TO CA-ERR-TEXT-EN
                   MOVE 'CODE DE FONCTION INCONNU' TO CA-ERR-TEXT-FR
               WHEN CA-HEADER (5:2) NOT = '01' AND NOT = '02'
                   PERFORM REFUSE-BAD
                   MOVE 'EIQS0802' TO CA-REASON-CODE
                   MOVE 'LAYOUT VERSION IS NOT SUPPORTED'
                       TO CA-ERR-TEXT-EN
                   MOVE 'VERSION DU FORMAT NON PRISE EN CHARGE'
                       TO CA-ERR-TEXT-FR
           END-EVALUATE.

       CHECK-KEY.
           MOVE CA-KEY (1:9) TO RULE-SIN-TEXT.
           MOVE CA-CLAIM-NO TO RULE-CLAIM.
           EVALUATE TRUE
               WHEN RULE-SIN-TEXT NOT NUMERIC
                   PERFORM REFUSE-BAD
                   MOVE 'EIQS0803' TO CA-REASON-CODE
                   MOVE 'SOCIAL INSURANCE NUMBER IS NOT NUMERIC'
                       TO CA-ERR-TEXT-EN
                   STRING 'NUM' X'C9' 'RO D''ASSURANCE SOCIALE NON '
                       'NUM' X'C9' 'RIQUE'
                       DELIMITED BY SIZE INTO CA-ERR-TEXT-FR
               WHEN RULE-CLAIM > 99999999
                   PERFORM REFUSE-BAD
                   MOVE 'EIQS0805' TO CA-REASON-CODE
                   MOVE 'CLAIM NUMBER IS NOT VALID' TO CA-ERR-TEXT-EN
                   STRING 'NUM' X'C9' 'RO DE DEMANDE NON VALIDE'
                       DELIMITED BY SIZE INTO CA-ERR-TEXT-FR
           END-EVALUATE.
           IF CA-REASON-CODE NOT = 'EIQS0803'
               PERFORM CHECK-DIGITS
           END-IF.

      *---- THE LUHN CHECK; IT OUTRANKS THE CLAIM NUMBER
       CHECK-DIGITS.
           MOVE ZERO TO RULE-SUM.
           PERFORM VARYING RULE-I FROM 1 BY 1 UNTIL RULE-I > 9
               MOVE RULE-SIN-DIGIT (RULE-I) TO RULE-DIGIT
               IF FUNCTION MOD (RULE-I 2) = 0
                   ADD RULE-DIGIT TO RULE-DIGIT
                   IF RULE-DIGIT > 9
                       SUBTRACT 9 FROM RULE-DIGIT
                   END-IF
               END-IF
               ADD RULE-DIGIT TO RULE-SUM
           END-PERFORM.
           IF RULE-SIN-TEXT = '000000000'
              OR FUNCTION MOD (RULE-SUM 10) NOT = 0
               PERFORM REFUSE-BAD
               MOVE 'EIQS0804' TO CA-REASON-CODE
               MOVE 'SOCIAL INSURANCE NUMBER FAILS ITS CHECK DIGIT'
                   TO CA-ERR-TEXT-EN
               STRING 'NUM' X'C9' 'RO D''ASSURANCE SOCIALE : CHIFFRE '
                   'DE CONTR' X'D4' 'LE INVALIDE'
                   DELIMITED BY SIZE INTO CA-ERR-TEXT-FR
           END-IF.

       LOOK-UP.
           DIVIDE RULE-CLAIM BY 10 GIVING RULE-DIGIT
               REMAINDER RULE-REST.
           EVALUATE TRUE
               WHEN RULE-CLAIM >= 99500000
                   PERFORM REFUSE
                   MOVE 16 TO CA-RETURN-CODE
                   MOVE 'EIQS1601' TO CA-REASON-CODE
                   MOVE -904 TO CA-ERR-SQLCODE
                   PERFORM SAY-SYSTEM-ERROR
               WHEN RULE-CLAIM >= 99000000
                   PERFORM REFUSE
                   MOVE 12 TO CA-RETURN-CODE
                   MOVE 'EIQS1201' TO CA-REASON-CODE
                   MOVE -911 TO CA-ERR-SQLCODE
                   PERFORM SAY-SYSTEM-ERROR
               WHEN RULE-REST = 9
                   PERFORM REFUSE
                   MOVE 4 TO CA-RETURN-CODE
                   MOVE 'EIQS0401' TO CA-REASON-CODE
                   MOVE 100 TO CA-ERR-SQLCODE
                   MOVE 'NO SUCH CLAIM IS ON FILE FOR THIS CLIENT'
                       TO CA-ERR-TEXT-EN
                   MOVE 'AUCUNE DEMANDE DE CE NOM AU DOSSIER DU CLIENT'
                       TO CA-ERR-TEXT-FR
           END-EVALUATE.

       SAY-SYSTEM-ERROR.
           MOVE 'DATABASE IS NOT AVAILABLE, TRY AGAIN LATER'
               TO CA-ERR-TEXT-EN.
           STRING 'BASE DE DONN' X'C9' 'ES NON DISPONIBLE, R' X'C9'
               'ESSAYEZ PLUS TARD'
               DELIMITED BY SIZE INTO CA-ERR-TEXT-FR.

       REFUSE-BAD.
           PERFORM REFUSE.
           MOVE 8 TO CA-RETURN-CODE.

       REFUSE.
           MOVE SPACES TO CA-BODY.
           MOVE 'Y' TO RULE-ERROR.
           MOVE 'EIQS' TO CA-ERR-PROGRAM.
           MOVE ZERO TO CA-ERR-SQLCODE.

       FILL-STATUS.
           COMPUTE DRAW-SEED = RULE-SIN * 7919 + RULE-CLAIM * 104729.
           DIVIDE DRAW-SEED BY 2147483646
               GIVING DRAW-QUOTIENT REMAINDER DRAW-SEED.
           ADD 1 TO DRAW-SEED.
           MOVE 12 TO DRAW-OF.
           PERFORM DRAW.
           MOVE RULE-SURNAME (DRAW-VALUE + 1) TO CA-SURNAME.
           MOVE 10 TO DRAW-OF.
           PERFORM DRAW.
           MOVE RULE-GIVEN (DRAW-VALUE + 1) TO CA-GIVEN-NAMES.
           MOVE 50 TO DRAW-OF.
           PERFORM DRAW.
           COMPUTE RULE-SUM = (1950 + DRAW-VALUE) * 10000.
           MOVE 12 TO DRAW-OF.
           PERFORM DRAW.
           COMPUTE RULE-SUM = RULE-SUM + (1 + DRAW-VALUE) * 100.
           MOVE 28 TO DRAW-OF.
           PERFORM DRAW.
           COMPUTE CA-BIRTH-DATE = RULE-SUM + 1 + DRAW-VALUE.
           MOVE 7 TO DRAW-OF.
           PERFORM DRAW.
           MOVE RULE-TYPE (DRAW-VALUE + 1) TO CA-CLAIM-TYPE.
           MOVE 16 TO DRAW-OF.
           PERFORM DRAW.
           MOVE RULE-STATUS (DRAW-VALUE + 1) TO CA-STATUS-CODE.
           PERFORM VARYING RULE-I FROM 1 BY 1 UNTIL RULE-I > 10
               IF RULE-TEXT-CODE (RULE-I) = CA-STATUS-CODE
                   MOVE RULE-TEXT-EN (RULE-I) TO CA-STATUS-TEXT-EN
                   MOVE RULE-TEXT-FR (RULE-I) TO CA-STATUS-TEXT-FR
               END-IF
           END-PERFORM.
           MOVE 365 TO DRAW-OF.
           PERFORM DRAW.
           COMPUTE RULE-DAY = 1 + DRAW-VALUE.
           COMPUTE CA-APPLIED-DATE = 2025000 + RULE-DAY.
           MOVE 7 TO DRAW-OF.
           PERFORM DRAW.
           SUBTRACT DRAW-VALUE FROM RULE-DAY.
           IF RULE-DAY < 1
               MOVE 1 TO RULE-DAY
           END-IF.
           COMPUTE CA-BPC-DATE = 25000 + RULE-DAY.

       FILL-MONEY.
           MOVE 120000 TO DRAW-OF.
           PERFORM DRAW.
           COMPUTE RULE-EARNED = (30000 + DRAW-VALUE) / 100.
           MOVE 0.55 TO RULE-SHARE.
           MOVE 729.00 TO RULE-MOST.
           IF CA-PARENTAL-EXT
               MOVE 0.33 TO RULE-SHARE
               MOVE 437.00 TO RULE-MOST
           END-IF.
           MULTIPLY RULE-EARNED BY RULE-SHARE
               GIVING CA-WEEKLY-RATE ROUNDED.
           IF CA-WEEKLY-RATE > RULE-MOST
               MOVE RULE-MOST TO CA-WEEKLY-RATE
           END-IF.
           MOVE 9 TO DRAW-OF.
           PERFORM DRAW.
      *    IN TWO STEPS: COBC 3.1.2 MAKES ZERO OF EARNED * (14 + VALUE)
           ADD 14 TO DRAW-VALUE.
           MULTIPLY RULE-EARNED BY DRAW-VALUE
               GIVING CA-INSURABLE-EARNINGS.
           MOVE 32 TO DRAW-OF.
           PERFORM DRAW.
           COMPUTE CA-WEEKS-ENTITLED = 14 + DRAW-VALUE.
           COMPUTE DRAW-OF = CA-WEEKS-ENTITLED + 1.
           PERFORM DRAW.
           IF CA-IN-PAY OR CA-TERMINATED
               MOVE DRAW-VALUE TO CA-WEEKS-PAID
           END-IF.
           MOVE 1400 TO DRAW-OF.
           PERFORM DRAW.
           COMPUTE CA-INSURABLE-HOURS = 420 + DRAW-VALUE.
           MOVE 62 TO DRAW-OF.
           PERFORM DRAW.
           COMPUTE CA-REGION-CODE = 1 + DRAW-VALUE.
           PERFORM FILL-OVERPAYMENT.
           MOVE 3 TO DRAW-OF.
           PERFORM DRAW.
           MOVE 'A' TO CA-AUTOMATED-IND.
           IF DRAW-VALUE = 0
               MOVE 'M' TO CA-AUTOMATED-IND
           END-IF.
           MOVE 4 TO DRAW-OF.
           PERFORM DRAW.
           MOVE RULE-TAX (DRAW-VALUE + 1) TO RULE-TAX-RATE.
           MOVE 5 TO DRAW-OF.
           PERFORM DRAW.
           MOVE 'D' TO RULE-METHOD.
           IF DRAW-VALUE = 0
               MOVE 'C' TO RULE-METHOD
           END-IF.
           MOVE CA-WEEKS-PAID TO RULE-WEEKS.
           MOVE CA-WEEKS-PAID TO CA-PAY-COUNT.
           IF RULE-WEEKS > 10
               MOVE 10 TO CA-PAY-COUNT
           END-IF.

       FILL-OVERPAYMENT.
           MOVE 8 TO DRAW-OF.
           PERFORM DRAW.
           MOVE DRAW-VALUE TO RULE-REST.
           MOVE 100000 TO DRAW-OF.
           PERFORM DRAW.
           EVALUATE RULE-REST
               WHEN 0
                   COMPUTE CA-OVERPAYMENT-BAL = DRAW-VALUE / 100
               WHEN 1
                   COMPUTE CA-OVERPAYMENT-BAL =
                       (0 - 1 - DRAW-VALUE) / 100
               WHEN OTHER
                   MOVE ZERO TO CA-OVERPAYMENT-BAL
           END-EVALUATE.

       FILL-PAYMENT.
           COMPUTE RULE-WEEK =
               FUNCTION INTEGER (RULE-DAY / 7) + RULE-WEEKS - RULE-I.
           DIVIDE RULE-WEEK BY 52 GIVING RULE-DIGIT
               REMAINDER RULE-REST.
           COMPUTE CA-PAY-WEEK-CODE (RULE-I) =
               (25 + RULE-DIGIT) * 100 + RULE-REST + 1.
           MOVE CA-WEEKLY-RATE TO CA-PAY-GROSS (RULE-I).
           MOVE 5 TO DRAW-OF.
           PERFORM DRAW.
           IF DRAW-VALUE = 0
               MULTIPLY CA-WEEKLY-RATE BY 0.625
                   GIVING CA-PAY-GROSS (RULE-I) ROUNDED
           END-IF.
           MULTIPLY CA-PAY-GROSS (RULE-I) BY RULE-TAX-RATE
               GIVING CA-PAY-TAX (RULE-I) ROUNDED.
           COMPUTE CA-PAY-NET (RULE-I) =
               CA-PAY-GROSS (RULE-I) - CA-PAY-TAX (RULE-I).
           MOVE RULE-METHOD TO CA-PAY-METHOD (RULE-I).
