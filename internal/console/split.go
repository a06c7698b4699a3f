package console

import (
	"slices"
	"strconv"

	"github.com/portage-gateway/portage/router"
)

// stages are the names of all stages, in their order.
var stages = func() (names []string) {
	for _, s := range router.Stages {
		names = append(names, string(s))
	}
	return names
}()

// fraction is a part of a whole for the template. None: there is no whole yet.
type fraction struct {
	TenThousandths int
	None           bool
}

func newFraction(part, whole uint64) fraction {
	n, ok := ratio(part, whole)
	return fraction{n, !ok}
}

// ratio is part of whole in ten-thousandths, cut off and never rounded up: 99,999 of 100,000 is not all. ok
// is false where whole is 0.
func ratio(part, whole uint64) (tenThousandths int, ok bool) {
	if whole == 0 {
		return 0, false
	}
	return int(part * router.FullShare / whole), true
}

// split is the picture of one route's shares: a bar for what is wanted above a bar for what was seen.
type split struct {
	Wanted            int // ten-thousandths
	Clients, Requests fraction
	// Width is the width of the picture; the others are those of Modern's part. In SVG user units.
	Width, WantedWidth, ClientsWidth int
}

// splitWidth is the width of a bar in SVG user units.
const splitWidth = 120

func newSplit(r Route) split {
	s := split{
		Wanted:   r.Share,
		Clients:  newFraction(r.Clients.Modern, r.ClientsSeen()),
		Requests: newFraction(r.LastMinute.Modern, r.RequestsLastMinute()),
		Width:    splitWidth,
	}
	s.WantedWidth = s.Wanted * splitWidth / router.FullShare
	s.ClientsWidth = s.Clients.TenThousandths * splitWidth / router.FullShare
	return s
}

// Inner is the width of a frame whose line lies inside the picture.
func (s split) Inner() int { return s.Width - 1 }

// parityCell is the parity of one route for the template.
type parityCell struct {
	Fraction fraction
	Compared uint64
	// Failed counts comparisons that an error of one side or both prevented.
	Failed uint64
}

func newParityCell(p Parity) parityCell {
	return parityCell{newFraction(p.Equal, p.Compared()), p.Compared(), p.LegacyError + p.ModernError + p.BothError}
}

// ClientsSeen counts the clients of both sides.
func (r Route) ClientsSeen() uint64 { return r.Clients.Legacy + r.Clients.Modern }

// RequestsLastMinute counts the requests of both sides.
func (r Route) RequestsLastMinute() uint64 { return r.LastMinute.Legacy + r.LastMinute.Modern }

// BreakerClass is the style of the breaker's word: ok, warning or failing.
func (r Route) BreakerClass() string {
	switch r.Breaker {
	case "closed":
		return "ok"
	case "open":
		return "failing"
	}
	return "warning"
}

// NextShare is a share to show in an example: the next usual step, as `portage share` reads it.
func (r Route) NextShare() string {
	for _, percent := range []int{1, 5, 10, 25, 50} {
		if r.Share < percent*100 {
			return strconv.Itoa(percent) + "%"
		}
	}
	return "100%"
}

// NextStage is the stage after the route's own, to show in an example; the last stage stays.
func (r Route) NextStage() string {
	i := slices.Index(stages, r.Stage)
	return stages[min(i+1, len(stages)-1)]
}
