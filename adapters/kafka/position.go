package kafka

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/portage-gateway/portage/adapters"
)

// A Source's position is: version 1, the number of partitions in two bytes, then entries of 12 bytes,
// partition and offset, both big-endian: for each partition the next offset to deliver; then the places
// that were put aside, in the batch and before it. An entry of zeros is none.
const (
	positionVersion = 1
	positionHead    = 3
	placeSize       = 12
	// maxBatch leaves room for the partitions and for what is carried beside a batch.
	maxBatch = 100
)

// place is a record's partition and offset. As a place put aside its partition is kept one higher, so that zeros are none.
type place struct {
	partition int32
	offset    int64
}

// progress is how far a Source has come: all before next is settled in the sink, but for what was put
// aside, which is settled by the Source's own unit of work only.
type progress struct {
	next  map[int32]int64
	aside map[place]bool
}

// due reports whether the record at p has still to be delivered.
func (g *progress) due(p place) bool {
	next, known := g.next[p.partition]
	return !known || p.offset >= next || g.aside[p]
}

// begun notes that a partition is read from this offset on: what was put aside before is settled.
func (g *progress) begun(partition int32, offset int64) {
	maps.DeleteFunc(g.aside, func(p place, _ bool) bool { return p.partition == partition && p.offset < offset })
}

// position is the progress after a batch of these places, none of them put aside. slots is where the batch's places
// begin, each of which aside may fill in.
func (g *progress) position(batch []place) (p []byte, slots int, err error) {
	next := maps.Clone(g.next)
	if next == nil {
		next = map[int32]int64{}
	}
	carried := maps.Clone(g.aside)
	for _, b := range batch {
		next[b.partition] = max(next[b.partition], b.offset+1)
		delete(carried, b)
	}
	p = append(p, positionVersion)
	p = binary.BigEndian.AppendUint16(p, uint16(len(next)))
	for _, partition := range slices.Sorted(maps.Keys(next)) {
		p = appendPlace(p, place{partition, next[partition]})
	}
	for c := range carried {
		p = appendPlace(p, place{c.partition + 1, c.offset})
	}
	slots = len(p)
	p = append(p, make([]byte, placeSize*len(batch))...)
	if len(p) > adapters.MaxPosition {
		return nil, 0, fmt.Errorf("kafka: a position of %d partitions and %d places takes %d bytes, more than %d; share the topic among several sources",
			len(next), len(carried)+len(batch), len(p), adapters.MaxPosition)
	}
	return p, slots, nil
}

// putAside notes in a position that place i of its batch is not settled by it.
func putAside(position []byte, slots, i int, p place) {
	appendPlace(position[:slots+placeSize*i], place{p.partition + 1, p.offset})
}

func appendPlace(b []byte, p place) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(p.partition))
	return binary.BigEndian.AppendUint64(b, uint64(p.offset))
}

// parseProgress is the inverse of position.
func parseProgress(p []byte) (progress, error) {
	g := progress{next: map[int32]int64{}, aside: map[place]bool{}}
	if len(p) == 0 {
		return g, nil
	}
	if len(p) < positionHead || (len(p)-positionHead)%placeSize != 0 {
		return g, errors.New("kafka: a position that no source wrote: its length is wrong")
	}
	if p[0] != positionVersion {
		return g, errors.New("kafka: a position of another version; it was written by a newer Portage")
	}
	partitions := int(binary.BigEndian.Uint16(p[1:]))
	places := (len(p) - positionHead) / placeSize
	if partitions > places {
		return g, errors.New("kafka: a position that no source wrote: it names more partitions than it holds")
	}
	for i := range places {
		at := p[positionHead+placeSize*i:]
		e := place{int32(binary.BigEndian.Uint32(at)), int64(binary.BigEndian.Uint64(at[4:]))}
		switch {
		case e.offset < 0 || e.partition < 0:
			return g, errors.New("kafka: a position that no source wrote: a number is negative")
		case i < partitions:
			g.next[e.partition] = e.offset
		case e.partition > 0:
			g.aside[place{e.partition - 1, e.offset}] = true
		}
	}
	return g, nil
}
