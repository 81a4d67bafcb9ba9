// Publishes events with the CloudEvents SDK for Go: `client <url of the node>`. Prints the status of each as JSON.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	cehttp "github.com/cloudevents/sdk-go/v2/protocol/http"
)

func main() {
	url := os.Args[1] + "/v1/events"
	client, err := cloudevents.NewClientHTTP(cloudevents.WithTarget(url))
	check(err)
	statuses := map[string]int{
		"binary":     send(client, cloudevents.WithEncodingBinary(context.Background()), order("binary")),
		"structured": send(client, cloudevents.WithEncodingStructured(context.Background()), order("structured")),
		"bytes":      send(client, cloudevents.WithEncodingStructured(context.Background()), raw("bytes")),
		"batch":      sendBatch(url),
	}
	check(json.NewEncoder(os.Stdout).Encode(statuses))
}

func order(id string) cloudevents.Event {
	event := cloudevents.NewEvent()
	event.SetID(id)
	event.SetSource("/shops/go")
	event.SetType("order.placed")
	event.SetSubject("eu 1/ä")
	event.SetTime(time.Date(2026, 1, 2, 3, 4, 5, 678000000, time.UTC))
	event.SetExtension("comexampleother", "x y")
	check(event.SetData(cloudevents.ApplicationJSON, map[string]any{"amount": 5, "note": "Grüße"}))
	return event
}

func raw(id string) cloudevents.Event {
	event := order(id)
	data := make([]byte, 256)
	for i := range data {
		data[i] = byte(i)
	}
	check(event.SetData("application/octet-stream", data))
	return event
}

func send(client cloudevents.Client, ctx context.Context, event cloudevents.Event) int {
	result := client.Send(ctx, event)
	var answer *cehttp.Result
	if !cloudevents.ResultAs(result, &answer) {
		check(fmt.Errorf("no answer: %w", result))
	}
	return answer.StatusCode
}

func sendBatch(url string) int {
	body, err := json.Marshal([]cloudevents.Event{order("batch-1"), order("batch-2")})
	check(err)
	response, err := http.Post(url, cloudevents.ApplicationCloudEventsBatchJSON, bytes.NewReader(body))
	check(err)
	defer response.Body.Close()
	return response.StatusCode
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
