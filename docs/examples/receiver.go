// A receiver of Postern's webhooks in Go, with nothing but the standard library.
//
// Run: WEBHOOK_SECRET=whsec_… PORT=8000 go run receiver.go
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	tolerance   = 5 * time.Minute
	largestBody = 1 << 20
)

// Event is what this receiver needs of a body; fields it does not know are left out.
type Event struct {
	Type string `json:"type"`
	Data struct {
		Link *struct {
			ID       string `json:"id"`
			Sequence int64  `json:"sequence"`
		} `json:"link"`
	} `json:"data"`
}

// Verifies STANDARD_V1: one right signature among those given is enough.
func verified(key []byte, header http.Header, body []byte) bool {
	id, timestamp := header.Get("webhook-id"), header.Get("webhook-timestamp")
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || time.Since(time.Unix(seconds, 0)).Abs() > tolerance {
		return false
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + timestamp + "."))
	mac.Write(body)
	right := []byte("v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	for _, given := range strings.Fields(header.Get("webhook-signature")) {
		if hmac.Equal([]byte(given), right) {
			return true
		}
	}
	return false
}

// Inbox is what has come in. In production: two tables, written in one transaction with the event itself.
type Inbox struct {
	lock   sync.Mutex
	seen   map[string]bool  // every webhook-id
	latest map[string]int64 // link id: the highest sequence
}

// Take tells a new event from one that was here before ("again") and one that is overtaken ("late").
func (inbox *Inbox) Take(webhookID string, event *Event) string {
	inbox.lock.Lock()
	defer inbox.lock.Unlock()
	if inbox.seen[webhookID] {
		return "again"
	}
	inbox.seen[webhookID] = true
	link := event.Data.Link
	if link == nil {
		return "new"
	}
	if link.Sequence < inbox.latest[link.ID] {
		return "late"
	}
	inbox.latest[link.ID] = link.Sequence
	return "new"
}

func main() {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(os.Getenv("WEBHOOK_SECRET"), "whsec_"))
	if err != nil || len(key) == 0 {
		log.Fatal("WEBHOOK_SECRET must be whsec_ and base64")
	}
	inbox := Inbox{seen: map[string]bool{}, latest: map[string]int64{}}
	work := make(chan *Event, 1024)
	go workOff(work)

	receive := func(response http.ResponseWriter, request *http.Request) {
		// The signature is over the bytes as they came: verify first, parse after.
		body, err := io.ReadAll(http.MaxBytesReader(response, request.Body, largestBody))
		if err != nil || !verified(key, request.Header, body) {
			fmt.Println("refused:", request.Header.Get("webhook-id"))
			response.WriteHeader(http.StatusBadRequest)
			return
		}
		event := new(Event)
		if err := json.Unmarshal(body, event); err != nil {
			response.WriteHeader(http.StatusBadRequest)
			return
		}
		webhookID := request.Header.Get("webhook-id")
		verdict := inbox.Take(webhookID, event)
		fmt.Println(verdict+":", webhookID, event.Type)
		if verdict == "new" {
			work <- event
		}
		// What is safe in the queue is answered at once; the work itself comes after.
		response.WriteHeader(http.StatusNoContent)
	}
	port := os.Getenv("PORT")
	if port == "" {
		port = "8000"
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:"+port, http.HandlerFunc(receive)))
}

// Does what the events ask for, one after another.
func workOff(work <-chan *Event) {
	for event := range work {
		fmt.Println("handled:", event.Type)
	}
}
