package main

import "github.com/portage-gateway/portage/copybooks"

// wording is a text in both languages.
type wording struct{ en, fr string }

func (w wording) in(french bool) string {
	if french {
		return w.fr
	}
	return w.en
}

// fieldForm is a way in which bytes hold a value.
type fieldForm int

const (
	textForm fieldForm = iota
	zonedForm
	packedForm
	unsignedPackedForm
	binaryForm
	floatForm
	nationalForm
	editedForm
	utf8Form
	opaqueForm
)

// formOf returns the form of an elementary field.
func formOf(f *copybooks.Field) fieldForm {
	switch f.Usage {
	case copybooks.Packed:
		return packedForm
	case copybooks.PackedUnsigned:
		return unsignedPackedForm
	case copybooks.Binary, copybooks.NativeBinary:
		return binaryForm
	case copybooks.Float, copybooks.Double:
		return floatForm
	case copybooks.National, copybooks.DBCS:
		return nationalForm
	case copybooks.UTF8:
		return utf8Form
	case copybooks.Index, copybooks.Pointer:
		return opaqueForm
	}
	switch f.Category {
	case copybooks.Numeric:
		return zonedForm
	case copybooks.NumericEdited:
		return editedForm
	}
	return textForm
}

// Sources: Enterprise COBOL for z/OS Language Reference, USAGE clause and SIGN clause; Programming Guide, "Formats for
// numeric data".
var fieldForms = map[fieldForm]wording{
	textForm:           {"text, one character a byte, filled up with spaces.", "texte, un caractère par octet, complété par des espaces."},
	zonedForm:          {"a zoned decimal number, one digit a byte (X'F0' to X'F9').", "un nombre décimal étendu, un chiffre par octet (X'F0' à X'F9')."},
	packedForm:         {"a packed decimal number: two digits a byte, and the sign in the last half byte.", "un nombre décimal condensé : deux chiffres par octet, et le signe dans le dernier demi-octet."},
	unsignedPackedForm: {"a packed decimal number without a sign: two digits a byte.", "un nombre décimal condensé sans signe : deux chiffres par octet."},
	binaryForm:         {"a binary number, high byte first on z/OS; two's complement if it is signed.", "un nombre binaire, octet de poids fort en tête sous z/OS; complément à deux s'il est signé."},
	floatForm:          {"a floating point number, in hexadecimal form on z/OS.", "un nombre à virgule flottante, de forme hexadécimale sous z/OS."},
	nationalForm:       {"text, two bytes a character.", "texte, deux octets par caractère."},
	editedForm:         {"a number edited for people: the PICTURE says which characters stand between its digits.", "un nombre mis en forme pour les personnes : l'image dit quels caractères accompagnent ses chiffres."},
	utf8Form:           {"text in UTF-8.", "texte en UTF-8."},
	opaqueForm:         {"bytes that mean something only inside of the program.", "des octets qui n'ont de sens que dans le programme."},
}

// signForm is where a sign stands.
type signForm int

const (
	noSign signForm = iota
	unsignedSign
	packedSign
	trailingSign
	leadingSign
	trailingSeparateSign
	leadingSeparateSign
)

func signOf(f *copybooks.Field) signForm {
	switch formOf(f) {
	case packedForm:
		if f.Signed() {
			return packedSign
		}
		return unsignedSign
	case zonedForm:
		return [...]signForm{copybooks.Unsigned: unsignedSign, copybooks.TrailingOverpunch: trailingSign, copybooks.LeadingOverpunch: leadingSign,
			copybooks.TrailingSeparate: trailingSeparateSign, copybooks.LeadingSeparate: leadingSeparateSign}[f.Sign]
	}
	return noSign
}

