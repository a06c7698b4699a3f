package recfm

// The French of sendBinary, sendDescriptors and sendAgain.
var (
	frenchBinary = []string{
		"FTP depuis le poste de travail : binary, puis get 'HLQ.DATA.SET'.",
		"FTP pour des enregistrements de longueur variable : binary, quote site rdw, puis get : chaque enregistrement garde son RDW.",
		"SFTP (z/OS OpenSSH) ne lit que les fichiers de z/OS UNIX, tels quels : d'abord cp -B \"//'HLQ.DATA.SET'\" fichier. Avec Co:Z SFTP : ls /+mode=binary, puis get.",
		"Connect:Direct : sysopts \":datatype=binary:\" du côté qui n'est pas z/OS.",
		"z/OS UNIX : cp -B \"//'HLQ.DATA.SET'\" fichier copie sans sauts de ligne et sans traduction.",
	}
	frenchDescriptors = []string{
		"FTP : binary, quote site rdw, puis get 'HLQ.DATA.SET'. Sans quote site rdw, les RDW sont omis.",
		"SFTP avec Co:Z : ls /+mode=binary,linerule=rdw, puis get. z/OS OpenSSH ne connaît pas les RDW : employez FTP, ou copiez d'abord le jeu de données en RECFM=U.",
		"Connect:Direct : sysopts \":datatype=vb:\" du côté qui n'est pas z/OS; le fichier a alors des BDW et des RDW (--recfm VB).",
		"z/OS UNIX : cp ne connaît pas les RDW (cp -F record écrit ses propres préfixes); envoyez le jeu de données par FTP.",
	}
	frenchAgain = []string{
		"Renvoyez le fichier et comparez sa longueur à celle du jeu de données : nombre d'enregistrements fois LRECL, ou ce que dit le journal de l'expéditeur.",
		"FTP : cherchez la réponse 250 dans le journal; 426, 451 et 552 signifient que le transfert s'est arrêté. Connect:Direct : cherchez SCPA000I dans les statistiques.",
	}
)

