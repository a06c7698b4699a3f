package console

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
)

// Problem is a refusal as the control API writes it: application/problem+json (RFC 9457). It is also an
// error, so that handlers return it.
type Problem struct {
	// Title is the status in words; Detail says what was wrong and what to do.
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	// Missing lists the members of the request body that are not there. Only with status 422.
	Missing []string `json:"missing,omitempty"`
	// Nearest is the name that the caller may have meant. Only with status 404.
	Nearest string `json:"nearest,omitempty"`

	header http.Header
	cause  error
}

// Error implements error.
func (p *Problem) Error() string { return cmp.Or(p.Detail, p.Title) }

// Unwrap returns what was refused by another room, if anything.
func (p *Problem) Unwrap() error { return p.cause }

func refuse(status int, detail string) *Problem {
	return &Problem{Title: http.StatusText(status), Status: status, Detail: detail}
}

// with adds a header that belongs to the refusal, such as Allow.
func (p *Problem) with(name, value string) *Problem {
	if p.header == nil {
		p.header = http.Header{}
	}
	p.header.Set(name, value)
	return p
}

// fail answers with the Problem that err is or holds. Anything else is a fault of ours or of a room
// behind: it is logged here, and the caller reads its text, which never holds personal information.
func (c *Console) fail(w http.ResponseWriter, r *http.Request, err error) {
	p, ok := errors.AsType[*Problem](err)
	if !ok {
		c.log.ErrorContext(r.Context(), "control request failed", "method", r.Method, "pattern", r.Pattern, "error", err)
		p = refuse(http.StatusInternalServerError, err.Error())
	}
	for name, values := range p.header {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the client has gone: nobody is left to tell
}

func writeJSON(w http.ResponseWriter, status int, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(b, '\n')) // the client has gone: nobody is left to tell
	return nil
}
