package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/portage-gateway/portage/copybooks"
)

func newExplain() *cobra.Command {
	lang := &language{}
	cmd := &cobra.Command{
		Use:   "explain CODE",
		Short: "Say in words what a field or a code is, in English or French",
		Long: `Says what a code means and what to do: a reason of an error or a dead letter, or a finding of triage. See also
"portage explain field".`,
		Example: `  portage explain packed-sign
  portage explain rdw-stripped --lang fr`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			return explainCodes(cmd, args, lang)
		},
	}
	lang.register(cmd)
	cmd.AddCommand(newExplainField(), newExplainCode())
	return cmd
}

func newExplainField() *cobra.Command {
	f := &layoutFlags{}
	lang := &language{}
	var names []string
	cmd := &cobra.Command{
		Use:   "field NAME --copybook FILE",
		Short: "Say in words what a field of a copybook is",
		Long: `Says where a field stands, how its bytes hold its value, which values it takes, what its table,
redefinition and conditions mean, and what invalid bytes look like. NAME is a data-name, a path joined by dots
from the outside in, or A OF B.`,
		Example: `  portage explain field OB-MONTHLY-AMT --copybook builtin:OASMSTR
  portage explain field CA-SIN -c builtin:EICLMSTA --lang fr`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			french, err := lang.french()
			if err != nil {
				return err
			}
			if len(names) == 0 {
				return &exitError{exitUsage, fmt.Errorf("there is no copybook\n  name one with --copybook FILE, or a sample: %s", strings.Join(sampleNames(), ", "))}
			}
			layouts, err := f.layouts(stdin(cmd), names...)
			if err != nil {
				return err
			}
			var first error
			found := 0
			for _, l := range layouts {
				field, err := l.Field(args[0])
				if err != nil {
					if first == nil || strings.Contains(err.Error(), "did you mean") {
						first = err
					}
					continue
				}
				if found++; found > 1 {
					fmt.Fprintln(cmd.OutOrStdout())
				}
				text := explainField(l, field, french)
				if _, err := io.WriteString(cmd.OutOrStdout(), text); err != nil {
					return &exitError{exitIO, fmt.Errorf("write: %w", err)}
				}
			}
			if found == 0 {
				return &exitError{exitUsage, first}
			}
			return nil
		},
	}
	f.register(cmd)
	cmd.Flags().StringArrayVarP(&names, "copybook", "c", nil, copybookUsage)
	lang.register(cmd)
	return cmd
}

// fieldText collects sentences about one field.
type fieldText struct {
	strings.Builder
	l      *copybooks.Layout
	f      *copybooks.Field
	french bool
}

// say writes a line: the English form, or the French one; both take the same arguments.
func (t *fieldText) say(en, fr string, args ...any) {
	form := en
	if t.french {
		form = fr
	}
	fmt.Fprintf(t, form+"\n", args...)
}

// explainField returns what a field is, in words.
func explainField(l *copybooks.Layout, f *copybooks.Field, french bool) string {
	t := &fieldText{l: l, f: f, french: french}
	t.say("%s: level %02d of the record %s, line %d of the copybook.", "%s : niveau %02d de l'enregistrement %s, ligne %d de la copie.",
		f.Path, f.Level, l.Name(), f.Line)
	t.place()
	t.form()
	t.values()
	t.table()
	t.shared()
	t.conditions()
	if f.Elementary() {
		t.invalid()
	}
	return t.String()
}

// place says where the bytes are.
func (t *fieldText) place() {
	f := t.f
	last := f.Offset + f.Size - 1
	switch {
	case f.Sliding:
		t.say("Place: at most from byte %d, %d bytes long; a table of variable length before it moves it towards the start of the record.",
			"Place : au plus à partir de l'octet %d, longueur %d octets; une table de longueur variable qui la précède la rapproche du début de l'enregistrement.", f.Offset, f.Size)
	case f.Size == 1:
		t.say("Place: byte %d, counted from 0.", "Place : octet %d, compté à partir de 0.", f.Offset)
	default:
		t.say("Place: bytes %d to %d, counted from 0: %d bytes.", "Place : octets %d à %d, comptés à partir de 0 : %d octets.", f.Offset, last, f.Size)
	}
	if f.Variable {
		t.say("Its length depends on data: the bytes above are the most.", "Sa longueur dépend des données : ci-dessus, le plus grand nombre d'octets.")
	}
}

// form says how the bytes hold the value.
func (t *fieldText) form() {
	f := t.f
	if !f.Elementary() {
		t.say("A group of %d items. As a whole it is text.", "Un groupe de %d éléments. Dans son ensemble, c'est du texte.", len(f.Children))
		return
	}
	picture := f.Picture
	if picture == "" {
		picture = "-"
	}
	words := fieldForms[formOf(f)]
	t.say("Picture %s, usage %s: %s", "Image %s, usage %s : %s", picture, f.Usage, words.in(t.french))
	if s, ok := signForms[signOf(f)]; ok {
		t.say("Sign: %s", "Signe : %s", s.in(t.french))
	}
	if f.Justified {
		t.say("Justified: text stands at the right end, spaces before it.", "Cadré à droite : le texte est à la fin, précédé d'espaces.")
	}
	if f.BlankWhenZero {
		t.say("Zero is written as spaces (BLANK WHEN ZERO).", "Zéro s'écrit en espaces (BLANK WHEN ZERO).")
	}
}

