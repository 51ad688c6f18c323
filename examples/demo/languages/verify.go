// What a Go service says of tokens: verify POLICY, a question a line, an answer a line.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"os"
	"time"

	counterseal "github.com/counterseal/counterseal/go"
)

type question struct {
	Token *string // without one, how the keys of the issuer are doing
	Now   *int64
}

type answer struct {
	Verdict    string `json:"verdict"`
	Subject    string `json:"subject,omitempty"`
	Code       string `json:"code,omitempty"`
	Status     int    `json:"status,omitempty"`
	RetryAfter int    `json:"retry_after,omitempty"`
}

func main() {
	guard, err := counterseal.LoadGuard(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	questions, answers := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var asked question
		if err := questions.Decode(&asked); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			log.Fatal(err)
		}
		var said any
		if asked.Token == nil {
			said = keys(guard)
		} else {
			said = verdict(guard, *asked.Token, asked.Now)
		}
		if err := answers.Encode(said); err != nil {
			log.Fatal(err)
		}
	}
}

func verdict(guard *counterseal.Guard, token string, now *int64) answer {
	var options []counterseal.VerifyOption
	if now != nil {
		options = append(options, counterseal.WithNow(time.Unix(*now, 0)))
	}
	identity, err := guard.Verify(context.Background(), token, options...)
	var rejected *counterseal.TokenRejectedError
	var outage *counterseal.UnavailableError
	switch {
	case err == nil:
		return answer{Verdict: "verified", Subject: identity.Subject()}
	case errors.As(err, &rejected):
		return answer{Verdict: "rejected", Code: rejected.Code.String(), Status: rejected.Status}
	case errors.As(err, &outage):
		seconds := int(outage.RetryAfter.Seconds())
		return answer{Verdict: "unavailable", Code: outage.Code.String(), Status: outage.Status, RetryAfter: seconds}
	default:
		log.Fatal(err)
		return answer{}
	}
}

func keys(guard *counterseal.Guard) any {
	text, err := guard.Status()
	if err != nil {
		log.Fatal(err)
	}
	var status struct {
		Issuers []struct {
			State string `json:"key_state"`
			Fetch struct {
				Refreshes int
				InFlight  bool `json:"in_flight"`
			}
		}
	}
	if err := json.Unmarshal(text, &status); err != nil {
		log.Fatal(err)
	}
	issuer := status.Issuers[0]
	return map[string]any{"state": issuer.State, "refreshes": issuer.Fetch.Refreshes, "in_flight": issuer.Fetch.InFlight}
}
