      *================================================================
      * MQCHECK - ENDS THE PROGRAM WHEN A CALL OF THE MQI HAS FAILED. THE
      * QUEUE MANAGER BACKS OUT WHAT WAS NOT COMMITTED.
      *================================================================
       CHECK-CALL.
           IF MQ-CC = MQCC-FAILED
               MOVE MQ-RC TO MQ-RC-SHOWN
               DISPLAY MQ-CALL ' FAILED, REASON ' MQ-RC-SHOWN
                   UPON SYSERR
               MOVE 12 TO RETURN-CODE
               STOP RUN
           END-IF.
