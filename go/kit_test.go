//go:build cgo

package counterseal_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	counterseal "github.com/counterseal/counterseal/go"
	"github.com/counterseal/counterseal/go/countersealtest"
)

// scripted writes a policy file for an issuer whose keys are handed in.
func scripted(t *testing.T, issuer *countersealtest.Issuer) string {
	t.Helper()
	before, _, found := strings.Cut(issuer.PolicyText(), "keys ")
	if !found {
		t.Fatal(issuer.PolicyText())
	}
	path := filepath.Join(t.TempDir(), "policy.toml")
	more := "keys = { scripted = true }\n[[service.writing.issuer]]\nname = \"main\"\nrequired_scopes = [\"orders:write\"]\n"
	if err := os.WriteFile(path, []byte(before+more), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func loaded(t *testing.T, path string, options ...counterseal.PolicyOption) *counterseal.Policy {
	t.Helper()
	policy, err := countersealtest.LoadPolicy(path, options...)
	if err != nil {
		t.Fatal(err)
	}
	return policy
}

// A policy of one's own, a clock of one's own, and keys that arrive when the test says so.
func TestTheTestingKit(t *testing.T) {
	issuer := countersealtest.NewIssuer(t)
	path := scripted(t, issuer)
	if _, err := counterseal.LoadPolicy(path); !errors.Is(err, counterseal.ClassPolicy) {
		t.Error("scripted keys are for tests:", err)
	}
	start := issuer.Clock().Now()
	clock := countersealtest.NewClock(t, start)
	guard := countersealtest.NewGuard(t, loaded(t, path), clock)
	token := issuer.Token(nil)
	if _, err := guard.TryVerify(token); !errors.Is(err, counterseal.ErrKeysUnavailable) {
		t.Error(err)
	}
	if err := countersealtest.AnswerKeys(guard, "main", nil); err != nil {
		t.Error(err)
	}
	if err := countersealtest.AnswerKeys(guard, "main", nil); !errors.Is(err, counterseal.ErrMisuseClosed) {
		t.Error("nothing waits any more:", err)
	}
	var misuse *counterseal.MisuseError
	if err := countersealtest.AnswerKeys(guard, "main", []byte{}); !errors.Is(err, counterseal.ErrJwksInvalid) ||
		!errors.As(err, &misuse) || !errors.Is(err, counterseal.ClassMisuse) {
		t.Error(err)
	}
	if err := countersealtest.AnswerKeys(guard, "main", []byte(issuer.JWKS())); err != nil {
		t.Fatal(err)
	}
	verified(t, guard, token)

	clock.Set(start.Add(2 * time.Hour))
	if !clock.Now().Equal(start.Add(2 * time.Hour)) {
		t.Error(clock.Now())
	}
	refused(t, guard, token, counterseal.ErrTokenExpired)
	clock.Set(start)
	verified(t, guard, token)

	if err := countersealtest.Replace(guard, loaded(t, path, counterseal.WithService("writing"))); err != nil {
		t.Fatal(err)
	}
	refused(t, guard, token, counterseal.ErrInsufficientScope)
	if _, err := countersealtest.LoadPolicy(path, counterseal.WithService("none")); !errors.Is(err, counterseal.ClassPolicy) {
		t.Error(err)
	}
	if err := guard.Close(); err != nil {
		t.Error(err)
	}
	for name, err := range map[string]error{
		"AnswerKeys": countersealtest.AnswerKeys(guard, "main", nil),
		"Replace":    countersealtest.Replace(guard, loaded(t, path)),
	} {
		if !errors.Is(err, counterseal.ErrMisuseClosed) {
			t.Error(name, err)
		}
	}
}

func TestWrongCallsOfTheTestingKit(t *testing.T) {
	issuer := countersealtest.NewIssuer(t)
	guard := issuer.Guard()
	for name, err := range map[string]error{
		"nil guard":       countersealtest.AnswerKeys(nil, "main", nil),
		"zero guard":      countersealtest.Replace(&counterseal.Guard{}, issuer.Policy("")),
		"nil policy":      countersealtest.Replace(guard, nil),
		"zero policy":     countersealtest.Replace(guard, &counterseal.Policy{}),
		"name not UTF-8":  countersealtest.AnswerKeys(guard, "\xff", nil),
		"path with a NUL": func() error { _, err := countersealtest.LoadPolicy("a\x00b"); return err }(),
	} {
		if !errors.Is(err, counterseal.ErrMisuseArgument) {
			t.Errorf("%s: %v", name, err)
		}
	}
	verified(t, guard, issuer.Token(nil))
	policy := issuer.Policy("")
	countersealtest.FailInside(1)
	if err := countersealtest.Replace(guard, policy); !errors.Is(err, counterseal.ErrInternal) {
		t.Error(err)
	}
	countersealtest.FailInside(1)
	if err := countersealtest.AnswerKeys(guard, "main", nil); !errors.Is(err, counterseal.ErrInternal) {
		t.Error(err)
	}
}

func TestAnIssuerIsDescribed(t *testing.T) {
	issuer := countersealtest.NewIssuer(t, countersealtest.WithAlgorithm("Ed25519"))
	if issuer.Algorithm() != "Ed25519" || !strings.Contains(issuer.PolicyText(), issuer.KeyID()) {
		t.Error(issuer.Algorithm(), issuer.PolicyText())
	}
	policy, err := counterseal.ParsePolicy(issuer.PolicyText(), counterseal.FormatTOML)
	if err != nil {
		t.Fatal(err)
	}
	guard := countersealtest.NewGuard(t, policy, issuer.Clock())
	if identity, err := guard.Verify(context.Background(), issuer.Token(nil)); err != nil || identity.Issuer() != issuer.Issuer() {
		t.Error(identity, err)
	}
}

func TestVersion(t *testing.T) {
	if version := counterseal.Version(); strings.Count(version, ".") != 2 || strings.HasPrefix(version, "v") {
		t.Error(version)
	}
}

const (
	idpURL      = "https://idp.example.com"
	metadataURL = idpURL + "/.well-known/openid-configuration"
	keysURL     = "https://keys.example.com/jwks"
)

func discovered(t *testing.T, more ...string) *counterseal.Policy {
	t.Helper()
	policy, err := counterseal.ParsePolicy(`version = 1
[[issuer]]
issuer = "`+idpURL+`"
profile = "access_token"
audience = "orders"
algorithms = ["ES256"]
keys = { discovery = "oidc" }
`+strings.Join(more, "\n"), counterseal.FormatTOML)
	if err != nil {
		t.Fatal(err)
	}
	return policy
}

func TestANetworkWithoutSockets(t *testing.T) {
	issuer := countersealtest.NewIssuer(t, countersealtest.WithName(idpURL), countersealtest.WithAudience("orders"))
	network := countersealtest.NewNetwork(t)
	network.Answer(metadataURL, countersealtest.Reply{Body: []byte(`{"issuer":"` + idpURL + `","jwks_uri":"` + keysURL + `"}`)})
	network.Answer(keysURL, countersealtest.Reply{
		Body: []byte(issuer.JWKS()), Headers: map[string][]string{"Cache-Control": {"max-age=3600"}},
	})
	guard := countersealtest.NewGuardWithNetwork(t, discovered(t), issuer.Clock(), network)
	fetchDue := func() {
		t.Helper()
		if err := countersealtest.FetchDue(guard); err != nil {
			t.Fatal(err)
		}
	}
	waits := func(token string) {
		t.Helper()
		var outage *counterseal.UnavailableError
		if _, err := guard.TryVerify(token); !errors.As(err, &outage) || outage.Status != 503 {
			t.Error(err)
		}
	}

	old := issuer.Token(nil)
	waits(old)
	fetchDue()
	verified(t, guard, old)
	if asked := network.Requests(); !slices.Equal(asked, []string{metadataURL, keysURL}) {
		t.Error(asked)
	}

	issuer.Rotate()
	network.Answer(keysURL, countersealtest.Reply{Body: []byte(issuer.JWKS())})
	waits(issuer.Token(nil)) // a new kid
	fetchDue()
	verified(t, guard, issuer.Token(nil))
	verified(t, guard, old)

	network.Fail(metadataURL, "reset")
	issuer.Clock().Advance(599 * time.Second)
	fetchDue()
	verified(t, guard, issuer.Token(nil)) // an outage takes no keys away
	status, err := guard.Status()
	if err != nil || !strings.Contains(string(status), "jwks_fetch_failed: connection reset") {
		t.Error(string(status), err)
	}
	issuer.Clock().Advance(3601 * time.Second)
	waits(issuer.Token(nil)) // never 401

	if err := guard.Close(); err != nil {
		t.Fatal(err)
	}
	if err := countersealtest.FetchDue(guard); !errors.Is(err, counterseal.ErrMisuseClosed) {
		t.Error(err)
	}
	if err := countersealtest.FetchDue(nil); !errors.Is(err, counterseal.ErrMisuseArgument) {
		t.Error(err)
	}
}

func TestKeysOutliveTheProcessInASnapshot(t *testing.T) {
	folder := t.TempDir()
	setMode := func(mode os.FileMode) {
		t.Helper()
		if err := os.Chmod(folder, mode); err != nil {
			t.Fatal(err)
		}
	}
	setMode(0o700)
	snapshot := filepath.Join(folder, "keys.snapshot")
	issuer := countersealtest.NewIssuer(t, countersealtest.WithName(idpURL), countersealtest.WithAudience("orders"))
	network := countersealtest.NewNetwork(t)
	network.Answer(metadataURL, countersealtest.Reply{Body: []byte(`{"issuer":"` + idpURL + `","jwks_uri":"` + keysURL + `"}`)})
	network.Answer(keysURL, countersealtest.Reply{Body: []byte(issuer.JWKS())})
	start := func(over *countersealtest.Network) *counterseal.Guard {
		policy := discovered(t, "[fetch]", "snapshot = '"+snapshot+"'")
		return countersealtest.NewGuardWithNetwork(t, policy, issuer.Clock(), over)
	}
	fetchDue := func(guard *counterseal.Guard) {
		t.Helper()
		if err := countersealtest.FetchDue(guard); err != nil {
			t.Fatal(err)
		}
	}
	hasAlarm := func(guard *counterseal.Guard) bool {
		t.Helper()
		status, err := guard.Status()
		if err != nil {
			t.Fatal(err)
		}
		return strings.Contains(string(status), "snapshot_invalid")
	}

	first := start(network)
	if _, err := first.TryVerify(issuer.Token(nil)); !errors.Is(err, counterseal.ErrKeysUnavailable) {
		t.Fatal(err)
	}
	fetchDue(first)
	verified(t, first, issuer.Token(nil))
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if file, err := os.Stat(snapshot); err != nil || file.Mode() != 0o600 {
		t.Fatal(file, err)
	}

	dead := countersealtest.NewNetwork(t)
	second := start(dead)
	verified(t, second, issuer.Token(nil))
	fetchDue(second)
	if asked := dead.Requests(); !slices.Equal(asked, []string{metadataURL}) { // newer ones, at once
		t.Error(asked)
	}
	if identity := verified(t, second, issuer.Token(map[string]any{"sub": "bob"})); identity.Subject() != "bob" {
		t.Error(identity)
	}
	if hasAlarm(second) {
		t.Error("the snapshot is not used")
	}

	setMode(0o770)
	third := start(countersealtest.NewNetwork(t))
	if _, err := third.TryVerify(issuer.Token(nil)); !errors.Is(err, counterseal.ErrKeysUnavailable) || !hasAlarm(third) {
		t.Error(err)
	}
}
