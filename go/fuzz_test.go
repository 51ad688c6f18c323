//go:build cgo

package counterseal_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	counterseal "github.com/counterseal/counterseal/go"
	"github.com/counterseal/counterseal/go/countersealtest"
)

// Whatever comes in, the answer is an identity or an error with a code, and the report says the same.
func FuzzVerify(f *testing.F) {
	issuer := countersealtest.NewIssuer(f)
	guard := issuer.Guard()
	token := issuer.Token(countersealtest.Claims{"scope": "a b"})
	for _, seed := range []string{
		"", "a.b.c", "Bearer " + token, token, token[1:], token + ".", strings.ToUpper(token), "\xff.\x00.é",
		issuer.Token(nil, countersealtest.Expired()), issuer.Token(nil, countersealtest.Unsigned()),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		identity, err := guard.Verify(context.Background(), text)
		report, failed := guard.Explain(text)
		if failed != nil {
			t.Fatal(failed)
		}
		if (identity == nil) == (err == nil) || (identity != nil) != (report.Verdict == "verified") {
			t.Fatal(identity, err, report)
		}
		var code counterseal.Code
		if err != nil && (!errors.As(err, &code) || code != report.Code) {
			t.Fatal(err, report.Code)
		}
	})
}

// Claims arrive as they were sent: as encoding/json reads them, but for numbers.
func FuzzClaims(f *testing.F) {
	issuer := countersealtest.NewIssuer(f)
	guard := issuer.Guard()
	for _, seed := range []string{
		`null`, `-0.0`, `[1,2,{"a":[]}]`, `"\ud834\udd1e"`, `9007199254740993`, `1e-400`, `{"":{"":""}}`, `"é\u0000"`, `[[[[[[[1]]]]]]]`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		var expected any
		decoder := json.NewDecoder(strings.NewReader(value))
		decoder.UseNumber()
		if decoder.Decode(&expected) != nil {
			return
		}
		token := issuer.In(t).Token(countersealtest.Claims{"x": expected})
		identity, err := guard.Verify(context.Background(), token)
		if err != nil {
			if !errors.Is(err, counterseal.ClassMalformed) {
				t.Fatal(err)
			}
			return
		}
		claim, found := identity.Claim("x")
		if !found || !reflect.DeepEqual(claim, identity.Claims()["x"]) {
			t.Fatalf("%#v and %#v", claim, identity.Claims()["x"])
		}
		var decoded map[string]any
		if err := identity.DecodeClaims(&decoded); err != nil || !reflect.DeepEqual(decoded["x"], expected) {
			t.Fatalf("%#v, expected %#v, %v", decoded["x"], expected, err)
		}
	})
}
