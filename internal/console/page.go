package console

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"html/template"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/portage-gateway/portage/internal/audit"
)

//go:embed templates/*.gohtml
var templateFiles embed.FS

//go:embed assets
var assetFiles embed.FS

// Overview is everything the page shows. The page's address gives it as JSON with Accept: application/json.
type Overview struct {
	Time        time.Time     `json:"time"`
	Build       Build         `json:"build"`
	Ready       bool          `json:"ready"`
	Checks      []CheckResult `json:"checks"`
	Routes      []Route       `json:"routes"`
	Bridges     []Bridge      `json:"bridges"`
	Queues      []Queue       `json:"queues"`
	DeadLetters []DeadLetter  `json:"deadLetters"`
	Audit       []audit.Entry `json:"audit"`
	// Faults names the parts that could not be read, and why.
	Faults map[string]string `json:"faults,omitempty"`
}

// How much of the newest the page shows.
const (
	pageAudit       = 20
	pageDeadLetters = 20
	pageDifferences = 10
)

func (c *Console) overview(ctx context.Context) Overview {
	o := Overview{Time: c.now().UTC(), Build: c.config.Build, Faults: map[string]string{}}
	note := func(part string, err error) {
		if err != nil {
			o.Faults[part] = err.Error()
		}
	}
	var err error
	o.Checks, o.Ready = c.readiness(ctx)
	o.Routes = c.routes()
	o.Bridges = c.bridges()
	o.Queues, err = c.queues(ctx)
	note("queues", err)
	o.DeadLetters, err = c.deadLetters(ctx, pageDeadLetters)
	note("deadLetters", err)
	o.Audit, err = c.latestAudit(ctx, pageAudit)
	note("audit", err)
	return o
}

// policy lets the page load its own style sheet and icon, and nothing else: no script, no frame, no form.
const policy = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// page answers / in HTML or JSON. It only reads.
func (c *Console) page(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Vary", "Accept, Accept-Language")
	o := c.overview(r.Context())
	if wantsJSON(r.Header.Get("Accept")) {
		if err := writeJSON(w, http.StatusOK, o); err != nil {
			c.fail(w, r, err)
		}
		return
	}
	view := pageView{Overview: o, Host: r.Host, lang: choose(r), refresh: refreshSeconds(r.URL.Query().Get("refresh"))}
	var b bytes.Buffer
	if err := c.render(&b, view); err != nil {
		c.fail(w, r, fmt.Errorf("render the page: %w", err))
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", view.Lang())
	w.Header().Set("Content-Security-Policy", policy)
	_, _ = w.Write(b.Bytes()) // the client has gone: nobody is left to tell
}

// wantsJSON reports whether JSON stands in the Accept header before HTML. Portage's readers send one or the
// other; quality values are not weighed.
func wantsJSON(accept string) bool {
	for part := range strings.SplitSeq(accept, ",") {
		switch kind, _, _ := mime.ParseMediaType(part); kind {
		case "application/json":
			return true
		case "text/html":
			return false
		}
	}
	return false
}

// refreshSeconds is how often the page asks for itself again: only when told, between 5 s and an hour.
func refreshSeconds(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 5 || n > 3600 {
		return 0
	}
	return n
}

// pageView is what the template sees.
type pageView struct {
	Overview
	// Host is the one that the page was asked for, which is one of ours.
	Host          string
	lang, refresh int
}

// Lang is the page's language code.
func (p pageView) Lang() string { return languages[p.lang].code }

// Refresh is the period of the page's own reload in seconds. 0: none.
func (p pageView) Refresh() int { return p.refresh }

// Other is the language that the switch leads to.
func (p pageView) Other() struct{ Code, Name string } {
	l := languages[(p.lang+1)%len(languages)]
	return struct{ Code, Name string }{l.code, l.name}
}

// Link is the page itself with another language or period.
func (p pageView) Link(lang string, refresh int) string {
	q := url.Values{"lang": {lang}}
	if refresh > 0 {
		q.Set("refresh", strconv.Itoa(refresh))
	}
	return "?" + q.Encode()
}

// Differing are the routes with differences to show, each with its most frequent ones.
func (p pageView) Differing() (routes []Route) {
	for _, r := range p.Routes {
		if len(r.Differences) > 0 {
			r.Differences = r.Differences[:min(len(r.Differences), pageDifferences)]
			routes = append(routes, r)
		}
	}
	return routes
}

// Troubled reports whether any check wants a person.
func (p pageView) Troubled() bool {
	for _, c := range p.Checks {
		if c.State != CheckOK {
			return true
		}
	}
	return false
}

// render writes the page in the view's language.
func (c *Console) render(b *bytes.Buffer, view pageView) error {
	v := newVoice(c.catalogue, view.lang)
	t, err := c.template.Clone()
	if err != nil {
		return err
	}
	return t.Funcs(v.funcs()).ExecuteTemplate(b, "page.gohtml", view)
}

// parseTemplates reads the embedded templates with stand-ins for the functions of a request.
func parseTemplates() (*template.Template, error) {
	return template.New("page").Funcs((*voice)(nil).funcs()).ParseFS(templateFiles, "templates/*.gohtml")
}

func (v *voice) funcs() template.FuncMap {
	return template.FuncMap{
		"T":       v.text,
		"code":    v.code,
		"count":   v.count,
		"percent": v.percent,
		"when":    v.when,
		"seconds": v.seconds,
		"iso":     func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"split":   newSplit,
		"parity":  newParityCell,
	}
}
