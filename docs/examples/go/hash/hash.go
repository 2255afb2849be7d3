// Package hash has the hashes on which all participants of a group agree. Written from docs/wire.md.
package hash

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// DeriveID is the id of a record that names none.
func DeriveID(topic string, partition int32, offset int64, timestamp time.Time) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%d\n%d\n%d", topic, partition, offset, timestamp.UnixMilli()))
	sum[6] = sum[6]&0x0f | 0x80
	sum[8] = sum[8]&0x3f | 0x80
	text := hex.EncodeToString(sum[:16])
	return strings.Join([]string{text[:8], text[8:12], text[12:16], text[16:20], text[20:]}, "-")
}

// Murmur2 is the hash of the default partitioner of the Java client.
func Murmur2(data []byte) uint32 {
	const m = 0x5bd1e995
	h := 0x9747b28c ^ uint32(len(data))
	for ; len(data) >= 4; data = data[4:] {
		k := binary.LittleEndian.Uint32(data) * m
		h = h*m ^ (k^k>>24)*m
	}
	if len(data) > 0 {
		for i, b := range data {
			h ^= uint32(b) << (8 * i)
		}
		h *= m
	}
	h = (h ^ h>>13) * m
	return h ^ h>>15
}

// HomePartition is the one partition where records of the task count.
func HomePartition(taskID string, partitions int32) int32 {
	return int32(Murmur2([]byte(taskID))&0x7fffffff) % partitions
}

// Rank gives the order in which agents take a task: ascending by Rank(task id, attempt, agent id).
func Rank(parts ...string) uint64 {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\n")))
	return binary.BigEndian.Uint64(sum[:8])
}
