      *================================================================
      * CP037 - TWO TABLES OF 256 BYTES. BYTE N OF CP037-EBCDIC IS N, BYTE
      * N OF CP037-LATIN IS THE ISO 8859-1 CODE OF EBCDIC BYTE N IN CODE
      * PAGE 037. INSPECT ... CONVERTING ONE TO THE OTHER TRANSLATES.
      *================================================================
       01  CP037-EBCDIC.
           05  FILLER                  PIC X(16) VALUE
               X'000102030405060708090A0B0C0D0E0F'.
           05  FILLER                  PIC X(16) VALUE
               X'101112131415161718191A1B1C1D1E1F'.
           05  FILLER                  PIC X(16) VALUE
               X'202122232425262728292A2B2C2D2E2F'.
           05  FILLER                  PIC X(16) VALUE
               X'303132333435363738393A3B3C3D3E3F'.
           05  FILLER                  PIC X(16) VALUE
               X'404142434445464748494A4B4C4D4E4F'.
           05  FILLER                  PIC X(16) VALUE
               X'505152535455565758595A5B5C5D5E5F'.
           05  FILLER                  PIC X(16) VALUE
               X'606162636465666768696A6B6C6D6E6F'.
           05  FILLER                  PIC X(16) VALUE
               X'707172737475767778797A7B7C7D7E7F'.
           05  FILLER                  PIC X(16) VALUE
               X'808182838485868788898A8B8C8D8E8F'.
           05  FILLER                  PIC X(16) VALUE
               X'909192939495969798999A9B9C9D9E9F'.
           05  FILLER                  PIC X(16) VALUE
               X'A0A1A2A3A4A5A6A7A8A9AAABACADAEAF'.
           05  FILLER                  PIC X(16) VALUE
               X'B0B1B2B3B4B5B6B7B8B9BABBBCBDBEBF'.
           05  FILLER                  PIC X(16) VALUE
               X'C0C1C2C3C4C5C6C7C8C9CACBCCCDCECF'.
           05  FILLER                  PIC X(16) VALUE
               X'D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF'.
           05  FILLER                  PIC X(16) VALUE
               X'E0E1E2E3E4E5E6E7E8E9EAEBECEDEEEF'.
           05  FILLER                  PIC X(16) VALUE
               X'F0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF'.
       01  CP037-LATIN.
           05  FILLER                  PIC X(16) VALUE
               X'000102039C09867F978D8E0B0C0D0E0F'.
           05  FILLER                  PIC X(16) VALUE
               X'101112139D8508871819928F1C1D1E1F'.
           05  FILLER                  PIC X(16) VALUE
               X'80818283840A171B88898A8B8C050607'.
           05  FILLER                  PIC X(16) VALUE
               X'909116939495960498999A9B14159E1A'.
           05  FILLER                  PIC X(16) VALUE
               X'20A0E2E4E0E1E3E5E7F1A22E3C282B7C'.
           05  FILLER                  PIC X(16) VALUE
               X'26E9EAEBE8EDEEEFECDF21242A293BAC'.
           05  FILLER                  PIC X(16) VALUE
               X'2D2FC2C4C0C1C3C5C7D1A62C255F3E3F'.
           05  FILLER                  PIC X(16) VALUE
               X'F8C9CACBC8CDCECFCC603A2340273D22'.
           05  FILLER                  PIC X(16) VALUE
               X'D8616263646566676869ABBBF0FDFEB1'.
           05  FILLER                  PIC X(16) VALUE
               X'B06A6B6C6D6E6F707172AABAE6B8C6A4'.
           05  FILLER                  PIC X(16) VALUE
               X'B57E737475767778797AA1BFD0DDDEAE'.
           05  FILLER                  PIC X(16) VALUE
               X'5EA3A5B7A9A7B6BCBDBE5B5DAFA8B4D7'.
           05  FILLER                  PIC X(16) VALUE
               X'7B414243444546474849ADF4F6F2F3F5'.
           05  FILLER                  PIC X(16) VALUE
               X'7D4A4B4C4D4E4F505152B9FBFCF9FAFF'.
           05  FILLER                  PIC X(16) VALUE
               X'5CF7535455565758595AB2D4D6D2D3D5'.
           05  FILLER                  PIC X(16) VALUE
               X'30313233343536373839B3DBDCD9DA9F'.
