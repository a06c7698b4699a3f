      *================================================================
      * DRAW - SYNTHETIC CHANCE. SETS DRAW-VALUE TO 0 .. DRAW-OF - 1.
      *   SEED  := SEED * 16807 MOD 2147483647   (PARK AND MILLER)
      *   VALUE := SEED MOD DRAW-OF
      *================================================================
       DRAW.
           COMPUTE DRAW-PRODUCT = DRAW-SEED * 16807.
           DIVIDE DRAW-PRODUCT BY 2147483647
               GIVING DRAW-QUOTIENT REMAINDER DRAW-SEED.
           DIVIDE DRAW-SEED BY DRAW-OF
               GIVING DRAW-QUOTIENT REMAINDER DRAW-VALUE.
