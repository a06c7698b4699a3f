package copybooks_test

import (
	"fmt"
	"log"
	"strings"

	"github.com/portage-gateway/portage/copybooks"
)

const payment = `       01  PAYMENT.
           05  PAYEE   PIC X(6).
           05  AMOUNT  PIC S9(5)V99 COMP-3.
`

func ExampleDecoder() {
	layouts, err := copybooks.Parse("PAYMENT", strings.NewReader(payment), copybooks.Options{})
	if err != nil {
		log.Fatal(err)
	}
	d := layouts[0].Decoder()
	r, err := d.Decode([]byte("\xC8\x71\xD3\x40\x40\x40\x00\x72\x76\x7D"))
	if err != nil {
		log.Fatal(err)
	}
	payee, _ := r.Text("PAYEE")
	amount, _ := r.Decimal("AMOUNT")
	fmt.Println(payee, amount)
	_, err = d.Decode([]byte("\xC8\x71\xD3"))
	fmt.Println(err)
	// Output:
	// HÉL -727.67
	// PAYMENT: short-record at offset 3, size 7: the record ends before this field does: check the record length and the layout
}

func ExampleEncoder() {
	layouts, err := copybooks.Parse("PAYMENT", strings.NewReader(payment), copybooks.Options{})
	if err != nil {
		log.Fatal(err)
	}
	l := layouts[0]
	e := l.Encoder()
	if err := e.Begin(nil); err != nil {
		log.Fatal(err)
	}
	amount, _ := l.Field("AMOUNT")
	if err := e.Set(amount, "727.67"); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%X\n", e.Bytes())
	fmt.Println(e.Set(amount, "1.005"))
	// Output:
	// 4040404040400072767C
	// PAYMENT.AMOUNT: fraction-lost at offset 6, size 4: the value has more decimal places than the PICTURE
}
