package recfm

import (
	"cmp"
	"math"
	"math/bits"
	"math/cmplx"
	"slices"
)

const (
	periodSample = 128 << 10 // bytes that a period is looked for in
	sorts        = 8
)

// sortOf is the sort of each byte for periods: bytes of one sort stand in the same places of records.
var sortOf = func() (s [256]uint8) {
	for i := range s {
		_, sign := packedByte(byte(i))
		switch c := classOf[i]; {
		case i == 0:
			s[i] = 5
		case c == control && sign:
			s[i] = 6
		case c == control:
			s[i] = 7
		case c == lower:
			s[i] = upper
		case c == mark:
			s[i] = 2
		case c == accent:
			s[i] = 4
		default:
			s[i] = c
		}
	}
	return s
}()

// period is a distance at which bytes of the same sort recur.
type period struct {
	length    int
	coherence float64 // 0: no more than by chance, 1: always
	weight    float64 // coherence, less for a few long records, which agree by chance
	n         int     // bytes looked at
}

// real reports whether chance does not explain the period.
func (p period) real() bool {
	if p.length == 0 {
		return false
	}
	rows := float64(p.n) / float64(p.length)
	return rows >= 2 && p.coherence > .1+7/math.Sqrt(float64(p.n)*max(rows-1, .5)/2)
}

// coherence tells in how far bytes at distances of length are of the same sort, chance taken off.
func coherence(b []byte, length int) float64 {
	if length < 1 || len(b) < 2*length {
		return 0
	}
	counts := make([]int32, length*sorts)
	var all [sorts]float64
	col := 0
	for _, c := range b {
		s := sortOf[c]
		counts[col*sorts+int(s)]++
		all[s]++
		if col++; col == length {
			col = 0
		}
	}
	same, pairs := 0.0, 0.0
	for col := range length {
		n := 0.0
		for _, k := range counts[col*sorts : col*sorts+sorts] {
			same += float64(k) * float64(k-1)
			n += float64(k)
		}
		pairs += n * (n - 1)
	}
	chance := 0.0
	for _, k := range all {
		chance += k / float64(len(b)) * k / float64(len(b))
	}
	if chance > .999 || pairs == 0 {
		return 0
	}
	return (same/pairs - chance) / (1 - chance)
}

// periods returns the likely lengths of fixed records, the best first. total is the file's length, or -1; more are
// lengths to look at in any case.
func periods(b []byte, total int64, more ...int) []period {
	b = b[:min(len(b), periodSample)]
	lags := append(peaks(b), more...)
	if total > 0 {
		lags = append(lags, divisors(total)...)
	}
	slices.Sort(lags)
	var found []period
	for _, lag := range slices.Compact(lags) {
		if lag < 2 || lag > len(b)/2 || lag > maxRDW {
			continue
		}
		c := coherence(b, lag)
		if p := (period{lag, c, c - .4*math.Sqrt(float64(lag)/float64(len(b))), len(b)}); p.real() {
			found = append(found, p)
		}
	}
	// Multiples of the true length are as good as it is: the shortest of the good ones is the length.
	slices.SortFunc(found, func(a, b period) int { return cmp.Compare(b.weight, a.weight) })
	if len(found) == 0 {
		return nil
	}
	best := found[0].weight
	slices.SortStableFunc(found, func(a, b period) int {
		if good := a.weight >= .93*best; good != (b.weight >= .93*best) {
			return map[bool]int{true: -1, false: 1}[good]
		} else if good {
			return cmp.Compare(a.length, b.length)
		}
		return cmp.Compare(b.weight, a.weight)
	})
	return found
}

// divisors returns those of n up to the longest record, at most 400.
func divisors(n int64) (out []int) {
	for d := int64(2); d <= maxRDW && d <= n/2 && len(out) < 400; d++ {
		if n%d == 0 {
			out = append(out, int(d))
		}
	}
	return out
}

// peaks returns the lags at which the autocorrelation of sorts is greatest.
func peaks(b []byte) []int {
	n := len(b)
	if n < 16 {
		return nil
	}
	size := 1 << bits.Len(uint(2*n-1))
	v := make([]complex128, size)
	var mean complex128
	for i, c := range b {
		v[i] = cmplx.Rect(1, 2*math.Pi*float64(sortOf[c])/sorts)
		mean += v[i]
	}
	mean /= complex(float64(n), 0)
	for i := range n {
		v[i] -= mean
	}
	fourier(v)
	for i, c := range v {
		v[i] = complex(real(c)*real(c)+imag(c)*imag(c), 0)
	}
	fourier(v) // of a symmetric spectrum: the inverse but for its scale
	type peak struct {
		lag   int
		value float64
	}
	var all []peak
	for lag := 2; lag <= min(n/2, maxRDW); lag++ {
		all = append(all, peak{lag, real(v[lag]) / float64(n-lag)})
	}
	slices.SortFunc(all, func(a, b peak) int { return cmp.Compare(b.value, a.value) })
	var out []int
	for _, p := range all[:min(len(all), 32)] {
		out = append(out, p.lag)
	}
	return out
}

// fourier is the discrete Fourier transform, in place; the length is a power of two (Cooley and Tukey 1965).
func fourier(v []complex128) {
	n := len(v)
	shift := 64 - bits.Len(uint(n-1))
	for i := range v {
		if j := int(bits.Reverse64(uint64(i)) >> shift); j > i {
			v[i], v[j] = v[j], v[i]
		}
	}
	roots := make([]complex128, n/2)
	for i := range roots {
		roots[i] = cmplx.Rect(1, -2*math.Pi*float64(i)/float64(n))
	}
	for half := 1; half < n; half *= 2 {
		step := n / (2 * half)
		for start := 0; start < n; start += 2 * half {
			for i := range half {
				a, b := v[start+i], v[start+half+i]*roots[i*step]
				v[start+i], v[start+half+i] = a+b, a-b
			}
		}
	}
}
