package ibmmq

import (
	"fmt"
	"math"
	"testing"
)

func TestPropertyNames(t *testing.T) {
	for header, want := range map[string]string{
		"traceparent":    "traceparent",
		"portage-reason": "portage_HYPHEN_reason",
		"content-type":   "content_HYPHEN_type",
		"mcd.Msd":        "mcd.Msd",       // a folder of the queue manager's: as it is
		"usr.x":          "_x75_sr_DOT_x", // would come back as x
		"a.":             "a_DOT_",
		"1st":            "_x31_st",
		"like":           "_x6C_ike", // a word of selectors
		"JMSType":        "_x4A_MSType",
		"mq-format":      "mq_HYPHEN_format",
		"mq.a.b":         "_x6D_q_DOT_a_DOT_b",
		"a b":            "a_x20_b",
		"snake_case":     "snake_case",
		"a_DOT_b":        "a_x5F_DOT_x5F_b", // would come back as a.b
		"a_HYPHEN-b":     "a_x5F_HYPHEN_HYPHEN_b",
		"é":              "_xC3__xA9_",
	} {
		got := propertyName(header)
		if got != want {
			t.Errorf("%q becomes %q, want %q", header, got, want)
		}
		if back := headerName(got); back != header {
			t.Errorf("%q becomes %q and comes back as %q", header, got, back)
		}
	}
}

// What Camel's producers write comes as it was meant.
func TestNamesOfOthers(t *testing.T) {
	for property, want := range map[string]string{"content_HYPHEN_type": "content-type", "org_DOT_x": "org.x", "_x4": "_x4", "_xZZ_": "_xZZ_", "_": "_"} {
		if got := headerName(property); got != want {
			t.Errorf("%q is %q, want %q", property, got, want)
		}
	}
}

func TestPropertyTexts(t *testing.T) {
	for _, c := range []struct {
		value any
		want  string
	}{
		{"text", "text"}, {true, "true"}, {int8(-1), "-1"}, {int16(7), "7"}, {int32(math.MinInt32), "-2147483648"},
		{int64(1) << 62, "4611686018427387904"}, {float32(0.1), "0.1"}, {0.1, "0.1"}, {[]byte{0, 255}, "00ff"}, {nil, ""},
	} {
		if got := propertyText(c.value); got != c.want {
			t.Errorf("%T %v is %q, want %q", c.value, c.value, got, c.want)
		}
	}
}

func FuzzPropertyNames(f *testing.F) {
	for _, s := range []string{"a-b", "a.b", "_HYPHEN_", "a_HYPHEN-b", "__x5F_", "usr.x", "not", "é", "x_", "_x5F__DOT"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		if header == "" {
			return
		}
		name := propertyName(header)
		if !validName(name) {
			t.Fatalf("%q becomes %q, which the MQI refuses", header, name)
		}
		if back := headerName(name); back != header {
			t.Fatalf("%q becomes %q and comes back as %q", header, name, back)
		}
		if all := escaped(header, true); headerName(all) != header {
			t.Fatalf("%q, escaped whole, comes back as %q", header, headerName(all))
		}
	})
}

func Example_propertyNames() {
	fmt.Println(propertyName("portage-reason"), headerName("portage_HYPHEN_reason"))
	// Output: portage_HYPHEN_reason portage-reason
}
