//go:build cgo

package counterseal_test

import (
	"context"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	counterseal "github.com/counterseal/counterseal/go"
	"github.com/counterseal/counterseal/go/countersealtest"
)

// Why Go has no such input.
const (
	typed     = "the compiler refuses it: a token is a string, a time is a time.Time"
	bytesText = "a string of Go is bytes: the same as the text of this name"
	noDate    = "a time.Time is a date: there is none that is no number"
)

// An input for each shared id, made of a good token, or why there is none.
type hostInput struct {
	text   func(token string) string
	absent string
}

func text(make func(token string) string) hostInput { return hostInput{text: make} }
func only(text string) hostInput                    { return hostInput{text: func(string) string { return text }} }
func absent(why string) hostInput                   { return hostInput{absent: why} }

type named string

var accepted = map[string]hostInput{
	"string":          text(func(token string) string { return token }),
	"bytes":           text(func(token string) string { return string([]byte(token)) }),
	"bearer":          text(func(token string) string { return "Bearer " + token }),
	"bearer_bytes":    text(func(token string) string { return string(append([]byte("Bearer "), token...)) }),
	"string_subclass": text(func(token string) string { return string(named(token)) }),
	"bytes_subclass":  absent("bytes become a string by conversion, whatever their type"),
}

var rejected = map[string]hostInput{
	"empty":                    only(""),
	"empty_bytes":              absent(bytesText),
	"bearer_alone":             only("Bearer "),
	"bearer_twice":             text(func(token string) string { return "Bearer Bearer " + token }),
	"space_behind":             text(func(token string) string { return token + " " }),
	"line_break_behind":        text(func(token string) string { return token + "\n" }),
	"nul_behind":               text(func(token string) string { return token + "\x00" }),
	"nul_inside":               text(func(token string) string { return token[:9] + "\x00" + token[9:] }),
	"nul_in_front":             text(func(token string) string { return "\x00" + token }),
	"surrogate_behind":         text(func(token string) string { return token + "\xed\xa0\x80" }),
	"surrogate_alone":          only("\xed\xb3\xbf"),
	"surrogate_pair_in_halves": text(func(token string) string { return token + "\xed\xa0\xbd\xed\xb8\x80" }),
	"latin_1":                  text(func(token string) string { return token + "é" }),
	"wide":                     text(func(token string) string { return token + "ш" }),
	"wide_look_alike":          text(func(token string) string { return strings.ReplaceAll(token, "e", "е") }),
	"wide_that_truncates": text(func(token string) string {
		return strings.Map(func(letter rune) rune { return letter + 0x100 }, token)
	}),
	"emoji":              text(func(token string) string { return token + "😀" }),
	"byte_order_mark":    text(func(token string) string { return "\ufeff" + token }),
	"not_utf_8":          text(func(token string) string { return token + "\xff" }),
	"utf_16":             text(inUTF16),
	"huge":               only(strings.Repeat("a", 50_000_000)),
	"huge_wide":          only(strings.Repeat("ш", 5_000_000)),
	"huge_bytes":         absent(bytesText),
	"huge_of_dots":       only(strings.Repeat(".", 1_000_000)),
	"one_byte_too_many":  only(strings.Repeat("a", 16385)),
	"as_large_as_may_be": only(strings.Repeat("a", 16384)),
}

var misused = map[string]hostInput{
	"null": absent(typed), "number": absent(typed), "float": absent(typed), "boolean": absent(typed), "list": absent(typed),
	"dict": absent(typed), "object": absent(typed), "type": absent(typed), "identity": absent(typed), "outcome": absent(typed),
}

var times = map[string]struct {
	seconds int64
	absent  string
}{
	"milliseconds":          {seconds: 1_800_000_000_000},
	"negative_milliseconds": {seconds: -1_800_000_000_000},
	"float_milliseconds":    {absent: noDate},
	"just_beyond":           {seconds: 100_000_000_001},
	"enormous":              {seconds: 1<<63 - 1},
	"nan":                   {absent: noDate},
	"infinity":              {absent: noDate},
	"negative_infinity":     {absent: noDate},
	"boolean":               {absent: typed}, "string": {absent: typed}, "bytes": {absent: typed}, "list": {absent: typed}, "object": {absent: typed},
}

func inUTF16(token string) string {
	bytes := []byte{0xff, 0xfe}
	for _, unit := range utf16.Encode([]rune(token)) {
		bytes = binary.LittleEndian.AppendUint16(bytes, unit)
	}
	return string(bytes)
}

