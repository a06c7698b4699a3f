      *---- DATA OF DRAW
       01  DRAW-DATA.
           05  DRAW-SEED                   PIC S9(18) COMP-5.
           05  DRAW-OF                     PIC S9(18) COMP-5.
           05  DRAW-VALUE                  PIC S9(18) COMP-5.
           05  DRAW-PRODUCT                PIC S9(18) COMP-5.
           05  DRAW-QUOTIENT               PIC S9(18) COMP-5.
