package eiqs

import (
	"encoding/binary"
	"strconv"

	"golang.org/x/text/encoding/charmap"
)

// Size is the length in bytes of the COMMAREA, request and answer (EICLMSTA).
const Size = 586

// Offsets in the area (EICLMSTA).
const (
	atVersion = 4
	atReturn  = 7
	atReason  = 9
	atSIN     = 53
	atClaim   = 62
	atBody    = 66
	rowSize   = 17
	rows      = 10
)

// Refusal is an answer without a claim.
type Refusal struct {
	ReturnCode uint16
	Reason     string // CA-REASON-CODE
	SQLCode    int32
	EN, FR     string
}

var (
	unknownFunction = &Refusal{8, "EIQS0801", 0, "FUNCTION CODE IS NOT KNOWN", "CODE DE FONCTION INCONNU"}
	unknownVersion  = &Refusal{8, "EIQS0802", 0, "LAYOUT VERSION IS NOT SUPPORTED", "VERSION DU FORMAT NON PRISE EN CHARGE"}
	sinNotNumeric   = &Refusal{8, "EIQS0803", 0, "SOCIAL INSURANCE NUMBER IS NOT NUMERIC", "NUMÉRO D'ASSURANCE SOCIALE NON NUMÉRIQUE"}
	sinCheckDigit   = &Refusal{8, "EIQS0804", 0, "SOCIAL INSURANCE NUMBER FAILS ITS CHECK DIGIT",
		"NUMÉRO D'ASSURANCE SOCIALE : CHIFFRE DE CONTRÔLE INVALIDE"}
	claimTooLarge = &Refusal{8, "EIQS0805", 0, "CLAIM NUMBER IS NOT VALID", "NUMÉRO DE DEMANDE NON VALIDE"}
	notFound      = &Refusal{4, "EIQS0401", 100, "NO SUCH CLAIM IS ON FILE FOR THIS CLIENT", "AUCUNE DEMANDE DE CE NOM AU DOSSIER DU CLIENT"}
	deadlock      = &Refusal{12, "EIQS1201", -911, systemEN, systemFR}
	unavailable   = &Refusal{16, "EIQS1601", -904, systemEN, systemFR}
)

const (
	systemEN = "DATABASE IS NOT AVAILABLE, TRY AGAIN LATER"
	systemFR = "BASE DE DONNÉES NON DISPONIBLE, RÉESSAYEZ PLUS TARD"
)

// refuseClaim says which claim numbers have no claim.
func refuseClaim(claim int64) *Refusal {
	switch {
	case claim > 99999999:
		return claimTooLarge
	case claim >= 99500000:
		return unavailable
	case claim >= 99000000:
		return deadlock
	case claim%10 == 9:
		return notFound
	}
	return nil
}

// Answer returns the answer to a request area, in a new slice of Size bytes; nil if the area has another
// length. The area is code page 037, as is the answer.
func Answer(area []byte) []byte {
	if len(area) != Size {
		return nil
	}
	out := make([]byte, Size)
	copy(out, area[:atBody])
	text(out[atBody:], "")
	function := fromEBCDIC(area[:4])
	switch refusal := checkRequest(area, function); {
	case refusal != nil:
		writeRefusal(out, refusal)
	case function == "PING":
		writeClaim(out, Claim{TextEN: "EIQS IS UP", TextFR: "EIQS EST EN SERVICE"}, false)
	default:
		sin, refusal := checkSIN(area)
		var c Claim
		if refusal == nil {
			c, refusal = Find(sin, int64(binary.BigEndian.Uint32(area[atClaim:])), HalfUp)
		}
		if refusal != nil {
			writeRefusal(out, refusal)
			break
		}
		writeClaim(out, c, true)
	}
	return out
}

func checkRequest(area []byte, function string) *Refusal {
	if function != "INQS" && function != "INQP" && function != "PING" {
		return unknownFunction
	}
	if version := fromEBCDIC(area[atVersion : atReturn-1]); version != "01" && version != "02" {
		return unknownVersion
	}
	return nil
}

