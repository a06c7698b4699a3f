package console

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/portage-gateway/portage/internal/audit"
	"github.com/portage-gateway/portage/router"
)

func accepting(lang string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Accept-Language", lang) }
}

// The whole page in both languages stands in testdata, so that every change of it is seen.
func TestPageInBothLanguages(t *testing.T) {
	h := newSample().console(t).HTTP()
	for _, lang := range []string{"en", "fr"} {
		w := call(t, h, "GET", "/?lang="+lang, "")
		if w.Code != 200 || w.Header().Get("Content-Language") != lang {
			t.Fatalf("%s: status %d, Content-Language %q\n%s", lang, w.Code, w.Header().Get("Content-Language"), w.Body)
		}
		golden(t, "page."+lang+".html", w.Body.Bytes())
	}
}

func TestPageOfAnInstanceWithNothing(t *testing.T) {
	s := newSample()
	s.config = Config{Routes: func() []router.Status { return nil }, Change: s.change, Rollback: s.rollback, Plan: s.config.Plan, Now: s.config.Now}
	w := call(t, s.console(t).HTTP(), "GET", "/?lang=fr", "")
	for _, text := range []string{"Aucune route n’est configurée", "Aucun pont", "Aucune file", "Rien n’a encore été changé", "cette instance peut recevoir du trafic"} {
		if !strings.Contains(w.Body.String(), text) {
			t.Errorf("the page does not say %q", text)
		}
	}
}

// What a person reads first, as fragments: a wrong number here misleads somebody on duty.
func TestPageSaysWhatIs(t *testing.T) {
	h := newSample().console(t).HTTP()
	for lang, fragments := range map[string][]string{
		"en": {
			"99.99%", // 99,998 of 100,000 is not 100%
			"100,000 compared", "2 different", "31 more failed", "2,887 of 10,000", "0 of at least 250,000", "in force: 0%", "Held on Legacy", "Not stored yet",
			"Wanted: 30% of clients on Modern. Seen: 28.87%.", "Wanted: 0% of clients on Modern. None seen yet.",
			"Modern is not called", "Half open", "1 h 2 min", "1 d 1 h", "parity held for two weeks, first cohort &lt;30 %&gt;", "2 entries wait in the spill",
			"packed-nibble", "CPP-PAY-AMT", "whole message", "/weeks/*/amount",
		},
		"fr": {
			"99,99 %", "100 000 comparées", "2 différentes", "2 887 sur 10 000", "0 sur au moins 250 000", "en vigueur : 0 %", "Retenue sur l’existant",
			"Voulu : 30 % des clients sur le moderne. Observé : 28,87 %.", "Mi-ouvert", "1 h 2 min", "1 j 1 h", "message entier",
		},
	} {
		body := strings.NewReplacer("\u00a0", " ", "\u202f", " ").Replace(call(t, h, "GET", "/?lang="+lang, "").Body.String())
		for _, f := range fragments {
			if !strings.Contains(body, f) {
				t.Errorf("%s: the page does not say %q", lang, f)
			}
		}
	}
}

func TestLanguageIsChosen(t *testing.T) {
	h := newSample().console(t).HTTP()
	for _, c := range []struct{ query, accept, want string }{
		{"", "", "en"}, {"", "fr-CA,fr;q=0.9,en;q=0.8", "fr"}, {"", "fr", "fr"}, {"", "en-US", "en"}, {"", "de,fr;q=0.5", "fr"}, {"", "de", "en"},
		{"?lang=fr", "en", "fr"}, {"?lang=en", "fr", "en"}, {"?lang=xx", "fr", "fr"}, {"?lang=%00", "fr", "fr"}, {"", strings.Repeat("x,", 5000), "en"},
	} {
		w := call(t, h, "GET", "/"+c.query, "", accepting(c.accept))
		if got := w.Header().Get("Content-Language"); got != c.want {
			t.Errorf("%q %.20q: %s, want %s", c.query, c.accept, got, c.want)
		}
	}
}

