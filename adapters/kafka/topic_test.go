package kafka

import (
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func TestSettingsAreHeldAgainstThePromises(t *testing.T) {
	good := map[string]string{"cleanup.policy": "delete", "max.message.bytes": "1048588", "min.insync.replicas": "2"}
	broker := map[string]string{"offsets.topic.replication.factor": "3", "transaction.state.log.replication.factor": "3",
		"offsets.retention.minutes": "10080", "transactional.id.expiration.ms": "604800000"}
	with := func(m map[string]string, setting, value string) map[string]string {
		n := map[string]string{}
		for k, v := range m {
			n[k] = v
		}
		n[setting] = value
		return n
	}
	for name, tc := range map[string]struct {
		settings
		want string
	}{
		"in order":            {settings{good, broker, 3, 3}, ""},
		"not to be seen":      {settings{replicas: 3, brokers: 3}, ""},
		"one broker":          {settings{with(good, "min.insync.replicas", "1"), with(broker, "offsets.topic.replication.factor", "1"), 1, 1}, "replication.factor"},
		"compacted":           {settings{with(good, "cleanup.policy", "compact,delete"), broker, 3, 3}, "cleanup.policy"},
		"short messages":      {settings{with(good, "max.message.bytes", "1000"), broker, 3, 3}, "max.message.bytes"},
		"not a number":        {settings{with(good, "max.message.bytes", "many"), broker, 3, 3}, ""},
		"one copy is enough":  {settings{with(good, "min.insync.replicas", "1"), broker, 3, 3}, "min.insync.replicas"},
		"all copies needed":   {settings{with(good, "min.insync.replicas", "3"), broker, 3, 3}, "min.insync.replicas"},
		"positions forgotten": {settings{good, with(broker, "offsets.retention.minutes", "1440"), 3, 3}, "offsets.retention.minutes"},
		"ids forgotten":       {settings{good, with(broker, "transactional.id.expiration.ms", "3600000"), 3, 3}, "transactional.id.expiration.ms"},
		"positions on one":    {settings{good, with(broker, "offsets.topic.replication.factor", "1"), 3, 3}, "offsets.topic.replication.factor"},
		"outcomes on one":     {settings{good, with(broker, "transaction.state.log.replication.factor", "1"), 3, 3}, "transaction.state.log.replication.factor"},
	} {
		var got []string
		for _, a := range (&Config{MaxMessageBytes: 1 << 20, Refresh: 24 * time.Hour}).advise(tc.settings) {
			if got = append(got, a.setting); a.text == "" {
				t.Errorf("%s: no advice on %s", name, a.setting)
			}
		}
		if strings.Join(got, " ") != tc.want {
			t.Errorf("%s: %v, want %s", name, got, tc.want)
		}
	}
}

func TestATopicIsCreatedWithItsSettings(t *testing.T) {
	c := cluster(t, kfake.NumBrokers(3))
	asked := make(chan kmsg.CreateTopicsRequestTopic, 1)
	c.ControlKey(int16(kmsg.CreateTopics), func(r kmsg.Request) (kmsg.Response, error, bool) {
		asked <- r.(*kmsg.CreateTopicsRequest).Topics[0]
		return nil, nil, false
	})
	open(t, Config{Brokers: c.ListenAddrs(), Topic: "events", CreateTopic: true, Partitions: 4, Replicas: 3, TopicSettings: map[string]string{"retention.ms": "5184000000"}})
	got := <-asked
	settings := map[string]string{}
	for _, s := range got.Configs {
		settings[s.Name] = *s.Value
	}
	if got.NumPartitions != 4 || got.ReplicationFactor != 3 || len(settings) != 2 || settings["min.insync.replicas"] != "2" || settings["retention.ms"] != "5184000000" {
		t.Errorf("created with %+v, %v", got, settings)
	}
}

func TestSettingsThatMayNotBeSeenHoldNobodyUp(t *testing.T) {
	c := cluster(t, kfake.SeedTopics(1, "events"))
	c.ControlKey(int16(kmsg.DescribeConfigs), func(r kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		res := r.ResponseKind().(*kmsg.DescribeConfigsResponse)
		for _, asked := range r.(*kmsg.DescribeConfigsRequest).Resources {
			one := kmsg.NewDescribeConfigsResponseResource()
			one.ResourceType, one.ResourceName, one.ErrorCode = asked.ResourceType, asked.ResourceName, kerr.TopicAuthorizationFailed.Code
			res.Resources = append(res.Resources, one)
		}
		return res, nil, true
	})
	said := make(lines, 10)
	s := open(t, Config{Brokers: c.ListenAddrs(), Topic: "events", Log: slog.New(slog.NewTextHandler(said, nil))})
	if line := <-said; !strings.Contains(line, "level=INFO") || !strings.Contains(line, "DESCRIBECONFIGS") {
		t.Errorf("it said %s", line)
	}
	if err := s.Publish(t.Context(), message(1)); err != nil {
		t.Error(err)
	}
}

// Brokers hear of a topic from their controller, some time after it was made.
func TestATopicThatWasJustMadeIsWaitedFor(t *testing.T) {
	c := cluster(t)
	late := 3
	c.ControlKey(int16(kmsg.Metadata), func(r kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		req, res := r.(*kmsg.MetadataRequest), r.ResponseKind().(*kmsg.MetadataResponse)
		if len(req.Topics) == 0 || c.PartitionInfo("events", 0) == nil || late == 0 {
			return nil, nil, false
		}
		late--
		b := kmsg.NewMetadataResponseBroker()
		b.Host, b.Port = "127.0.0.1", port(t, c.ListenAddrs()[0])
		topic := kmsg.NewMetadataResponseTopic()
		topic.Topic, topic.ErrorCode = req.Topics[0].Topic, kerr.UnknownTopicOrPartition.Code
		res.Brokers, res.Topics = append(res.Brokers, b), append(res.Topics, topic)
		return res, nil, true
	})
	s := open(t, Config{Brokers: c.ListenAddrs(), Topic: "events", CreateTopic: true})
	<-s.dialed
	if err := s.Publish(t.Context(), message(1)); err != nil || late != 0 {
		t.Errorf("%v, %d answers still late", err, late)
	}
}

func port(t *testing.T, address string) int32 {
	t.Helper()
	a, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	return int32(a.Port)
}