// frenchAdvices by code: the French of advices.
var frenchAdvices = map[string]Advice{
	"empty": {Cause: "Rien n'est arrivé : le jeu de données était vide, ou le transfert s'est terminé avant son premier enregistrement.", Resend: frenchAgain},
	"packed-translated": {
		Cause:  "Le fichier a été envoyé comme texte. Chaque octet a été traduit d'EBCDIC en ASCII, ceux des nombres condensés et binaires compris, qui ne sont pas des caractères.",
		Resend: frenchBinary,
		Local:  "Ne le retraduisez pas : les sauts de ligne et les caractères substitués ne se distinguent pas des données. Redemandez le fichier, en binaire.",
	},
	"characters-replaced": {
		Cause:  "Une traduction a rencontré des octets qui ne sont pas des caractères de sa page de codes et a écrit un substitut à leur place. Ce qui s'y trouvait est perdu.",
		Resend: frenchBinary,
	},
	"already-ascii": {
		Cause:  "Le fichier a été envoyé comme texte, et ses enregistrements ne contiennent que des caractères; rien n'est donc perdu.",
		Resend: frenchBinary,
		Local:  "Lisez-le tel quel : portage decode --codepage latin1 --recfm text, ou utf8. Les signes des nombres étendus ont alors leur forme ASCII.",
	},
	"double-translated": {
		Cause:  "Le fichier a été traduit une fois de trop entre EBCDIC et ASCII : deux étapes du transfert l'ont fait chacune.",
		Resend: append([]string{"Laissez traduire une seule étape, ou aucune : par exemple FTP binaire d'un fichier qui est déjà en ASCII."}, frenchBinary...),
	},
	"wrong-code-page": {
		Cause:  "Le texte est dans une autre page de codes EBCDIC que celle attendue. Crochets, point d'exclamation, barre verticale, circonflexe, accolades ou lettres accentuées diffèrent.",
		Resend: []string{"Les octets sont justes : inutile de renvoyer le fichier.", "FTP comme texte : quote site sbdataconn=(IBM-1047,ISO8859-1) nomme les pages; celle par défaut peut être une autre."},
		Local:  "Nommez la bonne page : portage decode --codepage.",
	},
	"newlines-inserted": {
		Cause:  "Le transfert a terminé chaque enregistrement, ou chaque saut de ligne, par un saut de ligne de son cru, comme le font les transferts de texte. Dans des enregistrements binaires, cela déplace tous les octets qui suivent.",
		Resend: frenchBinary,
		Local:  "Si tous les enregistrements ont la même longueur, --skip-record-end 1 (LF) ou 2 (CR LF), avec --lrecl pour l'enregistrement et son saut de ligne, le lit.",
	},
	"ebcdic-newlines": {
		Cause:  "Une copie en mode texte à l'intérieur de z/OS UNIX a terminé chaque enregistrement par un saut de ligne EBCDIC (X'15' ou X'25').",
		Resend: []string{"z/OS UNIX : cp -B \"//'HLQ.DATA.SET'\" fichier copie sans sauts de ligne.", "Pour du texte, il n'y a rien à renvoyer."},
		Local:  "Des enregistrements de caractères se lisent tels quels : --recfm text --newline nl (X'15') ou ebcdic-lf (X'25').",
	},
	"rdw-stripped": {
		Cause:  "Le jeu de données a des enregistrements de longueur variable, et le transfert a omis les RDW qui disent où chacun se termine.",
		Resend: frenchDescriptors,
		Local:  "Si les compteurs de la copie disent à eux seuls où finissent les enregistrements, lisez-le tel quel : --recfm F --lrecl counted.",
	},
	"rdw-doubled": {
		Cause:  "Chaque enregistrement a deux mots descripteurs. Ou bien un programme a écrit des RDW dans les enregistrements et le transfert a ajouté les siens, ou bien le jeu de données n'est pas bloqué (RECFM=V) et ses BDW ont été gardés.",
		Resend: []string{"Omettez l'un des deux : pas de quote site rdw pour un fichier dont les données contiennent des RDW.", "Pour un jeu de données non bloqué, rien ne cloche."},
		Local:  "Lisez-le tel quel : --recfm VB.",
	},
	"rdw-little": {
		Cause:  "Un produit de transfert a écrit la longueur dans les octets 2 et 3 de chaque mot descripteur, octet de poids faible en tête.",
		Resend: frenchDescriptors,
		Local:  "Lisez-le tel quel : --rdw little.",
	},
	"rdw-uncounted": {
		Cause:  "Un produit de transfert ou l'environnement d'exécution d'un compilateur a écrit des longueurs qui ne comptent pas les quatre octets du mot descripteur.",
		Resend: frenchDescriptors,
		Local:  "Lisez-le tel quel : --rdw-adjust 4.",
	},
	"rdw-kept": {
		Cause:  "Le jeu de données est censé avoir des enregistrements fixes, et ceux-ci ont des RDW : c'est un autre jeu de données, ou il a été copié en RECFM=V avant l'envoi.",
		Resend: []string{"Demandez quel DCB a le jeu de données (LISTDS, ou ISPF 3.2)."},
		Local:  "Lisez-le tel quel : --recfm V.",
	},
	"bdw-kept": {
		Cause:  "Les blocs du jeu de données ont été envoyés avec leurs mots descripteurs de bloc : il a été lu en RECFM=U, ou avec l'option de blocs d'un produit.",
		Resend: frenchDescriptors,
		Local:  "Lisez-le tel quel : --recfm VB.",
	},
	"bdw-lost": {
		Cause:  "Les enregistrements ont des RDW, et aucun bloc ne les entoure : FTP avec site rdw envoie des enregistrements, jamais des blocs.",
		Resend: []string{"Rien à renvoyer : les blocs ne portent aucune donnée."},
		Local:  "Lisez-le tel quel : --recfm V.",
	},
	"framing-lost": {
		Cause:  "Les mots descripteurs mènent d'un enregistrement à l'autre jusqu'à un endroit, et pas au-delà : des octets ont été insérés, perdus ou modifiés avant lui.",
		Resend: frenchBinary,
	},
	"wrong-lrecl": {
		Cause: "Les enregistrements ont une autre longueur que celle attendue : le jeu de données ou le côté récepteur a été défini avec un autre LRECL, ce qui coupe ou complète les enregistrements, ou la copie est d'une autre version.",
		Resend: []string{
			"Comparez le LRECL du jeu de données (ISPF 3.2, LISTDS) à la longueur de la copie.",
			"FTP vers z/OS : quote site recfm=fb lrecl=N blksize=0 avant put; sans cela, le LRECL par défaut coupe les enregistrements ou les replie (quote site wrap, truncate).",
			"Connect:Direct : indiquez DCB=(RECFM=FB,LRECL=N) du côté TO.",
		},
		Local: "Si les enregistrements n'ont été que complétés, --lrecl N et --skip-record-end les lisent.",
	},
	"truncated": {
		Cause:  "Le fichier se termine à l'intérieur d'un enregistrement : le transfert s'est arrêté, ou la place a manqué du côté récepteur (B37, D37, E37 sous z/OS, disque plein ailleurs).",
		Resend: frenchAgain,
		Local:  "Les enregistrements avant la fin sont entiers : portage decode --on-error skip les lit.",
	},
	"padded": {
		Cause:  "Des octets sans signification complètent le fichier ou ses enregistrements : jusqu'à la longueur d'un bloc par le transfert, ou jusqu'au plus long enregistrement par une copie de RECFM=V en RECFM=F.",
		Resend: []string{"Envoyez avec le RECFM et le LRECL propres au jeu de données : FTP binaire, avec quote site rdw pour des longueurs variables.", "XMODEM et les protocoles semblables complètent le dernier bloc : employez-en un autre."},
		Local:  "Laissez la fin de côté : --skip-file-footer, ou --limit avec le nombre d'enregistrements.",
	},
	"blanks-trimmed": {
		Cause:  "Les espaces à la fin des enregistrements ont été coupées, comme le font les transferts de texte (FTP : site notrailingblanks; Connect:Direct : strip.blanks=yes).",
		Resend: append([]string{"FTP comme texte : quote site trailingblanks.", "Connect:Direct : sysopts \":strip.blanks=no:\"."}, frenchBinary...),
		Local:  "Les lignes de texte sont complétées à la lecture : --recfm text avec --lrecl.",
	},
	"packed-file": {
		Cause:  "Le fichier est compressé ou dans une archive.",
		Resend: []string{"Rien à renvoyer."},
		Local:  "gzip, bzip2 et zstd sont décompressés à la lecture. Décompressez les autres formes avec leurs propres outils : zip, xz; AMATERSE et TSO RECEIVE sous z/OS.",
	},
	"packed-file-broken": {
		Cause:  "Le fichier commence comme un fichier compressé et ne se décompresse pas : il a été coupé, ou envoyé comme texte.",
		Resend: append([]string{"Les fichiers compressés doivent toujours être envoyés en binaire."}, frenchAgain...),
	},
	"not-records": {
		Cause:  "C'est une autre sorte de fichier qu'un jeu de données d'enregistrements.",
		Resend: []string{"Demandez le jeu de données par son nom et son DCB; regardez la tâche qui a produit ce fichier."},
	},
	"hex-dump": {
		Cause:  "Le fichier est une impression des octets en chiffres hexadécimaux, non les octets.",
		Resend: frenchBinary,
		Local:  "xxd -r -p transforme de simples chiffres en octets.",
	},
	"base64": {
		Cause:  "Le fichier a été emballé pour le courrier ou pour un formulaire Web (base64).",
		Resend: frenchBinary,
		Local:  "base64 -d rend les octets.",
	},
	"wrong-copybook": {
		Cause:  "Les champs ne conviennent pas aux octets, et aucun transfert connu ne l'explique : une autre copie, une autre version de celle-ci, ou un autre fichier.",
		Resend: []string{"Comparez la copie au programme qui écrit le fichier; regardez un enregistrement avec portage inspect --hex."},
	},
}
