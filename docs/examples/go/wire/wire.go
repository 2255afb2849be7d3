// Package wire is what an ordinary program needs to take part in a group of KafClaw at level 1. Written from docs/wire.md.
package wire

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"kafclaw.dev/examples/go/hash"
)

// Envelope is the value of a record. What is empty is left out; readers fill it in.
type Envelope struct {
	Type          string          `json:"type"`
	ID            string          `json:"id,omitempty"`
	Group         string          `json:"group,omitempty"`
	Zone          string          `json:"zone,omitempty"`
	SenderID      string          `json:"sender_id,omitempty"`
	RecipientID   string          `json:"recipient_id,omitempty"`
	CorrelationID string          `json:"correlation_id,omitempty"`
	CausationID   string          `json:"causation_id,omitempty"`
	Timestamp     *time.Time      `json:"timestamp,omitempty"`
	ExpiresAt     *time.Time      `json:"expires_at,omitempty"`
	Payload       json.RawMessage `json:"payload"`
}

// Request is the payload of a question.
type Request struct {
	Content string          `json:"content"`
	Skill   string          `json:"skill,omitempty"`
	Input   json.RawMessage `json:"input,omitempty"`
}

// Response is the payload of an answer.
type Response struct {
	Status  string          `json:"status,omitempty"`
	Content string          `json:"content,omitempty"`
	Output  json.RawMessage `json:"output,omitempty"`
	Error   *Error          `json:"error,omitempty"`
	AgentID string          `json:"agent_id,omitempty"`
}

// Error says in a response what went wrong.
type Error struct {
	Code      string `json:"code"`
	Message   string `json:"message"`
	Retryable bool   `json:"retryable"`
}

// Scope is a zone of a group.
type Scope struct{ Group, Zone string }

// Topic names a topic of the zone; those under "control." belong to the whole group.
func (s Scope) Topic(suffix string) string {
	if s.Zone == "public" || strings.HasPrefix(suffix, "control.") {
		return "group." + s.Group + "." + suffix
	}
	return "group." + s.Group + ".zone." + s.Zone + "." + suffix
}

// SkillTopic names the topic of a skill.
func (s Scope) SkillTopic(skill string) string { return s.Topic("skill." + skill + ".requests") }

// Decode reads an envelope of one type and fills in what is missing. It refuses less than section 3 of docs/wire.md
// asks of readers that must agree: to answer what others refuse does no harm.
func Decode[P any](record *kgo.Record, wanted string) (Envelope, P, error) {
	var envelope Envelope
	var payload P
	if !utf8.Valid(record.Value) {
		return envelope, payload, errors.New("not UTF-8")
	}
	if err := json.Unmarshal(record.Value, &envelope); err != nil {
		return envelope, payload, err
	}
	if envelope.Type != wanted || envelope.Payload == nil {
		return envelope, payload, fmt.Errorf("not a %s", wanted)
	}
	if err := json.Unmarshal(envelope.Payload, &payload); err != nil {
		return envelope, payload, err
	}
	if envelope.ID == "" {
		envelope.ID = hash.DeriveID(record.Topic, record.Partition, record.Offset, record.Timestamp)
	}
	if envelope.Timestamp == nil {
		envelope.Timestamp = &record.Timestamp
	}
	if wanted == "request" {
		if envelope.CorrelationID == "" {
			envelope.CorrelationID = "task_" + envelope.ID
		}
		if envelope.ExpiresAt == nil {
			in24Hours := envelope.Timestamp.Add(24 * time.Hour)
			envelope.ExpiresAt = &in24Hours
		}
	}
	return envelope, payload, nil
}

// Options are those of a client that reads from the beginning, loses nothing that it writes, and chooses partitions itself.
func Options(brokers string) []kgo.Opt {
	return []kgo.Opt{
		kgo.SeedBrokers(strings.Split(brokers, ",")...),
		kgo.RequiredAcks(kgo.AllISRAcks()),
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchMaxWait(200 * time.Millisecond),
	}
}

// Send writes an envelope to the home partition of its task and waits until it is acknowledged.
func Send(ctx context.Context, client *kgo.Client, topic string, partitions int32, envelope Envelope, payload any) error {
	var err error
	if envelope.Payload, err = json.Marshal(payload); err != nil {
		return err
	}
	value, err := json.Marshal(envelope)
	if err != nil {
		return err
	}
	home := hash.HomePartition(envelope.CorrelationID, partitions)
	record := &kgo.Record{
		Topic:     topic,
		Partition: home,
		Key:       []byte(envelope.CorrelationID),
		Value:     value,
		Headers:   []kgo.RecordHeader{{Key: "content-type", Value: []byte("application/json")}},
	}
	if envelope.Type == "response" {
		record.Headers = append(record.Headers, kgo.RecordHeader{Key: "kc_home", Value: []byte(strconv.Itoa(int(home)))})
	}
	return client.ProduceSync(ctx, record).FirstErr()
}

// ReadPartitions finds in the zone record how many partitions the task topics of the zone have.
func ReadPartitions(ctx context.Context, brokers string, scope Scope) (int32, error) {
	topic := scope.Topic("control.zones")
	client, err := kgo.NewClient(append(Options(brokers), kgo.ConsumeTopics(topic))...)
	if err != nil {
		return 0, err
	}
	defer client.Close()
	ends, err := kadm.NewClient(client).ListEndOffsets(ctx, topic)
	if err != nil {
		return 0, err
	}
	end, found := ends.Lookup(topic, 0)
	if !found || end.Err != nil || end.Offset == 0 {
		return 0, fmt.Errorf("group %q has no zones here: run \"kafclaw topics apply\"", scope.Group)
	}
	for next := int64(0); next < end.Offset; {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return 0, err
		}
		for record := range fetches.RecordsAll() {
			next = record.Offset + 1
			type zone struct {
				Zone       string `json:"zone"`
				Partitions int32  `json:"partitions"`
			}
			if _, said, err := Decode[zone](record, "zone"); err == nil && said.Zone == scope.Zone && said.Partitions > 0 {
				return said.Partitions, nil
			}
		}
	}
	return 0, fmt.Errorf("group %q has no zone %q", scope.Group, scope.Zone)
}
