package router_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"hash/crc32"
	"hash/fnv"
	"math"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/portage-gateway/portage/router"
)

// keyOf is the HMAC of a business key, as internal/vault makes it.
func keyOf(id string) (k router.Key) {
	mac := hmac.New(sha256.New, []byte("a key of the tests"))
	mac.Write([]byte(id))
	copy(k[:], mac.Sum(nil))
	return k
}

// rawKey is an identifier that nobody hashed before: the worst that may come.
func rawKey(id string) (k router.Key) {
	copy(k[:], id)
	return k
}

// sins returns n synthetic SINs: they begin with 0 and end in their check digit.
func sins(n int) []string {
	out := make([]string, n)
	for i := range out {
		d := fmt.Sprintf("0%07d", i)
		sum := 0
		for j, c := range []byte(d) {
			v := int(c - '0')
			if j%2 == 1 {
				if v *= 2; v > 9 {
					v -= 9
				}
			}
			sum += v
		}
		out[i] = d + string(rune('0'+(10-sum%10)%10))
	}
	return out
}

// shapes are the kinds of identifiers that clients come with, 100,000 of each.
var shapes = sync.OnceValue(func() map[string][]router.Key {
	m := map[string][]router.Key{}
	for i, sin := range sins(100_000) {
		m["sin hmac"] = append(m["sin hmac"], keyOf(sin))
		m["sin raw"] = append(m["sin raw"], rawKey(sin))
		m["sequential raw"] = append(m["sequential raw"], rawKey(fmt.Sprintf("%09d", i)))
		m["zero padded raw"] = append(m["zero padded raw"], rawKey(fmt.Sprintf("%016d", i*10)))
		m["area raw"] = append(m["area raw"], rawKey(fmt.Sprintf("%03d-%06d", i%8, i/8)))
	}
	return m
})

// FNV-1a and CRC32 fail this and the next test; see TestWhyNotFNV.
func TestBucketsAreUniform(t *testing.T) {
	const n, cells = 100_000, 100
	for name, keys := range shapes() {
		for _, salt := range []string{"ei", ""} {
			var count [cells]int
			for _, k := range keys {
				count[router.Bucket(salt, "claims", k)*cells/router.FullShare]++
			}
			chi := 0.0
			for _, c := range count {
				d := float64(c) - n/cells
				chi += d * d / (n / cells)
			}
			// 99 degrees of freedom: 99.99 % lie below 160, 99.99 % above 54.
			if chi > 160 || chi < 54 {
				t.Errorf("%s, salt %q: chi-square %.1f with 99 degrees of freedom", name, salt, chi)
			}
		}
	}
}

// overlap is P(in B | in A) for cohorts of 10 % under two salts; independent cohorts have 0.10.
func overlap(keys []router.Key, in func(salt string, k router.Key) bool) float64 {
	a, both := 0, 0
	for _, k := range keys {
		if in("route-a", k) {
			a++
			if in("route-b", k) {
				both++
			}
		}
	}
	return float64(both) / float64(max(a, 1))
}

func TestSaltsAreIndependent(t *testing.T) {
	for name, keys := range shapes() {
		for _, by := range []string{"salt", "group"} {
			p := overlap(keys, func(s string, k router.Key) bool {
				if by == "salt" {
					return router.Bucket(s, "g", k) < 1000
				}
				return router.Bucket("s", s, k) < 1000
			})
			if math.Abs(p-0.10) > 0.015 { // five standard deviations at 10,000 members
				t.Errorf("%s, other %s: %.4f of one cohort is in the other, want 0.10", name, by, p)
			}
		}
	}
}

// The test above can fail: the usual quick hashes, salted, make cohorts that exclude each other.
func TestWhyNotFNV(t *testing.T) {
	keys := shapes()["sequential raw"]
	fnvBad := overlap(keys, func(salt string, k router.Key) bool {
		h := fnv.New64a()
		_, _ = h.Write([]byte(string(k[:9]) + salt))
		return h.Sum64()>>32*10_000>>32 < 1000
	})
	crcBad := overlap(keys, func(salt string, k router.Key) bool {
		return uint64(crc32.ChecksumIEEE([]byte(salt+string(k[:9]))))*10_000>>32 < 1000
	})
	if math.Abs(fnvBad-0.10) < 0.05 && math.Abs(crcBad-0.10) < 0.05 {
		t.Errorf("FNV %.3f and CRC %.3f look independent: the tests of independence prove nothing", fnvBad, crcBad)
	}
}

// Salt and group do not run together.
func TestSaltAndGroupAreSeparate(t *testing.T) {
	same := 0
	for _, sin := range sins(200) {
		if router.Bucket("ab", "c", keyOf(sin)) == router.Bucket("a", "bc", keyOf(sin)) {
			same++
		}
	}
	if same > 10 {
		t.Errorf("%d of 200 buckets are equal under (ab, c) and (a, bc)", same)
	}
}

// A client's bucket never changes: data moves by it. The values were computed by another program
// (Python's hashlib) from Bucket's definition.
func TestBucketsAreForEver(t *testing.T) {
	for _, c := range []struct {
		salt, group, id string
		want            int
	}{
		{"ei", "ei", "046454286", 4147},
		{"ei", "ei", "000000000", 8817},
		{"cpp", "payments", "046454286", 1498},
		{"", "", "", 3637},
	} {
		if got := router.Bucket(c.salt, c.group, keyOf(c.id)); got != c.want {
			t.Errorf("Bucket(%q, %q, %s) = %d, want %d", c.salt, c.group, c.id, got, c.want)
		}
	}
}

func table(t testing.TB, r router.Route, s ...router.State) *router.Table {
	t.Helper()
	tab, err := router.NewTable([]router.Route{r}, s, nil)
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

// Raising the share only adds clients, lowering it removes those that were added last, and nothing else
// about a client matters.
func TestShareIsMonotoneAndSticky(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		route := router.Route{Name: "r", Path: "/r", Salt: rapid.String().Draw(rt, "salt"), Group: rapid.String().Draw(rt, "group"), Stage: router.Live}
		lo := rapid.IntRange(0, router.FullShare).Draw(rt, "lower")
		hi := rapid.IntRange(lo, router.FullShare).Draw(rt, "higher")
		var key router.Key
		copy(key[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(rt, "key"))
		ask := func(share int) router.Side {
			s := router.State{Route: "r", Stage: router.Live, Share: share, Version: uint64(share)}
			tab := table(t, route, s)
			q := router.Request{Route: "r", Key: key, HasKey: true}
			d := tab.Decide(q)
			if d != tab.Decide(q) {
				rt.Fatal("Decide is not a function of its arguments")
			}
			return d.Side
		}
		if ask(lo) == router.Modern && ask(hi) == router.Legacy {
			rt.Fatalf("served by modern at %d and by legacy at %d", lo, hi)
		}
		if ask(0) != router.Legacy || ask(router.FullShare) != router.Modern {
			rt.Fatal("share 0 must be nobody, 10,000 everybody")
		}
		bucket := router.Bucket(or(route.Salt, or(route.Group, "r")), or(route.Group, "r"), key)
		if (ask(bucket) == router.Modern) || (ask(bucket+1) == router.Legacy) {
			rt.Fatalf("bucket %d must move exactly at share %d", bucket, bucket+1)
		}
	})
}

func or(a, b string) string {
	if a == "" {
		return b
	}
	return a
}
