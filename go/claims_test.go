//go:build cgo

package counterseal_test

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	counterseal "github.com/counterseal/counterseal/go"
	"github.com/counterseal/counterseal/go/countersealtest"
)

func identityOf(t testing.TB, claims string) *counterseal.Identity {
	t.Helper()
	issuer := countersealtest.NewIssuer(t)
	var members countersealtest.Claims
	decoder := json.NewDecoder(strings.NewReader(claims))
	decoder.UseNumber()
	if err := decoder.Decode(&members); err != nil {
		t.Fatal(err)
	}
	identity, err := issuer.Guard().TryVerify(issuer.Token(members))
	if err != nil {
		t.Fatal(err)
	}
	return identity
}

func TestValuesOfClaims(t *testing.T) {
	identity := identityOf(t, `{"n":null,"f":false,"t":true,"e":"","s":"ü\u0000\"\\𝄞","l":[1,[],{}],"o":{"a":{"b":[true]}},
		"zero":0,"minus":-0,"small":-7,"edge":9007199254740991,"beyond":9007199254740992,"below":-9007199254740993,
		"long":123456789012345678901234567890,"half":0.5,"exponent":1e3,"huge":1e400}`)
	claims := identity.Claims()
	for name, expected := range map[string]any{
		"n": nil, "f": false, "t": true, "e": "", "s": "ü\x00\"\\𝄞",
		"l": []any{1.0, []any{}, map[string]any{}}, "o": map[string]any{"a": map[string]any{"b": []any{true}}},
		"zero": 0.0, "small": -7.0, "edge": 9007199254740991.0, "beyond": json.Number("9007199254740992"),
		"below": json.Number("-9007199254740993"), "long": json.Number("123456789012345678901234567890"),
		"half": 0.5, "exponent": 1000.0, "huge": json.Number("1e400"), "sub": "test-user",
	} {
		if !reflect.DeepEqual(claims[name], expected) {
			t.Errorf("%s: %#v, expected %#v", name, claims[name], expected)
		}
		if value, found := identity.Claim(name); !found || !reflect.DeepEqual(value, expected) {
			t.Errorf("claim %s: %#v, expected %#v", name, value, expected)
		}
	}
	if minus := claims["minus"].(float64); minus != 0 || !math.Signbit(minus) {
		t.Error("-0 is", minus)
	}
}

func TestClaimsAreFresh(t *testing.T) {
	identity := identityOf(t, `{"o":{"a":1}}`)
	changed := identity.Claims()
	changed["sub"] = "root"
	changed["o"].(map[string]any)["a"] = 2
	if claims := identity.Claims(); claims["sub"] != "test-user" || claims["o"].(map[string]any)["a"] != 1.0 {
		t.Error("claims that were handed out change the identity")
	}
}

func TestPointers(t *testing.T) {
	identity := identityOf(t, `{"a/b":1,"m~n":2,"":3,"list":["x",{"y":null}],"deep":{"":{"":4}}}`)
	for pointer, expected := range map[string]any{
		"a/b": 1.0, "/a~1b": 1.0, "m~n": 2.0, "/m~0n": 2.0, "/": 3.0, "/list/0": "x", "/list/1/y": nil, "/deep//": 4.0,
	} {
		if value, found := identity.Claim(pointer); !found || !reflect.DeepEqual(value, expected) {
			t.Errorf("%q: %#v %v, expected %#v", pointer, value, found, expected)
		}
	}
	for _, pointer := range []string{"", "none", "/none", "/list/2", "/list/01", "/list/-", "/list/x", "/m~n", "/sub/0", "\xff", "/\xed\xa0\x80", "a\x00", strings.Repeat("/a", 100_000)} {
		if value, found := identity.Claim(pointer); found || value != nil {
			t.Errorf("%.20q: %#v", pointer, value)
		}
	}
}

func TestDecodingIsExact(t *testing.T) {
	identity := identityOf(t, `{"Admin":true,"ADMIN":true,"admin2":1,"roles":["a"],"nested":{"Name":"x","name":"y","NAME":"z"},
		"many":[{"ID":1},{"id":2}],"by":{"k":{"Id":3,"id":4}},"big":9007199254740993,"any":{"n":12345678901234567890}}`)
	type inner struct {
		Name string `json:"name"`
	}
	type item struct {
		ID int `json:"id"`
	}
	var into struct {
		Admin  bool            `json:"admin"`
		Admin2 int             `json:"admin2"`
		Roles  []string        `json:"roles"`
		Nested *inner          `json:"nested"`
		Many   []item          `json:"many"`
		By     map[string]item `json:"by"`
		Big    int64           `json:"big"`
		Any    any             `json:"any"`
		Sub    string          // by its own name, which no claim has
	}
	if err := identity.DecodeClaims(&into); err != nil {
		t.Fatal(err)
	}
	if into.Admin || into.Sub != "" {
		t.Error("a claim of another case was taken")
	}
	if into.Admin2 != 1 || into.Roles[0] != "a" || into.Nested.Name != "y" || into.Many[0].ID != 0 || into.Many[1].ID != 2 ||
		into.By["k"].ID != 4 || into.Big != 9007199254740993 {
		t.Errorf("%+v", into)
	}
	if number := into.Any.(map[string]any)["n"]; number != json.Number("12345678901234567890") {
		t.Errorf("%#v", number)
	}
	var all map[string]any
	if err := identity.DecodeClaims(&all); err != nil || all["Admin"] != true || all["ADMIN"] != true {
		t.Error(all, err)
	}
	var raw json.RawMessage
	if err := identity.DecodeClaims(&raw); err != nil || !json.Valid(raw) || !strings.Contains(string(raw), `"ADMIN"`) {
		t.Errorf("%s %v", raw, err)
	}
}

type base struct {
	Tenant string `json:"tenant"`
	Shadow string `json:"shadow"`
	Twice  string
}

type Other struct {
	Twice string
	Roles []string `json:"roles"`
}

func TestDecodingIntoEmbeddedStructs(t *testing.T) {
	identity := identityOf(t, `{"tenant":"acme","Tenant":"evil","shadow":"outer","Twice":"x","roles":["a"],"secret":"s","own":"o"}`)
	var into struct {
		base
		*Other
		Shadow string `json:"shadow"`
		Secret string `json:"-"`
		Own    string `json:"own,omitempty"`
		hidden string //nolint:unused // no place for a claim
	}
	if err := identity.DecodeClaims(&into); err != nil {
		t.Fatal(err)
	}
	if into.Tenant != "acme" || into.Shadow != "outer" || into.base.Shadow != "" || into.base.Twice != "" || into.Roles[0] != "a" ||
		into.Secret != "" || into.Own != "o" || into.hidden != "" {
		t.Errorf("%+v", into)
	}
}

func TestDecodingFailsWithoutValues(t *testing.T) {
	identity := identityOf(t, `{"n":"c4n4ry","t":"c4n4ry","big":98765432101}`)
	var number struct {
		N int `json:"n"`
	}
	var small struct {
		Big int8 `json:"big"`
	}
	for _, into := range []any{&number, &small, nil, number, (*struct{})(nil), new(func()), new(int)} {
		err := identity.DecodeClaims(into)
		if !errors.Is(err, counterseal.ErrMisuseArgument) {
			t.Errorf("%T: %v", into, err)
		}
		if strings.Contains(err.Error(), "c4n4ry") || strings.Contains(err.Error(), "98765432101") {
			t.Errorf("a value in a message: %v", err)
		}
	}
	if err := identity.DecodeClaims(&number); !strings.Contains(err.Error(), "claim n does not fit the type int") {
		t.Error(err)
	}
}
