//go:build cgo

package counterseal_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// shared reads what all languages have in common. It is not there where the module is tested outside of its
// repository.
func shared(t *testing.T, name string, into any) {
	t.Helper()
	if _, err := os.Stat("../tests"); errors.Is(err, os.ErrNotExist) {
		t.Skipf("left out: tests/surface/%s is in Counterseal's repository alone", name)
	}
	text, err := os.ReadFile(filepath.Join("../tests/surface", name))
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// What Go has beside the concepts of all languages, and why.
var goAlone = map[string]string{
	"Format": "how text is written that ParsePolicy reads", "FormatTOML": "one of them", "FormatJSON": "the other",
	"PolicyOption": "Go has no named arguments", "WithService": "one", "WithBaseDir": "one",
	"VerifyOption": "Go has no named arguments", "WithNow": "one",
	"Requirements": "Go has no named arguments", "Requirements.Scopes": "one", "Requirements.ACR": "one",
	"Requirements.MaxAge": "one", "Within": "what Requirements.MaxAge points to",
	"Class": "errors.Is finds it", "Class.Error": "errors.Is compares errors", "Class.String": "its name",
	"Code.Class": "its class", "Code.Error": "errors.Is compares errors", "Code.MarshalText": "encoding/json",
	"Code.UnmarshalText":      "encoding/json",
	"TokenRejectedError.Code": "error.code without errors.As", "TokenRejectedError.Error": "the interface error",
	"TokenRejectedError.Unwrap": "errors.Is and errors.As",
	"UnavailableError.Code":     "error.code without errors.As", "UnavailableError.Error": "the interface error",
	"UnavailableError.Unwrap": "errors.Is and errors.As",
	"PolicyError.Code":        "error.code without errors.As", "PolicyError.Error": "the interface error",
	"PolicyError.Unwrap": "errors.Is and errors.As",
	"MisuseError.Code":   "error.code without errors.As", "MisuseError.Error": "the interface error",
	"MisuseError.Unwrap": "errors.Is and errors.As",
	"InternalError.Code": "error.code without errors.As", "InternalError.Error": "the interface error",
	"InternalError.Unwrap": "errors.Is and errors.As",
	"Identity.IssuerName":  "the name of the entry that accepted it", "Identity.NotBefore": "nbf",
	"Identity.DecodeClaims": "claims into a struct", "Identity.Equal": "Go has no operator for it",
	"Identity.UnmarshalJSON": "fails: JSON is no proof", "Identity.String": "shows no claim",
	"Identity.GoString": "shows no claim", "Identity.Format": "shows no claim", "Identity.LogValue": "shows no claim",

	"countersealtest.Option": "Go has no named arguments", "countersealtest.WithAlgorithm": "one",
	"countersealtest.WithAudience": "one", "countersealtest.WithClientID": "one", "countersealtest.WithName": "one",
	"countersealtest.TokenOption": "Go has no named arguments", "countersealtest.Header": "one",
	"countersealtest.Claims": "named arguments of a token", "countersealtest.Issuer.In": "subtests and fuzz tests",
	"countersealtest.Issuer.GuardWith":    "a guard with more TOML; Go has no optional arguments",
	"countersealtest.NewGuardWithNetwork": "a guard with a network; Go has no optional arguments",
	"countersealtest.Reply":               "named arguments of an answer", "countersealtest.Reply.Status": "one",
	"countersealtest.Reply.Headers": "one", "countersealtest.Reply.Body": "one",
	"countersealtest.Reply.Address": "one", "countersealtest.Reply.Bearer": "one",
	"countersealtest.LiveHandles": "for tests of this package", "countersealtest.FailInside": "for tests of this package",
	"countersealtest.Measure": "for benches/go",
}

func TestTheListSaysWhatIsExported(t *testing.T) {
	var list map[string]any
	shared(t, "go.json", &list)
	exported := map[string]bool{}
	collectExported(t, ".", "", exported)
	collectExported(t, "countersealtest", "countersealtest.", exported)
	if len(exported) < 150 {
		t.Fatal("the sources were not found")
	}
	listed := map[string]bool{}
	for concept, name := range list {
		name, is := name.(string)
		if !is {
			continue // absent, with its reason: tests/tests/surface.rs
		}
		if !exported[name] {
			t.Errorf("%s: there is no %s", concept, name)
		}
		listed[name] = true
		// A type stands there by its members.
		for owner := name; strings.Contains(owner, "."); {
			owner = owner[:strings.LastIndex(owner, ".")]
			listed[owner] = true
		}
	}
	for name := range goAlone {
		if !exported[name] || listed[name] {
			t.Errorf("%s is listed in go.json, or gone", name)
		}
	}
	// Types of what a listed function gives.
	for _, name := range []string{"Policy", "countersealtest.Issuer", "countersealtest.Clock", "countersealtest.Network"} {
		listed[name] = true
	}
	for name := range exported {
		if !listed[name] && goAlone[name] == "" {
			t.Errorf("%s is not listed", name)
		}
	}
}

// collectExported adds what a package's sources export, members as Type.Member.
func collectExported(t *testing.T, folder, prefix string, into map[string]bool) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	add := func(owner, name string) {
		if ast.IsExported(name) && (owner == "" || ast.IsExported(owner)) {
			if owner != "" {
				name = owner + "." + name
			}
			into[prefix+name] = true
		}
	}
	for _, path := range paths {
		// Codes and classes are generated from one table for all languages.
		if strings.HasSuffix(path, "_test.go") || filepath.Base(path) == "codes.go" {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, declared := range file.Decls {
			switch declared := declared.(type) {
			case *ast.FuncDecl:
				add(receiver(declared), declared.Name.Name)
			case *ast.GenDecl:
				for _, spec := range declared.Specs {
					switch spec := spec.(type) {
					case *ast.ValueSpec:
						for _, name := range spec.Names {
							add("", name.Name)
						}
					case *ast.TypeSpec:
						add("", spec.Name.Name)
						if structure, is := spec.Type.(*ast.StructType); is {
							for _, field := range structure.Fields.List {
								for _, name := range field.Names {
									add(spec.Name.Name, name.Name)
								}
							}
						}
					}
				}
			}
		}
	}
}

func receiver(declared *ast.FuncDecl) string {
	if declared.Recv == nil {
		return ""
	}
	kind := declared.Recv.List[0].Type
	if pointer, is := kind.(*ast.StarExpr); is {
		kind = pointer.X
	}
	return kind.(*ast.Ident).Name
}
