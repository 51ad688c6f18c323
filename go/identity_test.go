//go:build cgo

package counterseal_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	counterseal "github.com/counterseal/counterseal/go"
	"github.com/counterseal/counterseal/go/countersealtest"
)

// Nothing that shows an identity or an error shows the token, and what is for logs shows no claim either.
func TestNothingIsShown(t *testing.T) {
	issuer := countersealtest.NewIssuer(t)
	guard := issuer.Guard()
	claims := countersealtest.Claims{"sub": "c4n4ry-subject", "email": "c4n4ry-email", "scope": "c4n4ry-scope"}
	token := issuer.Token(claims)
	identity := verified(t, guard, token)
	parts := strings.Split(token, ".")

	var logged bytes.Buffer
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("in", "identity", identity, "copy", *identity, "guard", guard)
	shown := logged.String()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%T"} {
		shown += fmt.Sprintf(verb+verb, identity, *identity)
		shown += fmt.Sprintf(verb, struct{ I counterseal.Identity }{*identity})
		shown += fmt.Sprintf(verb, struct{ I *counterseal.Identity }{identity})
		shown += fmt.Sprintf(verb, struct{ G *counterseal.Guard }{guard})
		shown += fmt.Sprintf(verb, []any{identity})
	}
	if strings.Contains(shown, "c4n4ry") {
		t.Error("a claim is shown:", shown)
	}

	for _, option := range []countersealtest.TokenOption{
		countersealtest.Expired(), countersealtest.WrongAudience(), countersealtest.WrongIssuer(), countersealtest.Tampered(),
		countersealtest.Unsigned(),
	} {
		_, err := guard.TryVerify(issuer.Token(claims, option))
		text := fmt.Sprintf("%v %+v %#v %q", err, err, err, err)
		encoded, _ := json.Marshal(err)
		if shown += text + string(encoded); strings.Contains(shown, "c4n4ry") {
			t.Error("a claim is shown:", text)
		}
	}
	marshaled, err := json.Marshal(map[string]any{"identity": identity, "copy": *identity})
	if err != nil || strings.Count(string(marshaled), "c4n4ry-subject") != 4 {
		t.Errorf("%s %v", marshaled, err) // sub and the claim, twice
	}
	for _, part := range append(parts, token[:40], "eyJ") {
		if strings.Contains(shown+string(marshaled), part) {
			t.Error("a part of the token is shown")
		}
	}
}

func TestAsJSON(t *testing.T) {
	identity := identityOf(t, `{"sub":"alice","big":12345678901234567890}`)
	text, err := json.Marshal(identity)
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil || string(fields["subject"]) != `"alice"` || string(fields["tenant"]) != "null" {
		t.Errorf("%s %v", text, err)
	}
	if !strings.Contains(string(fields["claims"]), "12345678901234567890") {
		t.Errorf("%s", text)
	}
	// What comes back is no proof.
	var back counterseal.Identity
	if err := json.Unmarshal(text, &back); !errors.Is(err, counterseal.ErrMisuseArgument) {
		t.Error(err)
	}
	if err := gob.NewEncoder(new(bytes.Buffer)).Encode(identity); err == nil {
		t.Error("an identity is encoded by gob")
	}
}

func TestEquality(t *testing.T) {
	issuer := countersealtest.NewIssuer(t)
	token, other := issuer.Token(nil), issuer.Token(countersealtest.Claims{"sub": "bob"})
	guard, second := issuer.Guard(), issuer.Guard()
	first := verified(t, guard, token)
	if !first.Equal(first) || !first.Equal(verified(t, second, token)) || first.Equal(verified(t, guard, other)) {
		t.Error("identities are not compared by value")
	}
	clone := *first
	if clone != *first || !clone.Equal(first) || clone.Subject() != first.Subject() {
		t.Error("a copy is another identity")
	}
}

// An identity that no verification made is no proof of anything.
func TestForgedIdentities(t *testing.T) {
	var none *counterseal.Identity
	for name, forged := range map[string]*counterseal.Identity{"nil": none, "zero": {}, "new": new(counterseal.Identity)} {
		for method, call := range map[string]func(){
			"Subject": func() { forged.Subject() }, "HasRole": func() { forged.HasRole("admin") },
			"HasScope": func() { forged.HasScope("x") }, "Claims": func() { forged.Claims() },
			"Claim": func() { forged.Claim("sub") }, "Equal": func() { forged.Equal(forged) },
			"Require":   func() { _ = forged.Require(counterseal.Requirements{Scopes: []string{"x"}}) },
			"ExpiresAt": func() { forged.ExpiresAt() }, "Roles": func() { forged.Roles() },
			"DecodeClaims": func() { _ = forged.DecodeClaims(new(any)) },
		} {
			func() {
				defer func() {
					err, _ := recover().(error)
					if !errors.Is(err, counterseal.ErrMisuseArgument) {
						t.Errorf("%s.%s: %v", name, method, err)
					}
				}()
				call()
			}()
		}
	}
	if _, err := json.Marshal(counterseal.Identity{}); !errors.Is(err, counterseal.ErrMisuseArgument) {
		t.Error(err)
	}
	if text := fmt.Sprint(counterseal.Identity{}); text != "counterseal.Identity(none)" {
		t.Error(text)
	}
	genuine := identityOf(t, `{}`)
	func() {
		defer func() {
			if err, _ := recover().(error); !errors.Is(err, counterseal.ErrMisuseArgument) {
				t.Error(err)
			}
		}()
		genuine.Equal(&counterseal.Identity{})
	}()
}