var signForms = map[signForm]wording{
	unsignedSign:         {"none; F is written where a sign would stand, and any sign of plus is read.", "aucun; F s'écrit à la place du signe, et tout signe plus est lu."},
	packedSign:           {"the last half byte: C, A, E and F are plus, D and B minus; C and D are written.", "le dernier demi-octet : C, A, E et F pour plus, D et B pour moins; C et D s'écrivent."},
	trailingSign:         {"over the last digit: its high half byte is C for plus, D for minus; F, A and E are read as plus, B as minus.", "sur le dernier chiffre : son premier demi-octet est C pour plus, D pour moins; F, A et E se lisent plus, B se lit moins."},
	leadingSign:          {"over the first digit: its high half byte is C for plus, D for minus; F, A and E are read as plus, B as minus.", "sur le premier chiffre : son premier demi-octet est C pour plus, D pour moins; F, A et E se lisent plus, B se lit moins."},
	trailingSeparateSign: {"a character + or - of its own behind the digits.", "un caractère + ou - à part, après les chiffres."},
	leadingSeparateSign:  {"a character + or - of its own before the digits.", "un caractère + ou - à part, avant les chiffres."},
}

// invalidCodes are the reasons for which a form refuses bytes.
var invalidCodes = map[fieldForm][]string{
	textForm:           {"text-encoding"},
	zonedForm:          {"zoned-digit", "zoned-sign"},
	packedForm:         {"packed-nibble", "packed-sign"},
	unsignedPackedForm: {"packed-nibble"},
	floatForm:          {"float-special"},
	nationalForm:       {"text-encoding"},
	utf8Form:           {"text-encoding"},
	editedForm:         {"edited-text"},
}

// codeText says what a code means and what to do.
type codeText struct{ en, fr meaning }

type meaning struct{ means, do string }

func (c codeText) in(french bool) meaning {
	if french {
		return c.fr
	}
	return c.en
}

