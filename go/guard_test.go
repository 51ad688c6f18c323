//go:build cgo

package counterseal_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	counterseal "github.com/counterseal/counterseal/go"
	"github.com/counterseal/counterseal/go/countersealtest"
)

func verified(t *testing.T, guard *counterseal.Guard, token string) *counterseal.Identity {
	t.Helper()
	identity, err := guard.Verify(context.Background(), token)
	if err != nil {
		t.Fatal(err)
	}
	return identity
}

func refused(t *testing.T, guard *counterseal.Guard, token string, code counterseal.Code) error {
	t.Helper()
	identity, err := guard.Verify(context.Background(), token)
	if identity != nil || !errors.Is(err, code) {
		t.Fatalf("expected %v, got %v and %v", code, identity, err)
	}
	return err
}

func TestFieldsOfAnIdentity(t *testing.T) {
	issuer := countersealtest.NewIssuer(t)
	guard := issuer.GuardWith("[issuer.identity]\ntenant = \"/tenant\"\n")
	identity := verified(t, guard, "Bearer "+issuer.Token(countersealtest.Claims{
		"sub": "alice", "scope": "orders:read orders:write", "roles": []string{"refunds", "reader"}, "tenant": "acme",
		"auth_time": issuer.Clock().Now().Unix() - 60, "acr": "urn:mace:incommon:iap:silver", "amr": []string{"pwd", "otp"},
		"txn": "t-1", "jti": "token-1",
	}))
	for name, pair := range map[string][2]any{
		"Subject":       {identity.Subject(), "alice"},
		"Issuer":        {identity.Issuer(), issuer.Issuer()},
		"IssuerName":    {identity.IssuerName(), "main"},
		"Audience":      {identity.Audience(), []string{issuer.Audience()}},
		"Scopes":        {identity.Scopes(), []string{"orders:read", "orders:write"}},
		"Roles":         {identity.Roles(), []string{"refunds", "reader"}},
		"Tenant":        {identity.Tenant(), "acme"},
		"ClientID":      {identity.ClientID(), issuer.ClientID()},
		"SubjectKind":   {identity.SubjectKind(), "user"},
		"Actors":        {len(identity.Actors()), 0},
		"TokenID":       {identity.TokenID(), "token-1"},
		"IssuedAt":      {identity.IssuedAt(), issuer.Clock().Now()},
		"ExpiresAt":     {identity.ExpiresAt(), issuer.Clock().Now().Add(time.Hour)},
		"NotBefore":     {identity.NotBefore().IsZero(), true},
		"AuthTime":      {identity.AuthTime(), issuer.Clock().Now().Add(-time.Minute)},
		"ACR":           {identity.ACR(), "urn:mace:incommon:iap:silver"},
		"AMR":           {identity.AMR(), []string{"pwd", "otp"}},
		"Profile":       {identity.Profile(), "access_token"},
		"TransactionID": {identity.TransactionID(), "t-1"},
		"Groups":        {identity.GroupsIncomplete(), false},
		"HasScope":      {identity.HasScope("orders:read"), true},
		"HasScope part": {identity.HasScope("orders"), false},
		"HasRole":       {identity.HasRole("refunds"), true},
		"HasRole case":  {identity.HasRole("Refunds"), false},
	} {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			t.Errorf("%s: %v, expected %v", name, pair[0], pair[1])
		}
	}
	// What a caller does to a list is the caller's business.
	identity.Roles()[0] = "admin"
	if identity.HasRole("admin") {
		t.Error("a list that was handed out changes the identity")
	}
}

func TestLongListsAndTexts(t *testing.T) {
	issuer := countersealtest.NewIssuer(t)
	roles := make([]string, 200)
	for at := range roles {
		roles[at] = strings.Repeat("r", at+1)[:min(at+1, 20)] + string(rune('a'+at%26))
	}
	long := strings.Repeat("s", 1024)
	identity := verified(t, issuer.Guard(), issuer.Token(countersealtest.Claims{"roles": roles, "sub": long}))
	if identity.Subject() != long || !reflect.DeepEqual(identity.Roles(), roles) {
		t.Error("long values are not the same")
	}
	if claim, _ := identity.Claim("roles"); len(claim.([]any)) != len(roles) {
		t.Error("a long claim is not the same")
	}
}

func TestASecondTimeGivesTheSameObject(t *testing.T) {
	issuer := countersealtest.NewIssuer(t)
	guard := issuer.Guard()
	token := issuer.Token(nil)
	first := verified(t, guard, token)
	if verified(t, guard, token) != first || verified(t, guard, "Bearer "+token) != first {
		t.Error("a hit makes another object")
	}
	if identity, err := guard.TryVerify(token); identity != first || err != nil {
		t.Error("TryVerify makes another object")
	}
	// A time of the caller's choosing neither asks nor fills the cache (CAC-08).
	other, err := guard.Verify(context.Background(), token, counterseal.WithNow(issuer.Clock().Now()))
	if err != nil || other == first || !other.Equal(first) {
		t.Error("an explicit time is answered from the cache")
	}
}

