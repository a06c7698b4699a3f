package mapping

// dateForms are the forms that a mapping may name.
var dateForms = map[string]struct {
	parts []datePart
	kind  dateKind
}{
	"CCYYMMDD":         {[]datePart{{'C', 2}, {'Y', 2}, {'M', 2}, {'D', 2}}, dayDate},
	"YYMMDD":           {[]datePart{{'Y', 2}, {'M', 2}, {'D', 2}}, dayDate},
	"DDMMCCYY":         {[]datePart{{'D', 2}, {'M', 2}, {'C', 2}, {'Y', 2}}, dayDate},
	"CCYYDDD":          {[]datePart{{'C', 2}, {'Y', 2}, {'J', 3}}, dayDate},
	"YYDDD":            {[]datePart{{'Y', 2}, {'J', 3}}, dayDate},
	"0YYDDD":           {[]datePart{{'0', 1}, {'Y', 2}, {'J', 3}}, dayDate},
	"CCYYMM":           {[]datePart{{'C', 2}, {'Y', 2}, {'M', 2}}, monthDate},
	"YYMM":             {[]datePart{{'Y', 2}, {'M', 2}}, monthDate},
	"CCYYWW":           {[]datePart{{'C', 2}, {'Y', 2}, {'W', 2}}, weekDate},
	"YYWW":             {[]datePart{{'Y', 2}, {'W', 2}}, weekDate},
	"CCYYMMDDHHMISS":   {[]datePart{{'C', 2}, {'Y', 2}, {'M', 2}, {'D', 2}, {'h', 2}, {'m', 2}, {'s', 2}}, timeDate},
	"CCYYMMDDHHMISShh": {[]datePart{{'C', 2}, {'Y', 2}, {'M', 2}, {'D', 2}, {'h', 2}, {'m', 2}, {'s', 2}, {'f', 2}}, timeDate},
	"YYYY-MM-DD":       {[]datePart{{'C', 2}, {'Y', 2}, {'-', 1}, {'M', 2}, {'-', 1}, {'D', 2}}, dayDate},
	"MM/DD/YYYY":       {[]datePart{{'M', 2}, {'/', 1}, {'D', 2}, {'/', 1}, {'C', 2}, {'Y', 2}}, dayDate},
	"DD.MM.YYYY":       {[]datePart{{'D', 2}, {'.', 1}, {'M', 2}, {'.', 1}, {'C', 2}, {'Y', 2}}, dayDate},

	"YYYY-MM-DD-HH.MM.SS":              {timestampParts(0), timeDate},
	"YYYY-MM-DD-HH.MM.SS.NNN":          {timestampParts(3), timeDate},
	"YYYY-MM-DD-HH.MM.SS.NNNNNN":       {timestampParts(6), timeDate},
	"YYYY-MM-DD-HH.MM.SS.NNNNNNNNN":    {timestampParts(9), timeDate},
	"YYYY-MM-DD-HH.MM.SS.NNNNNNNNNNNN": {timestampParts(12), timeDate},
}

// timestampParts is a Db2 timestamp with a number of digits behind the second.
func timestampParts(fraction int) []datePart {
	parts := []datePart{{'C', 2}, {'Y', 2}, {'-', 1}, {'M', 2}, {'-', 1}, {'D', 2}, {'-', 1},
		{'h', 2}, {'.', 1}, {'m', 2}, {'.', 1}, {'s', 2}}
	if fraction > 0 {
		parts = append(parts, datePart{'.', 1}, datePart{'f', fraction})
	}
	return parts
}

func punctuation(sort byte) bool { return sort == '-' || sort == '/' || sort == '.' }
