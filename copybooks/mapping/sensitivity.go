package mapping

import "strings"

// Sensitivity returns what the mapping says of the value at a JSON Pointer (RFC 6901): "protectedA",
// "protectedB", "sin", or "" if it says nothing. Indices of arrays may be numbers or *. A pointer to an
// object or array has the greatest sensitivity of what it holds.
func (v *View) Sensitivity(at string) string {
	var best string
	for _, rec := range v.records {
		root := rec.root
		parts := pointer("/" + strings.TrimPrefix(at, "/"))
		if at == "" || at == "/" {
			parts = nil
		}
		if v.kinds == nil && len(v.records) > 1 && len(parts) > 0 {
			if parts[0] != rec.member {
				continue
			}
			parts = parts[1:]
		}
		best = graver(best, root.sensitive(parts))
	}
	return best
}

func (n *node) sensitive(parts []string) string {
	best := n.sensitivity
	if len(parts) == 0 || n.kind == leafNode {
		for _, m := range n.members {
			best = graver(best, m.sensitive(nil))
		}
		return best
	}
	if n.kind == arrayNode {
		return graver(best, n.members[0].sensitive(parts[1:]))
	}
	for _, m := range n.members {
		if m.key == parts[0] {
			best = graver(best, m.sensitive(parts[1:]))
		}
	}
	return best
}

// graver returns the greater of two sensitivities.
func graver(a, b string) string {
	if rank(b) > rank(a) {
		return b
	}
	return a
}

func rank(s string) int {
	switch s {
	case protectedA:
		return 1
	case protectedB:
		return 2
	case sinSensitivity:
		return 3
	}
	return 0
}
