// The verdicts of golang-jwt on steps of the corpus: JSON lines in, JSON lines out.
//
// Its documented options for the policy: WithValidMethods, WithIssuer, WithAudience, WithLeeway, WithTimeFunc,
// WithExpirationRequired, WithIssuedAt, WithStrictDecoding. Keys by keyfunc, which its README names for JWK Sets.
// It has no option for `typ` or for other required claims.
package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"
)

type step struct {
	ID         string          `json:"id"`
	Token      string          `json:"token"`
	Now        int64           `json:"now"`
	JWKS       json.RawMessage `json:"jwks"`
	Algorithms []string        `json:"algorithms"`
	Issuer     string          `json:"issuer"`
	Audience   []string        `json:"audience"`
	Leeway     int64           `json:"leeway"`
}

type verdict struct {
	ID      string `json:"id"`
	Accepts bool   `json:"accepts"`
	Why     string `json:"why,omitempty"`
}

func main() {
	out := json.NewEncoder(os.Stdout)
	_ = out.Encode(map[string]string{"version": version("github.com/golang-jwt/jwt/v5")})
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var one step
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			panic(err)
		}
		err := judge(one)
		answer := verdict{ID: one.ID, Accepts: err == nil}
		if err != nil {
			answer.Why = err.Error()
		}
		_ = out.Encode(answer)
	}
	if err := lines.Err(); err != nil {
		panic(err)
	}
}

func judge(one step) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("panic: %v", fault)
		}
	}()
	token, err := base64.StdEncoding.DecodeString(one.Token)
	if err != nil {
		panic(err)
	}
	// Ed25519 is known by its old name alone.
	jwks := strings.ReplaceAll(string(one.JWKS), `"alg":"Ed25519"`, `"alg":"EdDSA"`)
	keys, err := keyfunc.NewJWKSetJSON(json.RawMessage(jwks))
	if err != nil {
		return err
	}
	var only struct {
		Keys []struct {
			KID string `json:"kid"`
		} `json:"keys"`
	}
	if err := json.Unmarshal(one.JWKS, &only); err != nil {
		return err
	}
	find := func(token *jwt.Token) (any, error) {
		// keyfunc wants a kid; a caller with a single key hands that in.
		if _, ok := token.Header["kid"]; !ok && len(only.Keys) == 1 {
			token.Header["kid"] = only.Keys[0].KID
		}
		return keys.Keyfunc(token)
	}
	methods := make([]string, len(one.Algorithms))
	for i, name := range one.Algorithms {
		methods[i] = name
		if name == "Ed25519" {
			methods[i] = "EdDSA"
		}
	}
	_, err = jwt.Parse(string(token), find,
		jwt.WithValidMethods(methods),
		jwt.WithIssuer(one.Issuer),
		jwt.WithAudience(one.Audience...),
		jwt.WithLeeway(time.Duration(one.Leeway)*time.Second),
		jwt.WithTimeFunc(func() time.Time { return time.Unix(one.Now, 0) }),
		jwt.WithExpirationRequired(),
		jwt.WithIssuedAt(),
		jwt.WithStrictDecoding(),
	)
	return err
}

func version(path string) string {
	info, _ := debug.ReadBuildInfo()
	for _, module := range info.Deps {
		if module.Path == path {
			return module.Version
		}
	}
	return "unknown"
}
