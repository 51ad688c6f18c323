package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"

	counterseal "github.com/counterseal/counterseal/go"
)

func attempt(err error) any {
	var policy *counterseal.PolicyError
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &policy):
		problems := []any{}
		for _, problem := range policy.Problems {
			problems = append(problems, object{
				"code": problem.Code.String(), "path": problem.Path, "pointer": problem.Pointer, "line": problem.Line,
				"column": problem.Column, "message": problem.Message, "hint": orNull(problem.Hint),
			})
		}
		return object{"problems": problems}
	default:
		return object{"error": codeOf(err).String()}
	}
}

func refusal(err error) any {
	var rejected *counterseal.TokenRejectedError
	var outage *counterseal.UnavailableError
	switch {
	case errors.As(err, &rejected):
		return object{"rejected": object{
			"code": rejected.Code.String(), "number": int(rejected.Code), "rule": rejected.Rule, "status": rejected.Status,
			"www_authenticate": orNull(rejected.WWWAuthenticate), "enforced": rejected.Enforced,
		}}
	case errors.As(err, &outage):
		return object{"unavailable": object{
			"code": outage.Code.String(), "number": int(outage.Code), "status": outage.Status,
			"retry_after": int64(outage.RetryAfter / time.Second), "enforced": outage.Enforced,
		}}
	default:
		return object{"error": codeOf(err).String()}
	}
}

func codeOf(err error) counterseal.Code {
	var code counterseal.Code
	if !errors.As(err, &code) {
		panic(err)
	}
	return code
}

// identityOf reads every method. Where Go has an empty text or a zero time for what the token does not have, the
// identity's JSON says whether it is there; where both have a value, they must agree.
func identityOf(identity *counterseal.Identity) object {
	text, err := json.Marshal(identity)
	must(err)
	var written map[string]json.RawMessage
	must(json.Unmarshal(text, &written))
	fields := object{
		"subject": identity.Subject(), "issuer": identity.Issuer(), "audience": identity.Audience(),
		"scopes": identity.Scopes(), "roles": identity.Roles(), "tenant": identity.Tenant(),
		"client_id": identity.ClientID(), "subject_kind": identity.SubjectKind(), "actors": identity.Actors(),
		"token_id": identity.TokenID(), "issued_at": identity.IssuedAt(), "expires_at": identity.ExpiresAt(),
		"auth_time": identity.AuthTime(), "acr": identity.ACR(), "amr": identity.AMR(), "profile": identity.Profile(),
		"transaction_id": identity.TransactionID(), "groups_incomplete": identity.GroupsIncomplete(),
		"claims": identity.Claims(),
	}
	for name, value := range fields {
		if name != "claims" {
			fields[name] = field(name, value, written[name])
		}
	}
	return fields
}

func field(name string, value any, written json.RawMessage) any {
	var same any
	must(json.Unmarshal(written, &same))
	switch value := value.(type) {
	case string:
		if same == nil && value == "" {
			return nil
		}
		agree(name, value, same)
		return value
	case time.Time:
		if same == nil && value.IsZero() {
			return nil
		}
		agree(name, float64(value.Unix()), same)
		return value.Unix()
	case []string:
		list := []any{}
		for _, element := range value {
			list = append(list, element)
		}
		agree(name, list, same)
		return list
	default:
		return value
	}
}

func agree(name string, value, same any) {
	if !reflect.DeepEqual(value, same) {
		panic(fmt.Sprintf("%s is one thing in Go and another in JSON", name))
	}
}

func reportOf(report *counterseal.Report) object {
	checks := []any{}
	for _, check := range report.Checks {
		checks = append(checks, object{
			"rule": check.Rule, "name": check.Name, "stage": check.Stage, "outcome": check.Outcome,
			"detail": orNull(check.Detail),
		})
	}
	notReached := []any{}
	for _, stage := range report.NotReached {
		notReached = append(notReached, stage)
	}
	var code any
	if report.Code != 0 {
		code = report.Code.String()
	}
	return object{"verdict": report.Verdict, "code": code, "checks": checks, "not_reached": notReached}
}

// orNull is for texts that Go has as empty where they are absent, and that are never empty otherwise.
func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}
