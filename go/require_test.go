//go:build cgo

package counterseal_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	counterseal "github.com/counterseal/counterseal/go"
	"github.com/counterseal/counterseal/go/countersealtest"
)

func TestRequirements(t *testing.T) {
	issuer := countersealtest.NewIssuer(t)
	signedIn := issuer.Clock().Now()
	identity := verified(t, issuer.Guard(), issuer.Token(countersealtest.Claims{
		"scope": "orders:read orders:write", "acr": "urn:example:mfa", "auth_time": signedIn.Unix(),
	}))
	const leeway = 30 * time.Second
	for name, test := range map[string]struct {
		asked counterseal.Requirements
		after time.Duration
		code  counterseal.Code // 0: fulfilled
	}{
		"scopes":             {counterseal.Requirements{Scopes: []string{"orders:write", "orders:read"}}, 0, 0},
		"another scope":      {counterseal.Requirements{Scopes: []string{"orders:read", "orders"}}, 0, counterseal.ErrInsufficientScope},
		"one of the classes": {counterseal.Requirements{ACR: []string{"urn:example:phr", "urn:example:mfa"}}, 0, 0},
		"another class":      {counterseal.Requirements{ACR: []string{"urn:example:phr"}}, 0, counterseal.ErrAcrUnmet},
		"recent":             {counterseal.Requirements{MaxAge: counterseal.Within(time.Minute)}, time.Minute + leeway, 0},
		"too old":            {counterseal.Requirements{MaxAge: counterseal.Within(time.Minute)}, time.Minute + leeway + time.Second, counterseal.ErrAuthTooOld},
		"just now":           {counterseal.Requirements{MaxAge: counterseal.Within(0)}, leeway, 0},
		"not just now":       {counterseal.Requirements{MaxAge: counterseal.Within(time.Second - 1)}, leeway + time.Second, counterseal.ErrAuthTooOld},
		"before":             {counterseal.Requirements{MaxAge: counterseal.Within(-1)}, 0, counterseal.ErrMisuseArgument},
		"ages":               {counterseal.Requirements{MaxAge: counterseal.Within(math.MaxInt64)}, 0, counterseal.ErrMisuseArgument},
		"nothing":            {counterseal.Requirements{}, 0, counterseal.ErrMisuseArgument},
		"nothing in lists":   {counterseal.Requirements{Scopes: []string{}, ACR: []string{}}, 0, counterseal.ErrMisuseArgument},
		"two in one":         {counterseal.Requirements{Scopes: []string{"orders:read orders:write"}}, 0, counterseal.ErrMisuseArgument},
		"an empty one":       {counterseal.Requirements{ACR: []string{""}}, 0, counterseal.ErrMisuseArgument},
		"no UTF-8":           {counterseal.Requirements{Scopes: []string{"\xff"}}, 0, counterseal.ErrMisuseArgument},
		"with NUL":           {counterseal.Requirements{Scopes: []string{"orders:read\x00"}}, 0, counterseal.ErrMisuseArgument},
		"too many":           {counterseal.Requirements{Scopes: strings.Split(strings.Repeat("a ", 64)+"a", " ")}, 0, counterseal.ErrMisuseArgument},
	} {
		err := identity.Require(test.asked, counterseal.WithNow(signedIn.Add(test.after)))
		if (test.code == 0) != (err == nil) || err != nil && !errors.Is(err, test.code) {
			t.Errorf("%s: %v", name, err)
		}
	}
	mfa := counterseal.Requirements{ACR: []string{"urn:example:phr"}, MaxAge: counterseal.Within(5 * time.Minute)}
	var rejected *counterseal.TokenRejectedError
	if err := identity.Require(mfa); !errors.As(err, &rejected) || rejected.Status != 401 || rejected.Rule != "STP-02" ||
		rejected.WWWAuthenticate == "" || len(rejected.Reference) != 13 || !rejected.Enforced {
		t.Errorf("%+v", rejected)
	}
	// Without a time of its own it goes by the machine's clock, which the issuer's shows.
	if err := identity.Require(counterseal.Requirements{MaxAge: counterseal.Within(time.Hour)}); err != nil {
		t.Error(err)
	}
	if err := identity.Require(mfa, counterseal.WithNow(time.UnixMilli(1_800_000_000_000_000))); !errors.Is(err, counterseal.ErrMisuseTime) {
		t.Error(err)
	}
	countersealtest.FailInside(1)
	if err := identity.Require(mfa); !errors.Is(err, counterseal.ErrInternal) {
		t.Error(err)
	}
}
