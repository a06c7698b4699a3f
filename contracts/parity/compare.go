package parity

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/portage-gateway/portage/contracts/mask"
)

// comparison is one comparison under way.
type comparison struct {
	config *Config
	rules  []*rule
	now    time.Time

	fields []Difference
	more   int
	hidden int
	worst  int
	// unruled is set while the inside of a rule's place is compared, to count what it hides.
	unruled bool
}

func (c *comparison) result() Result {
	return Result{Equal: c.worst == 0, Severity: c.worst, Fields: c.fields, More: c.more, Hidden: c.hidden}
}

// report adds a difference unless a rule hides its place.
func (c *comparison) report(pointer string, kind Kind, severity int, legacy, modern string) {
	if r := c.rule(pointer); r != nil {
		r.hid.Add(1)
		c.hidden++
		return
	}
	c.add(Difference{Pointer: pointer, Kind: kind, Severity: severity, Legacy: legacy, Modern: modern})
}

func (c *comparison) add(d Difference) {
	if c.worst == 0 || d.Severity < c.worst {
		c.worst = d.Severity
	}
	if len(c.fields) == MaxFields {
		c.more++
		return
	}
	c.fields = append(c.fields, d)
}

// rule returns the rule that holds at pointer.
func (c *comparison) rule(pointer string) *rule {
	if c.unruled {
		return nil
	}
	for _, r := range c.rules {
		if c.now.Before(r.end) && mask.Match(r.Pointer, pointer) {
			return r
		}
	}
	return nil
}

// value compares two values at one place.
func (c *comparison) value(pointer string, legacy, modern any) {
	if r := c.rule(pointer); r != nil {
		inside := comparison{config: c.config, now: c.now, unruled: true}
		inside.value(pointer, legacy, modern)
		n := len(inside.fields) + inside.more
		r.hid.Add(uint64(n))
		c.hidden += n
		return
	}
	switch a := legacy.(type) {
	case map[string]any:
		if b, ok := modern.(map[string]any); ok {
			c.objects(pointer, a, b)
			return
		}
	case []any:
		if b, ok := modern.([]any); ok {
			c.arrays(pointer, a, b)
			return
		}
	case string:
		if b, ok := modern.(string); ok {
			c.texts(pointer, a, b)
			return
		}
	case json.Number:
		if b, ok := modern.(json.Number); ok {
			c.numbers(pointer, a.String(), b.String())
			return
		}
	default: // null and booleans
		if legacy == modern {
			return
		}
		_, aBool := legacy.(bool)
		_, bBool := modern.(bool)
		if aBool && bBool {
			c.differ(pointer, Value, legacy, modern, "")
			return
		}
	}
	c.differ(pointer, Type, legacy, modern, "")
}

// differ adds a difference between two values that are both there.
func (c *comparison) differ(pointer string, kind Kind, legacy, modern any, delta string) {
	severity := min(c.severity(pointer, legacy), c.severity(pointer, modern))
	c.add(Difference{
		Pointer: pointer, Kind: kind, Severity: severity,
		Legacy: c.config.Mask.Value(pointer, legacy), Modern: c.config.Mask.Value(pointer, modern), Delta: delta,
	})
}

// oneSided reports a value that only one side has.
func (c *comparison) oneSided(pointer string, kind Kind, value any) {
	shown, none := c.config.Mask.Value(pointer, value), absent
	if kind == Missing {
		c.report(pointer, kind, c.severity(pointer, value), shown, none)
	} else {
		c.report(pointer, kind, c.severity(pointer, value), none, shown)
	}
}

// severity is SeverityMoney for a place that is declared as money, and for what looks like money where
// nothing is declared, also inside an object or array.
func (c *comparison) severity(pointer string, value any) int {
	if d, ok := c.declared(pointer); ok {
		if d.Money {
			return SeverityMoney
		}
		return SeverityField
	}
	switch v := value.(type) {
	case string:
		if d, ok := parseDecimal(v); ok && d.point && d.scale == 2 {
			return SeverityMoney
		}
	case map[string]any:
		for name, member := range v {
			if c.severity(mask.Member(pointer, name), member) == SeverityMoney {
				return SeverityMoney
			}
		}
	case []any:
		for i, item := range v {
			if c.severity(mask.Index(pointer, i), item) == SeverityMoney {
				return SeverityMoney
			}
		}
	}
	return SeverityField
}