// sharedInput is what every language's suite has an input for.
type sharedInput struct {
	Accepted, Rejected, Misused, Times map[string]struct{ Code string }
}

// ways are all calls that take a token.
func ways(guard *counterseal.Guard, options ...counterseal.VerifyOption) map[string]func(string) (*counterseal.Identity, error) {
	return map[string]func(string) (*counterseal.Identity, error){
		"Verify": func(text string) (*counterseal.Identity, error) {
			return guard.Verify(context.Background(), text, options...)
		},
		"TryVerify": func(text string) (*counterseal.Identity, error) { return guard.TryVerify(text, options...) },
		"VerifyMany": func(text string) (*counterseal.Identity, error) {
			outcomes, err := guard.VerifyMany(context.Background(), []string{text}, options...)
			if err != nil {
				return nil, err
			}
			return outcomes[0].Identity, outcomes[0].Err
		},
	}
}

func TestEverySharedInputIsHere(t *testing.T) {
	var list sharedInput
	shared(t, "host_input.json", &list)
	if len(list.Rejected) < 20 || len(list.Times) < 10 {
		t.Fatal("the list was not understood")
	}
	for group, pair := range map[string][2]map[string]bool{
		"accepted": {names(list.Accepted), names(accepted)}, "rejected": {names(list.Rejected), names(rejected)},
		"misused": {names(list.Misused), names(misused)}, "times": {names(list.Times), names(times)},
	} {
		for id := range pair[0] {
			if !pair[1][id] {
				t.Errorf("%s: no input for %s", group, id)
			}
		}
		for id := range pair[1] {
			if !pair[0][id] {
				t.Errorf("%s: %s is not shared", group, id)
			}
		}
	}
	for _, group := range []map[string]hostInput{accepted, rejected, misused} {
		for id, input := range group {
			if (input.text == nil) == (input.absent == "") {
				t.Errorf("%s: an input, or why there is none", id)
			}
		}
	}
}

func names[V any](group map[string]V) map[string]bool {
	found := make(map[string]bool, len(group))
	for id := range group {
		found[id] = true
	}
	return found
}

func TestSharedInput(t *testing.T) {
	var list sharedInput
	shared(t, "host_input.json", &list)
	issuer := countersealtest.NewIssuer(t)
	guard := issuer.Guard()
	token := issuer.Token(nil)
	known := verified(t, guard, token)
	for id, input := range accepted {
		if input.text == nil {
			continue
		}
		for name, verify := range ways(guard) {
			if identity, err := verify(input.text(token)); err != nil || identity != known {
				t.Errorf("%s, %s: %v %v", id, name, identity, err)
			}
		}
		if report, err := guard.Explain(input.text(token)); err != nil || report.Verdict != "verified" {
			t.Errorf("%s: %+v %v", id, report, err)
		}
	}
	for id, input := range rejected {
		if input.text == nil {
			continue
		}
		sent, code := input.text(token), list.Rejected[id].Code
		for _, options := range [][]counterseal.VerifyOption{nil, {counterseal.WithNow(issuer.Clock().Now())}} {
			for name, verify := range ways(guard, options...) {
				var refusal *counterseal.TokenRejectedError
				if identity, err := verify(sent); identity != nil || !errors.As(err, &refusal) || refusal.Code.String() != code {
					t.Errorf("%s, %s: %v %v, expected %s", id, name, identity, err, code)
				}
			}
			if report, err := guard.Explain(sent, options...); err != nil || report.Verdict != "rejected" || report.Code.String() != code {
				t.Errorf("%s: %+v %v, expected %s", id, report, err, code)
			}
		}
	}
	for id, input := range times {
		if input.absent != "" {
			continue
		}
		now := counterseal.WithNow(time.Unix(input.seconds, 0))
		calls := ways(guard, now)
		calls["Explain"] = func(text string) (*counterseal.Identity, error) { _, err := guard.Explain(text, now); return nil, err }
		calls["Require"] = func(string) (*counterseal.Identity, error) {
			return nil, known.Require(counterseal.Requirements{Scopes: []string{"x"}}, now)
		}
		for name, call := range calls {
			var misuse *counterseal.MisuseError
			if identity, err := call(token); identity != nil || !errors.As(err, &misuse) || misuse.Code.String() != list.Times[id].Code {
				t.Errorf("%s, %s: %v %v", id, name, identity, err)
			}
		}
	}
}

// What Go can hand in beside the inputs of all languages.
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
		for name, verify := range ways(guard) {
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
