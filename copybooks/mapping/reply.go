package mapping

import (
	"fmt"
	"strconv"
	"time"

	"github.com/portage-gateway/portage/copybooks"
)

// Media types of answers.
const (
	jsonType    = "application/json"
	problemType = "application/problem+json" // RFC 9457
)

// badGateway is the problem of a reply that the mapping does not know.
var badGateway = Status{Status: 502, Reason: "legacy-error", Title: Title{
	EN: "The service behind this address failed", FR: "Le service derrière cette adresse a échoué"}}

// Reply makes the HTTP answer of a reply record. A return code that the mapping gives a problem becomes
// application/problem+json (RFC 9457) that shows nothing of Legacy's inside. err is nil then; it says what
// was wrong with the record, a *copybooks.FieldError, where the status is 502 because the record is not what
// the mapping describes: an unknown return code, another length, a field that cannot be decoded.
func (x *ExchangeView) Reply(dst []byte, r copybooks.Record, ctx ReplyContext) (status int, contentType string, body []byte, err error) {
	s := &badGateway
	if x.view.of(&r) != x.rec {
		return x.problem(dst, s, ctx, errForeign)
	}
	if n := len(r.Bytes()); n != r.Len() {
		f := copybooks.LongRecord
		if n < r.Len() {
			f = copybooks.ShortRecord
		}
		return x.problem(dst, s, ctx, copybooks.NewFieldError(r.Layout(), nil, f, min(n, r.Len()), max(n-r.Len(), r.Len()-n)))
	}
	i, f := x.codes.read(&r)
	switch {
	case f != copybooks.OK:
		return x.problem(dst, s, ctx, r.Error(x.codes.item, f))
	case i == none:
		return x.problem(dst, s, ctx, r.Error(x.codes.item, copybooks.ReturnCode))
	}
	if s = &x.exchange.Reply.Statuses[i]; s.Status/100 != 2 {
		return x.problem(dst, s, ctx, nil)
	}
	start := len(dst)
	dst = append(appendString(append(dst, `{"id":`...), ctx.Reference), ',')
	inner := len(dst)
	if dst, err = x.rec.append(dst, &r, x.ops); err != nil {
		return x.problem(dst[:start], &badGateway, ctx, err)
	}
	// The record's object continues the one that was begun with its id.
	dst = append(dst[:inner], dst[inner+1:len(dst)-1]...)
	if len(dst) > inner {
		dst = append(dst, ',')
	}
	dst = appendString(append(dst, `"source":{"system":`...), x.exchange.Reply.System)
	dst = append(dst, `,"path":"legacy","asOf":"`...)
	dst = ctx.Now.UTC().AppendFormat(dst, time.RFC3339)
	return s.Status, jsonType, append(dst, `","stale":false}}`...), nil
}

// problem appends a problem document.
func (x *ExchangeView) problem(dst []byte, s *Status, ctx ReplyContext, err error) (int, string, []byte, error) {
	kind := s.Type
	if kind == "" {
		kind = "about:blank"
	}
	title := s.Title.EN
	if ctx.Language == "fr" {
		title = s.Title.FR
	}
	dst = appendString(append(dst, `{"type":`...), kind)
	dst = appendString(append(dst, `,"title":`...), title)
	dst = strconv.AppendInt(append(dst, `,"status":`...), int64(s.Status), 10)
	if s.Reason != "" {
		dst = appendString(append(dst, `,"reason":`...), s.Reason)
	}
	dst = appendString(append(dst, `,"titles":{"en":`...), s.Title.EN)
	dst = appendString(append(dst, `,"fr":`...), s.Title.FR)
	dst = append(dst, `}}`...)
	if err != nil {
		err = fmt.Errorf("reply of %s %s: %w", x.exchange.Method, x.exchange.Path, err)
	}
	return s.Status, problemType, dst, err
}