func TestHitsAllocateNothing(t *testing.T) {
	issuer := countersealtest.NewIssuer(t)
	guard := issuer.Guard()
	token := issuer.Token(nil)
	ctx := context.Background()
	verified(t, guard, token)
	if count := testing.AllocsPerRun(1000, func() { _, _ = guard.Verify(ctx, token) }); count != 0 {
		t.Errorf("%v allocations", count)
	}
}

func TestRefusals(t *testing.T) {
	issuer := countersealtest.NewIssuer(t)
	guard := issuer.Guard()
	for name, test := range map[string]struct {
		option countersealtest.TokenOption
		code   counterseal.Code
		class  counterseal.Class
	}{
		"expired":        {countersealtest.Expired(), counterseal.ErrTokenExpired, counterseal.ClassRejected},
		"not yet valid":  {countersealtest.NotYetValid(), counterseal.ErrTokenNotYetValid, counterseal.ClassRejected},
		"wrong audience": {countersealtest.WrongAudience(), counterseal.ErrAudMismatch, counterseal.ClassRejected},
		"wrong issuer":   {countersealtest.WrongIssuer(), counterseal.ErrIssUntrusted, counterseal.ClassUntrusted},
		"wrong key":      {countersealtest.WrongKey(), counterseal.ErrSignatureInvalid, counterseal.ClassUntrusted},
		"tampered":       {countersealtest.Tampered(), counterseal.ErrSignatureInvalid, counterseal.ClassUntrusted},
		"unsigned":       {countersealtest.Unsigned(), counterseal.ErrAlgNotAllowed, counterseal.ClassUntrusted},
	} {
		t.Run(name, func(t *testing.T) {
			err := refused(t, guard, issuer.Token(nil, test.option), test.code)
			var rejected *counterseal.TokenRejectedError
			var code counterseal.Code
			if !errors.As(err, &rejected) || !errors.As(err, &code) || code != test.code || !errors.Is(err, test.class) {
				t.Fatalf("%v is not what it should be", err)
			}
			if rejected.Code != test.code || rejected.Status != 401 || !rejected.Enforced || len(rejected.Reference) != 13 || rejected.Rule == "" ||
				rejected.WWWAuthenticate != `Bearer error="invalid_token"` {
				t.Errorf("%+v", rejected)
			}
			for _, other := range []error{counterseal.ErrInternal, counterseal.ClassUnavailable, context.Canceled} {
				if errors.Is(err, other) {
					t.Errorf("it is %v as well", other)
				}
			}
		})
	}
	scoped := issuer.GuardWith("required_scopes = [\"orders:read\"]\n")
	var rejected *counterseal.TokenRejectedError
	if err := refused(t, scoped, issuer.Token(nil), counterseal.ErrInsufficientScope); !errors.As(err, &rejected) ||
		rejected.Status != 403 || rejected.WWWAuthenticate != `Bearer error="insufficient_scope", scope="orders:read"` {
		t.Errorf("%+v", rejected)
	}
}

func TestTheClock(t *testing.T) {
	issuer := countersealtest.NewIssuer(t)
	guard := issuer.Guard()
	token := issuer.Token(nil)
	verified(t, guard, token)
	end := verified(t, guard, token).ExpiresAt()
	late := counterseal.WithNow(end.Add(31 * time.Second)) // the leeway is 30 s
	if _, err := guard.TryVerify(token, late); !errors.Is(err, counterseal.ErrTokenExpired) {
		t.Error(err)
	}
	if _, err := guard.TryVerify(token, late, counterseal.WithNow(end)); err != nil {
		t.Error("the last option does not count:", err)
	}
	if _, err := guard.TryVerify(token, counterseal.WithNow(time.Unix(issuer.Clock().Now().UnixMilli(), 0))); !errors.Is(err, counterseal.ErrMisuseTime) {
		t.Error(err)
	}
	issuer.Clock().Advance(2 * time.Hour)
	refused(t, guard, token, counterseal.ErrTokenExpired)
}

