package console

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"
)

var (
	property = regexp.MustCompile(`--([a-z-]+):\s*#([0-9a-f]{6});`)
	literal  = regexp.MustCompile(`#[0-9a-fA-F]{3,8}\b|\brgba?\(|\bhsl\(`)
)

// schemes reads the custom properties of the style sheet: light, and dark over light.
func schemes(t *testing.T) map[string]map[string]string {
	t.Helper()
	b, err := assetFiles.ReadFile("assets/page.css")
	if err != nil {
		t.Fatal(err)
	}
	light, rest, ok := strings.Cut(string(b), "@media (prefers-color-scheme: dark)")
	if !ok {
		t.Fatal("the style sheet has no dark scheme")
	}
	dark, rules, _ := strings.Cut(rest, "\n}\n")
	read := func(text string) map[string]string {
		m := map[string]string{}
		for _, p := range property.FindAllStringSubmatch(text, -1) {
			m[p[1]] = p[2]
		}
		return m
	}
	out := map[string]map[string]string{"light": read(light), "dark": read(dark)}
	if len(out["light"]) != 15 || len(out["dark"]) != 15 {
		t.Fatalf("%d colours in light, %d in dark", len(out["light"]), len(out["dark"]))
	}
	if c := literal.FindString(rules); c != "" {
		t.Errorf("a rule names the colour %s itself: its contrast is not computed", c)
	}
	return out
}

// luminance is WCAG 2.2's relative luminance of an sRGB colour.
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	var rgb [3]int
	if _, err := fmt.Sscanf(hex, "%02x%02x%02x", &rgb[0], &rgb[1], &rgb[2]); err != nil {
		t.Fatal(err)
	}
	linear := func(c int) float64 {
		v := float64(c) / 255
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(rgb[0]) + 0.7152*linear(rgb[1]) + 0.0722*linear(rgb[2])
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// Text needs 4.5 to 1 (WCAG 1.4.3), parts of pictures and edges of controls 3 to 1 (WCAG 1.4.11).
func TestColoursCanBeRead(t *testing.T) {
	for scheme, colours := range schemes(t) {
		for _, pair := range []struct {
			ink, paper string
			least      float64
		}{
			{"ink", "paper", 7}, {"ink", "band", 7}, {"quiet", "paper", 4.5}, {"quiet", "band", 4.5}, {"link", "paper", 4.5}, {"link", "band", 4.5},
			{"ok-ink", "ok-paper", 4.5}, {"warning-ink", "warning-paper", 4.5}, {"failing-ink", "failing-paper", 4.5},
			{"warning-ink", "paper", 4.5}, {"failing-ink", "paper", 4.5},
			{"modern", "paper", 3}, {"modern", "band", 3}, {"seen", "paper", 3}, {"seen", "band", 3}, {"edge", "paper", 3}, {"edge", "band", 3},
		} {
			a, b := colours[pair.ink], colours[pair.paper]
			if a == "" || b == "" {
				t.Fatalf("%s: no colour is called %s or %s", scheme, pair.ink, pair.paper)
			}
			if got := contrast(t, a, b); got < pair.least {
				t.Errorf("%s: %s on %s is %.2f to 1, at least %.1f is needed", scheme, pair.ink, pair.paper, got, pair.least)
			}
		}
	}
	if got := contrast(t, "000000", "ffffff"); math.Abs(got-21) > 0.001 {
		t.Errorf("black on white is %.3f to 1, must be 21: the formula is wrong", got)
	}
}
