       IDENTIFICATION DIVISION.
       PROGRAM-ID. EIQS.
      *================================================================
      * EIQS - EI CLAIM STATUS INQUIRY, AS A FILTER
      *
      * READS COMMAREAS OF 586 BYTES (EICLMSTA, CODE PAGE 037) FROM FILE
      * DESCRIPTOR 0 AND WRITES ONE ANSWER OF 586 BYTES FOR EACH TO FILE
      * DESCRIPTOR 1, AT ONCE, SO THAT A HOST MAY KEEP IT RUNNING. ENDS AT
      * THE END OF ITS INPUT: RETURN CODE 0, OR 8 INSIDE AN AREA.
      * WHAT IT ANSWERS: EIQSRULE. THE REQUEST'S BYTES ARE GIVEN BACK AS
      * THEY CAME, EXCEPT RETURN CODE, REASON CODE AND BODY.
      *================================================================
       DATA DIVISION.
       WORKING-STORAGE SECTION.
       COPY EICLMSTA.
       COPY EIQSDATA.
       COPY DRAWDATA.
       COPY CP037.
       01  REQUEST-AREA                    PIC X(586).
       01  IO-DATA.
           05  IO-AT                       USAGE POINTER.
           05  IO-AT-N REDEFINES IO-AT     PIC S9(18) COMP-5.
           05  IO-HAVE                     PIC S9(18) COMP-5.
           05  IO-WANT                     PIC S9(18) COMP-5.
           05  IO-DONE                     PIC S9(09) COMP-5.
           05  IO-STDIN                    PIC S9(09) COMP-5 VALUE 0.
           05  IO-STDOUT                   PIC S9(09) COMP-5 VALUE 1.
       PROCEDURE DIVISION.
       MAIN.
           PERFORM READ-AREA.
           PERFORM UNTIL IO-HAVE NOT = 586
               PERFORM FROM-EBCDIC
               PERFORM ANSWER-INQUIRY
               PERFORM TO-EBCDIC
               PERFORM WRITE-AREA
               PERFORM READ-AREA
           END-PERFORM.
           IF IO-HAVE NOT = 0
               DISPLAY 'EIQS: INPUT ENDS INSIDE AN AREA' UPON SYSERR
               MOVE 8 TO RETURN-CODE
           END-IF.
           STOP RUN.

       READ-AREA.
           MOVE 0 TO IO-HAVE.
           MOVE 1 TO IO-DONE.
           PERFORM UNTIL IO-HAVE = 586 OR IO-DONE NOT > 0
               SET IO-AT TO ADDRESS OF REQUEST-AREA
               ADD IO-HAVE TO IO-AT-N
               COMPUTE IO-WANT = 586 - IO-HAVE
               CALL 'read' USING BY VALUE IO-STDIN BY VALUE IO-AT
                   BY VALUE IO-WANT RETURNING IO-DONE
               IF IO-DONE > 0
                   ADD IO-DONE TO IO-HAVE
               END-IF
           END-PERFORM.

       WRITE-AREA.
           MOVE 0 TO IO-HAVE.
           PERFORM UNTIL IO-HAVE = 586
               SET IO-AT TO ADDRESS OF EI-STATUS-COMMAREA
               ADD IO-HAVE TO IO-AT-N
               COMPUTE IO-WANT = 586 - IO-HAVE
               CALL 'write' USING BY VALUE IO-STDOUT BY VALUE IO-AT
                   BY VALUE IO-WANT RETURNING IO-DONE
               IF IO-DONE < 1
                   DISPLAY 'EIQS: OUTPUT FAILED' UPON SYSERR
                   MOVE 12 TO RETURN-CODE
                   STOP RUN
               END-IF
               ADD IO-DONE TO IO-HAVE
           END-PERFORM.

       COPY EIQSCONV.
       COPY EIQSRULE.
       COPY DRAW.