func (c *comparison) declared(pointer string) (Decimal, bool) {
	for _, d := range c.config.Decimals {
		if mask.Match(d.Pointer, pointer) {
			return d, true
		}
	}
	return Decimal{}, false
}

func (c *comparison) objects(pointer string, legacy, modern map[string]any) {
	names := make([]string, 0, len(legacy))
	for name := range legacy {
		names = append(names, name)
	}
	for name := range modern {
		if _, both := legacy[name]; !both {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		a, inLegacy := legacy[name]
		b, inModern := modern[name]
		if inLegacy && inModern && same(a, b) {
			continue
		}
		place := mask.Member(pointer, name)
		switch {
		case !inModern:
			c.oneSided(place, Missing, a)
		case !inLegacy:
			c.oneSided(place, Extra, b)
		default:
			c.value(place, a, b)
		}
	}
}

// texts compares by characters. A difference between two decimals is told apart further.
func (c *comparison) texts(pointer, legacy, modern string) {
	if legacy == modern {
		return
	}
	a, okA := parseDecimal(legacy)
	b, okB := parseDecimal(modern)
	_, declared := c.declared(pointer)
	if !okA || !okB || !declared && (!a.point || !b.point) {
		c.differ(pointer, Value, legacy, modern, "")
		return
	}
	c.decimals(pointer, a, b, legacy, modern)
}

// numbers compares by value; where a scale is declared, by form too.
func (c *comparison) numbers(pointer, legacy, modern string) {
	a, okA := parseDecimal(legacy)
	b, okB := parseDecimal(modern)
	if !okA || !okB {
		if legacy != modern {
			c.differ(pointer, Value, json.Number(legacy), json.Number(modern), "")
		}
		return
	}
	if _, declared := c.declared(pointer); a.number() == b.number() && (!declared || a.scale == b.scale) {
		return
	}
	c.decimals(pointer, a, b, json.Number(legacy), json.Number(modern))
}

// decimals reports two decimals that differ in value or form.
func (c *comparison) decimals(pointer string, a, b decimal, legacy, modern any) {
	if a.number() == b.number() {
		c.differ(pointer, Type, legacy, modern, "")
		return
	}
	scale := max(a.scale, b.scale)
	if d, ok := c.declared(pointer); ok {
		scale = max(scale, d.Scale)
	}
	kind, text := Value, ""
	if scale <= maxScale {
		var oneUnit bool
		if text, oneUnit = delta(a, b, scale); oneUnit && scale > 0 {
			kind = Rounding
		}
	}
	c.differ(pointer, kind, legacy, modern, c.shownDelta(pointer, text, scale))
}

// shownDelta returns what may be shown of a delta. One side may be zero, so that a large delta would tell the
// other: from 10 on only its order is shown, such as ">+100". Whole numbers may be identifiers, and a SIN is
// nobody's business: they show none.
func (c *comparison) shownDelta(pointer, text string, scale int) string {
	sensitivity := ""
	if c.config.Mask.Sensitivity != nil {
		sensitivity = c.config.Mask.Sensitivity(pointer)
	}
	if sensitivity == mask.Public || text == "" {
		return text
	}
	if scale == 0 || sensitivity == mask.SIN {
		return ""
	}
	if whole, _, _ := strings.Cut(text[1:], "."); len(whole) > 1 {
		return ">" + text[:1] + "1" + strings.Repeat("0", len(whole)-1)
	}
	return text
}

// same reports whether two values are equal to the last digit: then no rule and no declaration matters.
func same(a, b any) bool {
	switch x := a.(type) {
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for name, member := range x {
			if other, ok := y[name]; !ok || !same(member, other) {
				return false
			}
		}
		return true
	case []any:
		y, ok := b.([]any)
		return ok && slices.EqualFunc(x, y, same)
	}
	return a == b
}
