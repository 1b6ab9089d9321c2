"""Denials: replies that say no to a question for a value, and give none.

"Who chaired the meeting?" asks for a name. A reply of negations without a name or a figure of its own ("The minutes
have no line for the chair.") is a refusal in nearly every wording and language; the answer to a question for yes or no
is not. The yes/no probe of the model decides. Light: no torch.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.grounding.languages import has_case, language_of
from engine.grounding.number_words import spelled_numbers
from engine.grounding.words import folded, stems

_VALUE = re.compile(
    r"\b(?:who|whose|whom|when|where|how (?:much|many|long|old|far|high|large|big|tall|often|heavy)|what(?:'s| is|"
    r" was| are| were) "
    r"the|(?:on|in|at) (?:what|which) (?:day|date|year|time|place|page)|what (?:day|date|year|time|name|number|"
    r"amount|price)"
    r"|wer|wem|wessen|wann|wo|wie ?viele?|wie (?:hoch|lange|oft|alt|groß|weit|heißt|lautet|teuer|schwer)"
    r"|qui|quand|où|combien|quel(?:le)?s? (?:est|était|sont|fut)|à combien"
    r"|quién(?:es)?|cuándo|dónde|cuánt[oa]s?|cuál(?:es)? (?:es|era|son|fue)"
    r"|chi|quando|dove|quant[oaie]|qual(?:'|\s)?(?:è|era|é|foi)|quem|onde"
    r"|wie (?:is|was|zat|heeft|leidde)|wanneer|waar|hoeveel|hoe (?:hoog|lang|oud|groot|duur)"
    r"|kto|kogo|kiedy|gdzie|ile|kdo|kdy|kde|kolik"
    r"|кто|кем|кого|когда|где|сколько|каков\w?|хто|коли|де|скільки|яка|який"
    r"|kim\w*|ne zaman|nerede|kaç|ne kadar|vem|när|hvem|hvornår|hvor (?:mye|meget|mange|høy)|hur (?:mycket|många|hög|"
    r"länge)"
    r"|kuka|milloin|missä|paljonko|kuinka|ki|mikor|hol|mennyi|hány|cine|când|unde|cât|ποιος|πότε|πού|πόσο"
    r"|ai|khi nào|ở đâu|bao nhiêu|siapa|kapan|di mana|berapa)(?!\w)"
    r"|कौन|किसने|कब|कहाँ|कितन|誰|だれ|いつ|どこ|いくら|何(?:人|年|時|円)|누구|누가|언제|어디|얼마|몇|谁|誰|何时|哪里|哪儿|哪年|多少|几|什么时候"
    r"|(?<!\w)(?:من|متى|أين|كم)(?!\w)|מי|מתי|איפה|כמה|ใคร|เมื่อไร|เมื่อใด|ที่ไหน|เท่าไร|เท่าไหร่",
    re.IGNORECASE,
)
_COUNT = re.compile(
    r"\b(?:how many|wie ?viele|combien|cuánt[oa]s|quant[ie]|quantas|quantos|hoeveel|ile|сколько|kolik|kaç)\b|कितने|"
    r"何(?:人|個|件)|몇|多少|几|كم",
    re.IGNORECASE,
)
_NOBODY = re.compile(
    r"^\W*(?:nobody|no one|none|nothing|never|niemand|keiner|nie(?:mals)?|personne|jamais|aucun(?:e)? d|nadie|"
    r"ningun[oa]|nunca|"
    r"nessuno|mai|ninguém|nunca|nikt|nigdy|никто|никогда|ніхто|hiç kimse|kimse|nikdo|nikdy|kukaan|ei kukaan|senki|"
    r"nimeni|"
    r"κανείς|ingen|inget|không ai|tidak seorang|誰も|아무도|没有人|無人|无人|لا أحد|कोई (?:भी )?नहीं|ไม่มีใคร)(?!\w)",
    re.IGNORECASE,
)
_NEGATION = re.compile(
    r"\b(?:no|not|never|cannot|without|nor|neither|nicht|kein\w*|ohne|weder|bloß|ne|n|pas|aucune?s?|sans|ni|non|"
    r"nessun\w*|"
    r"senza|não|nenhum\w*|sem|sin|ningun[oa]?|ningún|niet|geen|zonder|nie|nie ma|brak|bez|не|нет|ни|без|немає|inte|"
    r"inget|ingen|"
    r"ikke|uden|utan|ei|eivät|en|ilman|nem|nincs\w*|nu|fără|není|nejsou|ne\w{4,}|žádn\w+|δεν|χωρίς|không|chưa|tidak|"
    r"bukan|tanpa|"
    r"değil|yok\w*|hiç|\w+m[ae](?:mış|miş|dı|di|z|yor)\w*|\w+[ıiuü]lmamış\w*|\w+m[ıiuü]yor\w*)\b|n['’]t\b"
    r"|नहीं|नही|न\b|बिना|मौन|ません|ない|なし|おらず|なく|不明|없|않|못|모르|没|沒|未|无|無|不|(?<!\w)(?:لا|لم|لن|ليس\w*|غير|دون|بدون)(?!\w)"
    r"|(?<!\w)(?:לא|אין|אינ\w+|ללא|בלי)(?!\w)|ไม่|มิได้",
    re.IGNORECASE,
)
_ABSENT = re.compile(
    r"\b(?:anonymous|illegible|redacted|blank|silent|omit\w*|absent|missing|lack\w*|unnamed|unstated|unrecorded|"
    r"unspecified|"
    r"guess\w*|outside|beyond|undisclosed|ungenannt|fehl\w*|offen|unleserlich|anonym\w*|verschw\w*|omet\w*|manqu\w*|"
    r"muet\w*|omit\w*|falta\w*|carece\w*|omiss\w*|manca\w*|omette|tace|ontbre\w*|zwijg\w*|pomij\w*|milcz\w*|"
    r"отсутств\w*|"
    r"умалч\w*|відсутн\w*|chyb[íě]\w*|puuttu\w*|hiány\w*|lipse\w*|λείπ\w*|mangler|saknas|thiếu|eksik)\b|詳細不明|不详|不詳|"
    r"欠け|빠져|خال\w*|חסר",
    re.IGNORECASE,
)
_OPEN = re.compile(
    r"\b(?:what|which|why|how|was|welche\w*|warum|wie|wodurch|worüber|que|quoi|quel\w*|pourquoi|comment|qué|cuál\w*|"
    r"por qué|cómo|che|"
    r"cosa|perché|come|o que|como|wat|welke|waarom|hoe|co|jak\w*|dlaczego|что|как\w*|почему|ne|hangi|neden|nasıl|vad|"
    r"hvad|hva|"
    r"mitä|mikä|mit|milyen|miért|ce|care|τι|ποια?|γιατί|gì|nào|apa|mengapa)(?!\w)"
    r"|什么|哪|为什么|何|なぜ|どの|무엇|왜|어떤|ماذا|ما |"
    r"لماذا|מה|למה|อะไร",
    re.IGNORECASE,
)
_DOCUMENT = re.compile(
    r"\b(?:document|text|passage|excerpt|extract|page|file|context|dokument|auszug|seite|extrait|fichier|texto|"
    r"fragmento|página|"
    r"testo|brano|pagina|trecho|tekst|fragment|stron|документ|текст|отрыв|belge|metin|asiakirja|teksti|szöveg|έγγραφ|"
    r"κείμεν|"
    r"tài liệu|văn bản|dokumen|teks)\w*|文|資料|资料|문서|본문|مستند|وثيقة|نص|מסמך|טקסט|दस्तावेज|पाठ|เอกสาร",
    re.IGNORECASE,
)
_NAMES_DOCUMENT = re.compile(
    r"\b(?:according to|laut|gemäß|selon|d['’]après|según|secondo|segundo|volgens|według|согласно|enligt|"
    r"ifølge) (?:(?:the|this|dem|der|den|le|la|el|il|lo|o|a|het|de) )?\w+|" + _DOCUMENT.pattern,
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+")
_FIGURE = re.compile(r"\d[\d.,:/]*")
MOST_WORDS = 60
"""A longer reply says something."""


def denies(question: str, reply: str, clauses: Sequence[str]) -> bool:
    """Return whether `reply` to `question`, which asks for a value, only says no: each of its `clauses` (those that are
    statements) is a negation, and none has a name or a figure that the question has not."""
    if not clauses or not _VALUE.search(folded(question)) or len(reply.split()) > MOST_WORDS:
        return False
    if any(_NOBODY.match(clause) for clause in clauses):
        return False
    if _COUNT.search(question) and not _ABSENT.search(reply):
        return False  # "no errors" is a number
    negated = all(_NEGATION.search(folded(clause)) or _ABSENT.search(clause) for clause in clauses)
    return negated and not any(_is_new(clause, question) for clause in clauses)


def is_negation(text: str) -> bool:
    """Return whether a text has a word of negation."""
    return _NEGATION.search(folded(text)) is not None


def without_document(text: str) -> str:
    """Return a text without its words for the document."""
    return _NAMES_DOCUMENT.sub(" ", text)


def restates(question: str, clause: str) -> bool:
    """Return whether a negative clause only answers a question for yes or no, in its words, and not about the document:
    "Batteries are not covered by the warranty." """
    asked = question.strip()
    if not asked.endswith(("?", "？", "؟")) or _VALUE.search(folded(asked)) or _OPEN.search(folded(asked)):
        return False
    return len(stems(clause) - stems(asked)) <= 1 and not _DOCUMENT.search(clause)


def _is_new(clause: str, question: str) -> bool:
    """Return whether a clause has a figure or, in a script with capitals, a name that is not in the question."""
    if set(_FIGURE.findall(clause)) - set(_FIGURE.findall(question)):
        return True
    if any(value > 1 for _, _, value in spelled_numbers(folded(clause))):
        return True
    language = language_of(f"{question} {clause}")
    if not has_case(language) or language == "de":
        return False
    asked = folded(question)
    words = _WORD.findall(clause)
    return any(word[0].isupper() and folded(word) not in asked for word in words[1:] if len(word) > 1)
