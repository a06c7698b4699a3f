package eiqs

// Claim is one synthetic EI claim. Money is in cents, dates are as the copybook has them.
type Claim struct {
	Surname, Given string
	BirthDate      int64  // CCYYMMDD
	Type, Status   string // CA-CLAIM-TYPE, CA-STATUS-CODE
	TextEN, TextFR string // of the status
	Applied        int64  // CCYYDDD
	PeriodStart    int64  // YYDDD
	Rate           int64  // cents a week
	Entitled, Paid int64  // weeks
	Hours          int64  // insurable
	Earnings       int64  // insurable, cents
	Region         int64
	Overpayment    int64 // cents; may be negative
	Automated      bool
	Payments       []Payment // the latest first, at most 10
}

// Payment is one week's payment. Money is in cents.
type Payment struct {
	Week            int64 // YYWW
	Gross, Tax, Net int64
	Method          string // D direct deposit, C cheque
}

// Round returns n / d as a whole number; d is positive, n is not negative.
type Round func(n, d int64) int64

// HalfUp rounds halves away from zero, as COBOL's ROUNDED does: what Legacy does.
func HalfUp(n, d int64) int64 { return (2*n + d) / (2 * d) }

// HalfEven rounds halves to the even neighbour.
func HalfEven(n, d int64) int64 {
	q, rest := n/d, n%d
	if 2*rest > d || 2*rest == d && q%2 == 1 {
		q++
	}
	return q
}

// Truncate cuts fractions off.
func Truncate(n, d int64) int64 { return n / d }

var (
	surnames = [...]string{"TREMBLAY", "GAGNÉ", "CÔTÉ", "LÉVESQUE", "BÉLANGER", "FRANÇOIS", "SMITH", "SINGH",
		"O'BRIEN", "MACDONALD", "NGUYEN", "ST-PIERRE"}
	givens   = [...]string{"HÉLÈNE", "JOSÉ-ANDRÉ", "MARY ANN", "JÉRÔME", "HARPREET", "JOHN", "FRANÇOISE", "WEI", "ANAÏS", ""}
	types    = [...]string{"RG", "SK", "MA", "PS", "PX", "CC", "FI"}
	statuses = [...]string{"10", "20", "25", "29", "30", "40", "40", "40", "40", "40", "40", "50", "59", "90", "77", "40"}
	texts    = map[string][2]string{
		"10": {"CLAIM RECEIVED", "DEMANDE REÇUE"},
		"20": {"IN PROCESS", "EN TRAITEMENT"},
		"25": {"AWAITING RECORD OF EMPLOYMENT", "EN ATTENTE DU RELEVÉ D'EMPLOI"},
		"29": {"IN PROCESS, SECOND REVIEW", "EN TRAITEMENT, DEUXIÈME EXAMEN"},
		"30": {"ESTABLISHED", "ÉTABLIE"},
		"40": {"IN PAY", "EN PAIEMENT"},
		"50": {"DISALLOWED", "REFUSÉE"},
		"59": {"DISALLOWED, UNDER APPEAL", "REFUSÉE, EN APPEL"},
		"90": {"TERMINATED", "TERMINÉE"},
		"77": {"PENDING, INTEGRITY REVIEW", "EN SUSPENS, EXAMEN D'INTÉGRITÉ"},
	}
	taxRates = [...]int64{1000, 1250, 1500, 2025} // of 10,000
)

// dice are Park and Miller's: each throw multiplies the seed by 16807 modulo 2^31 - 1.
type dice int64

func (d *dice) draw(n int64) int64 {
	*d = *d * 16807 % 2147483647
	return int64(*d) % n
}

// Find returns the claim of a SIN, given as a number, under a claim number (0: the current one), or a
// Refusal. The SIN's check digit is not looked at. round nil is HalfUp.
func Find(sin, claim int64, round Round) (Claim, *Refusal) {
	if r := refuseClaim(claim); r != nil {
		return Claim{}, r
	}
	if round == nil {
		round = HalfUp
	}
	d := dice((sin*7919+claim*104729)%2147483646 + 1)
	var c Claim
	day := c.person(&d)
	c.money(&d, day, round)
	return c, nil
}

// person fills in what is not money, and returns the day of the year on which the benefit period starts.
func (c *Claim) person(d *dice) (day int64) {
	c.Surname = surnames[d.draw(12)]
	c.Given = givens[d.draw(10)]
	c.BirthDate = (1950 + d.draw(50)) * 10000
	c.BirthDate += (1 + d.draw(12)) * 100
	c.BirthDate += 1 + d.draw(28)
	c.Type = types[d.draw(7)]
	c.Status = statuses[d.draw(16)]
	c.TextEN, c.TextFR = texts[c.Status][0], texts[c.Status][1]
	day = 1 + d.draw(365)
	c.Applied = 2025000 + day
	day = max(day-d.draw(7), 1)
	c.PeriodStart = 25000 + day
	return day
}

func (c *Claim) money(d *dice, day int64, round Round) {
	earned := 30000 + d.draw(120000)
	share, most := int64(55), int64(72900)
	if c.Type == "PX" {
		share, most = 33, 43700
	}
	c.Rate = min(round(earned*share, 100), most)
	c.Earnings = earned * (14 + d.draw(9))
	c.Entitled = 14 + d.draw(32)
	paid := d.draw(c.Entitled + 1)
	if c.Status == "40" || c.Status == "90" {
		c.Paid = paid
	}
	c.Hours = 420 + d.draw(1400)
	c.Region = 1 + d.draw(62)
	kind, amount := d.draw(8), d.draw(100000)
	switch kind {
	case 0:
		c.Overpayment = amount
	case 1:
		c.Overpayment = -1 - amount
	}
	c.Automated = d.draw(3) != 0
	tax := taxRates[d.draw(4)]
	method := "D"
	if d.draw(5) == 0 {
		method = "C"
	}
	for i := int64(1); i <= min(c.Paid, 10); i++ {
		c.Payments = append(c.Payments, c.payment(d, day/7+c.Paid-i, tax, method, round))
	}
}

func (c *Claim) payment(d *dice, week, tax int64, method string, round Round) Payment {
	p := Payment{Week: (25+week/52)*100 + week%52 + 1, Gross: c.Rate, Method: method}
	if d.draw(5) == 0 {
		p.Gross = round(c.Rate*5, 8)
	}
	p.Tax = round(p.Gross*tax, 10000)
	p.Net = p.Gross - p.Tax
	return p
}