// codeTexts are the texts of all reason codes.
var codeTexts = map[string]codeText{
	"blank": {meaning{"A numeric item holds only spaces or low-values, and a number was asked for.", "Treat it as null, as decode does; the program that wrote it left it empty."},
		meaning{"Un élément numérique ne contient que des espaces ou des zéros binaires, et un nombre était demandé.", "Traitez-le comme null, ainsi que le fait decode; le programme qui l'a écrit l'a laissé vide."}},
	"short-record": {meaning{"The record ends before its fields do.", "Check the record length and the copybook's version; portage triage tells a file that was cut off."},
		meaning{"L'enregistrement se termine avant ses champs.", "Vérifiez la longueur d'enregistrement et la version de la copie; portage triage reconnaît un fichier tronqué."}},
	"long-record": {meaning{"The record goes on behind its last field.", "Check the copybook's version, the counters of tables and the record length; --lrecl allows a longer one."},
		meaning{"L'enregistrement continue après son dernier champ.", "Vérifiez la version de la copie, les compteurs de tables et la longueur; --lrecl permet un enregistrement plus long."}},
	"zoned-digit": {meaning{"A byte of a zoned number is not a digit.", "Check the code page, the offset and the record format; look at the record with portage inspect --hex."},
		meaning{"Un octet d'un nombre étendu n'est pas un chiffre.", "Vérifiez la page de codes, la position et le format d'enregistrement; regardez l'enregistrement avec portage inspect --hex."}},
	"zoned-sign": {meaning{"The sign of a zoned number is none that the item can have.", "Check the SIGN clause and the code page: ASCII has other signs."},
		meaning{"Le signe d'un nombre étendu n'est pas admis pour cet élément.", "Vérifiez la clause SIGN et la page de codes : l'ASCII a d'autres signes."}},
	"packed-nibble": {meaning{"A half byte of a packed number is not a digit.", "Check the offset, and with portage triage whether the file was sent as text: then send it again in binary."},
		meaning{"Un demi-octet d'un nombre condensé n'est pas un chiffre.", "Vérifiez la position et, avec portage triage, si le fichier a été envoyé en mode texte : renvoyez-le alors en binaire."}},
	"packed-sign": {meaning{"The last half byte of a packed number is not a sign (A to F).", "Check the offset, and with portage triage whether the file was sent as text; low-values and spaces alone are null."},
		meaning{"Le dernier demi-octet d'un nombre condensé n'est pas un signe (A à F).", "Vérifiez la position et, avec portage triage, si le fichier a été envoyé en mode texte; des zéros binaires ou des espaces seuls valent null."}},
	"float-special": {meaning{"The floating point number is infinite or not a number.", "Check --float: z/OS has hexadecimal numbers, other systems IEEE."},
		meaning{"Le nombre à virgule flottante est infini ou n'en est pas un.", "Vérifiez --float : z/OS emploie la forme hexadécimale, les autres systèmes IEEE."}},
	"text-encoding": {meaning{"Bytes are no characters of the code page.", "Name the right one with --codepage, or for one field in the mapping."},
		meaning{"Des octets ne sont pas des caractères de la page de codes.", "Indiquez la bonne page avec --codepage, ou pour un champ dans le fichier de correspondance."}},
	"edited-text": {meaning{"The text is not what the PICTURE can produce.", "Check the offset, the currency sign and DECIMAL-POINT IS COMMA."},
		meaning{"Le texte n'est pas ce que l'image peut produire.", "Vérifiez la position, le symbole monétaire et DECIMAL-POINT IS COMMA."}},
	"odo-count": {meaning{"The counter of a table lies outside of the table's bounds.", "Check the counter's field and the OCCURS clause; a record cut wrongly shows it first here."},
		meaning{"Le compteur d'une table est hors des limites de la table.", "Vérifiez le champ compteur et la clause OCCURS; un enregistrement mal découpé se révèle souvent ici."}},
	"used-count": {meaning{"The mapping's count says more elements than the table has.", "Check the field that the mapping names under count."},
		meaning{"Le nombre indiqué par la correspondance dépasse la table.", "Vérifiez le champ que la correspondance nomme sous count."}},
	"unknown-kind": {meaning{"The value that says what a record is selects no kind.", "Add the value with --kind or in the mapping, or check the record format."},
		meaning{"La valeur qui dit de quel enregistrement il s'agit ne désigne aucune sorte.", "Ajoutez la valeur avec --kind ou dans la correspondance, ou vérifiez le format d'enregistrement."}},
	"eyecatcher": {meaning{"A field does not hold the constant that its mapping expects.", "Check the queue or file, the copybook and the code page: this is another record."},
		meaning{"Un champ n'a pas la constante attendue par la correspondance.", "Vérifiez la file ou le fichier, la copie et la page de codes : c'est un autre enregistrement."}},
	"date-value": {meaning{"The digits are no date of the stated form.", "Check the form under date in the mapping, and which contents mean null."},
		meaning{"Les chiffres ne forment pas une date de la forme indiquée.", "Vérifiez la forme sous date dans la correspondance, et les contenus qui valent null."}},
	"date-gap": {meaning{"Clocks skipped this local time.", "Check the time zone in the mapping; the program that wrote it may not keep daylight saving time."},
		meaning{"Les horloges ont sauté cette heure locale.", "Vérifiez le fuseau dans la correspondance; le programme qui l'a écrite n'observe peut-être pas l'heure avancée."}},
	"not-number": {meaning{"A value is not a decimal number.", "Give digits, one point and a minus sign at most; no exponent and no separators."},
		meaning{"Une valeur n'est pas un nombre décimal.", "Donnez des chiffres, au plus un point et un signe moins; ni exposant ni séparateur."}},
	"overflow": {meaning{"A value has more digits than the PICTURE.", "Nothing was cut off: correct the value, or the copybook; --trunc bin allows the full range of binary items."},
		meaning{"Une valeur a plus de chiffres que l'image.", "Rien n'a été coupé : corrigez la valeur ou la copie; --trunc bin permet toute l'étendue des éléments binaires."}},
	"fraction-lost": {meaning{"A value has more decimal places than the PICTURE.", "Round it before, by your own rule: nothing is rounded here."},
		meaning{"Une valeur a plus de décimales que l'image.", "Arrondissez-la avant, selon votre propre règle : rien n'est arrondi ici."}},
	"sign-lost": {meaning{"A value is negative, and the item has no sign.", "Correct the value, or the copybook (PICTURE S...)."},
		meaning{"Une valeur est négative et l'élément n'a pas de signe.", "Corrigez la valeur ou la copie (image S...)."}},
	"text-too-long": {meaning{"A text has more characters than its field.", "Nothing was cut off: shorten it before."},
		meaning{"Un texte a plus de caractères que son champ.", "Rien n'a été coupé : raccourcissez-le avant."}},
	"unencodable": {meaning{"A character is not in the code page.", "Replace it before, or choose a page that has it with --codepage."},
		meaning{"Un caractère n'est pas dans la page de codes.", "Remplacez-le avant, ou choisissez avec --codepage une page qui le contient."}},
	"no-blank": {meaning{"The item has no bytes that mean null.", "Give a value: binary, floating point and text items always have one."},
		meaning{"L'élément n'a pas d'octets qui valent null.", "Donnez une valeur : les éléments binaires, flottants et de texte en ont toujours une."}},
	"unknown-code": {meaning{"A text is none of the field's codes.", "Use a code of the mapping, or add it there."},
		meaning{"Un texte n'est aucun des codes du champ.", "Employez un code de la correspondance, ou ajoutez-le."}},
	"views-differ": {meaning{"Two views of the same bytes were given, and they differ.", "Leave one of them null."},
		meaning{"Deux vues des mêmes octets ont été données, et elles diffèrent.", "Laissez l'une d'elles à null."}},
	"value-kind": {meaning{"A JSON value is of another kind than the field: text for a number, or an object for a value.", "Give the kind that portage decode writes for this field."},
		meaning{"Une valeur JSON est d'une autre nature que le champ : texte pour un nombre, ou objet pour une valeur.", "Donnez la nature que portage decode écrit pour ce champ."}},
	"missing-value": {meaning{"A value is missing that the record cannot do without.", "Add the member, or a default in the mapping."},
		meaning{"Il manque une valeur dont l'enregistrement ne peut se passer.", "Ajoutez le membre, ou une valeur par défaut dans la correspondance."}},
	"not-encodable": {meaning{"The item has no value that could be written, such as a pointer.", "Leave the member out."},
		meaning{"L'élément n'a pas de valeur qui puisse s'écrire, tel un pointeur.", "Omettez le membre."}},
	"return-code": {meaning{"Legacy answered with a return code that the mapping does not know.", "Add the code to the statuses of the exchange."},
		meaning{"Le système patrimonial a répondu par un code de retour inconnu de la correspondance.", "Ajoutez le code aux statuts de l'échange."}},
	"text-length": {meaning{"The length of a VARCHAR is negative, or more than its text holds.", "Check the offset and the DCLGEN copybook's version; --invalid raw keeps the bytes."},
		meaning{"La longueur d'un VARCHAR est négative ou dépasse la place de son texte.", "Vérifiez la position et la version de la copie DCLGEN; --invalid raw conserve les octets."}},
	"truncated": {meaning{"The file ends inside a record.", "Send it again; portage triage says what else to look at."},
		meaning{"Le fichier se termine dans un enregistrement.", "Renvoyez-le; portage triage dit quoi regarder d'autre."}},
	"rdw-zero": {meaning{"A record descriptor word is zero.", "The file is padded with zeros, or its records are fixed: try --recfm auto or portage triage."},
		meaning{"Un mot descripteur d'enregistrement est nul.", "Le fichier est complété par des zéros, ou ses enregistrements sont fixes : essayez --recfm auto ou portage triage."}},
	"rdw-short": {meaning{"A record descriptor word states fewer bytes than its own.", "Check --rdw and --rdw-adjust; portage triage finds the custom of the file."},
		meaning{"Un mot descripteur d'enregistrement indique moins d'octets que lui-même.", "Vérifiez --rdw et --rdw-adjust; portage triage trouve la convention du fichier."}},
	"rdw-long": {meaning{"A record descriptor word states more bytes than a record can have.", "Check --rdw and --lrecl, or the records are fixed."},
		meaning{"Un mot descripteur d'enregistrement indique plus d'octets qu'un enregistrement ne peut en avoir.", "Vérifiez --rdw et --lrecl, ou les enregistrements sont fixes."}},
	"rdw-reserved": {meaning{"Reserved bytes of a record descriptor word are not zero.", "The records are spanned (--recfm VBS or VS) or fixed, or the order of bytes is another."},
		meaning{"Des octets réservés d'un mot descripteur d'enregistrement ne sont pas nuls.", "Les enregistrements sont segmentés (--recfm VBS ou VS) ou fixes, ou l'ordre des octets est autre."}},
	"rdw-block": {meaning{"A record reaches beyond its block.", "The file may have no blocks: --recfm V."},
		meaning{"Un enregistrement dépasse son bloc.", "Le fichier n'a peut-être pas de blocs : --recfm V."}},
	"bdw-short": {meaning{"A block descriptor word states fewer bytes than its own.", "The file may have no blocks: --recfm V."},
		meaning{"Un mot descripteur de bloc indique moins d'octets que lui-même.", "Le fichier n'a peut-être pas de blocs : --recfm V."}},
	"bdw-reserved": {meaning{"Reserved bytes of a block descriptor word are not zero.", "The file may have no blocks: --recfm V."},
		meaning{"Des octets réservés d'un mot descripteur de bloc ne sont pas nuls.", "Le fichier n'a peut-être pas de blocs : --recfm V."}},
	"segment-order": {meaning{"Segments of a spanned record are missing or out of order.", "Look whether a volume was left out of the copy."},
		meaning{"Des segments d'un enregistrement sont absents ou en désordre.", "Vérifiez si un volume a été omis de la copie."}},
	"record-short": {meaning{"A record is shorter than its format allows.", "Check --lrecl and the skips at the ends of records."},
		meaning{"Un enregistrement est plus court que son format ne le permet.", "Vérifiez --lrecl et les octets sautés aux extrémités."}},
	"record-long": {meaning{"A record or line is longer than its format allows.", "Check --lrecl, --recfm and --newline."},
		meaning{"Un enregistrement ou une ligne est plus long que son format ne le permet.", "Vérifiez --lrecl, --recfm et --newline."}},
	"length-field": {meaning{"The field that holds the record's length says what cannot be.", "Check --length-field and --length-adjust."},
		meaning{"Le champ qui contient la longueur de l'enregistrement indique l'impossible.", "Vérifiez --length-field et --length-adjust."}},
	"auto": {meaning{"The record format cannot be told from the data.", "Say --recfm, and --lrecl for fixed records; portage triage tells what it sees."},
		meaning{"Le format d'enregistrement ne se déduit pas des données.", "Indiquez --recfm, et --lrecl pour des enregistrements fixes; portage triage dit ce qu'il voit."}},
	"read": {meaning{"Reading the input failed.", "See the error behind it: the disk, the network or an unpacker said no."},
		meaning{"La lecture de l'entrée a échoué.", "Voyez l'erreur qui suit : le disque, le réseau ou un décompresseur a refusé."}},
	"bdw-long": {meaning{"A block descriptor word states more bytes than there are.", "The file is cut off, or has no blocks: --recfm V."},
		meaning{"Un mot descripteur de bloc indique plus d'octets qu'il n'y en a.", "Le fichier est tronqué, ou n'a pas de blocs : --recfm V."}},
}
