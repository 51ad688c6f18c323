package main

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

type object = map[string]any

// canonical is RFC 8785; integers of any size as their digits.
func canonical(value any) string {
	switch value := value.(type) {
	case nil:
		return "null"
	case bool:
		return strconv.FormatBool(value)
	case int:
		return strconv.Itoa(value)
	case int64:
		return strconv.FormatInt(value, 10)
	case float64:
		return number(value)
	case json.Number:
		return largeNumber(string(value))
	case string:
		return quoted(value)
	case []any:
		elements := make([]string, len(value))
		for at := range value {
			elements[at] = canonical(value[at])
		}
		return "[" + strings.Join(elements, ",") + "]"
	case object:
		names := make([]string, 0, len(value))
		for name := range value {
			names = append(names, name)
		}
		slices.SortFunc(names, func(one, other string) int {
			return slices.Compare(utf16.Encode([]rune(one)), utf16.Encode([]rune(other)))
		})
		for at, name := range names {
			names[at] = quoted(name) + ":" + canonical(value[name])
		}
		return "{" + strings.Join(names, ",") + "}"
	default:
		panic(fmt.Sprintf("no JSON: %T", value))
	}
}

// quoted escapes what has to be, and nothing else.
func quoted(text string) string {
	short := map[rune]string{'"': `\"`, '\\': `\\`, '\b': `\b`, '\f': `\f`, '\n': `\n`, '\r': `\r`, '\t': `\t`}
	var out strings.Builder
	out.WriteByte('"')
	for _, letter := range text {
		if escape, has := short[letter]; has {
			out.WriteString(escape)
		} else if letter < 0x20 {
			fmt.Fprintf(&out, `\u%04x`, letter)
		} else {
			out.WriteRune(letter)
		}
	}
	out.WriteByte('"')
	return out.String()
}

// largeNumber is for what no float64 holds: integers, and numbers beyond all of them.
func largeNumber(text string) string {
	if !strings.ContainsAny(text, ".eE") {
		return text
	}
	value, _ := strconv.ParseFloat(text, 64) // infinite where it is beyond all
	return number(value)
}

// number is a double as ECMAScript writes it.
func number(value float64) string {
	switch {
	case math.IsInf(value, 0):
		return map[bool]string{true: "1e999", false: "-1e999"}[value > 0]
	case value == 0:
		return "0"
	case value < 0:
		return "-" + number(-value)
	}
	// The fewest digits that read back as the same double, as d.ddd or d, and the power of ten of the first.
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(value, 'e', -1, 64), "e")
	digits := strings.Replace(mantissa, ".", "", 1)
	power, err := strconv.Atoi(exponent)
	must(err)
	switch point := power + 1; {
	case len(digits) <= point && point <= 21:
		return digits + strings.Repeat("0", point-len(digits))
	case 0 < point && point <= 21:
		return digits[:point] + "." + digits[point:]
	case -6 < point && point <= 0:
		return "0." + strings.Repeat("0", -point) + digits
	case len(digits) == 1:
		return fmt.Sprintf("%se%+d", digits, power)
	default:
		return fmt.Sprintf("%s.%se%+d", digits[:1], digits[1:], power)
	}
}