// checkSIN returns the SIN if it is nine digits that pass the Luhn check.
func checkSIN(area []byte) (int64, *Refusal) {
	var sin, sum int64
	for i, b := range area[atSIN:atClaim] {
		if b < 0xf0 || b > 0xf9 {
			return 0, sinNotNumeric
		}
		digit := int64(b - 0xf0)
		sin = sin*10 + digit
		if i%2 == 1 {
			digit = digit*2/10 + digit*2%10
		}
		sum += digit
	}
	if sin == 0 || sum%10 != 0 {
		return 0, sinCheckDigit
	}
	return sin, nil
}

func writeRefusal(out []byte, r *Refusal) {
	binary.BigEndian.PutUint16(out[atReturn:], r.ReturnCode)
	text(out[atReason:atReason+8], r.Reason)
	text(out[66:146], r.EN)
	text(out[146:226], r.FR)
	text(out[226:234], "EIQS")
	binary.BigEndian.PutUint32(out[234:], uint32(r.SQLCode))
}

// writeClaim fills the status body. Without found it is one of spaces and zeros.
func writeClaim(out []byte, c Claim, found bool) {
	binary.BigEndian.PutUint16(out[atReturn:], 0)
	text(out[atReason:atReason+8], "EIQS0000")
	text(out[66:94], c.Surname)
	text(out[94:122], c.Given)
	zoned(out[122:130], c.BirthDate)
	text(out[130:132], c.Type)
	text(out[132:134], c.Status)
	text(out[134:174], c.TextEN)
	text(out[174:214], c.TextFR)
	packed(out[214:218], c.Applied, signed)
	zoned(out[218:223], c.PeriodStart)
	packed(out[223:227], c.Rate, signed)
	zoned(out[227:229], c.Entitled)
	zoned(out[229:231], c.Paid)
	packed(out[231:234], c.Hours, unsigned)
	packed(out[234:239], c.Earnings, signed)
	zoned(out[239:241], c.Region)
	packed(out[241:246], c.Overpayment, signed)
	decided := ""
	if found {
		decided = "M"
		if c.Automated {
			decided = "A"
		}
	}
	text(out[246:247], decided)
	binary.BigEndian.PutUint16(out[247:], uint16(len(c.Payments)))
	for i := range rows {
		var p Payment
		if i < len(c.Payments) {
			p = c.Payments[i]
		}
		writePayment(out[249+i*rowSize:][:rowSize], p)
	}
}

func writePayment(row []byte, p Payment) {
	zoned(row[:4], p.Week)
	packed(row[4:8], p.Gross, signed)
	packed(row[8:12], p.Tax, signed)
	packed(row[12:16], p.Net, signed)
	text(row[16:], p.Method)
}

func fromEBCDIC(b []byte) string {
	out := make([]rune, len(b))
	for i, c := range b {
		out[i] = charmap.CodePage037.DecodeByte(c)
	}
	return string(out)
}

// text writes s and blanks.
func text(dst []byte, s string) {
	i := 0
	for _, r := range s {
		dst[i], _ = charmap.CodePage037.EncodeRune(r)
		i++
	}
	for ; i < len(dst); i++ {
		dst[i] = 0x40
	}
}

func zoned(dst []byte, n int64) {
	for i := len(dst) - 1; i >= 0; i-- {
		dst[i] = 0xf0 + byte(n%10)
		n /= 10
	}
}

// Sign nibbles that COBOL writes.
const (
	signed   = 0xc
	negative = 0xd
	unsigned = 0xf
)

func packed(dst []byte, n int64, sign byte) {
	if n < 0 {
		n, sign = -n, negative
	}
	digits := strconv.FormatInt(n, 10)
	nibble := func(place int) byte { // 0 is the last digit
		if place < len(digits) {
			return digits[len(digits)-1-place] - '0'
		}
		return 0
	}
	last := len(dst) - 1
	for i := range dst {
		place := 2 * (last - i)
		low := sign
		if place > 0 {
			low = nibble(place - 1)
		}
		dst[i] = nibble(place)<<4 | low
	}
}
