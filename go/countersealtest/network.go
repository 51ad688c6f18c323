//go:build cgo

package countersealtest

import (
	"encoding/json"
	"testing"

	"github.com/counterseal/counterseal/go/internal/native"
)

// A Network has no sockets: what is behind each URL is what a test says. Until then no host is found.
//
// Everything but the sockets is real: redirects, media types, sizes, addresses and credentials are judged as they are
// of a server. A guard with such a network begins no thread.
type Network struct {
	test   testing.TB
	handle uintptr
}

// A Reply is what a URL answers.
type Reply struct {
	Status  int                 // 200 where it is 0
	Headers map[string][]string // Content-Type is application/json where it is not among them
	Body    []byte
	Address string // what the host has as address; a public one where it is empty
	Bearer  string // the credential that it asks for: to others it answers 401, as it does without to those who bring one
}

// NewNetwork makes a network where no host is found. It lives as long as its test.
func NewNetwork(test testing.TB) *Network {
	test.Helper()
	network := &Network{test, take(test, native.NetworkNew())}
	test.Cleanup(func() { native.NetworkFree(network.handle) })
	return network
}

// Answer says what the URL answers from now on.
func (n *Network) Answer(url string, reply Reply) {
	n.test.Helper()
	told := map[string]any{}
	if reply.Status != 0 {
		told["status"] = reply.Status
	}
	headers := [][2]string{}
	for name, values := range reply.Headers {
		for _, value := range values {
			headers = append(headers, [2]string{name, value})
		}
	}
	told["headers"] = headers
	if reply.Address != "" {
		told["address"] = reply.Address
	}
	if reply.Bearer != "" {
		told["bearer"] = reply.Bearer
	}
	n.tell(url, told, reply.Body)
}

// Fail says that there is no answer from the URL, but a fault: "timeout", "connect_timeout", "host_not_found",
// "refused", "reset", "closed" or "certificate".
func (n *Network) Fail(url, fault string) {
	n.test.Helper()
	n.tell(url, map[string]any{"fault": fault}, nil)
}

// Requests gives the URLs that guards asked for since the last time, in order.
func (n *Network) Requests() []string {
	n.test.Helper()
	text := native.TakeText(take(n.test, native.NetworkRequests(n.handle)))
	urls := []string{}
	if err := json.Unmarshal([]byte(text), &urls); err != nil {
		n.test.Fatal(err)
	}
	return urls
}

func (n *Network) tell(url string, reply map[string]any, body []byte) {
	n.test.Helper()
	text, err := json.Marshal(reply)
	if err != nil {
		n.test.Fatal(err)
	}
	take(n.test, native.NetworkAnswer(n.handle, url, string(text), string(body)))
}
