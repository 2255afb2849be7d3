// Serves a skill with an ordinary consumer group (docs/wire.md, section 6): reverses texts.
//
//	go run ./serve -brokers localhost:9092 -group acme -skill text.reverse
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"kafclaw.dev/examples/go/wire"
)

// work is the skill: what to answer to a request.
func work(request wire.Request) (wire.Response, error) {
	letters := []rune(request.Content)
	slices.Reverse(letters)
	return wire.Response{Content: string(letters)}, nil
}

func main() {
	brokers := flag.String("brokers", "localhost:9092", "host:port,...")
	group := flag.String("group", "", "group (required)")
	zone := flag.String("zone", "public", "zone")
	skill := flag.String("skill", "text.reverse", "skill to serve")
	name := flag.String("name", "go-serve", "sender id, and name of the consumer group")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := serve(ctx, *brokers, wire.Scope{Group: *group, Zone: *zone}, *skill, *name); err != nil {
		log.Fatal(err)
	}
}

func serve(ctx context.Context, brokers string, scope wire.Scope, skill, name string) error {
	partitions, err := wire.ReadPartitions(ctx, brokers, scope)
	if err != nil {
		return err
	}
	client, err := kgo.NewClient(append(wire.Options(brokers),
		kgo.ConsumerGroup(scope.Group+"."+name),
		kgo.ConsumeTopics(scope.SkillTopic(skill)),
		kgo.DisableAutoCommit(),
	)...)
	if err != nil {
		return err
	}
	defer client.Close()
	fmt.Println("ready")
	for {
		fetches := client.PollRecords(ctx, 100)
		if ctx.Err() != nil {
			return nil
		}
		fetches.EachError(func(topic string, partition int32, err error) { log.Printf("%s/%d: %v", topic, partition, err) })
		for record := range fetches.RecordsAll() {
			if ctx.Err() != nil {
				return nil
			}
			// What was begun is finished, also when we are told to stop meanwhile.
			begun := context.WithoutCancel(ctx)
			if err := serveOne(begun, client, scope, partitions, name, record); err != nil {
				return err
			}
			// Only now: a crash before it makes another answer, of which the first counts.
			if err := client.CommitRecords(begun, record); err != nil {
				log.Printf("not committed, so it will be answered again: %v", err)
			}
		}
	}
}

func serveOne(
	ctx context.Context, client *kgo.Client, scope wire.Scope, partitions int32, name string, record *kgo.Record,
) error {
	envelope, request, err := wire.Decode[wire.Request](record, "request")
	if err != nil {
		log.Printf("passed over %s/%d/%d: %v", record.Topic, record.Partition, record.Offset, err)
		return nil
	}
	if envelope.ExpiresAt.Before(time.Now()) {
		return nil
	}
	response, err := work(request)
	if err != nil {
		response = wire.Response{Status: "failed", Error: &wire.Error{Code: "SKILL_FAILED", Message: err.Error()}}
	}
	response.AgentID = name
	answer := wire.Envelope{
		Type:          "response",
		SenderID:      name,
		CorrelationID: envelope.CorrelationID,
		CausationID:   envelope.ID,
	}
	return wire.Send(ctx, client, scope.Topic("responses"), partitions, answer, response)
}
