//go:build cgo

package counterseal_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	counterseal "github.com/counterseal/counterseal/go"
	"github.com/counterseal/counterseal/go/countersealtest"
)

// What a host of this language can hand in and JSON cannot hold.
func TestHostileInput(t *testing.T) {
	issuer := countersealtest.NewIssuer(t)
	guard := issuer.Guard()
	token := issuer.Token(nil)
	for id, test := range map[string]struct {
		token string
		code  error
	}{
		"empty":               {"", counterseal.ErrTokenMalformed},
		"scheme alone":        {"Bearer ", counterseal.ErrTokenMalformed},
		"scheme twice":        {"Bearer Bearer " + token, counterseal.ClassMalformed},
		"NUL":                 {"\x00", counterseal.ClassMalformed},
		"NUL behind":          {token + "\x00", counterseal.ClassMalformed},
		"NUL inside":          {token[:20] + "\x00" + token[20:], counterseal.ClassMalformed},
		"no UTF-8":            {"\xff\xfe\xfd", counterseal.ClassMalformed},
		"no UTF-8 behind":     {token + "\xff", counterseal.ClassMalformed},
		"surrogate":           {"\xed\xa0\x80.\xed\xb0\x80.x", counterseal.ClassMalformed},
		"wide look-alike":     {strings.Replace(token, "e", "е", 1), counterseal.ClassMalformed},
		"wide low byte":       {strings.Replace(token, "e", "ť", 1), counterseal.ClassMalformed},
		"line break":          {token + "\n", counterseal.ClassMalformed},
		"blank before":        {" " + token, counterseal.ClassMalformed},
		"dots":                {"..", counterseal.ClassMalformed},
		"many dots":           {strings.Repeat(".", 100_000), counterseal.ErrTokenTooLarge},
		"huge":                {strings.Repeat("a", 64<<20), counterseal.ErrTokenTooLarge},
		"one over the limit":  {strings.Repeat("a", 16*1024+1), counterseal.ErrTokenTooLarge},
		"at the limit":        {strings.Repeat("a", 16*1024), counterseal.ErrTokenMalformed},
		"a good one, shorter": {token[:len(token)-1], counterseal.ClassMalformed},
	} {
		for name, verify := range map[string]func(string) (*counterseal.Identity, error){
			"Verify":    func(text string) (*counterseal.Identity, error) { return guard.Verify(context.Background(), text) },
			"TryVerify": func(text string) (*counterseal.Identity, error) { return guard.TryVerify(text) },
			"VerifyMany": func(text string) (*counterseal.Identity, error) {
				outcomes, _ := guard.VerifyMany(context.Background(), []string{text})
				return outcomes[0].Identity, outcomes[0].Err
			},
		} {
			if identity, err := verify(test.token); identity != nil || !errors.Is(err, test.code) {
				t.Errorf("%s, %s: %v %v", id, name, identity, err)
			}
		}
		if report, err := guard.Explain(test.token); err != nil || report.Verdict != "rejected" || !errors.Is(report.Code, test.code) && report.Code.Class() != test.code {
			t.Errorf("%s: %+v %v", id, report, err)
		}
	}
	// Bytes that their owner changes afterwards do not matter.
	bytes := []byte(token)
	identity := verified(t, guard, string(bytes))
	clear(bytes)
	if identity.Subject() != "test-user" {
		t.Error(identity.Subject())
	}
}

func TestWrongCalls(t *testing.T) {
	ctx := context.Background()
	var none *counterseal.Guard
	for name, guard := range map[string]*counterseal.Guard{"nil": none, "zero": {}} {
		calls := map[string]func() error{
			"Verify":     func() error { _, err := guard.Verify(ctx, "x"); return err },
			"TryVerify":  func() error { _, err := guard.TryVerify("x"); return err },
			"VerifyMany": func() error { _, err := guard.VerifyMany(ctx, []string{"x"}); return err },
			"Explain":    func() error { _, err := guard.Explain("x"); return err },
			"Status":     func() error { _, err := guard.Status(); return err },
			"Metrics":    func() error { _, err := guard.Metrics(); return err },
			"Ready":      func() error { return guard.Ready(ctx) },
			"Reload":     func() error { return guard.Reload() },
			"Close":      func() error { return guard.Close() },
		}
		for method, call := range calls {
			err := call()
			var misuse *counterseal.MisuseError
			if !errors.Is(err, counterseal.ErrMisuseArgument) || !errors.Is(err, counterseal.ClassMisuse) || !errors.As(err, &misuse) {
				t.Errorf("%s guard, %s: %v", name, method, err)
			}
		}
	}
	issuer := countersealtest.NewIssuer(t)
	guard := issuer.Guard()
	for name, err := range map[string]error{
		"nil context":             func() error { _, err := guard.Verify(nil, issuer.Token(nil)); return err }(), //nolint:staticcheck // on purpose
		"nil context for many":    func() error { _, err := guard.VerifyMany(nil, nil); return err }(),           //nolint:staticcheck // on purpose
		"nil policy":              func() error { _, err := counterseal.NewGuard(nil); return err }(),
		"zero policy":             func() error { _, err := counterseal.NewGuard(&counterseal.Policy{}); return err }(),
		"format 0":                func() error { _, err := counterseal.ParsePolicy("", 0); return err }(),
		"policy that is no UTF-8": func() error { _, err := counterseal.ParsePolicy("\xff", counterseal.FormatTOML); return err }(),
		"path with NUL":           func() error { _, err := counterseal.LoadPolicy("a\x00b"); return err }(),
		"empty path":              func() error { _, err := counterseal.LoadGuard(""); return err }(),
		"service that is no UTF-8": func() error {
			_, err := counterseal.ParsePolicy("version = 1", counterseal.FormatTOML, counterseal.WithService("\xff"))
			return err
		}(),
	} {
		if !errors.Is(err, counterseal.ErrMisuseArgument) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := counterseal.LoadPolicy(strings.Repeat("a", 1<<20)); !errors.Is(err, counterseal.ClassPolicy) {
		t.Error(err)
	}
	if _, err := counterseal.ParsePolicy(strings.Repeat("a", 2<<20), counterseal.FormatTOML); !errors.Is(err, counterseal.ErrConfigTooLarge) {
		t.Error(err)
	}
	if _, err := counterseal.ParsePolicy("", counterseal.FormatTOML, nil, counterseal.WithService("")); !errors.Is(err, counterseal.ClassPolicy) {
		t.Error(err)
	}
}
