package console

import (
	"embed"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/number"
)

//go:embed catalogue/*.json
var catalogueFiles embed.FS

// languages are those of the page, the default first. Numbers are written as in Canada.
var languages = []struct {
	code, name string
	tag        language.Tag
}{
	{"en", "English", language.MustParse("en-CA")},
	{"fr", "Français", language.MustParse("fr-CA")},
}

// loadCatalogue reads the embedded texts.
func loadCatalogue() (*i18n.Bundle, error) {
	bundle := i18n.NewBundle(language.English)
	for _, l := range languages {
		if _, err := bundle.LoadMessageFileFS(catalogueFiles, "catalogue/page."+l.code+".json"); err != nil {
			return nil, fmt.Errorf("catalogue %s: %w", l.code, err)
		}
	}
	return bundle, nil
}

// choose picks the page's language: ?lang= first, then Accept-Language, then English.
func choose(r *http.Request) int {
	tags := make([]language.Tag, len(languages))
	for i, l := range languages {
		tags[i] = l.tag
	}
	_, i := language.MatchStrings(language.NewMatcher(tags), r.URL.Query().Get("lang"), r.Header.Get("Accept-Language"))
	return i
}

// voice writes texts, numbers and times in one language. One request uses it.
type voice struct {
	lang      int
	localizer *i18n.Localizer
	printer   *message.Printer
}

func newVoice(bundle *i18n.Bundle, lang int) *voice {
	return &voice{lang, i18n.NewLocalizer(bundle, languages[lang].code), message.NewPrinter(languages[lang].tag)}
}

// text looks up a message; args are pairs of name and value for its template. A value called Count also
// picks the plural. An unknown id is an error: the page fails in a test, not before a person.
func (v *voice) text(id string, args ...any) (string, error) {
	lc := &i18n.LocalizeConfig{MessageID: id}
	if len(args) > 0 {
		data := map[string]any{}
		for i := 0; i+1 < len(args); i += 2 {
			name := args[i].(string)
			data[name] = v.written(args[i+1])
			if name == "Count" {
				lc.PluralCount = fmt.Sprint(args[i+1])
			}
		}
		lc.TemplateData = data
	}
	return v.localizer.Localize(lc)
}

// written puts a number into the language's form and leaves the rest.
func (v *voice) written(x any) any {
	switch n := x.(type) {
	case int, uint64, int64:
		return v.printer.Sprint(number.Decimal(n))
	}
	return x
}

// code is the text of a code under a prefix, or the code itself where the catalogue has none: codes come
// from other rooms, and a new one must not break the page.
func (v *voice) code(prefix, code string) string {
	if s, err := v.text(prefix + "." + code); err == nil {
		return s
	}
	return code
}

// count writes a whole number: 12,345 or 12 345.
func (v *voice) count(n any) string { return v.printer.Sprint(number.Decimal(n)) }

// percent writes ten-thousandths as a percentage with at most two decimals: 30%, 0.05%, 12,5 %.
func (v *voice) percent(tenThousandths int) string {
	return v.printer.Sprint(number.Percent(float64(tenThousandths)/10_000, number.MaxFractionDigits(2)))
}

// when writes a time in UTC to the second, as ISO 8601 and both languages do.
func (v *voice) when(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") }

// seconds writes an age with its two largest units: "3 min 20 s", "2 h 5 min", "4 d 1 h".
func (v *voice) seconds(s float64) (string, error) {
	rest := int64(s)
	var parts []string
	for _, u := range []struct {
		id   string
		size int64
	}{{"unit.day", 86_400}, {"unit.hour", 3_600}, {"unit.minute", 60}, {"unit.second", 1}} {
		n := rest / u.size
		if n == 0 && !(u.size == 1 && len(parts) == 0) {
			if len(parts) > 0 {
				break
			}
			continue
		}
		rest -= n * u.size
		word, err := v.text(u.id)
		if err != nil {
			return "", err
		}
		parts = append(parts, v.printer.Sprint(number.Decimal(n))+"\u00a0"+word)
		if len(parts) == 2 {
			break
		}
	}
	return strings.Join(parts, " "), nil
}
