package parity

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/portage-gateway/portage/contracts/mask"
)

// Config says how answers are compared. The zero value compares everything exactly, takes decimal texts with
// two digits after the point for money, and masks all values.
//
// Pointers are JSON Pointers in which * stands for any one member or element.
type Config struct {
	// Ignore hides known differences. Default: none.
	Ignore []Rule `yaml:"ignore"`
	// Decimals declares numbers and decimal texts. Default: none is declared.
	Decimals []Decimal `yaml:"decimals"`
	// Arrays declares arrays whose order means nothing. Default: order counts everywhere.
	Arrays []Array `yaml:"arrays"`
	// Headers are the header fields to compare. Default: Content-Type. Content-Type is compared by media
	// type and charset.
	Headers []string `yaml:"headers"`
	// MaxBody is the largest body that is compared, in bytes; larger ones are skipped. Default 1 MiB.
	MaxBody int `yaml:"maxBody"`

	// Mask decides what a Difference shows of the values; its zero value shows shapes only.
	Mask mask.Masker `yaml:"-"`
	// Now is the clock by which rules expire; default time.Now.
	Now func() time.Time `yaml:"-"`
}

// Rule hides the differences at Pointer and below it. All fields are needed.
type Rule struct {
	Pointer string `yaml:"pointer"`
	// Reason says why the difference may be hidden, Owner who answers for it.
	Reason string `yaml:"reason"`
	Owner  string `yaml:"owner"`
	// Until is the last day on which the rule holds, as YYYY-MM-DD, UTC.
	Until string `yaml:"until"`
}

// Decimal declares a number, or a text that is a decimal.
type Decimal struct {
	Pointer string `yaml:"pointer"`
	// Scale is how many digits stand after the point on both sides.
	Scale int `yaml:"scale"`
	// Money makes every difference in it one of severity 1.
	Money bool `yaml:"money"`
}

// Array declares an array whose elements are paired by a member, not by their order.
type Array struct {
	Pointer string `yaml:"pointer"`
	// Key is the pointer, within an element, of what pairs it, such as "/weekStart". Elements with equal
	// keys are paired in their order.
	Key string `yaml:"key"`
}

// defaultMaxBody in bytes.
const defaultMaxBody = 1 << 20

// rule is a Rule at work.
type rule struct {
	Rule
	end time.Time // the first moment after Until
	hid atomic.Uint64
}

// RuleStatus says what a Rule has done so far.
type RuleStatus struct {
	Rule
	// Hid counts differences that the rule has hidden since the process began.
	Hid uint64
	// Expired rules hide nothing any more.
	Expired bool
}

func compileRules(rules []Rule) ([]*rule, error) {
	list := make([]*rule, 0, len(rules))
	for i, r := range rules {
		if err := checkPointer(r.Pointer); err != nil {
			return nil, fmt.Errorf("ignore rule %d: %w", i+1, err)
		}
		if r.Reason == "" || r.Owner == "" || r.Until == "" {
			return nil, fmt.Errorf("ignore rule %d (%s): it needs a reason, an owner and an until date: a rule that nobody answers for hides what nobody sees", i+1, r.Pointer)
		}
		day, err := time.Parse(time.DateOnly, r.Until)
		if err != nil {
			return nil, fmt.Errorf("ignore rule %d (%s): until is %q, and should be a date such as 2026-12-31", i+1, r.Pointer, r.Until)
		}
		list = append(list, &rule{Rule: r, end: day.AddDate(0, 0, 1)})
	}
	return list, nil
}

func checkPointer(p string) error {
	if !strings.HasPrefix(p, "/") {
		return fmt.Errorf("the pointer %q does not begin with a slash", p)
	}
	return nil
}

func (c Config) check() error {
	for i, d := range c.Decimals {
		if err := checkPointer(d.Pointer); err != nil {
			return fmt.Errorf("decimal %d: %w", i+1, err)
		}
		if d.Scale < 0 || d.Scale > maxScale {
			return fmt.Errorf("decimal %d (%s): the scale is %d, and should be 0 to %d", i+1, d.Pointer, d.Scale, maxScale)
		}
	}
	for i, a := range c.Arrays {
		if err := checkPointer(a.Pointer); err != nil {
			return fmt.Errorf("array %d: %w", i+1, err)
		}
		if err := checkPointer(a.Key); err != nil {
			return fmt.Errorf("array %d (%s): key: %w", i+1, a.Pointer, err)
		}
	}
	return nil
}