func TestVerifyMany(t *testing.T) {
	issuer := countersealtest.NewIssuer(t)
	guard := issuer.Guard()
	good := issuer.Token(countersealtest.Claims{"sub": "bob"})
	outcomes, err := guard.VerifyMany(context.Background(), []string{good, "", issuer.Token(nil, countersealtest.Expired()), good})
	if err != nil || len(outcomes) != 4 {
		t.Fatal(outcomes, err)
	}
	if outcomes[0].Identity.Subject() != "bob" || outcomes[3].Identity != outcomes[0].Identity || outcomes[0].Err != nil {
		t.Error(outcomes)
	}
	if !errors.Is(outcomes[1].Err, counterseal.ErrTokenMalformed) || !errors.Is(outcomes[2].Err, counterseal.ErrTokenExpired) ||
		outcomes[1].Identity != nil {
		t.Error(outcomes)
	}
	if outcomes, err := guard.VerifyMany(context.Background(), nil); err != nil || len(outcomes) != 0 {
		t.Error(outcomes, err)
	}
}

func TestExplain(t *testing.T) {
	issuer := countersealtest.NewIssuer(t)
	guard := issuer.Guard()
	report, err := guard.Explain(issuer.Token(nil))
	if err != nil || report.Verdict != "verified" || report.Code != 0 || len(report.Checks) < 20 || len(report.NotReached) != 0 {
		t.Errorf("%+v %v", report, err)
	}
	report, err = guard.Explain(issuer.Token(nil, countersealtest.Tampered()))
	last := report.Checks[len(report.Checks)-1]
	if err != nil || report.Verdict != "rejected" || report.Code != counterseal.ErrSignatureInvalid || last.Outcome != "failed" ||
		last.Stage != "signature" || len(report.NotReached) == 0 {
		t.Errorf("%+v %v", report, err)
	}
}

