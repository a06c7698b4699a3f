package parity

import (
	"bytes"
	"context"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/portage-gateway/portage/contracts/mask"
)

// Answer is what one side answered. The caller must not change it while it is compared.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	// Err says that there is no answer; the other fields mean nothing then.
	Err error
	// Took is how long the side needed; it is not compared.
	Took time.Duration
}

// Kind says in what way a field differs; see the package comment.
type Kind string

// The kinds.
const (
	Value    Kind = "value"
	Type     Kind = "type"
	Missing  Kind = "missing"
	Extra    Kind = "extra"
	Order    Kind = "order"
	Rounding Kind = "rounding"
	Status   Kind = "status"
)

// The severities, the gravest first. 0 stands for equal answers.
const (
	SeverityMoney = 1
	SeverityField = 2
	SeverityOrder = 3
)

// Difference is one field in which the sides differ. It shows no content.
type Difference struct {
	// Pointer is the field's JSON Pointer in the body; "status" and "header/NAME" for what stands outside it.
	// Member names that could be personal information stand as *.
	Pointer string `json:"pointer"`
	Kind    Kind   `json:"kind"`
	// Severity is 1 to 3.
	Severity int `json:"severity"`
	// Legacy and Modern are the masked values; "absent" if there is none.
	Legacy string `json:"legacy"`
	Modern string `json:"modern"`
	// Delta is Modern minus Legacy for decimals with digits after the point, with its sign: exact below 10, such
	// as "+0.01", else its order, such as ">+100" (a hundred or more). "" for all else, and for a SIN.
	// Public values show it exactly.
	Delta string `json:"delta,omitempty"`
}

// Result is what a comparison found.
type Result struct {
	// Equal says that no difference is left after the rules. It is false if Skipped is not empty.
	Equal bool `json:"equal"`
	// Severity is the gravest difference's; 0 if there is none.
	Severity int `json:"severity"`
	// Fields holds at most MaxFields differences, More counts those beyond.
	Fields []Difference `json:"fields,omitempty"`
	More   int          `json:"more,omitempty"`
	// Hidden counts differences that rules have hidden.
	Hidden int `json:"hidden,omitempty"`
	// Skipped says why nothing was compared: "legacy_error", "modern_error", "both_error" or "too_large".
	Skipped string `json:"skipped,omitempty"`
}

// MaxFields is how many differences a Result lists.
const MaxFields = 50

// absent stands for a value that is not there.
const absent = "absent"

// HTTP compares answers. Safe for use by several goroutines.
type HTTP struct {
	config Config
	rules  []*rule
}

// NewHTTP checks the configuration; an error says which entry is wrong, and how.
func NewHTTP(c Config) (*HTTP, error) {
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("parity: %w", err)
	}
	rules, err := compileRules(c.Ignore)
	if err != nil {
		return nil, fmt.Errorf("parity: %w", err)
	}
	if len(c.Headers) == 0 {
		c.Headers = []string{"Content-Type"}
	}
	if c.MaxBody <= 0 {
		c.MaxBody = defaultMaxBody
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &HTTP{config: c, rules: rules}, nil
}

// Rules says what each rule has hidden so far, in the configuration's order.
func (h *HTTP) Rules() []RuleStatus {
	now := h.config.Now()
	list := make([]RuleStatus, len(h.rules))
	for i, r := range h.rules {
		list[i] = RuleStatus{Rule: r.Rule, Hid: r.hid.Load(), Expired: !now.Before(r.end)}
	}
	return list
}

// Compare compares two answers to one request. ctx is not used yet: a comparison takes no longer than
// reading both bodies.
func (h *HTTP) Compare(_ context.Context, legacy, modern Answer) Result {
	switch {
	case legacy.Err != nil && modern.Err != nil:
		return Result{Skipped: "both_error"}
	case legacy.Err != nil:
		return Result{Skipped: "legacy_error"}
	case modern.Err != nil:
		return Result{Skipped: "modern_error"}
	case max(len(legacy.Body), len(modern.Body)) > h.config.MaxBody:
		return Result{Skipped: "too_large"}
	}
	c := h.comparison()
	if legacy.Status != modern.Status {
		c.add(Difference{Pointer: "status", Kind: Status, Severity: SeverityField, Legacy: strconv.Itoa(legacy.Status), Modern: strconv.Itoa(modern.Status)})
		return c.result()
	}
	for _, name := range h.config.Headers {
		c.header(name, legacy.Header, modern.Header)
	}
	if isProblem(legacy) && isProblem(modern) {
		c.problems(legacy.Body, modern.Body)
	} else {
		c.bodies(legacy.Body, modern.Body)
	}
	return c.result()
}

