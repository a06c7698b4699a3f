package router

import (
	"io"
	"net/http"
	"strconv"
	"sync"
)

// sent is how the sending of an answer ended.
type sent uint8

const (
	sentWhole  sent = iota
	sentToNone      // the client went away
	sentBroken      // the side broke off after the first byte had gone out
)

var copyBuffers = sync.Pool{New: func() any { b := make([]byte, 32<<10); return &b }}

// send gives a reply to the client.
func (p *passage) send(rep *reply) sent {
	h := p.w.Header()
	copyAnswerHeader(h, rep.header)
	p.mark()
	head := p.req.Method == http.MethodHead
	bodyless := head || rep.status == http.StatusNoContent || rep.status == http.StatusNotModified
	if rep.rest == nil && !bodyless {
		h["Content-Length"] = []string{strconv.Itoa(rep.body.Len())}
	}
	p.w.WriteHeader(rep.status)
	if bodyless {
		return sentWhole
	}
	if rep.body.Len() > 0 {
		if _, err := p.w.Write(rep.body.Bytes()); err != nil {
			return sentToNone
		}
	}
	if rep.rest == nil {
		return sentWhole
	}
	return p.stream(rep)
}

// stream copies what was not buffered.
func (p *passage) stream(rep *reply) sent {
	flush := func() error { return nil }
	if rep.live {
		flush = http.NewResponseController(p.w).Flush
	}
	if flush() != nil {
		flush = func() error { return nil } // the ResponseWriter cannot: it comes out at the end
	}
	buf := copyBuffers.Get().(*[]byte)
	defer copyBuffers.Put(buf)
	for {
		n, err := rep.rest.Read(*buf)
		if n > 0 {
			if _, werr := p.w.Write((*buf)[:n]); werr != nil {
				return sentToNone
			}
			if flush() != nil {
				return sentToNone
			}
		}
		switch {
		case err == io.EOF:
			return sentWhole
		case err != nil && p.req.Context().Err() != nil:
			return sentToNone
		case err != nil:
			return sentBroken
		}
	}
}

// mark sets the Portage-Decision header.
func (p *passage) mark() {
	h := p.w.Header()
	if p.entry != nil {
		if line := p.entry.lines[lineKey{p.d.Side, p.d.Reason}]; line != nil {
			h["Portage-Decision"] = line
			return
		}
	}
	h["Portage-Decision"] = []string{p.d.String()}
}