func TestPolicies(t *testing.T) {
	const text = "version = 1\n[[issuer]]\nissuer = \"https://idp.example.com\"\nprofile = \"generic\"\naudience = \"orders\"\n" +
		"algorithms = [\"HS256\"]\nkeys = { secret = \"file:secret\" }\n[service.a]\n[[service.a.issuer]]\nname = \"https://idp.example.com\"\naudience = \"a\"\n"
	directory := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(directory, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("secret", "0123456789abcdef0123456789abcdef")
	path := write("policy.toml", text)
	policy, err := counterseal.LoadPolicy(path, counterseal.WithService("a"))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // a policy is good for many guards
		if guard, err := counterseal.NewGuard(policy); err != nil || guard.Close() != nil {
			t.Fatal(err)
		}
	}
	if _, err := counterseal.ParsePolicy(text, counterseal.FormatTOML, counterseal.WithBaseDir(directory)); err != nil {
		t.Error(err)
	}
	if _, err := counterseal.ParsePolicy(text, counterseal.FormatTOML); !errors.Is(err, counterseal.ErrConfigSecret) {
		t.Error(err)
	}
	if _, err := counterseal.LoadPolicy(path, counterseal.WithService("nobody")); !errors.Is(err, counterseal.ClassPolicy) {
		t.Error(err)
	}
	if _, err := counterseal.LoadPolicy(filepath.Join(directory, "none")); !errors.Is(err, counterseal.ErrConfigFile) {
		t.Error(err)
	}
	_, err = counterseal.ParsePolicy(`{"version": 1, "isuer": []}`, counterseal.FormatJSON)
	var failed *counterseal.PolicyError
	if !errors.As(err, &failed) || !errors.Is(err, counterseal.ClassPolicy) {
		t.Fatal(err)
	}
	problem := failed.Problems[0]
	if problem.Code != counterseal.ErrConfigUnknownKey || problem.Path != "isuer" || problem.Pointer != "/isuer" || problem.Line != 1 ||
		problem.Column < 2 || problem.Message == "" || !strings.Contains(problem.Hint, "issuer") {
		t.Errorf("%+v", problem)
	}

	guard, err := counterseal.LoadGuard(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := guard.Reload(); err != nil {
		t.Error(err)
	}
	write("policy.toml", "version = 2")
	if err := guard.Reload(); !errors.Is(err, counterseal.ClassPolicy) {
		t.Error(err)
	}
	if _, err := guard.TryVerify("a.b.c"); !errors.Is(err, counterseal.ClassMalformed) {
		t.Error("the policy of before is gone:", err)
	}
}

// Tokens are refused with this code as well; here it is a mistake in the policy and nothing else.
func TestAPolicyWithACodeOfTokens(t *testing.T) {
	issuer := countersealtest.NewIssuer(t)
	text := strings.NewReplacer(`{"keys":[`, ``, `]}`, ``, `"alg":"ES256"`, `"alg":"ES384"`).Replace(issuer.PolicyText())
	_, err := counterseal.ParsePolicy(text, counterseal.FormatTOML)
	var policy *counterseal.PolicyError
	var rejected *counterseal.TokenRejectedError
	if !errors.As(err, &policy) || len(policy.Problems) != 1 || errors.As(err, &rejected) ||
		!errors.Is(err, counterseal.ErrKeyAlgMismatch) || !errors.Is(err, counterseal.ClassPolicy) ||
		errors.Is(err, counterseal.ClassUntrusted) {
		t.Errorf("%T %v", err, err)
	}
}

func TestKeysRotate(t *testing.T) {
	issuer := countersealtest.NewIssuer(t)
	guard := issuer.Guard()
	old := issuer.Token(nil)
	verified(t, guard, old)
	issuer.Rotate()
	young := issuer.Token(nil)
	refused(t, guard, young, counterseal.ErrKidUnknown)
	issuer.Publish(guard)
	verified(t, guard, young)
	verified(t, guard, old)
	issuer.Retire()
	issuer.Publish(guard)
	refused(t, guard, old, counterseal.ErrKidUnknown)
	verified(t, guard, young)
}

func TestClosedGuards(t *testing.T) {
	issuer := countersealtest.NewIssuer(t)
	guard := issuer.Guard()
	token := issuer.Token(nil)
	identity := verified(t, guard, token)
	if guard.Close() != nil || guard.Close() != nil {
		t.Error("closing fails")
	}
	if identity.Subject() != "test-user" || len(identity.Claims()) < 5 {
		t.Error("an identity is gone with its guard")
	}
	refused(t, guard, token, counterseal.ErrMisuseClosed)
	if _, err := guard.TryVerify(token); !errors.Is(err, counterseal.ClassMisuse) {
		t.Error(err)
	}
	if _, err := guard.Explain(token); !errors.Is(err, counterseal.ErrMisuseClosed) {
		t.Error(err)
	}
	if err := guard.Reload(); !errors.Is(err, counterseal.ErrMisuseClosed) {
		t.Error(err)
	}
	if outcomes, err := guard.VerifyMany(context.Background(), []string{token}); outcomes != nil || !errors.Is(err, counterseal.ErrMisuseClosed) {
		t.Error(outcomes, err)
	}
	if _, err := guard.Status(); !errors.Is(err, counterseal.ErrMisuseClosed) {
		t.Error(err)
	}
	if _, err := guard.Metrics(); !errors.Is(err, counterseal.ErrMisuseClosed) {
		t.Error(err)
	}
}

func TestStatusAndMetrics(t *testing.T) {
	issuer := countersealtest.NewIssuer(t)
	guard := issuer.GuardWith("enforce = false\n")
	verified(t, guard, issuer.Token(nil))
	var rejected *counterseal.TokenRejectedError
	if err := refused(t, guard, issuer.Token(nil, countersealtest.Expired()), counterseal.ErrTokenExpired); !errors.As(err, &rejected) || rejected.Enforced {
		t.Errorf("%+v", rejected)
	}
	text, err := guard.Status()
	var status struct {
		Issuers []struct {
			Name      string `json:"name"`
			Decisions struct {
				Verified int `json:"verified"`
				Refused  []struct {
					Code counterseal.Code `json:"code"`
				} `json:"refused"`
			} `json:"decisions"`
		} `json:"issuers"`
	}
	if err != nil || json.Unmarshal(text, &status) != nil || status.Issuers[0].Decisions.Verified != 1 ||
		status.Issuers[0].Decisions.Refused[0].Code != counterseal.ErrTokenExpired {
		t.Errorf("%s %v", text, err)
	}
	metrics, err := guard.Metrics()
	if err != nil || !strings.Contains(metrics, "# TYPE counterseal_decisions_total counter") {
		t.Errorf("%s %v", metrics, err)
	}
}

// A mistake inside the library is an error in Go, and the guard goes on.
func TestPanicsInside(t *testing.T) {
	issuer := countersealtest.NewIssuer(t)
	guard := issuer.Guard()
	token := issuer.Token(nil)
	for range 3 {
		countersealtest.FailInside(1)
		err := refused(t, guard, token, counterseal.ErrInternal)
		var internal *counterseal.InternalError
		if !errors.As(err, &internal) || !errors.Is(err, counterseal.ClassInternal) || !strings.Contains(err.Error(), ".rs:") {
			t.Error(err)
		}
		verified(t, guard, token)
	}
	countersealtest.FailInside(1)
	if _, err := counterseal.ParsePolicy("version = 1", counterseal.FormatTOML); !errors.Is(err, counterseal.ErrInternal) {
		t.Error(err)
	}
	countersealtest.FailInside(1)
	if _, err := guard.Explain(token); !errors.Is(err, counterseal.ErrInternal) {
		t.Error(err)
	}
	countersealtest.FailInside(1)
	if err := guard.Close(); !errors.Is(err, counterseal.ErrInternal) {
		t.Error(err)
	}
	verified(t, guard, token)
}
