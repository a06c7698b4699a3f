      *================================================================
      * EIQSDATA - DATA OF THE PARAGRAPHS IN EIQSRULE
      *================================================================
       01  RULE-WORK.
           05  RULE-SIN-TEXT               PIC X(09).
           05  RULE-SIN REDEFINES RULE-SIN-TEXT
                                           PIC 9(09).
           05  RULE-SIN-DIGITS REDEFINES RULE-SIN-TEXT.
               10  RULE-SIN-DIGIT          PIC 9(01) OCCURS 9.
           05  RULE-CLAIM                  PIC S9(18) COMP-5.
           05  RULE-REST                   PIC S9(18) COMP-5.
           05  RULE-SUM                    PIC S9(18) COMP-5.
           05  RULE-DIGIT                  PIC S9(18) COMP-5.
           05  RULE-I                      PIC S9(09) COMP-5.
           05  RULE-DAY                    PIC S9(18) COMP-5.
           05  RULE-WEEK                   PIC S9(18) COMP-5.
           05  RULE-WEEKS                  PIC S9(18) COMP-5.
           05  RULE-EARNED                 PIC S9(07)V99.
           05  RULE-SHARE                  PIC 9V99.
           05  RULE-MOST                   PIC S9(05)V99.
           05  RULE-TAX-RATE               PIC 9V9(4).
           05  RULE-CENTS                  PIC S9(18) COMP-5.
           05  RULE-METHOD                 PIC X(01).
           05  RULE-ERROR                  PIC X(01).
               88  RULE-REFUSED                 VALUE 'Y'.
      *---- SURNAMES AND GIVEN NAMES, ISO 8859-1
       01  RULE-SURNAMES.
           05  FILLER PIC X(28) VALUE 'TREMBLAY'.
           05  FILLER PIC X(28) VALUE 'GAGN' & X'C9'.
           05  FILLER PIC X(28) VALUE 'C' & X'D4' & 'T' & X'C9'.
           05  FILLER PIC X(28) VALUE 'L' & X'C9' & 'VESQUE'.
           05  FILLER PIC X(28) VALUE 'B' & X'C9' & 'LANGER'.
           05  FILLER PIC X(28) VALUE 'FRAN' & X'C7' & 'OIS'.
           05  FILLER PIC X(28) VALUE 'SMITH'.
           05  FILLER PIC X(28) VALUE 'SINGH'.
           05  FILLER PIC X(28) VALUE 'O''BRIEN'.
           05  FILLER PIC X(28) VALUE 'MACDONALD'.
           05  FILLER PIC X(28) VALUE 'NGUYEN'.
           05  FILLER PIC X(28) VALUE 'ST-PIERRE'.
       01  FILLER REDEFINES RULE-SURNAMES.
           05  RULE-SURNAME                PIC X(28) OCCURS 12.
       01  RULE-GIVENS.
           05  FILLER PIC X(28) VALUE 'H' & X'C9' & 'L' & X'C8' & 'NE'.
           05  FILLER PIC X(28) VALUE 'JOS' & X'C9' & '-ANDR' & X'C9'.
           05  FILLER PIC X(28) VALUE 'MARY ANN'.
           05  FILLER PIC X(28) VALUE 'J' & X'C9' & 'R' & X'D4' & 'ME'.
           05  FILLER PIC X(28) VALUE 'HARPREET'.
           05  FILLER PIC X(28) VALUE 'JOHN'.
           05  FILLER PIC X(28) VALUE 'FRAN' & X'C7' & 'OISE'.
           05  FILLER PIC X(28) VALUE 'WEI'.
           05  FILLER PIC X(28) VALUE 'ANA' & X'CF' & 'S'.
           05  FILLER PIC X(28) VALUE SPACES.
       01  FILLER REDEFINES RULE-GIVENS.
           05  RULE-GIVEN                  PIC X(28) OCCURS 10.
       01  RULE-TYPES                      PIC X(14) VALUE
           'RGSKMAPSPXCCFI'.
       01  FILLER REDEFINES RULE-TYPES.
           05  RULE-TYPE                   PIC X(02) OCCURS 7.
      *---- STATUS CODES, BY CHANCE; 77 IS IN NO 88 LEVEL
       01  RULE-STATUSES                   PIC X(32) VALUE
           '10202529304040404040405059907740'.
       01  FILLER REDEFINES RULE-STATUSES.
           05  RULE-STATUS                 PIC X(02) OCCURS 16.
      *---- TEXTS OF THE STATUS CODES: CODE, ENGLISH, FRENCH
       01  RULE-TEXTS.
           05  FILLER PIC X(42) VALUE '10CLAIM RECEIVED'.
           05  FILLER PIC X(40) VALUE 'DEMANDE RE' & X'C7' & 'UE'.
           05  FILLER PIC X(42) VALUE '20IN PROCESS'.
           05  FILLER PIC X(40) VALUE 'EN TRAITEMENT'.
           05  FILLER PIC X(42) VALUE '25AWAITING RECORD OF EMPLOYMENT'.
           05  FILLER PIC X(40) VALUE
               'EN ATTENTE DU RELEV' & X'C9' & ' D''EMPLOI'.
           05  FILLER PIC X(42) VALUE '29IN PROCESS, SECOND REVIEW'.
           05  FILLER PIC X(40) VALUE
               'EN TRAITEMENT, DEUXI' & X'C8' & 'ME EXAMEN'.
           05  FILLER PIC X(42) VALUE '30ESTABLISHED'.
           05  FILLER PIC X(40) VALUE X'C9' & 'TABLIE'.
           05  FILLER PIC X(42) VALUE '40IN PAY'.
           05  FILLER PIC X(40) VALUE 'EN PAIEMENT'.
           05  FILLER PIC X(42) VALUE '50DISALLOWED'.
           05  FILLER PIC X(40) VALUE 'REFUS' & X'C9' & 'E'.
           05  FILLER PIC X(42) VALUE '59DISALLOWED, UNDER APPEAL'.
           05  FILLER PIC X(40) VALUE
               'REFUS' & X'C9' & 'E, EN APPEL'.
           05  FILLER PIC X(42) VALUE '90TERMINATED'.
           05  FILLER PIC X(40) VALUE 'TERMIN' & X'C9' & 'E'.
           05  FILLER PIC X(42) VALUE '77PENDING, INTEGRITY REVIEW'.
           05  FILLER PIC X(40) VALUE
               'EN SUSPENS, EXAMEN D''INT' & X'C9' & 'GRIT' & X'C9'.
       01  FILLER REDEFINES RULE-TEXTS.
           05  RULE-TEXT OCCURS 10.
               10  RULE-TEXT-CODE          PIC X(02).
               10  RULE-TEXT-EN            PIC X(40).
               10  RULE-TEXT-FR            PIC X(40).
       01  RULE-TAX-RATES                  PIC X(20) VALUE
           '01000012500150002025'.
       01  FILLER REDEFINES RULE-TAX-RATES.
           05  RULE-TAX                    PIC 9V9(4) OCCURS 4.
