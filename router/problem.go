package router

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"golang.org/x/text/language"
)

// problem is one of the answers that the router gives itself (RFC 9457), in English and French.
// Nothing of the request stands in it.
type problem struct {
	status int
	code   string
	en, fr string
}

// The problems. A malformed request has the code of its refusal instead of "refused".
var (
	problemRefused      = problem{http.StatusBadRequest, "refused", "The request is malformed", "La requête est mal formée"}
	problemNotFound     = problem{http.StatusNotFound, "not-found", "There is nothing at this address", "Il n'y a rien à cette adresse"}
	problemMethod       = problem{http.StatusMethodNotAllowed, "method-not-allowed", "This address does not answer this method", "Cette adresse ne répond pas à cette méthode"}
	problemReference    = problem{http.StatusNotFound, "reference-unknown", "This reference is unknown", "Cette référence est inconnue"}
	problemTooLarge     = problem{http.StatusRequestEntityTooLarge, "body-too-large", "The request body is too large", "Le corps de la requête est trop volumineux"}
	problemUnavailable  = problem{http.StatusServiceUnavailable, "unavailable", "The service is not available for the moment", "Le service n'est pas disponible pour le moment"}
	problemShed         = problem{http.StatusServiceUnavailable, "shed", "The service is busy; try again", "Le service est occupé; réessayez"}
	problemBadGateway   = problem{http.StatusBadGateway, "side-failed", "The service gave no usable answer", "Le service n'a pas donné de réponse utilisable"}
	problemUncertain    = problem{http.StatusBadGateway, "outcome-unknown", "The request may have taken effect; check before you send it again", "La requête a pu prendre effet; vérifiez avant de la renvoyer"}
	problemTimeout      = problem{http.StatusGatewayTimeout, "side-timeout", "The service did not answer in time", "Le service n'a pas répondu à temps"}
	problemTimeoutWrite = problem{http.StatusGatewayTimeout, "outcome-unknown", "The request may have taken effect; check before you send it again", "La requête a pu prendre effet; vérifiez avant de la renvoyer"}
)

// frenchTitles are http.StatusText in French, for the statuses above.
var frenchTitles = map[int]string{
	http.StatusBadRequest:            "Requête incorrecte",
	http.StatusNotFound:              "Introuvable",
	http.StatusMethodNotAllowed:      "Méthode non autorisée",
	http.StatusRequestEntityTooLarge: "Contenu trop volumineux",
	http.StatusBadGateway:            "Réponse incorrecte du service",
	http.StatusServiceUnavailable:    "Service non disponible",
	http.StatusGatewayTimeout:        "Délai de réponse dépassé",
}

var languages = language.NewMatcher([]language.Tag{language.English, language.CanadianFrench})

// write answers with the problem. retry, if positive, becomes Retry-After in whole seconds.
func (p problem) write(w http.ResponseWriter, r *http.Request, retry time.Duration) {
	title, detail, lang := http.StatusText(p.status), p.en, "en"
	if accept := r.Header.Get("Accept-Language"); accept != "" && len(accept) <= 256 {
		if tags, _, err := language.ParseAcceptLanguage(accept); err == nil {
			if _, i, c := languages.Match(tags...); i == 1 && c != language.No {
				title, detail, lang = frenchTitles[p.status], p.fr, "fr"
			}
		}
	}
	body, err := json.Marshal(struct {
		Type   string `json:"type"`
		Title  string `json:"title"`
		Status int    `json:"status"`
		Detail string `json:"detail"`
		Code   string `json:"code"`
	}{"about:blank", title, p.status, detail, p.code})
	if err != nil {
		body = nil // strings and an int always marshal
	}
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Content-Language", lang)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	if retry > 0 {
		h.Set("Retry-After", strconv.Itoa(int((retry+time.Second-1)/time.Second)))
	}
	w.WriteHeader(p.status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the client is gone: nobody to tell
	}
}
