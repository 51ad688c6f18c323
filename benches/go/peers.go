package bench

import (
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"github.com/lestrrat-go/jwx/v3/jwa"
	jwx "github.com/lestrrat-go/jwx/v3/jwt"
)

// golangJWT verifies with the checks that the policy has, and gives all claims.
func (s *signer) golangJWT() func(token string) (map[string]any, error) {
	parser := jwt.NewParser(jwt.WithValidMethods([]string{s.algorithm}), jwt.WithIssuer(issuer),
		jwt.WithAudience(audience), jwt.WithExpirationRequired(), jwt.WithIssuedAt())
	return func(token string) (map[string]any, error) {
		claims := jwt.MapClaims{}
		_, err := parser.ParseWithClaims(token, claims, func(*jwt.Token) (any, error) { return s.public, nil })
		return claims, err
	}
}

func (s *signer) lestrrat(t testing.TB) func(token string) (jwx.Token, error) {
	t.Helper()
	algorithm, ok := jwa.LookupSignatureAlgorithm(s.algorithm)
	if !ok {
		t.Fatal(s.algorithm)
	}
	return func(token string) (jwx.Token, error) {
		return jwx.ParseString(token, jwx.WithKey(algorithm, s.public), jwx.WithIssuer(issuer), jwx.WithAudience(audience))
	}
}