// values says which values the field takes.
func (t *fieldText) values() {
	f := t.f
	if !f.Elementary() || f.Category != copybooks.Numeric && f.Category != copybooks.NumericEdited || f.Digits == 0 {
		return
	}
	low, high := "0", decimalText(strings.Repeat("9", f.Digits), f.Scale)
	if f.Signed() {
		low = "-" + high
	}
	if f.Usage == copybooks.NativeBinary || f.Usage == copybooks.Binary && t.l.Options().Trunc == copybooks.Bin {
		low, high = binaryRange(f)
	}
	t.say("Values: %s to %s, %d digits.", "Valeurs : de %s à %s, %d chiffres.", low, high, f.Digits)
	switch {
	case f.Scale > 0:
		t.say("The last %d digits stand behind the decimal point, which takes no byte.", "Les %d derniers chiffres suivent la virgule décimale, qui n'occupe aucun octet.", f.Scale)
	case f.Scale < 0:
		t.say("%d zeros follow the digits; they take no byte.", "%d zéros suivent les chiffres; ils n'occupent aucun octet.", -f.Scale)
	}
}

// decimalText puts a decimal point into digits.
func decimalText(digits string, scale int) string {
	switch {
	case scale < 0:
		return digits + strings.Repeat("0", -scale)
	case scale == 0:
		return digits
	case scale >= len(digits):
		return "0." + strings.Repeat("0", scale-len(digits)) + digits
	}
	return digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
}

// binaryRange is the full range of a binary item, scaled.
func binaryRange(f *copybooks.Field) (low, high string) {
	bits := uint(8 * min(f.Size, 8))
	if f.Signed() {
		top := uint64(1) << (bits - 1)
		return "-" + decimalText(padded(top, f.Scale), f.Scale), decimalText(padded(top-1, f.Scale), f.Scale)
	}
	return "0", decimalText(padded(^uint64(0)>>(64-bits), f.Scale), f.Scale)
}

func padded(n uint64, scale int) string { return fmt.Sprintf("%0*d", max(scale+1, 1), n) }

func (t *fieldText) table() {
	f := t.f
	switch {
	case f.OccursMax > 0 && f.DependingOn != nil:
		t.say("Table: %d to %d elements; %s says how many this record has. Each takes %d bytes.", "Table : de %d à %d éléments; %s dit combien cet enregistrement en a. Chacun occupe %d octets.",
			f.OccursMin, f.OccursMax, f.DependingOn.Name, f.Size)
	case f.OccursMax > 0:
		t.say("Table: always %d elements of %d bytes.", "Table : toujours %d éléments de %d octets.", f.OccursMax, f.Size)
	}
	for p := f.Parent; p != nil; p = p.Parent {
		if p.OccursMax > 0 {
			t.say("It stands once in each element of the table %s; its place above is that in the first one.", "Elle se trouve une fois dans chaque élément de la table %s; la place ci-dessus est celle du premier.", p.Name)
		}
	}
}

// shared says with whom the field shares its bytes.
func (t *fieldText) shared() {
	f := t.f
	for p := f; p != nil; p = p.Parent {
		if p.Redefines != nil {
			if p == f {
				t.say("It redefines %s: the same bytes, seen in another way. Other data says which view is meant.", "Elle redéfinit %s : les mêmes octets, vus autrement. D'autres données disent quelle vue s'applique.", label(p.Redefines))
			} else {
				t.say("Its group %s redefines %s: it has a value only where that view is meant.", "Son groupe %s redéfinit %s : elle n'a de valeur que si cette vue s'applique.", label(p), label(p.Redefines))
			}
		}
	}
	if f.Parent == nil {
		return
	}
	for _, s := range f.Parent.Children {
		if s.Redefines == f {
			t.say("%s redefines it: the same bytes, seen in another way.", "%s la redéfinit : les mêmes octets, vus autrement.", label(s))
		}
	}
}

func label(f *copybooks.Field) string {
	if f.Filler() {
		return "FILLER"
	}
	return f.Name
}

func (t *fieldText) conditions() {
	for _, c := range t.f.Conditions {
		var words []string
		for _, v := range c.Values {
			s := v.From
			if v.Through != "" {
				s += map[bool]string{false: " to ", true: " à "}[t.french] + v.Through
			}
			words = append(words, s)
		}
		t.say("Condition %s: %s.", "Condition %s : %s.", c.Name, strings.Join(words, ", "))
	}
}

// invalid says what bytes the field refuses, by the codes of "explain code".
func (t *fieldText) invalid() {
	codes := invalidCodes[formOf(t.f)]
	if len(codes) == 0 {
		t.say("No bytes are invalid: every content is a value.", "Aucun octet n'est invalide : tout contenu est une valeur.")
	}
	for _, code := range codes {
		t.say("Invalid (%s): %s", "Invalide (%s) : %s", code, codeTexts[code].in(t.french).means)
	}
	if f := formOf(t.f); f == zonedForm || f == packedForm || f == editedForm {
		t.say("Only spaces or only low-values: no value (null).", "Seulement des espaces ou seulement des zéros binaires : aucune valeur (null).")
	}
}