func TestPageAsJSONIsTheSameData(t *testing.T) {
	h := newSample().console(t).HTTP()
	w := call(t, h, "GET", "/", "", func(r *http.Request) { r.Header.Set("Accept", "application/json"); r.Header.Del("Authorization") })
	var o Overview
	if err := json.Unmarshal(w.Body.Bytes(), &o); err != nil {
		t.Fatal(err)
	}
	if len(o.Routes) != 3 || len(o.Checks) != 3 || len(o.Bridges) != 2 || len(o.Queues) != 3 || len(o.DeadLetters) != 2 || len(o.Audit) != 2 || o.Audit[0].Seq != 2 || !o.Ready {
		t.Errorf("overview %+v", o)
	}
	for accept, want := range map[string]string{
		"application/json": "application/json", "application/json;q=1, */*": "application/json", "text/html,application/json": "text/html; charset=utf-8",
		"text/html": "text/html; charset=utf-8", "*/*": "text/html; charset=utf-8", "": "text/html; charset=utf-8", ";;;": "text/html; charset=utf-8",
	} {
		w := call(t, h, "GET", "/", "", func(r *http.Request) { r.Header.Set("Accept", accept) })
		if got := w.Header().Get("Content-Type"); got != want {
			t.Errorf("Accept %q: %q, want %q", accept, got, want)
		}
	}
}

func TestRefreshOnlyWhenAsked(t *testing.T) {
	h := newSample().console(t).HTTP()
	for query, want := range map[string]bool{"": false, "?refresh=10": true, "?refresh=0": false, "?refresh=1": false, "?refresh=-5": false, "?refresh=9999": false, "?refresh=1;url=//evil.example": false} {
		body := call(t, h, "GET", "/"+query, "").Body.String()
		if got := strings.Contains(body, "http-equiv"); got != want {
			t.Errorf("%q: refreshes %v, want %v", query, got, want)
		}
	}
	if body := call(t, h, "GET", "/?lang=fr&refresh=30", "").Body.String(); !strings.Contains(body, `content="30"`) || !strings.Contains(body, `href="?lang=en&amp;refresh=30"`) {
		t.Error("the switch of language forgets the period")
	}
}

// Reasons, names and examples come from people and from other systems.
func TestPageEscapesWhatOthersWrote(t *testing.T) {
	s := newSample()
	evil := `<script>alert(1)</script>"'&`
	s.routes[0].State.Reason, s.routes[0].State.Actor = evil, evil
	s.config.Samples = func(string) ([]router.Sample, error) {
		return []router.Sample{{Verdict: router.Verdict{Fields: []router.Difference{{Pointer: evil, Kind: evil, Legacy: evil, Modern: evil}}}}}, nil
	}
	s.config.LatestAudit = func(context.Context, int) ([]audit.Entry, error) {
		return []audit.Entry{{Seq: 1, Actor: evil, Action: evil, Object: evil, Before: evil, After: evil, Reason: evil, Outcome: audit.Outcome(evil)}}, nil
	}
	s.config.Checks = []Check{{Name: evil, Probe: func(context.Context) error { return errors.New(evil) }}}
	s.config.Registerer = nil
	body := call(t, s.console(t).HTTP(), "GET", "/", "").Body.String()
	if strings.Contains(body, "<script") {
		t.Error("markup of others came through")
	}
	if n := strings.Count(body, "&lt;script&gt;"); n < 12 {
		t.Errorf("only %d of the texts are on the page", n)
	}
}

func TestPolicyForbidsAllButOwnFiles(t *testing.T) {
	w := call(t, newSample().console(t).HTTP(), "GET", "/", "")
	csp := w.Header().Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "form-action 'none'", "frame-ancestors 'none'", "base-uri 'none'"} {
		if !strings.Contains(csp, want) {
			t.Errorf("the policy lacks %s: %s", want, csp)
		}
	}
	if strings.Contains(csp, "unsafe") || strings.Contains(csp, "script-src") || strings.Contains(csp, "http") {
		t.Errorf("the policy allows too much: %s", csp)
	}
}

