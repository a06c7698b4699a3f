package copybooks_test

import (
	"fmt"
	"log"
	"strings"

	"github.com/portage-gateway/portage/copybooks"
)

// A loop over many records finds its Items once, and reads all of them in one call.
func ExampleRecord_Numbers() {
	layouts, err := copybooks.Parse("PAYMENT", strings.NewReader(payment), copybooks.Options{})
	if err != nil {
		log.Fatal(err)
	}
	plan, err := copybooks.NewPlan(layouts[0])
	if err != nil {
		log.Fatal(err)
	}
	field, err := layouts[0].Field("AMOUNT")
	if err != nil {
		log.Fatal(err)
	}
	items := []*copybooks.Item{plan.Item(field)}
	values := make([]copybooks.Decimal, len(items))
	d := plan.Decoder()
	for _, record := range []string{"\xC8\x71\xD3\x40\x40\x40\x00\x72\x76\x7D", "\xC8\x71\xD3\x40\x40\x40\x00\x10\x00\x0C", "\xC8\x71\xD3\x40\x40\x40\x00\x1F\x00\x0C"} {
		r, err := d.Decode([]byte(record))
		if err != nil {
			log.Fatal(err)
		}
		if n, f := r.Numbers(values, items); f != copybooks.OK {
			fmt.Println(r.Error(items[n], f))
			continue
		}
		fmt.Println(values[0])
	}
	// Output:
	// -727.67
	// 100.00
	// PAYMENT.AMOUNT: packed-nibble at offset 6, size 4: a nibble is not a digit: check the offset, or that nobody translated the record as text
}
