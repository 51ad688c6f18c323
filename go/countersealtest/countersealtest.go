//go:build cgo

// Package countersealtest is for tests of programs that verify tokens: an issuer with real keys, a real guard
// that accepts its tokens, and a clock that can be moved. Nothing is mocked.
//
//	issuer := countersealtest.NewIssuer(t)
//	handler := NewHandler(issuer.Guard())
//	token := issuer.Token(countersealtest.Claims{"sub": "alice", "roles": []string{"refunds"}})
package countersealtest

import (
	"encoding/json"
	"testing"

	counterseal "github.com/counterseal/counterseal/go"
	"github.com/counterseal/counterseal/go/internal/native"
)

// Claims take the place of those that a token has by default. A nil claim is null.
type Claims map[string]any

// An Issuer issues tokens that its guards accept, and odd ones that they refuse. It lives as long as its test.
type Issuer struct {
	test   testing.TB
	handle uintptr
	clock  Clock
	names  names
}

type names struct {
	Issuer    string `json:"issuer"`
	Audience  string `json:"audience"`
	ClientID  string `json:"client_id"`
	Algorithm string `json:"algorithm"`
	KeyID     string `json:"kid"`
	JWKS      string `json:"jwks"`
}

// An Option changes a new issuer.
type Option func(*settings)

type settings struct {
	algorithm, name, audience, clientID *string
}

// WithAlgorithm signs by another algorithm than ES256.
func WithAlgorithm(name string) Option { return func(s *settings) { s.algorithm = &name } }

// WithName gives tokens another iss.
func WithName(issuer string) Option { return func(s *settings) { s.name = &issuer } }

// WithAudience gives access tokens another audience: the service under test.
func WithAudience(audience string) Option { return func(s *settings) { s.audience = &audience } }

// WithClientID issues tokens to another client, which is the audience of ID tokens.
func WithClientID(clientID string) Option { return func(s *settings) { s.clientID = &clientID } }

// NewIssuer makes an issuer with a new key. Its clock shows the time at which it was made, and stands.
func NewIssuer(test testing.TB, options ...Option) *Issuer {
	test.Helper()
	var with settings
	for _, option := range options {
		option(&with)
	}
	issuer := &Issuer{test: test}
	issuer.handle = issuer.take(native.IssuerNew(with.algorithm, with.name, with.audience, with.clientID))
	issuer.clock = Clock{test, issuer.take(native.IssuerClock(issuer.handle))}
	test.Cleanup(func() {
		native.ClockFree(issuer.clock.handle)
		native.IssuerFree(issuer.handle)
	})
	return issuer
}

// In is the same issuer for a part of its test, such as a subtest or the body of a fuzz test: failures and
// guards are that test's.
func (i *Issuer) In(test testing.TB) *Issuer {
	part := *i
	part.test = test
	part.clock.test = test
	return &part
}

// Clock is the clock that dates the issuer's tokens and that its guards go by.
func (i *Issuer) Clock() *Clock { return &i.clock }

// Issuer is the iss of its tokens.
func (i *Issuer) Issuer() string { return i.described().Issuer }

// Audience is the audience of its access tokens.
func (i *Issuer) Audience() string { return i.described().Audience }

// ClientID is the client that its tokens are issued to.
func (i *Issuer) ClientID() string { return i.described().ClientID }

// KeyID is the kid of the key that signs.
func (i *Issuer) KeyID() string { return i.described().KeyID }

// Algorithm is what it signs by.
func (i *Issuer) Algorithm() string { return i.described().Algorithm }

// JWKS is the JWK Set: the current key, and those before it that have not retired.
func (i *Issuer) JWKS() string { return i.described().JWKS }

func (i *Issuer) described() names {
	i.test.Helper()
	var names names
	if err := json.Unmarshal([]byte(native.TakeText(i.take(native.IssuerJSON(i.handle)))), &names); err != nil {
		i.test.Fatal(err)
	}
	return names
}

// A TokenOption changes a token beside its claims.
type TokenOption func(*request)

type request struct {
	profile, header, oddity *string
	remove                  string
}

