package mapping_test

import (
	"fmt"
	"log"
	"strings"

	"github.com/portage-gateway/portage/copybooks"
	"github.com/portage-gateway/portage/copybooks/mapping"
)

const accountBook = `       01  ACCOUNT.
           05  ACCOUNT-NO  PIC 9(6).
           05  OPENED      PIC S9(7) COMP-3.
           05  BALANCE     PIC S9(5)V99 COMP-3.
`

func accountView(text string) *mapping.View {
	layouts, err := copybooks.Parse("ACCOUNT", strings.NewReader(accountBook), copybooks.Options{})
	if err != nil {
		log.Fatal(err)
	}
	f, err := mapping.Parse("account.mapping.yaml", []byte(text))
	if err != nil {
		log.Fatal(err)
	}
	v, err := mapping.Compile(layouts, f, mapping.Options{})
	if err != nil {
		log.Fatal(err)
	}
	return v
}

const accountMapping = `
fields:
  ACCOUNT-NO: {to: account, identifier: true}
  OPENED: {to: openedOn, date: CCYYDDD}
  BALANCE: {to: balance, money: CAD}
`

func ExampleView_AppendJSON() {
	v := accountView(accountMapping)
	r, err := v.Decode([]byte("\xF0\xF0\xF1\xF2\xF3\xF4\x20\x26\x02\x8C\x00\x01\x25\x0D"))
	if err != nil {
		log.Fatal(err)
	}
	json, err := v.AppendJSON(nil, r)
	fmt.Println(string(json), err)
	// Output: {"account":"001234","openedOn":"2026-01-28","balance":{"amount":"-12.50","currency":"CAD"}} <nil>
}

func ExampleView_EncodeJSON() {
	v := accountView(accountMapping)
	b, err := v.EncodeJSON(nil, []byte(`{"account":"001234","openedOn":"2026-01-28","balance":{"amount":"-12.5","currency":"CAD"}}`), nil)
	fmt.Printf("%X %v\n", b, err)
	_, err = v.EncodeJSON(nil, []byte(`{"account":"1234567"}`), nil)
	fmt.Println(err)
	// Output:
	// F0F0F1F2F3F42026028C0001250D <nil>
	// /account at byte 11: ACCOUNT.ACCOUNT-NO: overflow at offset 0, size 6: the value has more digits than the PICTURE
}

func ExampleParse() {
	_, err := mapping.Parse("account.mapping.yaml", []byte("fields:\n  BALANCE: {mony: CAD}\n"))
	fmt.Println(err)
	// Output: account.mapping.yaml:2:13: fields.BALANCE: unknown key "mony"; did you mean money?
}
