package bench

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	counterseal "github.com/counterseal/counterseal/go"
)

const (
	issuer   = "https://idp.example.com/realms/main"
	audience = "https://api.example.com/orders"
	secret   = "0123456789abcdef0123456789abcdef"
)

// A signer has one key, and everything that verifies its tokens.
type signer struct {
	algorithm string
	private   any
	public    any
	keys      string // of the policy
}

func newSigner(t testing.TB, algorithm string) *signer {
	t.Helper()
	s := &signer{algorithm: algorithm}
	var jwk map[string]string
	var err error
	switch algorithm {
	case "HS256":
		s.private, s.public = []byte(secret), []byte(secret)
		s.keys = fmt.Sprintf("{ secret = %q }", secret)
		return s
	case "RS256":
		var key *rsa.PrivateKey
		key, err = rsa.GenerateKey(rand.Reader, 2048)
		s.private, s.public = key, &key.PublicKey
		jwk = map[string]string{"kty": "RSA", "n": encode(key.N.Bytes()), "e": encode(big.NewInt(int64(key.E)).Bytes())}
	case "ES256":
		var key *ecdsa.PrivateKey
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		s.private, s.public = key, &key.PublicKey
		x, y := key.X.FillBytes(make([]byte, 32)), key.Y.FillBytes(make([]byte, 32))
		jwk = map[string]string{"kty": "EC", "crv": "P-256", "x": encode(x), "y": encode(y)}
	case "EdDSA":
		var public ed25519.PublicKey
		public, s.private, err = ed25519.GenerateKey(rand.Reader)
		s.public = crypto.PublicKey(public)
		jwk = map[string]string{"kty": "OKP", "crv": "Ed25519", "x": encode(public)}
	default:
		t.Fatal(algorithm)
	}
	if err != nil {
		t.Fatal(err)
	}
	jwk["kid"], jwk["alg"], jwk["use"] = "k1", algorithm, "sig"
	set, _ := json.Marshal(map[string]any{"keys": []any{jwk}})
	s.keys = fmt.Sprintf("{ jwks = '''%s''' }", set)
	return s
}

func encode(bytes []byte) string { return base64.RawURLEncoding.EncodeToString(bytes) }

// guard is a full policy for the signer's tokens, with so many places in its cache.
func (s *signer) guard(t testing.TB, entries int) *counterseal.Guard {
	t.Helper()
	algorithm := s.algorithm
	if algorithm == "EdDSA" {
		algorithm = "Ed25519"
	}
	policy, err := counterseal.ParsePolicy(fmt.Sprintf(`
version = 1
[[issuer]]
issuer          = %q
profile         = "access_token"
audience        = [%q]
algorithms      = [%q]
keys            = %s
required_scopes = ["orders:read"]
[issuer.identity]
roles = "/realm_access/roles"
tenant = "/tenant"
[cache]
entries = %d
`, issuer, audience, algorithm, s.keys, entries), counterseal.FormatTOML)
	if err != nil {
		t.Fatal(err)
	}
	guard, err := counterseal.NewGuard(policy)
	if err != nil {
		t.Fatal(err)
	}
	return guard
}

// token has 13 claims and 700 to 850 bytes.
func (s *signer) token(t testing.TB, number int) string {
	t.Helper()
	now := time.Now().Unix()
	token := jwt.NewWithClaims(jwt.GetSigningMethod(s.algorithm), jwt.MapClaims{
		"iss": issuer, "aud": audience, "sub": fmt.Sprintf("f3b1c6f0-95a1-4c52-b0a0-%012d", number),
		"client_id": "web-bff", "iat": now, "exp": now + 3600, "jti": fmt.Sprintf("b2f6c1de-%024d", number),
		"scope": "orders:read orders:write profile", "tenant": "acme", "email": "alice@example.com", "name": "Alice Example",
		"realm_access": map[string]any{"roles": []string{"refunds", "reader", "offline_access"}}, "auth_time": now - 60,
	})
	token.Header["typ"], token.Header["kid"] = "at+jwt", "k1"
	signed, err := token.SignedString(s.private)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}
