package webhook

import (
	"errors"
	"fmt"
	"net/url"
)

// ErrGone says that the subscriber answered 410: it wants nothing more, and the Sink sends nothing more. Test it
// with errors.Is.
var ErrGone = errors.New("the subscriber has left (410 Gone)")

// ErrClosed says that the Sink was closed.
var ErrClosed = errors.New("webhook sink is closed")

// Error is a delivery that did not succeed and may later. It shows neither the URL nor any content.
type Error struct {
	// Subscriber is Config.Name, ID the event's.
	Subscriber, ID string
	// Attempts is how many there were in this Publish. 0: the subscriber asked to wait, and is waited for.
	Attempts int
	// Status is that of the last answer; 0: there was none.
	Status int
	// Hint says what to do; may be empty.
	Hint string
	// Err is why the last attempt, or the waiting, ended.
	Err error
}

// Error implements error.
func (e *Error) Error() string {
	s := fmt.Sprintf("webhook %s: event %s is not delivered after %d attempts", e.Subscriber, e.ID, e.Attempts)
	if e.Status > 0 {
		s += fmt.Sprintf(", the last answered with status %d", e.Status)
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	if e.Hint != "" {
		s += " (" + e.Hint + ")"
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Transient says that the subscriber is at fault and never a message: a Source holds what it has.
func (e *Error) Transient() bool { return true }

// withoutURL takes the URL, which may hold a secret, off an error of net/http.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
