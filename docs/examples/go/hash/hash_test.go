package hash

import (
	"encoding/json"
	"os"
	"strconv"
	"testing"
	"time"
)

func TestFollowsTheVectors(t *testing.T) {
	text, err := os.ReadFile("../../../../packages/envelope/test/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors struct {
		Partition []struct {
			Key                   string
			Murmur2               int32
			Partitions, Partition int32
		}
		RecordID []struct {
			Topic       string
			Partition   int32
			Offset      int64
			TimestampMs int64 `json:"timestamp_ms"`
			ID          string
		} `json:"record_id"`
		Rank []struct {
			Parts  []string
			Number string
		}
	}
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	if len(vectors.Partition) == 0 || len(vectors.RecordID) == 0 || len(vectors.Rank) == 0 {
		t.Fatal("no vectors")
	}
	for _, v := range vectors.Partition {
		if got := int32(Murmur2([]byte(v.Key))); got != v.Murmur2 {
			t.Errorf("murmur2 of %q: %d, want %d", v.Key, got, v.Murmur2)
		}
		if got := HomePartition(v.Key, v.Partitions); got != v.Partition {
			t.Errorf("home of %q: %d, want %d", v.Key, got, v.Partition)
		}
	}
	for _, v := range vectors.RecordID {
		if got := DeriveID(v.Topic, v.Partition, v.Offset, time.UnixMilli(v.TimestampMs)); got != v.ID {
			t.Errorf("id at %s: %s, want %s", v.Topic, got, v.ID)
		}
	}
	for _, v := range vectors.Rank {
		if got := strconv.FormatUint(Rank(v.Parts...), 10); got != v.Number {
			t.Errorf("rank of %v: %s, want %s", v.Parts, got, v.Number)
		}
	}
}
