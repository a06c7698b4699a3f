      *================================================================
      * SHOWDATA - WHAT THE SHOW* COPYBOOKS NEED TO REPORT A FIELD.
      * A REPORT LINE IS
      *   F OFFSET LENGTH KIND SUBSCRIPT NAME VALUE
      * OFFSET COMES FROM ADDRESS OF FIELD MINUS ADDRESS OF RECORD, LENGTH
      * FROM LENGTH OF. KIND SAYS HOW THE BYTES HOLD THE VALUE:
      *   T TEXT   Z UNSIGNED ZONED   S SIGN OVERPUNCHED ON THE LAST DIGIT
      *   L SIGN LEADING SEPARATE   P PACKED   B BINARY
      *   E COMP-1   D COMP-2
      *================================================================
       01  SHOW-DATA.
           05  SHOW-AT                     USAGE POINTER.
           05  SHOW-AT-N REDEFINES SHOW-AT PIC S9(18) COMP-5.
           05  SHOW-BASE                   USAGE POINTER.
           05  SHOW-BASE-N REDEFINES SHOW-BASE
                                           PIC S9(18) COMP-5.
           05  SHOW-OFFSET                 PIC 9(05).
           05  SHOW-LENGTH                 PIC 9(05).
           05  SHOW-INDEX                  PIC 9(03) VALUE 0.
           05  SHOW-NAME                   PIC X(24).
           05  SHOW-NUMBER                 PIC -9(18).9(04).