// Bodies compares two bodies alone.
func (h *HTTP) Bodies(legacy, modern []byte) Result {
	if max(len(legacy), len(modern)) > h.config.MaxBody {
		return Result{Skipped: "too_large"}
	}
	c := h.comparison()
	c.bodies(legacy, modern)
	return c.result()
}

func (h *HTTP) comparison() *comparison {
	return &comparison{config: &h.config, rules: h.rules, now: h.config.Now()}
}

// header compares one header field.
func (c *comparison) header(name string, legacy, modern http.Header) {
	name = http.CanonicalHeaderKey(name)
	pointer := "header/" + name
	a, b := legacy.Values(name), modern.Values(name)
	if name == "Content-Type" {
		x, y := mediaType(legacy.Get(name)), mediaType(modern.Get(name))
		if x != y {
			c.report(pointer, Value, SeverityField, x, y)
		}
		return
	}
	x, y := strings.Join(a, ", "), strings.Join(b, ", ")
	switch {
	case len(a) == 0 && len(b) > 0:
		c.report(pointer, Extra, SeverityField, absent, c.config.Mask.Value(pointer, y))
	case len(a) > 0 && len(b) == 0:
		c.report(pointer, Missing, SeverityField, c.config.Mask.Value(pointer, x), absent)
	case x != y:
		c.report(pointer, Value, SeverityField, c.config.Mask.Value(pointer, x), c.config.Mask.Value(pointer, y))
	}
}

// mediaType returns type, subtype and charset. UTF-8 is what JSON has anyway (RFC 8259 §8.1), and left out.
func mediaType(value string) string {
	if value == "" {
		return absent
	}
	media, params, err := mime.ParseMediaType(value)
	if err != nil {
		return "malformed"
	}
	if charset := strings.ToLower(params["charset"]); charset != "" && charset != "utf-8" {
		media += "; charset=" + charset
	}
	return media
}

func isProblem(a Answer) bool {
	return a.Status >= 400 && mediaType(a.Header.Get("Content-Type")) == "application/problem+json"
}

// problems compares problem documents by type, whose default is about:blank (RFC 9457 §3.1.1), and status.
func (c *comparison) problems(legacy, modern []byte) {
	a, errA := mask.Parse(legacy)
	b, errB := mask.Parse(modern)
	x, okA := a.(map[string]any)
	y, okB := b.(map[string]any)
	if errA != nil || errB != nil || !okA || !okB {
		c.bodies(legacy, modern)
		return
	}
	reduce := func(problem map[string]any) map[string]any {
		kept := map[string]any{"type": "about:blank"}
		for _, name := range [...]string{"type", "status"} {
			if v, ok := problem[name]; ok {
				kept[name] = v
			}
		}
		return kept
	}
	c.value("", reduce(x), reduce(y))
}

// bodies compares two bodies by structure if both are JSON, else byte by byte.
func (c *comparison) bodies(legacy, modern []byte) {
	if bytes.Equal(legacy, modern) {
		return
	}
	a, errA := mask.Parse(legacy)
	b, errB := mask.Parse(modern)
	shape := func(body []byte, err error) string {
		if err != nil {
			return fmt.Sprintf("bytes(%d)", len(body))
		}
		return "json"
	}
	switch {
	case errA == nil && errB == nil:
		c.value("", a, b)
	case errA != nil && errB != nil:
		c.report("", Value, SeverityField, shape(legacy, errA), shape(modern, errB))
	default:
		c.report("", Type, SeverityField, shape(legacy, errA), shape(modern, errB))
	}
}
