package dataset

import (
	"context"
	"encoding/binary"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/portage-gateway/portage/copybooks"
	"github.com/portage-gateway/portage/copybooks/benefits"
	"github.com/portage-gateway/portage/copybooks/mapping"
	"github.com/portage-gateway/portage/copybooks/recfm"
	"github.com/portage-gateway/portage/test/legacy"
)

// hashModulo is what the trailer's SIN hash total is taken by.
const hashModulo = 1_000_000_000_000_000

// oasTotals describes the OAS master extract by offsets alone.
var oasTotals = Totals{Kind: Place{Size: 1}, Header: "C8", Trailer: "E3", Totals: []Total{
	{Name: "record count", Trailer: Place{Offset: 14, Size: 4, Usage: Binary}},
	{Name: "client count", Kind: "C3", Trailer: Place{Offset: 18, Size: 4, Usage: Binary}},
	{Name: "monthly total", Kind: "C2", Sum: Place{Offset: 25, Size: 4}, Trailer: Place{Offset: 22, Size: 8}},
	{Name: "hash total", Kind: "C3", Sum: Place{Offset: 14, Size: 5}, Modulo: hashModulo, Trailer: Place{Offset: 30, Size: 8}},
}}

// viewCheck judges an OAS master extract through its View, as an application does that has the copybook.
func viewCheck(view *mapping.View) Check {
	return func(_ context.Context, _ Generation, records iter.Seq[[]byte]) error {
		c := oasCount{decoder: view.Decoder()}
		for b := range records {
			c.records++
			if err := c.one(b); err != nil {
				return fmt.Errorf("record %d: %w", c.records, err)
			}
		}
		if !c.ended {
			return fmt.Errorf("no trailer in %d records", c.records)
		}
		return nil
	}
}

type oasCount struct {
	decoder                         *mapping.Decoder
	records, clients, monthly, hash int64
	ended                           bool
}

func (c *oasCount) one(b []byte) error {
	r, err := c.decoder.Decode(b)
	if err != nil {
		return err
	}
	switch r.Layout().Name() {
	case "OAS-CLIENT-RECORD":
		c.clients++
		return add(&c.hash, r, "OC-SIN", hashModulo)
	case "OAS-BENEFIT-RECORD":
		return add(&c.monthly, r, "OB-MONTHLY-AMT", 0)
	case "OAS-TRAILER-RECORD":
		c.ended = true
		for field, want := range map[string]int64{"OT-RECORD-COUNT": c.records, "OT-CLIENT-COUNT": c.clients,
			"OT-TOTAL-MONTHLY": c.monthly, "OT-SIN-HASH-TOTAL": c.hash} {
			said := int64(0)
			if err := add(&said, r, field, 0); err != nil {
				return err
			}
			if said != want {
				return fmt.Errorf("%s is %d, and the records make %d", field, said, want)
			}
		}
	}
	return nil
}

// add adds a field's value, the decimal point left out.
func add(sum *int64, r copybooks.Record, field string, modulo int64) error {
	d, err := r.Decimal(field)
	if err != nil {
		return err
	}
	var n int64
	if _, err := fmt.Sscan(strings.Replace(fmt.Sprint(d), ".", "", 1), &n); err != nil {
		return fmt.Errorf("%s is no number", field)
	}
	*sum += n
	if modulo > 0 {
		*sum %= modulo
	}
	return nil
}

// TestOASExtract brings the extract that COBOL wrote, sound and damaged in each way, through both Checks.
func TestOASExtract(t *testing.T) {
	records := legacy.Build(t, legacy.OASXTR).Extract(t, legacy.OASXTR, 60)
	view, err := benefits.View("OASMSTR")
	if err != nil {
		t.Fatal(err)
	}
	byOffsets, err := oasTotals.Check()
	if err != nil {
		t.Fatal(err)
	}
	for name, check := range map[string]Check{"view": viewCheck(view), "offsets": byOffsets} {
		for damage, c := range oasDamage() {
			t.Run(name+" "+damage, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { oasStory(t, check, records, c.damage, c.good) })
			})
		}
	}
}

type damage struct {
	damage func([]legacy.Record) []legacy.Record
	good   bool
}

func oasDamage() map[string]damage {
	trailer := func(offset int) func([]legacy.Record) []legacy.Record {
		return func(r []legacy.Record) []legacy.Record {
			b := r[len(r)-1].Bytes
			n := binary.BigEndian.Uint32(b[offset:])
			binary.BigEndian.PutUint32(b[offset:], n^0x10)
			return r
		}
	}
	of := func(layout string, offset int) func([]legacy.Record) []legacy.Record {
		return func(r []legacy.Record) []legacy.Record {
			for _, one := range r {
				if one.Layout == layout {
					one.Bytes[offset] ^= 0x10 // a packed digit by one
					break
				}
			}
			return r
		}
	}
	return map[string]damage{
		"sound":              {func(r []legacy.Record) []legacy.Record { return r }, true},
		"record count":       {trailer(14), false},
		"client count":       {trailer(18), false},
		"monthly total":      {trailer(26), false},
		"hash total":         {trailer(34), false},
		"an amount":          {of("OAS-BENEFIT-RECORD", 27), false},
		"a client":           {of("OAS-CLIENT-RECORD", 17), false},
		"a record is lost":   {func(r []legacy.Record) []legacy.Record { return append(r[:5:5], r[6:]...) }, false},
		"the trailer's lost": {func(r []legacy.Record) []legacy.Record { return r[:len(r)-1] }, false},
	}
}

func oasStory(t *testing.T, check Check, records []legacy.Record, hurt func([]legacy.Record) []legacy.Record, good bool) {
	mine := make([]legacy.Record, len(records))
	for i, r := range records {
		mine[i] = legacy.Record{Layout: r.Layout, Bytes: append([]byte(nil), r.Bytes...)}
	}
	mine = hurt(mine)
	d := newDesk(t, func(c *Config) {
		c.Name, c.Match, c.Format, c.Check = "oas-master", "OASMSTR.*", recfm.Format{Recfm: recfm.VB}, check
		c.Cycle, c.Number, c.MaxBatch = Digits{22, 8}, Digits{30, 4}, 50
	})
	d.put("OASMSTR.G0001V00", string(legacy.File(mine)))
	d.through()
	if !good {
		if len(d.got) > 0 || len(d.events) != 1 || d.events[0].Result != Rejected {
			t.Fatalf("%d records were delivered; events %q", len(d.got), d.results())
		}
		return
	}
	if len(d.got) != len(mine) || len(d.events) != 1 || d.events[0].Records != int64(len(mine)) {
		t.Fatalf("%d of %d records, events %q", len(d.got), len(mine), d.results())
	}
	for i, m := range d.got {
		if string(m.Body) != string(mine[i].Bytes) {
			t.Fatalf("record %d came changed", i+1)
		}
	}
	if id := d.events[0].Generation.ID; !strings.HasPrefix(id, "oas-master/20") || d.got[0].ID != id+"/1" {
		t.Errorf("identity %s, first record %s", id, d.got[0].ID)
	}
	if _, err := os.Stat(filepath.Join(d.dir, "portage", folderAccepted, "OASMSTR.G0001V00")); err != nil {
		t.Error(err)
	}
}
