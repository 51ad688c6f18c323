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
	Token string
	Now   *int64
}

type answer struct {
	Verdict string `json:"verdict"`
	Subject string `json:"subject,omitempty"`
	Code    string `json:"code,omitempty"`
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
		if err := answers.Encode(say(guard, asked)); err != nil {
			log.Fatal(err)
		}
	}
}

func say(guard *counterseal.Guard, asked question) answer {
	var options []counterseal.VerifyOption
	if asked.Now != nil {
		options = append(options, counterseal.WithNow(time.Unix(*asked.Now, 0)))
	}
	identity, err := guard.Verify(context.Background(), asked.Token, options...)
	var rejected *counterseal.TokenRejectedError
	var outage *counterseal.UnavailableError
	switch {
	case err == nil:
		return answer{Verdict: "verified", Subject: identity.Subject()}
	case errors.As(err, &rejected):
		return answer{Verdict: "rejected", Code: rejected.Code.String()}
	case errors.As(err, &outage):
		return answer{Verdict: "unavailable", Code: outage.Code.String()}
	default:
		log.Fatal(err)
		return answer{}
	}
}
