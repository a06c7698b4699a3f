package mq_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/mq"
)

func TestIdentityIsSetPerExchangeAndPerCall(t *testing.T) {
	l := newLab(t)
	r := custom(t, l, mq.Custom{UserIdentifier: "EIWEB", ApplicationName: "portage ei"})
	for user, h := range map[string][]adapters.Header{
		"EIWEB":  {{Name: "trace", Value: "t"}, {Name: "mq-format", Value: "MQDEAD"}},
		"CLERK7": {{Name: "trace", Value: "t"}, mq.UserHeader("CLERK7")},
	} {
		got := call(r, "area", h...)
		m := request(t, l)
		if m.UserIdentifier != user || m.PutApplName != "portage ei" || m.Format != "" {
			t.Errorf("%+v, want %s", m.Descriptor, user)
		}
		if p := m.Properties; len(p) != 1 || p[0].Name != "trace" {
			t.Errorf("properties %v", p)
		}
		answer(t, l, mq.Message{Descriptor: mq.Descriptor{CorrelID: m.MsgID}})
		if got := <-got; got.err != nil {
			t.Error(got.err)
		}
	}
}

func TestACallWithoutAUserIsRefusedWhereOneIsRequired(t *testing.T) {
	l := newLab(t)
	r := custom(t, l, mq.Custom{UserIdentifier: "EIWEB", RequireUser: true})
	for _, h := range [][]adapters.Header{nil, {mq.UserHeader("")}, {mq.UserHeader("clerk")}, {mq.UserHeader("MUCHTOOLONGFORMQ")}} {
		_, err := r.Call(t.Context(), []byte("area"), h)
		if !mq.IsReason(err, mq.RCSecurityError) || errors.Is(err, adapters.ErrInDoubt) || strings.Contains(err.Error(), "clerk") {
			t.Errorf("%v: %v", h, err)
		}
	}
	if got := l.bodies(t, "REQ"); got != "" {
		t.Errorf("%q was put", got)
	}
}

func TestCustomsThatPortageDoesNotDoAreRefusedByName(t *testing.T) {
	for name, tc := range map[string]struct {
		custom mq.Custom
		want   string
	}{
		"channels":                    {mq.Custom{Style: "channel"}, "no channels and containers"},
		"containers":                  {mq.Custom{Style: "containers"}, "no channels and containers"},
		"XA":                          {mq.Custom{Style: "xa"}, "no XA transaction"},
		"IMS conversations":           {mq.Custom{Style: "imsConversation"}, "conversational IMS"},
		"3270":                        {mq.Custom{Style: "3270"}, "3270 transactions"},
		"a style that is none":        {mq.Custom{Style: "cics"}, "area, cicsBridge, ims"},
		"no program":                  {mq.Custom{Style: "cicsBridge"}, "needs a program"},
		"a program's name too long":   {mq.Custom{Style: "cicsBridge", Program: "TOOLONGNAME"}, "needs a program"},
		"a transaction too long":      {mq.Custom{Style: "cicsBridge", Program: "EIQS", Transaction: "EIQST"}, "at most 4"},
		"no transaction code":         {mq.Custom{Style: "ims"}, "needs a transaction"},
		"a program in an area":        {mq.Custom{Program: "EIQS"}, "no program"},
		"a program in IMS":            {mq.Custom{Style: "ims", Transaction: "T", Program: "EIQS"}, "no program"},
		"a commit mode of CICS":       {mq.Custom{Style: "cicsBridge", Program: "EIQS", CommitMode: "1"}, "commitMode"},
		"a commit mode that is none":  {mq.Custom{Style: "ims", Transaction: "T", CommitMode: "2"}, "commitMode"},
		"pass-through in the bridge":  {mq.Custom{Style: "cicsBridge", Program: "EIQS", Correlation: "passThrough"}, "MQCI_NEW_SESSION"},
		"a correlation that is none":  {mq.Custom{Correlation: "groupId"}, "messageId or passThrough"},
		"a user in lower case":        {mq.Custom{UserIdentifier: "eiweb"}, "userIdentifier"},
		"an application too long":     {mq.Custom{ApplicationName: strings.Repeat("x", 29)}, "applicationName"},
		"a reply too long":            {mq.Custom{Style: "cicsBridge", Program: "EIQS", ReplyBytes: 32760}, "replyBytes"},
		"a reply's length in an area": {mq.Custom{ReplyBytes: 1}, "replyBytes"},
	} {
		err := tc.custom.Validate()
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		}
		l := &mq.Requester{Name: "x", Dial: func(context.Context) (mq.Conn, error) { return nil, errors.New("dialled") }, RequestQueue: "REQ", ReplyQueue: "RPL", Custom: tc.custom}
		if err := l.Run(t.Context()); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: it runs: %v", name, err)
		}
	}
	for queue, want := range map[string]string{"PORTAGE.RPL.*": "dynamic", "AMQ.5F3A0D2E20A1": "dynamic", "SYSTEM.DEFAULT.MODEL.QUEUE": "model"} {
		r := &mq.Requester{Name: "x", Dial: func(context.Context) (mq.Conn, error) { return nil, errors.New("dialled") }, RequestQueue: "REQ", ReplyQueue: queue}
		if err := r.Run(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", queue, err)
		}
	}
}

func TestAnAreaThatNoBridgeCarriesIsNotPut(t *testing.T) {
	for name, tc := range map[string]struct {
		custom mq.Custom
		area   string
	}{
		"no COMMAREA":         {mq.Custom{Style: "cicsBridge", Program: "EIQS"}, ""},
		"a COMMAREA too long": {mq.Custom{Style: "cicsBridge", Program: "EIQS"}, strings.Repeat("x", 32760)},
		"a segment too long":  {mq.Custom{Style: "ims", Transaction: "T"}, strings.Repeat("x", 32756)},
	} {
		l := newLab(t)
		r := custom(t, l, tc.custom)
		_, err := r.Call(t.Context(), []byte(tc.area), nil)
		if !mq.IsReason(err, mq.RCDataLengthError) || errors.Is(err, adapters.ErrInDoubt) || l.bodies(t, "REQ") != "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	l := newLab(t)
	r := asking(t, l, func(r *mq.Requester) { r.Custom = mq.Custom{Style: "cicsBridge", Program: "EIQS"} })
	if _, err := r.Call(t.Context(), []byte("area"), nil); !mq.IsReason(err, mq.RCHeaderError) {
		t.Errorf("no code page: %v", err)
	}
}
