package parity

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"

	"github.com/portage-gateway/portage/contracts/mask"
)

func (c *comparison) arrays(pointer string, legacy, modern []any) {
	for _, a := range c.config.Arrays {
		if mask.Match(a.Pointer, pointer) {
			c.keyed(pointer, a.Key, legacy, modern)
			return
		}
	}
	if len(legacy) == len(modern) && !same(legacy, modern) && c.reordered(pointer, legacy, modern) {
		c.report(pointer, Order, SeverityOrder, c.config.Mask.Value(pointer, legacy), c.config.Mask.Value(pointer, modern))
		return
	}
	for i := range max(len(legacy), len(modern)) {
		if i < min(len(legacy), len(modern)) && same(legacy[i], modern[i]) {
			continue
		}
		place := mask.Index(pointer, i)
		switch {
		case i >= len(modern):
			c.oneSided(place, Missing, legacy[i])
		case i >= len(legacy):
			c.oneSided(place, Extra, modern[i])
		default:
			c.value(place, legacy[i], modern[i])
		}
	}
}

// keyed pairs elements by their key; the pointers of pairs and of what Legacy alone has are Legacy's.
func (c *comparison) keyed(pointer, key string, legacy, modern []any) {
	waiting := map[string][]int{}
	for i, item := range modern {
		k := string(canonical(nil, at(item, key)))
		waiting[k] = append(waiting[k], i)
	}
	for i, item := range legacy {
		k := string(canonical(nil, at(item, key)))
		if len(waiting[k]) == 0 {
			c.oneSided(mask.Index(pointer, i), Missing, item)
			continue
		}
		partner := waiting[k][0]
		waiting[k] = waiting[k][1:]
		c.value(mask.Index(pointer, i), item, modern[partner])
	}
	var left []int
	for _, indexes := range waiting {
		left = append(left, indexes...)
	}
	slices.Sort(left)
	for _, i := range left {
		c.oneSided(mask.Index(pointer, i), Extra, modern[i])
	}
}

// at returns what stands at a pointer inside value; nil if nothing does.
func at(value any, pointer string) any {
	for _, token := range mask.Tokens(pointer) {
		switch v := value.(type) {
		case map[string]any:
			value = v[token]
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil || i < 0 || i >= len(v) {
				return nil
			}
			value = v[i]
		default:
			return nil
		}
	}
	return value
}

// reordered reports whether both arrays hold the same elements, apart from what rules hide, in another order.
func (c *comparison) reordered(pointer string, legacy, modern []any) bool {
	a, b := make([][]byte, len(legacy)), make([][]byte, len(modern))
	same := true
	for i := range legacy {
		a[i] = canonical(nil, c.ruled(mask.Index(pointer, i), legacy[i]))
		b[i] = canonical(nil, c.ruled(mask.Index(pointer, i), modern[i]))
		same = same && bytes.Equal(a[i], b[i])
	}
	if same {
		return false
	}
	slices.SortFunc(a, bytes.Compare)
	slices.SortFunc(b, bytes.Compare)
	return slices.EqualFunc(a, b, bytes.Equal)
}

// ruled returns value without what rules hide.
func (c *comparison) ruled(pointer string, value any) any {
	if len(c.rules) == 0 || c.unruled {
		return value
	}
	if c.rule(pointer) != nil {
		return nil
	}
	switch v := value.(type) {
	case map[string]any:
		kept := map[string]any{}
		for name, member := range v {
			if place := mask.Member(pointer, name); c.rule(place) == nil {
				kept[name] = c.ruled(place, member)
			}
		}
		return kept
	case []any:
		kept := make([]any, len(v))
		for i, item := range v {
			kept[i] = c.ruled(mask.Index(pointer, i), item)
		}
		return kept
	}
	return value
}

// canonical appends a form in which equal values have equal bytes.
func canonical(dst []byte, value any) []byte {
	switch v := value.(type) {
	case map[string]any:
		dst = append(dst, '{')
		for _, name := range mask.Names(v) {
			dst = append(strconv.AppendQuote(dst, name), ':')
			dst = append(canonical(dst, v[name]), ',')
		}
		return append(dst, '}')
	case []any:
		dst = append(dst, '[')
		for _, item := range v {
			dst = append(canonical(dst, item), ',')
		}
		return append(dst, ']')
	case string:
		return strconv.AppendQuote(dst, v)
	case json.Number:
		d, ok := parseDecimal(v.String())
		if !ok {
			return append(append(dst, 'n'), v.String()...)
		}
		if d.negative {
			dst = append(dst, '-')
		}
		return strconv.AppendInt(append(append(append(dst, "0."...), d.digits...), 'e'), d.exponent, 10)
	case bool:
		return strconv.AppendBool(dst, v)
	}
	return append(dst, "null"...)
}