// elements reads the page as a tree's tags, in order.
func elements(t *testing.T, page string) (tags []xml.StartElement, text []string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(page))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	for {
		token, err := d.Token()
		if err == io.EOF {
			return tags, text
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			tags = append(tags, token.Copy())
			text = append(text, "")
		case xml.CharData:
			if len(text) > 0 {
				text[len(text)-1] += strings.TrimSpace(string(token))
			}
		}
	}
}

func attribute(e xml.StartElement, name string) (string, bool) {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value, true
		}
	}
	return "", false
}

// What WCAG 2.2 AA asks of structure, as far as it can be read from the HTML. axe-core, run by hand in a browser,
// sees the rest.
func TestPageStructure(t *testing.T) {
	h := newSample().console(t).HTTP()
	for _, lang := range []string{"en", "fr"} {
		tags, text := elements(t, call(t, h, "GET", "/?lang="+lang, "").Body.String())
		ids, level, h1, headers := map[string]bool{}, 0, 0, 0
		for i, e := range tags {
			if id, ok := attribute(e, "id"); ok {
				if ids[id] {
					t.Errorf("%s: id %s stands twice", lang, id)
				}
				ids[id] = true
			}
			switch name := e.Name.Local; name {
			case "html":
				if got, _ := attribute(e, "lang"); got != lang {
					t.Errorf("html lang is %q, want %q (WCAG 3.1.1)", got, lang)
				}
			case "h1", "h2", "h3", "h4":
				now := int(name[1] - '0')
				if now > level+1 {
					t.Errorf("%s: %s after h%d skips a level (WCAG 1.3.1)", lang, name, level)
				}
				level = now
				if name == "h1" {
					h1++
				}
			case "th":
				headers++
				if scope, _ := attribute(e, "scope"); scope != "col" && scope != "row" {
					t.Errorf("%s: a th without scope (WCAG 1.3.1)", lang)
				}
			case "svg":
				label, _ := attribute(e, "aria-label")
				if role, _ := attribute(e, "role"); role != "img" || label == "" {
					t.Errorf("%s: a picture without text (WCAG 1.1.1)", lang)
				}
			case "a":
				if text[i] == "" {
					t.Errorf("%s: a link without text (WCAG 2.4.4)", lang)
				}
			case "title":
				if text[i] == "" {
					t.Errorf("%s: no title (WCAG 2.4.2)", lang)
				}
			case "script", "style", "form", "iframe", "img", "object", "embed":
				t.Errorf("%s: the page has a %s", lang, name)
			}
			for _, a := range e.Attr {
				if strings.HasPrefix(a.Name.Local, "on") || a.Name.Local == "style" {
					t.Errorf("%s: %s has the attribute %s, which the policy forbids", lang, e.Name.Local, a.Name.Local)
				}
				if (a.Name.Local == "href" || a.Name.Local == "src") && strings.Contains(a.Value, "//") {
					t.Errorf("%s: the page leads outside, to %s", lang, a.Value)
				}
			}
		}
		if h1 != 1 || headers < 40 {
			t.Errorf("%s: %d h1, %d th", lang, h1, headers)
		}
		checkReferences(t, lang, tags, ids)
	}
}

// checkReferences looks at what points to an id, and at regions that scroll.
func checkReferences(t *testing.T, lang string, tags []xml.StartElement, ids map[string]bool) {
	t.Helper()
	names := map[string]bool{}
	for _, e := range tags {
		by, ok := attribute(e, "aria-labelledby")
		if ok && !ids[by] {
			t.Errorf("%s: aria-labelledby points to %q, which is not there", lang, by)
		}
		if href, _ := attribute(e, "href"); strings.HasPrefix(href, "#") && !ids[href[1:]] {
			t.Errorf("%s: a link leads to %s, which is not there", lang, href)
		}
		if class, _ := attribute(e, "class"); class == "wide" {
			role, _ := attribute(e, "role")
			if stop, _ := attribute(e, "tabindex"); role != "region" || by == "" || stop != "0" || names[by] {
				t.Errorf("%s: the region %q cannot be scrolled by keyboard, or has no name of its own (WCAG 2.1.1, 4.1.2)", lang, by)
			}
			names[by] = true
		}
	}
	if len(names) != 6 {
		t.Errorf("%s: %d tables, want 6", lang, len(names))
	}
}
