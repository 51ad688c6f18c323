//go:build cgo

package counterseal

import (
	"encoding/json"
	"errors"
	"testing"
)

func TestEveryCode(t *testing.T) {
	if len(codeTable) < 80 {
		t.Fatal("the table is not there")
	}
	for at, row := range codeTable {
		if at > 0 && codeTable[at-1].code >= row.code {
			t.Errorf("%v is out of order", row.code)
		}
		if row.code.String() != row.slug || row.code.Class() != row.class || row.code.Error() != row.slug+": "+row.message {
			t.Errorf("%d is not itself", row.code)
		}
		err := error(&TokenRejectedError{Code: row.code})
		var code Code
		var class Class
		if !errors.Is(err, row.code) || !errors.Is(err, row.class) || !errors.As(err, &code) || !errors.As(err, &class) ||
			code != row.code || class != row.class {
			t.Errorf("%v is not found in an error", row.code)
		}
		text, _ := json.Marshal(row.code)
		var back Code
		if err := json.Unmarshal(text, &back); err != nil || back != row.code || string(text) != `"`+row.slug+`"` {
			t.Errorf("%v as JSON is %s", row.code, text)
		}
	}
}

func TestCodesOfOtherVersions(t *testing.T) {
	for _, code := range []Code{0, 1, 999, 8000, 65535} {
		if code.row() != nil || code.Class() != 0 || code.Error() == "" {
			t.Errorf("%d is known", code)
		}
	}
	if Class(200).String() != "class_200" || Code(9999).String() != "code_9999" {
		t.Error("unknown numbers have no name")
	}
	var code Code
	if err := code.UnmarshalText([]byte("no_such_code")); !errors.Is(err, ErrMisuseArgument) {
		t.Error(err)
	}
}