// IDToken makes an ID token (OpenID Connect) in place of an access token (RFC 9068).
func IDToken() TokenOption {
	return func(r *request) { profile := "id_token"; r.profile = &profile }
}

// Without leaves a claim out.
func Without(claim string) TokenOption {
	return func(r *request) { r.remove += claim + "\n" }
}

// Header puts members into the header, in place of those of the same names.
func Header(members map[string]any) TokenOption {
	return func(r *request) { r.header = encoded(members) }
}

// Token issues a token, right in everything but what is asked for.
func (i *Issuer) Token(claims Claims, options ...TokenOption) string {
	i.test.Helper()
	var with request
	for _, option := range options {
		option(&with)
	}
	made := native.IssuerToken(i.handle, with.profile, encoded(claims), with.header, &with.remove, with.oddity)
	return native.TakeText(i.take(made))
}

// Sign signs any payload under any header.
func (i *Issuer) Sign(header, payload string) string {
	i.test.Helper()
	return native.TakeText(i.take(native.IssuerSign(i.handle, header, payload)))
}

func encoded[V ~map[string]any](members V) *string {
	if members == nil {
		return nil
	}
	text, err := json.Marshal(members)
	if err != nil {
		panic(err)
	}
	encoded := string(text)
	return &encoded
}

// Policy accepts the access tokens of this issuer by the keys that it has now. more is TOML behind it: further
// settings of the issuer first, then other tables.
func (i *Issuer) Policy(more string) *counterseal.Policy {
	i.test.Helper()
	return native.NewPolicy(i.take(native.IssuerPolicy(i.handle, nil, more))).(*counterseal.Policy)
}

// PolicyText is the text of that policy, in TOML. It ends inside the table of the issuer, so that more can follow.
func (i *Issuer) PolicyText() string {
	i.test.Helper()
	return native.TakeText(i.take(native.IssuerPolicyText(i.handle, nil)))
}

// Guard accepts the access tokens of this issuer and goes by its clock.
func (i *Issuer) Guard() *counterseal.Guard {
	i.test.Helper()
	return i.guard("", false)
}

// GuardWith is [Issuer.Guard] with more TOML behind its policy.
func (i *Issuer) GuardWith(more string) *counterseal.Guard {
	i.test.Helper()
	return i.guard(more, false)
}

// PendingGuard is a guard whose keys have not arrived: whoever verifies waits for them. [Issuer.Publish] and
// [Issuer.Fail] end the wait.
func (i *Issuer) PendingGuard(more string) *counterseal.Guard {
	i.test.Helper()
	return i.guard(more, true)
}

func (i *Issuer) guard(more string, pending bool) *counterseal.Guard {
	i.test.Helper()
	guard := native.NewGuard(i.take(native.IssuerGuard(i.handle, nil, more, pending))).(*counterseal.Guard)
	i.test.Cleanup(func() { _ = guard.Close() })
	return guard
}

// Publish hands the keys that the issuer has now to a guard that it made, in place of those before.
func (i *Issuer) Publish(guard *counterseal.Guard) {
	i.test.Helper()
	i.take(native.IssuerPublish(i.handle, native.GuardHandle(guard)))
}

// Fail tells a guard that its keys cannot be had: an outage, until they are published.
func (i *Issuer) Fail(guard *counterseal.Guard) {
	i.test.Helper()
	i.take(native.IssuerFail(i.handle, native.GuardHandle(guard)))
}

// Rotate signs with a new key from now on. The old one stays published until [Issuer.Retire]; guards learn of
// both by [Issuer.Publish].
func (i *Issuer) Rotate() {
	i.test.Helper()
	i.take(native.IssuerRotate(i.handle))
}

// Retire takes all keys but the current one out of the set.
func (i *Issuer) Retire() {
	i.test.Helper()
	i.take(native.IssuerRetire(i.handle))
}

func (i *Issuer) take(made native.Result) uintptr {
	i.test.Helper()
	return take(i.test, made)
}

func take(test testing.TB, made native.Result) uintptr {
	test.Helper()
	if made.Error != 0 {
		test.Fatal(native.Error(made.Error))
	}
	return made.Handle
}
