// SPDX-License-Identifier: Apache-2.0

// The gateway's job as it would be written first: a batch comes in, each item
// goes to the provider over HTTP/2, the results go back.  No checks, no second
// attempts, no metrics, no TLS towards the caller.
package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"sync"
)

type item struct {
	ID           string          `json:"id"`
	Notification json.RawMessage `json:"notification"`
}

type encrypted struct {
	Ciphertext string `json:"ciphertext"`
	Time       string `json:"time_message_encrypted"`
	Key        string `json:"key_identifier"`
}

type result struct {
	ID       string   `json:"id"`
	Status   string   `json:"status"`
	Rejected []string `json:"rejected"`
}

type gateway struct {
	client *http.Client
	url    string
	header http.Header
	apple  bool
}

func (g *gateway) compose(raw json.RawMessage) ([]byte, error) {
	var message encrypted
	if err := json.Unmarshal(raw, &message); err != nil {
		return nil, err
	}
	if g.apple {
		return json.Marshal(map[string]any{
			"aps": map[string]any{"mutable-content": 1,
				"alert": map[string]string{"body": "Neue Nachricht"}},
			"ciphertext":             message.Ciphertext,
			"time_message_encrypted": message.Time,
			"key_identifier":         message.Key})
	}
	return json.Marshal(map[string]any{"message": map[string]any{
		"token": "device-1-x", "data": message,
		"android": map[string]string{"priority": "HIGH"}}})
}

func (g *gateway) push(raw json.RawMessage) string {
	body, err := g.compose(raw)
	if err != nil {
		return "failed"
	}
	request, err := http.NewRequest("POST", g.url, bytes.NewReader(body))
	if err != nil {
		return "failed"
	}
	request.Header = g.header.Clone()
	response, err := g.client.Do(request)
	if err != nil {
		return "failed"
	}
	defer response.Body.Close()
	io.Copy(io.Discard, response.Body)
	if response.StatusCode != 200 {
		return "failed"
	}
	return "success"
}

func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var batch struct {
		Notifications []item `json:"notifications"`
	}
	if err := json.NewDecoder(r.Body).Decode(&batch); err != nil {
		http.Error(w, "Invalid data format", 400)
		return
	}
	results := make([]result, len(batch.Notifications))
	var wait sync.WaitGroup
	for i := range batch.Notifications {
		wait.Add(1)
		go func(i int) {
			defer wait.Done()
			one := batch.Notifications[i]
			results[i] = result{one.ID, g.push(one.Notification), []string{}}
		}(i)
	}
	wait.Wait()
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]any{"results": results})
}

func main() {
	ca, err := os.ReadFile(os.Args[3])
	if err != nil {
		log.Fatal(err)
	}
	headers, err := os.ReadFile(os.Args[4])
	if err != nil {
		log.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	g := &gateway{url: os.Args[2], header: http.Header{},
		client: &http.Client{Transport: &http.Transport{
			ForceAttemptHTTP2: true,
			TLSClientConfig:   &tls.Config{RootCAs: pool}}}}
	for _, line := range strings.Split(string(headers), "\n") {
		if name, value, found := strings.Cut(line, ": "); found {
			g.header.Set(name, value)
			g.apple = g.apple || name == "apns-topic"
		}
	}
	log.Fatal(http.ListenAndServe(os.Args[1], g))
}
