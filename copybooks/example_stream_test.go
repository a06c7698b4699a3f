package copybooks_test

import (
	"bytes"
	"fmt"
	"log"
	"strings"

	"github.com/portage-gateway/portage/copybooks"
)

func ExampleDecoder_Records() {
	layouts, err := copybooks.Parse("PAYMENT", strings.NewReader(payment), copybooks.Options{})
	if err != nil {
		log.Fatal(err)
	}
	l := layouts[0]
	file := strings.NewReader("\xC8\x71\xD3\x40\x40\x40\x00\x72\x76\x7D" + "\xC1\xC2\x40\x40\x40\x40\x00\x00\x10\x0C" + "\xC1\xC2\x40\x40\x40\x40\x00\x00\x1A\x0C")
	for r, err := range l.Decoder().Records(copybooks.FixedRecords(file, l.Size())) {
		if err != nil {
			log.Fatal(err)
		}
		payee, _ := r.Text("PAYEE")
		amount, err := r.Decimal("amount") // case does not count
		fmt.Println(payee, amount, err)
	}
	// Output:
	// HÉL -727.67 <nil>
	// AB 1.00 <nil>
	// AB 0 PAYMENT.AMOUNT: packed-nibble at offset 6, size 4: a nibble is not a digit: check the offset, or that nobody translated the record as text
}

func ExampleFixedRecords() {
	for b, err := range copybooks.FixedRecords(strings.NewReader("AAABBBC"), 3) {
		fmt.Printf("%s %v\n", b, err)
	}
	// Output:
	// AAA <nil>
	// BBB <nil>
	//  record 3 at byte 6: 1 of 3 bytes: unexpected EOF
}

func ExampleEncoder_Emit() {
	layouts, err := copybooks.Parse("PAYMENT", strings.NewReader(payment), copybooks.Options{})
	if err != nil {
		log.Fatal(err)
	}
	l := layouts[0]
	payee, _ := l.Field("PAYEE")
	amount, _ := l.Field("AMOUNT")
	e := l.Encoder()
	var file bytes.Buffer
	for _, p := range [][2]string{{"AB", "1.00"}, {"CD", "-2.50"}} {
		if err := e.Begin(nil); err != nil {
			log.Fatal(err)
		}
		if err := e.Set(payee, p[0]); err != nil {
			log.Fatal(err)
		}
		if err := e.Set(amount, p[1]); err != nil {
			log.Fatal(err)
		}
		if err := e.Emit(func(b []byte) error { _, err := file.Write(b); return err }); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Printf("%X\n", file.Bytes())
	// Output:
	// C1C2404040400000100CC3C4404040400000250D
}

func ExampleLayout_Field() {
	layouts, _ := copybooks.Parse("PAYMENT", strings.NewReader(payment), copybooks.Options{})
	for _, path := range []string{"PAYMENT.AMOUNT", "amount", "AMOUNT OF PAYMENT", "AMONT"} {
		f, err := layouts[0].Field(path)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(f.Path, f.Offset, f.Size)
	}
	// Output:
	// PAYMENT.AMOUNT 6 4
	// PAYMENT.AMOUNT 6 4
	// PAYMENT.AMOUNT 6 4
	// layout PAYMENT: no field "AMONT"; did you mean AMOUNT?
}

func ExampleRecord_Locate() {
	layouts, _ := copybooks.Parse("T", strings.NewReader("01 R. 05 N PIC 9. 05 T OCCURS 1 TO 9 DEPENDING ON N PIC XX. 05 Z PIC X."), copybooks.Options{Codepage: "ascii"})
	r, err := layouts[0].Decoder().Decode([]byte("2aabbz"))
	if err != nil {
		log.Fatal(err)
	}
	for _, name := range []string{"T", "Z"} {
		f, _ := layouts[0].Field(name)
		off, size, _ := r.Locate(f)
		fmt.Println(name, off, size)
	}
	// Output:
	// T 1 4
	// Z 5 1
}

func ExampleParseDecimal() {
	a, _ := copybooks.ParseDecimal("0.10")
	b, _ := copybooks.ParseDecimal("1E-1")
	fmt.Println(a, a.Cmp(b), a.Sign(), a.Scale())
	// Output: 0.10 0 1 2
}

func ExampleNewPlan() {
	layouts, _ := copybooks.Parse("PAYMENT", strings.NewReader(payment), copybooks.Options{})
	p, err := copybooks.NewPlan(layouts[0])
	if err != nil {
		log.Fatal(err)
	}
	for _, it := range p.Items() {
		fmt.Println(it.Field.Path, it.Size(), it.Occurs())
	}
	// Output:
	// PAYMENT 10 false
	// PAYMENT.PAYEE 6 false
	// PAYMENT.AMOUNT 4 false
}

func ExampleLayout_Warnings() {
	layouts, _ := copybooks.Parse("R", strings.NewReader("01 R. 05 A PIC X(2). 05 B REDEFINES A PIC X(3)."), copybooks.Options{})
	for _, w := range layouts[0].Warnings() {
		fmt.Println(w)
	}
	// Output: R.B (line 1): is 1 byte longer than A, which it redefines; A takes the longer length
}

func ExampleReasons() {
	fmt.Println(copybooks.Reasons()[:4])
	// Output: [blank short-record long-record zoned-digit]
}
