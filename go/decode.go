//go:build cgo

package counterseal

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
)

// DecodeClaims puts the claims into the struct or map that into points to, as encoding/json does, but with
// exact names: a claim "Admin" never reaches a field `json:"admin"`. Claims without a field are left out. In
// places of type any, numbers are a [json.Number].
//
// The error names the claim that does not fit, and no value.
func (i *Identity) DecodeClaims(into any) error {
	text := i.tape()
	target := reflect.ValueOf(into)
	if target.Kind() != reflect.Pointer || target.IsNil() {
		return misuse("into")
	}
	fitting := appendExact(nil, &tape{text: text}, target.Type().Elem())
	decoder := json.NewDecoder(bytes.NewReader(fitting))
	decoder.UseNumber()
	err := decoder.Decode(into)
	if err == nil {
		return nil
	}
	about := "a claim does not fit its type in Go"
	var mismatch *json.UnmarshalTypeError
	if errors.As(err, &mismatch) {
		about = fmt.Sprintf("claim %s does not fit the type %v", mismatch.Field, mismatch.Type)
	}
	return &MisuseError{ErrMisuseArgument, ErrMisuseArgument.String() + ": " + about}
}

// appendExact writes a value as JSON, without the members of objects whose names are not exactly those of the
// struct that they would go into.
func appendExact(out []byte, t *tape, into reflect.Type) []byte {
	into = settled(into)
	switch mark := t.mark(); mark {
	case 'n':
		return append(out, "null"...)
	case 'f':
		return append(out, "false"...)
	case 't':
		return append(out, "true"...)
	case '#':
		return append(out, t.string()...)
	case '"':
		return appendString(out, t.string())
	case '[':
		var element reflect.Type
		if kind := kindOf(into); kind == reflect.Slice || kind == reflect.Array {
			element = into.Elem()
		}
		out = append(out, '[')
		for at := range t.length() {
			if at > 0 {
				out = append(out, ',')
			}
			out = appendExact(out, t, element)
		}
		return append(out, ']')
	default:
		return appendObject(out, t, into)
	}
}

func appendObject(out []byte, t *tape, into reflect.Type) []byte {
	out = append(out, '{')
	first := true
	for range t.length() {
		t.mark()
		name := t.string()
		member, fits := memberOf(into, name)
		before := len(out)
		if !first {
			out = append(out, ',')
		}
		out = append(appendString(out, name), ':')
		out = appendExact(out, t, member)
		if fits {
			first = false
		} else {
			out = out[:before]
		}
	}
	return append(out, '}')
}

func appendString(out []byte, text string) []byte {
	quoted, _ := json.Marshal(text) // a text cannot fail
	return append(out, quoted...)
}

func kindOf(into reflect.Type) reflect.Kind {
	if into == nil {
		return reflect.Invalid
	}
	return into.Kind()
}

var (
	unmarshaler     = reflect.TypeFor[json.Unmarshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// settled follows pointers, and gives nil for what takes everything: any, or a type that reads JSON itself.
func settled(into reflect.Type) reflect.Type {
	for into != nil {
		pointer := reflect.PointerTo(into)
		if into.Kind() == reflect.Interface || pointer.Implements(unmarshaler) || pointer.Implements(textUnmarshaler) {
			return nil
		}
		if into.Kind() != reflect.Pointer {
			return into
		}
		into = into.Elem()
	}
	return nil
}

// memberOf gives the type that the member of that name goes into, and whether there is a place for it.
func memberOf(into reflect.Type, name string) (reflect.Type, bool) {
	switch kindOf(into) {
	case reflect.Struct:
		member, fits := fieldsOf(into)[name]
		return member, fits
	case reflect.Map:
		return into.Elem(), true
	default:
		return nil, true
	}
}

var knownFields sync.Map // reflect.Type → map[string]reflect.Type

// fieldsOf gives the fields of a struct by their names in JSON. Fields of embedded structs are promoted as
// encoding/json does it: the least nested wins, of those the one with a tag, and where two are left none.
func fieldsOf(structure reflect.Type) map[string]reflect.Type {
	if known, ok := knownFields.Load(structure); ok {
		return known.(map[string]reflect.Type)
	}
	fields := make(map[string]reflect.Type)
	seen := map[reflect.Type]bool{structure: true}
	for level := []reflect.Type{structure}; len(level) > 0; {
		found := make(map[string][]field)
		var deeper []reflect.Type
		for _, structure := range level {
			deeper = append(deeper, collect(structure, found, seen)...)
		}
		for name, candidates := range found {
			if _, taken := fields[name]; taken {
				continue
			}
			fields[name] = dominant(candidates)
		}
		level = deeper
	}
	for name, into := range fields {
		if into == nil {
			delete(fields, name)
		}
	}
	knownFields.Store(structure, fields)
	return fields
}

type field struct {
	into   reflect.Type
	tagged bool
}

// collect adds the fields of one struct, and gives the structs that are embedded in it.
func collect(structure reflect.Type, found map[string][]field, seen map[reflect.Type]bool) []reflect.Type {
	var embedded []reflect.Type
	for at := range structure.NumField() {
		member := structure.Field(at)
		tag := member.Tag.Get("json")
		name, _, _ := strings.Cut(tag, ",")
		if member.Anonymous && name == "" {
			inner := member.Type
			if inner.Kind() == reflect.Pointer {
				inner = inner.Elem()
			}
			if inner.Kind() == reflect.Struct && tag != "-" {
				if !seen[inner] {
					seen[inner] = true
					embedded = append(embedded, inner)
				}
				continue
			}
		}
		if !member.IsExported() || tag == "-" {
			continue
		}
		tagged := name != ""
		if !tagged {
			name = member.Name
		}
		found[name] = append(found[name], field{member.Type, tagged})
	}
	return embedded
}

// dominant gives nil where no field wins.
func dominant(candidates []field) reflect.Type {
	var tagged []field
	for _, candidate := range candidates {
		if candidate.tagged {
			tagged = append(tagged, candidate)
		}
	}
	switch {
	case len(tagged) == 1:
		return tagged[0].into
	case len(candidates) == 1:
		return candidates[0].into
	default:
		return nil
	}
}
