package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/portage-gateway/portage/internal/demo/eiqs"
)

// Modern is the sample Modern service of the EI status inquiry: plain HTTP and JSON, with a fault in its
// rounding that can be switched on and off, and a listener that can be killed.
type Modern struct {
	// Open opens a Reference, as this service's own index of claims would. Required.
	Open func(reference string) (program, sin, claim string, err error)
	// Faulty makes it round half cents to the even cent; Legacy rounds them up.
	Faulty atomic.Bool
	// Now is the clock of answers. Nil: time.Now.
	Now func() time.Time

	mu      sync.Mutex
	address string
	server  *http.Server
}

// Start listens on a loopback address, such as 127.0.0.1:0, and serves until Kill. After a Kill it listens
// on the address that it had.
func (m *Modern) Start(address string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.server != nil {
		return errors.New("the Modern service runs already")
	}
	if m.address != "" {
		address = m.address
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("start the sample Modern service: %w", err)
	}
	m.address = l.Addr().String()
	m.server = &http.Server{Handler: m, ReadHeaderTimeout: 5 * time.Second}
	go m.server.Serve(l)
	return nil
}

// URL is where the service listens; "" before the first Start.
func (m *Modern) URL() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.address == "" {
		return ""
	}
	return "http://" + m.address
}

// Kill ends the service as a crash would: the listener and every connection are gone at once.
func (m *Modern) Kill() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.server != nil {
		m.server.Close()
		m.server = nil
	}
}

// Run keeps the service until ctx ends.
func (m *Modern) Run(ctx context.Context) error {
	<-ctx.Done()
	m.Kill()
	return nil
}

// ServeHTTP answers GET /v1/ei/claims/{claimRef}.
func (m *Modern) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	const prefix = "/v1/ei/claims/"
	if len(r.URL.Path) <= len(prefix) || r.URL.Path[:len(prefix)] != prefix {
		problem(w, r, http.StatusNotFound, "not-found", "No such resource", "Ressource introuvable")
		return
	}
	reference := r.URL.Path[len(prefix):]
	program, sin, claim, err := m.Open(reference)
	if err != nil || program != "ei" {
		problem(w, r, http.StatusNotFound, "not-found", "No such claim", "Aucune demande de ce nom")
		return
	}
	m.answer(w, r, reference, sin, claim)
}

func (m *Modern) answer(w http.ResponseWriter, r *http.Request, reference, sin, claim string) {
	round := eiqs.Round(eiqs.HalfUp)
	if m.Faulty.Load() {
		round = eiqs.HalfEven
	}
	client, err1 := strconv.ParseInt(sin, 10, 64)
	number, err2 := strconv.ParseInt(claim, 10, 64)
	if err1 != nil || err2 != nil || !validSIN(sin) {
		problem(w, r, http.StatusBadRequest, "bad-request", "The request was refused", "La requête a été refusée")
		return
	}
	found, refusal := eiqs.Find(client, number, round)
	switch {
	case refusal == nil:
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(m.shape(reference, found))
	case refusal.ReturnCode == 4:
		problem(w, r, http.StatusNotFound, "not-found", "No such claim", "Aucune demande de ce nom")
	case refusal.ReturnCode == 8:
		problem(w, r, http.StatusBadRequest, "bad-request", "The request was refused", "La requête a été refusée")
	default:
		problem(w, r, http.StatusBadGateway, "legacy-error", "The claim system failed", "Le système des demandes a échoué")
	}
}

// problem answers with RFC 9457 problem details, in the caller's language.
func problem(w http.ResponseWriter, r *http.Request, status int, reason, en, fr string) {
	title, language := en, "en"
	if strings.HasPrefix(r.Header.Get("Accept-Language"), "fr") {
		title, language = fr, "fr"
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Content-Language", language)
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]any{
		"type": "about:blank", "title": title, "status": status, "reason": reason,
		"titles": map[string]string{"en": en, "fr": fr},
	})
}

