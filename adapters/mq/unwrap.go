package mq

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/portage-gateway/portage/adapters"
)

// Unwrap takes the headers off a message that a Source delivered: its body becomes the data behind them.
// The headers mq-format, mq-encoding and mq-ccsid then tell of the data, and there are more:
//
//   - each property of the folder usr of an MQRFH2, under its name in lower case;
//   - mq-dead-reason and mq-dead-queue of an MQDLH;
//   - mq-program and mq-transaction: the 8 bytes of a program's name that follow an MQCIH are taken off.
//
// Behind an MQIIH, the data of all LLZZ segments is joined; a transaction code stays where it stands.
// A header that Portage does not read, such as MQHRF, is refused with reason header-format, since what
// lies behind it cannot be known. Errors are *adapters.Refusal, as those of ParseChain.
func Unwrap(m adapters.Message) (adapters.Message, error) {
	queued := Message{Body: m.Body}
	queued.Format, _ = m.Header(headerFormat)
	queued.Encoding = headerNumber(m, headerCoding)
	queued.CCSID = headerNumber(m, headerCCSID)
	chain, rest, err := ParseChain(queued)
	if err != nil {
		return m, err
	}
	at := len(m.Body) - len(rest.Body)
	if err := known(rest.Format, at); err != nil {
		return m, err
	}
	if len(chain) == 0 && rest.Format != FormatIMSVS {
		return m, nil
	}
	u := &unwrapping{out: m}
	u.out.Headers = slices.DeleteFunc(slices.Clone(m.Headers), func(h adapters.Header) bool {
		return h.Name == headerFormat || h.Name == headerCoding || h.Name == headerCCSID
	})
	for _, h := range chain {
		if err := u.tell(h); err != nil {
			return m, err
		}
	}
	u.out.Headers = appendCoding(u.out.Headers, &rest.Descriptor)
	u.out.Body, err = u.data(chain, rest, at)
	if err != nil {
		return m, err
	}
	return u.out, nil
}

// known refuses data that begins with a header that Portage does not read: format names of headers that
// can be chained begin with MQH (IBM MQ, Reference, MQFMT).
func known(format string, at int) error {
	if !strings.HasPrefix(format, "MQH") && format != "MQXMIT" {
		return nil
	}
	return refuseHeader(reasonHeaderFormat, "", at, -1, fmt.Errorf("the header %.8q is none that can be read", format))
}

func headerNumber(m adapters.Message, name string) int32 {
	text, _ := m.Header(name)
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		return 0
	}
	return int32(n)
}

// unwrapping is one Unwrap.
type unwrapping struct{ out adapters.Message }

func (u *unwrapping) add(name, value string) {
	if value != "" {
		u.out.Headers = append(u.out.Headers, adapters.Header{Name: name, Value: value})
	}
}

// tell adds what a header says that is worth knowing.
func (u *unwrapping) tell(h Header) error {
	switch h := h.(type) {
	case *DLH:
		u.add(headerDeadReason, strconv.Itoa(int(h.Reason)))
		u.add(headerDeadQueue, h.DestQName)
	case *CIH:
		u.add(headerTransaction, h.TransactionID)
	case *RFH2:
		properties, err := h.Properties(FolderUser)
		if err != nil {
			return err
		}
		for _, p := range properties {
			if name := strings.ToLower(p.Name); !reservedName(name) {
				u.add(name, p.Value)
			}
		}
	}
	return nil
}

// reservedName reports a property that would pass for one of Portage's own headers.
func reservedName(name string) bool {
	return strings.HasPrefix(name, headerPrefix) || strings.HasPrefix(name, "portage-") ||
		strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' })
}

// data takes off what the innermost header puts between itself and the data.
func (u *unwrapping) data(chain Chain, rest Message, at int) ([]byte, error) {
	if rest.Format == FormatIMSVS {
		return joinSegments(rest, at)
	}
	if len(chain) == 0 {
		return rest.Body, nil
	}
	h, ok := chain[len(chain)-1].(*CIH)
	if !ok || h.LinkType != LinkProgram || len(rest.Body) < programName || h.failure() != nil {
		return rest.Body, nil
	}
	u.add(headerProgram, (&wire{page: h.read.page}).read(rest.Body[:programName]))
	return rest.Body[programName:], nil
}
