// Asks an agent or a skill and waits for the outcome (docs/wire.md, section 5).
//
//	go run ./ask -brokers localhost:9092 -group acme -skill text.reverse stressed
//	go run ./ask -brokers localhost:9092 -group acme -to agent-b "What do you know about billing?"
//
// Exit codes: 0 completed, 1 another outcome or an error, 3 no outcome in time.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"kafclaw.dev/examples/go/hash"
	"kafclaw.dev/examples/go/wire"
)

func main() {
	brokers := flag.String("brokers", "localhost:9092", "host:port,...")
	group := flag.String("group", "", "group (required)")
	zone := flag.String("zone", "public", "zone")
	to := flag.String("to", "", "the agent that is asked; otherwise whoever is able")
	skill := flag.String("skill", "chat", "skill that is asked for")
	timeout := flag.Duration("timeout", time.Minute, "how long to wait")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), *timeout)
	defer cancel()

	expiresAt := time.Now().Add(*timeout).UTC()
	question := wire.Envelope{
		Type:          "request",
		SenderID:      "go-ask",
		RecipientID:   *to,
		CorrelationID: "task_" + rand.Text(),
		ExpiresAt:     &expiresAt,
	}
	request := wire.Request{Content: strings.Join(flag.Args(), " "), Skill: *skill}
	outcome, err := ask(ctx, *brokers, wire.Scope{Group: *group, Zone: *zone}, question, request)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		fmt.Fprintf(os.Stderr, "no outcome of %s within %s\n", question.CorrelationID, *timeout)
		os.Exit(3)
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	case outcome.Status != "" && outcome.Status != "completed":
		fmt.Fprintf(os.Stderr, "%s: %+v\n", outcome.Status, outcome.Error)
		os.Exit(1)
	}
	fmt.Println(outcome.Content)
}

func ask(
	ctx context.Context, brokers string, scope wire.Scope, question wire.Envelope, request wire.Request,
) (wire.Response, error) {
	partitions, err := wire.ReadPartitions(ctx, brokers, scope)
	if err != nil {
		return wire.Response{}, err
	}
	client, err := kgo.NewClient(wire.Options(brokers)...)
	if err != nil {
		return wire.Response{}, err
	}
	defer client.Close()
	topics, err := kadm.NewClient(client).ListEndOffsets(ctx, scope.Topic("responses"), scope.SkillTopic(request.Skill))
	if err != nil {
		return wire.Response{}, err
	}

	// Listen before asking.
	home := hash.HomePartition(question.CorrelationID, partitions)
	end, found := topics.Lookup(scope.Topic("responses"), home)
	if !found || end.Err != nil {
		return wire.Response{}, fmt.Errorf("no partition %d of %s", home, scope.Topic("responses"))
	}
	client.AddConsumePartitions(map[string]map[int32]kgo.Offset{
		end.Topic: {home: kgo.NewOffset().At(end.Offset)},
	})
	askedOn := scope.Topic("requests")
	own, found := topics.Lookup(scope.SkillTopic(request.Skill), home)
	if found && own.Err == nil && question.RecipientID == "" {
		askedOn = own.Topic
	}
	if err := wire.Send(ctx, client, askedOn, partitions, question, request); err != nil {
		return wire.Response{}, err
	}
	for {
		fetches := client.PollFetches(ctx)
		if ctx.Err() != nil {
			return wire.Response{}, ctx.Err()
		}
		for record := range fetches.RecordsAll() {
			envelope, response, err := wire.Decode[wire.Response](record, "response")
			// The first one is the outcome; all later ones would be ignored.
			if err == nil && envelope.CorrelationID == question.CorrelationID {
				return response, nil
			}
		}
	}
}
