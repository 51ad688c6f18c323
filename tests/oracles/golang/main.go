// The verdicts of golang-jwt on steps of the corpus: JSON lines in, JSON lines out.
//
// Its documented options for the policy: WithValidMethods, WithIssuer, WithAudience, WithLeeway, WithTimeFunc,
// WithExpirationRequired, WithIssuedAt, WithStrictDecoding. Keys by keyfunc, which its README names for JWK Sets, those for
// signatures alone.
// It has no option for `typ` or for other required claims.
package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"github.com/MicahParks/jwkset"
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
	find, err := keysOf(one.JWKS)
	if err != nil {
		return err
	}
	methods := make([]string, len(one.Algorithms))
	for i, name := range one.Algorithms {
		methods[i] = name
		if name == "Ed25519" {
			methods[i] = "EdDSA"
		}
	}
	_, err = jwt.Parse(string(token), find.Keyfunc,
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

func keysOf(text json.RawMessage) (keyfunc.Keyfunc, error) {
	// Ed25519 is known by its old name alone.
	text = bytes.ReplaceAll(text, []byte(`"alg":"Ed25519"`), []byte(`"alg":"EdDSA"`))
	var set jwkset.JWKSMarshal
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, err
	}
	store, err := set.ToStorage()
	if err != nil {
		return nil, err
	}
	return keyfunc.New(keyfunc.Options{Storage: store, UseWhitelist: []jwkset.USE{jwkset.UseSig, ""}})
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