// The answer's shape, as Modern's own team wrote it.
type (
	claimAnswer struct {
		ID             string          `json:"id"`
		Type           string          `json:"type"`
		Status         statusAnswer    `json:"status"`
		AppliedOn      string          `json:"appliedOn"`
		PeriodStart    string          `json:"benefitPeriodStart"`
		WeeklyRate     money           `json:"weeklyRate"`
		Weeks          weeksAnswer     `json:"weeks"`
		DecisionMode   string          `json:"decisionMode"`
		Payments       []paymentAnswer `json:"payments"`
		Source         sourceAnswer    `json:"source"`
		TypeLegacyCode string          `json:"typeLegacyCode,omitempty"`
	}
	statusAnswer struct {
		Code       string `json:"code"`
		LegacyCode string `json:"legacyCode"`
		Text       struct {
			EN string `json:"en"`
			FR string `json:"fr"`
		} `json:"text"`
	}
	money struct {
		Amount   string `json:"amount"`
		Currency string `json:"currency"`
	}
	weeksAnswer struct {
		Entitled int64 `json:"entitled"`
		Paid     int64 `json:"paid"`
	}
	paymentAnswer struct {
		WeekStart string `json:"weekStart"`
		Gross     string `json:"gross"`
		Net       string `json:"net"`
		Method    string `json:"method"`
	}
	sourceAnswer struct {
		System string `json:"system"`
		Path   string `json:"path"`
		AsOf   string `json:"asOf"`
		Stale  bool   `json:"stale"`
	}
)

var (
	claimTypes = map[string]string{
		"RG": "regular", "SK": "sickness", "MA": "maternity", "PS": "parental-standard",
		"PX": "parental-extended", "CC": "compassionate-care", "FI": "fishing",
	}
	claimStatuses = map[string]string{
		"10": "received", "20": "in-process", "25": "awaiting-record", "29": "in-process", "30": "established",
		"40": "in-pay", "50": "disallowed", "59": "disallowed", "90": "terminated",
	}
	payMethods = map[string]string{"D": "direct-deposit", "C": "cheque"}
)

func (m *Modern) shape(reference string, c eiqs.Claim) claimAnswer {
	now := m.Now
	if now == nil {
		now = time.Now
	}
	a := claimAnswer{
		ID: reference, Type: claimTypes[c.Type],
		Status:    statusAnswer{Code: claimStatuses[c.Status], LegacyCode: c.Status},
		AppliedOn: ordinal(int(c.Applied/1000), int(c.Applied%1000)), PeriodStart: ordinal(2000+int(c.PeriodStart/1000), int(c.PeriodStart%1000)),
		WeeklyRate: money{Cents(c.Rate), "CAD"}, Weeks: weeksAnswer{c.Entitled, c.Paid},
		DecisionMode: "agent", Payments: []paymentAnswer{},
		Source: sourceAnswer{System: "ei-modern", Path: "modern", AsOf: now().UTC().Format(time.RFC3339)},
	}
	if a.Status.Code == "" {
		a.Status.Code = "unknown"
	}
	a.Status.Text.EN, a.Status.Text.FR = c.TextEN, c.TextFR
	if c.Automated {
		a.DecisionMode = "automated"
	}
	for _, p := range c.Payments {
		a.Payments = append(a.Payments, paymentAnswer{week(p.Week), Cents(p.Gross), Cents(p.Net), payMethods[p.Method]})
	}
	return a
}

// Cents writes an amount of cents as a decimal.
func Cents(n int64) string {
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	return fmt.Sprintf("%s%d.%02d", sign, n/100, n%100)
}

// ordinal is the date of a day of a year.
func ordinal(year, day int) string {
	return time.Date(year, 1, day, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
}

// week is the Sunday on which an EI week begins; week 1 holds 1 January.
func week(code int64) string {
	first := time.Date(2000+int(code/100), 1, 1, 0, 0, 0, 0, time.UTC)
	return first.AddDate(0, 0, 7*(int(code%100)-1)-int(first.Weekday())).Format(time.DateOnly)
}
