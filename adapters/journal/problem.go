package journal

import (
	"encoding/json"
	"net/http"
	"strings"
)

// problem is a closed set of answers to a reader (RFC 9457), with its titles in both languages.
type problem struct {
	kind   string // the last part of the type URI
	status int
	en, fr string
}

var (
	badCursor        = problem{"bad-cursor", http.StatusBadRequest, "The cursor cannot be used", "Le curseur est inutilisable"}
	badQuery         = problem{"bad-query", http.StatusBadRequest, "The query cannot be used", "La requête est inutilisable"}
	methodNotAllowed = problem{"method-not-allowed", http.StatusMethodNotAllowed, "The method is not allowed", "La méthode n'est pas permise"}
	unavailable      = problem{"unavailable", http.StatusServiceUnavailable, "The event log is not available", "Le journal d'événements n'est pas disponible"}
)

// write answers with the problem. The title is French when Accept-Language names French before English.
func (p problem) write(w http.ResponseWriter, r *http.Request, detail string) {
	title := p.en
	if french(r.Header.Get("Accept-Language")) {
		title = p.fr
	}
	body, err := json.Marshal(map[string]any{
		"type": "urn:portage:problem:" + p.kind, "title": title, "status": p.status, "detail": detail,
		"titles": map[string]string{"en": p.en, "fr": p.fr},
	})
	if err != nil { // strings and a number: cannot happen
		http.Error(w, title, p.status)
		return
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(p.status)
	w.Write(append(body, '\n'))
}

// french reports whether the first of the two languages that the header names is French.
func french(accept string) bool {
	for _, part := range strings.Split(accept, ",") {
		tag, _, _ := strings.Cut(part, ";")
		switch primary, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-"); primary {
		case "fr":
			return true
		case "en":
			return false
		}
	}
	return false
}
