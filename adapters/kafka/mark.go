package kafka

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/IBM/sarama"
)

// mark is what a transaction commits beside its messages, as the offset of the Ledger's group on
// partition 0 of its topic: nobody consumes by it.
//
//   - the offset is the sequence, which counts the Ledger's commits;
//   - the metadata is the position in base64: 3 KiB make the 4,096 characters that brokers take
//     (offset.metadata.max.bytes);
//   - the leader epoch is the holder, a number drawn at each Recover, so that of two commits with equal
//     sequences and positions each Ledger knows its own.
type mark struct {
	sequence int64 // -1: nothing was ever committed
	holder   int32
	position []byte
}

// is reports whether both are the same commit.
func (m mark) is(other mark) bool { return m.sequence == other.sequence && m.holder == other.holder }

// next is the commit after m.
func (m mark) next(holder int32, position []byte) mark {
	return mark{m.sequence + 1, holder, position}
}

func (m mark) offsets(topic string) map[string][]*sarama.PartitionOffsetMetadata {
	text := base64.StdEncoding.EncodeToString(m.position)
	return map[string][]*sarama.PartitionOffsetMetadata{
		topic: {{Partition: 0, Offset: m.sequence, LeaderEpoch: m.holder, Metadata: &text}},
	}
}

// errForeign says that the group's offset was not written by a Ledger.
var errForeign = errors.New("the group's offset is not a ledger's: something else commits under this group")

// group is where the marks are kept.
func (c *Config) group() string { return "portage-" + c.Name }

// readMark reads the last committed mark. Stable waits, by an error that comes right, until no transaction
// that could still change it is open.
func (c *Config) readMark(client sarama.Client, stable bool) (mark, error) {
	block, err := c.readBlock(client, c.group(), 0, stable)
	if err != nil || block.Offset < 0 {
		return mark{sequence: -1}, err
	}
	position, err := base64.StdEncoding.DecodeString(block.Metadata)
	if err != nil {
		return mark{}, fmt.Errorf("kafka group %s: %w", c.group(), errForeign)
	}
	if len(position) == 0 {
		position = nil
	}
	return mark{block.Offset, block.LeaderEpoch, position}, nil
}

// readBlock reads what a group has committed for a partition of the topic. An offset of -1: nothing.
func (c *Config) readBlock(client sarama.Client, group string, partition int32, stable bool) (*sarama.OffsetFetchResponseBlock, error) {
	coordinator, err := client.Coordinator(group)
	if err != nil {
		return nil, c.fail("read position", err)
	}
	request := sarama.NewOffsetFetchRequest(client.Config().Version, group, map[string][]int32{c.Topic: {partition}})
	request.RequireStable = stable
	response, err := coordinator.FetchOffset(request)
	if err != nil {
		coordinator.Close()                  //nolint:errcheck // it is broken
		_ = client.RefreshCoordinator(group) // the next try says it again
		return nil, c.fail("read position", err)
	}
	block := response.GetBlock(c.Topic, partition)
	switch {
	case response.GroupError() == sarama.ErrGroupIDNotFound:
		return &sarama.OffsetFetchResponseBlock{Offset: -1}, nil
	case response.GroupError() != sarama.ErrNoError:
		_ = client.RefreshCoordinator(group)
		return nil, c.fail("read position", response.GroupError())
	case block == nil:
		return nil, c.fail("read position", errors.New("the answer does not name the partition"))
	case block.Err != sarama.ErrNoError:
		return nil, c.fail("read position", block.Err)
	}
	return block, nil
}

// readOffset reads a consumer group's offset once no open transaction can change it. -1: none.
func (c *Config) readOffset(client sarama.Client, group string, partition int32) (offset int64, err error) {
	err = settled(func() error {
		block, err := c.readBlock(client, group, partition, true)
		if err == nil {
			offset = block.Offset
		}
		return err
	})
	return offset, err
}

// stableMark reads the mark once no open transaction can change it.
func (c *Config) stableMark(client sarama.Client) (m mark, err error) {
	err = settled(func() error {
		m, err = c.readMark(client, true)
		return err
	})
	return m, err
}

// settled reads until no open transaction can change what is read, for as long as a coordinator may take
// to settle one.
func settled(read func() error) (err error) {
	for n := range 100 {
		err = read()
		if !errors.Is(err, sarama.ErrUnstableOffsetCommit) && !errors.Is(err, sarama.ErrOffsetsLoadInProgress) {
			return err
		}
		time.Sleep(min(50*time.Millisecond, time.Millisecond<<min(n, 10)))
	}
	return err
}

// draw returns a holder's number that is not the last one's: 1 to 2^31-1.
func (c *Config) draw(last int32) (int32, error) {
	for {
		var b [4]byte
		if _, err := c.Rand.Read(b[:]); err != nil {
			return 0, fmt.Errorf("kafka ledger %s: draw a number: %w", c.Name, err)
		}
		if n := int32(binary.BigEndian.Uint32(b[:]) >> 1); n != 0 && n != last {
			return n, nil
		}
	}
}
