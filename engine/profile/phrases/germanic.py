"""Refusals in English, German, Dutch and the Nordic languages."""

from __future__ import annotations

import re

from engine.profile.phrases.phrases import FEW, SOME, Phrases, any_of


def english() -> Phrases:
    """Return the phrases of English."""
    pure = (
        r"(?:documents?|texts?|passages?|excerpts?|extracts?|snippets?|pages?|sections?|files?|articles?|sources?|"
        r"contexts?|contents?|transcripts?|paragraphs?|abstracts?|introduction|discussion|conclusions?|preamble|"
        r"footnotes?|(?:provided|given|supplied|available) (?:information|data|"
        r"materials?)|information (?:provided|given))"
    )
    work = (
        r"(?:reports?|records?|manuals?|letters?|papers?|study|studies|minutes|guides?|guidelines?|logs?|summary|"
        r"summaries|overview|tables?|forms?|e-?mails?|memos?|notices?|newsletters?|bulletins?|leaflets?|brochures?|"
        r"recipes?|specifications?|datasheets?|handbooks?|appendix|annex|novel|story|chapters?|poem|rules|"
        r"instructions|notes?|statements?|author|books?|charts?|lists?|invoices?|will|testament|certificates?|diary|"
        r"journal|"
        r"reviews?|protocols?|agenda|proposals?|prospectus|press release|announcements?|judge?ments?|rulings?|"
        r"declarations?|affidavit|permits?|timetables?|menu|syllabus|curriculum|cv|résumé|interview|lecture|speech|"
        r"essay|"
        r"thesis|survey|assessment|evaluation|audit|inventory|register|receipts?|quotations?|tender|warranty|faq|"
        r"readme|"
        r"wiki|posts?|blog|scripts?|script|treaty|entry|entries)"
    )
    law = (
        r"(?:contracts?|agreements?|leases?|deeds?|acts?|laws?|statutes?|regulations?|polic(?:y|ies)|"
        r"treat(?:y|ies)|charters?|"
        r"clauses?)"
    )
    text = rf"(?:{pure}|{work}|{law})"
    not_ = r"(?:not|n['’]t|never|nowhere)"
    speak = (
        r"(?:mention|state|say|specif(?:y|ied|ies)|indicat|disclos|discuss|address|reveal|tell|clarif|"
        r"elaborat|touch on|"
        r"refer to|comment on|spell out|make clear|go into|account for)\w*"
    )
    hold = (
        r"(?:provide|give|contain|include|list|describ|cover|detail|identif|name|offer|explain|note|"
        r"record|answer|supply|"
        r"have|hold|report|show|appear|present|available|found|find|part of)\w*"
    )
    fact = (
        r"(?:information|details?|mention|indication|specifics|reference|answer|data|figures?|explanation|"
        r"statement|clue)"
    )
    know = (
        r"(?:find|locate|see|answer|determine|tell|identify|know|confirm|verify|establish|infer|derive|ascertain|say)"
    )
    gap = r"(?:(?! that | which | who | because | and |, ).){0,60}?(?:\b(?:do|does|did|is|are)|\bhas|\bhave)? ?"
    adverb = r"(?:\w+ly |actually |even |really |seem to |appear to |contain or |go on to )*"
    return Phrases(
        languages=frozenset(["en"]),
        missing=any_of(
            rf"\b{pure}\b{gap}{not_} {adverb}(?:{speak}|{hold})",
            rf"\b{work}\b{gap}{not_} {adverb}(?:{speak}|(?:list|give|name|identif|record|report|show|tell)\w*)",
            rf"\b{law}\b{gap}{not_} {adverb}{speak}",
            rf"(?:\b(?:it|they|this|that|which)\b (?:\w+ )?|^)(?:do|does|did)(?:n['’]t| not) {adverb}{speak}",
            rf"\b(?:is|are|was|were|been|being)(?:n['’]t| not| never| nowhere) {adverb}"
            r"(?:mentioned|stated|specified|disclosed|indicated|spelled out|clear from)",
            rf"\b(?:is|are|was|were)(?:n['’]t| not| nowhere) {adverb}"
            r"(?:given|provided|listed|described|detailed|included|found|available|present|covered|named|discussed|"
            r"addressed|identified|contained|answered|reported|recorded|to be found|part of) ?"
            rf"(?:$|{FEW}(?:in|by|within|from|anywhere in|of) {FEW}{text}\b)",
            r"\b(?:there(?: is| are| was| were|['’]s)(?: simply| also| currently)?|i (?:see|found|find|"
            r"have|could find)|with|"
            r"contain\w*|provid\w*|giv\w*|offer\w*|includ\w*|ha[sd]|have|mak\w*|find|finds|found|see)\s"
            rf"(?:absolutely |virtually )?(?:no|not any|not enough|insufficient|n['’]t (?:any|enough)) {FEW}{fact}\b",
            rf"\b(?:is|are)(?:n['’]t| not) (?:any|enough|sufficient) {FEW}{fact}\b",
            rf"^(?:unfortunately,? )?(?:no|insufficient|not enough) {FEW}{fact}\b(?!.*\b(?:shall|may|must|will)\b)"
            r"(?! (?:is|are|was|were) (?:collected|processed|stored|shared|sold|transferred|kept|required|needed|"
            r"lost)\b)",
            r"\b(?:i|we)(?: \w+)?(?: am| was| were|['’]m| are)?(?: \w+)? "
            rf"(?:ca|could|can|was|were|do|did)?(?:n['’]t|not| not|unable to| unable to| not able to) {FEW}{know}\b",
            rf"\b(?:unable|impossible|not possible|not able|cannot|can['’]t|could not|couldn['’]t) (?:to )?{SOME}"
            rf"{know}\w* ?{SOME}(?:from|in|based on|with|using|given|on the basis of|within|by)\b.{{0,30}}{text}\b",
            r"\b(?:cannot|can['’]t|could not|couldn['’]t|not) be (?:\w+ly )?"
            r"(?:determined|found|answered|inferred|established|identified|derived|ascertained|located|deduced)\b"
            rf".{{0,30}}\b(?:from|in|based on|with|using|on the basis of|within|by)\b.{{0,30}}{text}\b",
            r"\bi (?:do not|don['’]t) (?:know|have)\b",
            rf"\b{text}\b.{{0,40}}\b(?:lacks?|lacking|fails? to|failed to|omits?|neglects? to|is silent|are silent|"
            r"says? nothing (?:about|of|on|regarding|concerning)|makes? no|leaves? (?:it |this |"
            r"that )?(?:open|unsaid)|stops? short)\b",
            r"^n\s?/\s?a\b",
            r"\b(?:that|this|such|the requested) (?:detail|information|figure|fact|point|item|amount|name|date|"
            r"number|answer)s? "
            r"(?:is|are) (?:absent|missing|lacking|left out|omitted)\b",
            r"\b(?:and|but) (?:i |we )?(?:could|can|did)(?:n['’]t| not) (?:find|locate|see|identify|determine|spot)\b",
            rf"\bthere(?: is| are| was| were|['’]s) no (?:\w+ ){{1,5}}(?:in|within|anywhere in) (?:the|this|"
            rf"that) {FEW}{pure}\b",
            r"\bleaves? (?:\w+ ){1,4}(?:open|blank|unspecified|unstated|undefined|unnamed)\b",
            r"\b(?:itself|themselves) (?:(?:do|does|did)(?:n['’]t| not) (?:appear|figure|feature)|(?:is|are|was|"
            r"were)(?:n['’]t| not) "
            r"(?:given|stated|named|mentioned|shown|quoted|listed|included))\b|\bdo(?:es)?(?:n['’]t| not) appear$",
            r"^no (?:\w+ ){1,4}(?:is|are|was|were) (?:quoted|given|stated|mentioned|specified|named|listed|indicated|"
            r"cited|"
            r"disclosed|shown|supplied)$",
            rf"(?:\bnot|n['’]t) (?:within|inside|among|anywhere in|to be found in) (?:the|this|these) {FEW}{text}\b",
            r"\b(?:has|have|had|is|are|was|were)(?: been)? (?:redacted|blacked out|anonymi[sz]ed|left blank|left empty|"
            r"left open|withheld)\b",
            r"\b(?:never|not|nowhere|n['’]t) (?:\w+ly )?(?:identified|named|mentioned) by name\b",
            r"\b(?:about|on|regarding|as (?:for|to)|of) (?:\w+ ){1,4}?\w+, nothing$",
            r"^no (?!evidence|sign|trace|proof|fault|defect|damage)(?:\w+ ){1,5}(?:can|could) be "
            r"(?:found|determined|identified|established|located)\b",
            rf"\b(?:do|does|did)(?:n['’]t| not) {adverb}(?:appear|figure|feature|occur|show up|exist|"
            rf"come up)\b.{{0,20}}\b"
            rf"(?:in|on|anywhere|within)\b.{{0,20}}{text}\b",
            rf"\b(?:do|does|did)(?:n['’]t| not) {adverb}{hold} {FEW}{fact}(?: (?:about|on|regarding|concerning|of|"
            rf"for|to|"
            r"as to)\b|$)",
            rf"\b(?:{pure}|{work}) (?:\w+ )?(?:gives?|gave|names?|states?|specif(?:y|ies)|quotes?) no \w+",
            rf"\b{text}\b.{{0,20}}\bleaves? (?:\S+ ){{1,6}}(?:out|open|unsaid)\b",
            rf"\b{text}\b.{{0,30}}\b(?:contains?|has|holds?|includes?|offers?|gives?|provides?|reveals?) "
            r"(?:absolutely )?nothing (?:about|on|regarding|concerning|as to)\b",
            rf"\b(?:is|are|was|were)(?:n['’]t| not| no) (?:\w+ )?part of .{{0,15}}{text}\b",
            rf"(?:\bnot|n['’]t) (?:something|anything|a question|one) (?:that |which )?(?:i|we|you|one) "
            rf"(?:can|could|am able to) {FEW}{know}\b",
            rf"\b(?:nothing|nowhere|none of|neither|no part)\b.{{0,40}}\b{text}\b",
            r"\b(?:nothing|not a word|no word|no mention|no information) (?:in )?(?:here|there|in it|in them|in this|"
            r"at all)"
            r"\b.{0,10}\b(?:about|on|regarding|concerning|of|to)\b",
            r"^no (?:\w+ ){1,5}(?:is|are|was|were|has been|have been) (?:mentioned|stated|specified|listed|named|"
            r"disclosed|recorded|indicated|given)\b",
            rf"\b(?:based on|from|given|using|with|in|according to)\b.{{0,30}}{text}\b.{{0,30}}\b(?:it is|it['’]s|i|"
            r"we|one) (?:am |are |is )?(?:not possible|impossible|unclear|cannot|can['’]t|could not|unable)\b "
            rf"{SOME}{know}",
            r"\b(?:is|are|remains?|stays?) silent (?:on|about|as to|regarding|concerning)\b",
            r"\bmakes? no (?:mention|reference)\b",
            r"\b(?:is|are|was|were)(?:n['’]t| not) among (?:the|those|these|its|what)\b",
            rf"\b(?:{text}|purchase orders?)\b.{{0,20}}{not_} {adverb}(?:offer|give|grant|provide|include|contain|name|"
            r"set|quote|have)s? (?:one|any|that|this|it)(?=$|[,.;]| nor\b| or\b)",
            r"^(?:never|nowhere) (?:\w+ )?(?:gives?|states?|says?|mentions?|names?|specif(?:y|ies)|lists?|provides?|"
            r"tells?|discloses?|reports?)\b",
            r"\bthere(?: is| are| was| were|['’]s) no (?:\w+ ){1,5}(?:listed|mentioned|given|recorded|reported|stated|"
            r"shown|included|provided|specified|documented|named|noted)\b",
            r"\b(?:nothing|not a word) (?:is|was|has been) (?:said|stated|mentioned|written|given|reported)\b",
            r"\b(?:given|stated|mentioned|named|specified|listed|shown)\b.{0,60}\b(?:is|are)(?:n['’]t| not)$",
            r"\bsays? (?:absolutely )?nothing (?:about|of|on|regarding|concerning|as to)\b",
            r"\b(?:is|are)(?:n['’]t| not) (?:part of|covered by|included in|among) (?:it|them|this|these)$",
            r"(?:\bnot|n['’]t) (?:something|anything|a (?:detail|point|topic|question)) (?:that |"
            r"which )?(?:the |this )?"
            rf"{text}\b",
            rf"\b(?:unclear|not clear|not evident|not apparent|left open)\b.{{0,25}}\b{text}\b",
            rf"\bfound (?:absolutely )?no {FEW}(?:{fact}|trace|word)\b",
            rf"\bno {text}\b.{{0,30}}\b(?:mention|state|say|specif|give|provide|contain|address)\w*",
            rf"\b(?:outside|beyond) (?:of )?(?:the )?scope\b.{{0,20}}{text}\b",
            rf"\b(?:absent|missing|left out|omitted) from (?:the|this|these|that)\b.{{0,20}}{text}\b",
            r"\b(?:you|one|readers?)(?: will| would| can| could)?(?:n['’]t|not| not| never) (?:find|learn|see|get)\b|"
            r"\bwo(?:n['’]t| not) find\b.{0,40}\b(?:here|there|in|on)\b|"
            r"\bno (?:telling|way (?:of|to) (?:tell|know|say)(?:ing)?)\b|\bnothing to go (?:on|by)\b",
            rf"\b{text}\b.{{0,30}}\b(?:has|have|had|contains?|holds?|"
            rf"includes?) (?:absolutely )?no {FEW}(?:clause|provision|"
            r"section|rule|entry|line|word|passage|paragraph|page|chapter)s? (?:about|on|for|regarding|"
            r"concerning)\b",
            rf"(?:\bnot|n['’]t) (?:\w+ly )?(?:known|clear|evident|apparent|obvious) from .{{0,20}}{text}\b",
            rf"\bleft out of (?:the|this|these|that) {FEW}{text}\b",
            rf"\b(?:is|are|was|were)(?:n['’]t| not| never| nowhere) {adverb}(?:dealt with|gone into|taken up|"
            r"touched on|"
            r"gone over|(?:covered|included|given|mentioned|listed|shown|found|explained) (?:here|there|"
            r"anywhere))\b",
            r"\b(?:do|does|did|has|have)(?:n['’]t| not| never) (?:\w+ ){0,2}?(?:come up|comes up|crop up|figure|"
            r"feature|"
            r"get (?:a )?mention\w*|been (?:mentioned|discussed|addressed|covered|included))\b",
            r"\b(?:never|nowhere) (?:\w+ )?(?:comes? up|mentioned|stated|named|specified|discussed|addressed|"
            r"appears?)\b",
            r"\b(?:go|goes|went|is|are|remains?|left|stays?) (?:unmentioned|unstated|unnamed|unspecified|"
            r"unaddressed|undisclosed)\b",
            rf"\bno (?:trace|word|hint|sign|record|clue) of\b.{{0,60}}\b{text}\b|"
            rf"\b{text}\b.{{0,30}}\b(?:keeps? quiet|"
            r"is mum|draws? a blank|is of no help|leaves? (?:\w+ ){1,4}(?:out|open|unsaid))\b",
            rf"^(?:(?:this|that|it|the answer|the information)(?: is|['’]s) )?not {adverb}(?:found |"
            r"mentioned |stated |given )?"
            rf"(?:anywhere )?(?:in|part of|within|from) (?:the|this|that|these|your|any)\b.{{0,25}}{text}\b",
            r"^(?:the )?(?:answer:? |answer is |it is |it['’]s |"
            r"this is )?(?:not (?:\w+ly )?(?:specified|mentioned|stated|available|given|provided|"
            r"found|applicable|disclosed|known|answerable|included|listed)|unknown|n\s?/\s?a|none|"
            r"none (?:given|mentioned|stated|"
            r"specified|provided|listed|found)|unanswerable|undetermined|unspecified|cannot be determined|no answer|"
            r"no (?:mention|information|details?|data|answer)(?: (?:is |was )?(?:available|found|given|provided))?)$",
        ),
        hedge=re.compile(
            r"\b(?:explicit|direct|exact|precise|specific|literal|outright|in so many words|verbatim|fully|by name)",
            re.I,
        ),
        contrast=re.compile(
            r"\b(?:but|however|although|though|nevertheless|nonetheless|yet|still|instead|that said|"
            r"only that|even so)\b",
            re.I,
        ),
        reports=any_of(
            rf"\b(?:{text}|it|annex\w*|appendix|table|author|section \w+|page \d+)\b (?:\w+ )?"
            r"(?:states?|says?|stated|said|notes?|noted|mentions?|mentioned|indicates?|indicated|"
            r"shows?|reports?|suggests?|implies|explains?|"
            r"specifies|confirms?|reveals?|concludes?|claims?|adds?|does say|does state) that\b",
        ),
        describes=any_of(
            rf"\b(?:{text}|it|they)\b (?:\w+ ){{0,2}}(?:focus\w*|discuss\w*|cover\w*|deals? with|"
            r"is about|are about|talks? about|describ\w*|"
            r"concerns?|relat\w*|mention\w*|contain\w*|provid\w*|outlin\w*|address\w*|refers? to|"
            r"lists?|includ\w*|names?|"
            r"limited to|touch\w*|consists?)\b(?! that\b)",
            rf"^(?:the )?(?:given |provided )?{text} (?:is|are) (?:a|an|about|limited|focused|primarily|mainly|"
            r"only)\b",
            r"\b(?:only|just) (?:\w+ ){1,8}(?:is|are|was|were) (?:mentioned|listed|given|covered|named|described)\b",
            r"\b(?:section|part|chapter|table|list|page \w+)\b (?:\w+ ){0,2}(?:covers?|lists?|mentions?|names?|"
            r"includes?|contains?) (?:only|just)\b",
        ),
        filler=any_of(
            r"^(?:i['’]?m|i am|my)? ?(?:very |so |truly )?(?:sorry|apolog\w*|afraid)\b[^.]{0,12}$|^i apologi[sz]e\b",
            r"\b(?:please|feel free|let me know|kindly|i hope|happy to|glad to|don['’]t hesitate)\b",
            r"^(?:if|should) you\b|\byou['’]d (?:have|need)\b|\byou (?:may|might|can|could|should|"
            r"would)(?: \w+)? (?:want|wish|"
            r"need|check|consult|refer|contact|look|ask|provide|have to|try|find)\b",
            r"\bi(?:['’]d| would| can| could) (?:\w+ )?(?:recommend|suggest|advise|need|be able|help|"
            r"assist)\b|^could you\b|^would you\b|^is there anything\b|^do you\b",
            r"\b(?:more|additional|further|other) (?:information|context|details|documents?|"
            r"sources?)\b.{0,30}\b(?:need|requir|necessary|consult|help)\w*",
            r"^(?:as an ai|as a language model)\b",
            r"^(?:\w+, )?(?:i(?:['’]ve| have)?|after|having) (?:\w+ )?(?:look|search|read|review|check|examin|"
            r"scann?|went|go)(?:ed|ing|ne)?\b",
        ),
    )


def german() -> Phrases:
    """Return the phrases of German."""
    text = (
        r"(?:dokument\w*|text(?:es|e|s|en)?|unterlage\w*|abschnitt\w*|seiten?|auszug\w*|auszüge\w*|"
        r"bericht\w*|quellen?|datei|"
        r"schriftstück\w*|vertrag\w*|protokoll\w*|handbuch\w*|textstelle\w*|passage\w*|vorlage|inhalt\w*|"
        r"(?:vorliegenden|gegebenen|bereitgestellten|verfügbaren) (?:informationen|angaben|daten|material\w*))"
    )
    not_ = r"(?:nicht|keine?r?[snm]?|nirgends|nirgendwo|nichts|weder)"
    say = (
        r"(?:erwähn\w*|genannt\w*|nenn\w*|angegeben|angeführt|aufgeführt|enthalten|enthält|hervor\w*|entnehm\w*|"
        r"entnommen|beschr[ie]+b\w*|beantwort\w*|f[iu]nd\w*|gefunden|ersichtlich|spezifizier\w*|"
        r"behandel\w*|thematisier\w*|vermerkt|"
        r"steht|stehen|festgehalten|ermitteln|bestimm\w*|festzustellen|feststellen|äußert|geäußert|"
        r"sagt|gesagt|dargelegt|ableiten|abzuleiten|"
        r"eingegangen|ausgeführt|erläuter\w*|gibt)"
    )
    fact = (
        r"(?:angaben?|information\w*|hinweis\w*|auskunft|aussagen?|erwähnung|einzelheiten|details?|antwort|"
        r"daten|anhaltspunkt\w*|beleg\w*)"
    )
    return Phrases(
        languages=frozenset(["de"]),
        missing=any_of(
            rf"\b{text}\b.{{0,70}}?\b{not_}\b {SOME}{say}\b",
            rf"\b(?:verrät|sagt|enthält|liefert|bietet|nennt|erwähnt|gibt|äußert|"
            rf"schreibt)\b .{{0,20}}\b{text}\b.{{0,20}}\b"
            r"(?:nichts|keine?[nrms]?)\b",
            rf"\b{not_}\b {SOME}{say}?\b ?{SOME}(?:im|in|aus|auf|dem|diesem|den|"
            rf"der)\b.{{0,25}}\b{text}\b {FEW}(?:{say}|zu|$)",
            rf"\b(?:{say})\b {SOME}{not_}(?: {FEW}(?:im|in|aus) .{{0,20}}{text}\b.*)?$",
            rf"\b(?:keine?[nrms]?|keinerlei|nicht genügend|unzureichende?) {FEW}{fact}\b",
            r"\b(?:satzung|ordnung|gesetz|verordnung|vertrag|vereinbarung|"
            r"richtlinie)\b.{0,30}\bregelt\b.{0,30}\bnicht\b",
            r"\b(?:ich|wir) .{0,60}\b(?:nicht|keine?n?)\b .{0,40}\b(?:finden|gefunden|beantworten|"
            r"sagen|bestimmen|ermitteln|entnehmen|feststellen|weiß|beurteilen)\b",
            r"\b(?:weiß|kann|konnte|lässt sich)\b.{0,60}\bnicht\b.{0,40}\b(?:beantwort\w*|sagen|"
            r"bestimm\w*|ermittel\w*|entnehm\w*|feststellen|wissen|find\w*|erkennen|ableiten)\b",
            r"\bgeht\b .{0,60}\bnicht\b.{0,20}\bhervor\b",
            rf"\b(?:wird|werden|ist|sind|wurde|wurden)\b .{{0,60}}\b{not_}\b .{{0,20}}(?:erwähnt|"
            r"genannt|angegeben|aufgeführt|beschrieben|spezifiziert|thematisiert|behandelt|bekannt)\b",
            rf"^{not_} .{{0,20}}\b(?:in|im|aus) .{{0,20}}{text}\b",
            r"^(?:nicht (?:angegeben|erwähnt|genannt|bekannt|vorhanden|verfügbar|spezifiziert)|"
            r"unbekannt|k\. ?a|keine angaben?|keine)$",
            rf"\b(?:unklar|offen)\b.{{0,40}}\b{text}\b|\b{text}\b.{{0,40}}\b(?:unklar|offen)\b|"
            r"\bnicht (?:bestand)?teil\b",
            rf"\b{text}\b.{{0,40}}\b(?:schweigt|lässt .{{0,20}}offen|fehlt|fehlen)\b|\b(?:fehlt|"
            rf"fehlen|schweigt|verschweigt)\b.{{0,40}}\b{text}\b",
            rf"\b(?:keine?n?|kein einziges|keinerlei|mit keinem) {FEW}(?:wort|silbe|aufschluss|rede|spur|"
            r"niederschlag)\b",
            rf"\b{text}\b.{{0,70}}?\b{not_}\b {SOME}(?:ein|an|vor|her)$|\b(?:bleibt|bleiben|ist|"
            r"sind) (?:\w+ )?(?:offen|"
            r"ungeklärt|unklar)$|\b(?:nirgends|nirgendwo|keine) (?:die )?rede\b|\bsteht .{0,20}\bnichts (?:drin|"
            r"darin)\b",
            rf"\b(?:nichts|wenig) (?:dazu|darüber|hierzu|hierüber|zu|über)\b.{{0,60}}\b{text}\b|\b(?:dazu|"
            r"darüber|hierzu|"
            r"hierüber)\b.{0,30}\bnichts\b|"
            r"\b(?:ungenannt|unerwähnt|unbeantwortet|ausgespart)\b",
        ),
        hedge=re.compile(r"\b(?:ausdrücklich|explizit|direkt|genaue?\w*|exakt|wörtlich|konkret|namentlich)", re.I),
        contrast=re.compile(r"\b(?:aber|jedoch|allerdings|doch|dennoch|hingegen|sondern|obwohl|trotzdem)\b", re.I),
        reports=any_of(
            rf"\b(?:{text}|anhang|tabelle|es|seite \d+)\b .{{0,20}}(?:besagt|heißt es|steht|sagt|"
            r"gibt an|erwähnt|berichtet|erklärt|zeigt|nennt|hervor)\w*,? (?:dass|daß)\b",
            r"\b(?:steht|heißt es|geht hervor)\b.{0,30}, dass\b",
        ),
        describes=any_of(
            rf"\b(?:{text}|es)\b {FEW}(?:behandelt|beschreibt|befasst|handelt|konzentriert|bezieht|geht|"
            r"enthält|erwähnt|nennt|umfasst|beschränkt|thematisiert|spricht)\b(?!.*\bdass\b)",
            r"^(?:genannt|aufgeführt|erwähnt|angegeben|beschrieben|behandelt|enthalten|geregelt|aufgelistet)\b "
            r"(?:wird|werden|ist|sind) (?:nur|lediglich|ausschließlich|allein)\b",
            r"\b(?:nur|lediglich|ausschließlich|allein)\b .{1,80}\b(?:genannt|aufgeführt|erwähnt|angegeben|beschrieben|"
            r"behandelt|enthalten|geregelt|aufgelistet)$",
        ),
        filler=any_of(
            r"^(?:es tut mir (?:sehr )?leid|tut mir leid|entschuldigung|leider)[^.]{0,12}$",
            r"\b(?:bitte|gerne?|falls sie|wenn sie|sie (?:können|sollten|könnten)|ich (?:empfehle|"
            r"würde|helfe)|lassen sie mich)\b",
            r"^(?:ich habe|nach) .{0,40}(?:durchgesehen|durchsucht|gelesen|geprüft|durchsicht|prüfung)\b",
            r"\b(?:weitere|zusätzliche|andere) (?:informationen|quellen|unterlagen|dokumente)\b",
        ),
    )


def dutch_nordic() -> Phrases:
    """Return the phrases of Dutch and Nordic."""
    text = (
        r"(?:document\w*|dokument\w*|tekst\w*|text(?:en|et)?|passage\w*|pagina\w*|sid(?:an|orna)|\w*verslag|"
        r"stuk|notulen|"
        r"rapport\w*|bron|källan?|avtal\w*|contract|overeenkomst|brief|brev\w*|aftale\w*|artikel|bestand|gedeelte|"
        r"avsnitt\w*)"
    )
    say = (
        r"(?:vermeld\w*|genoemd\w*|noemt|noemen|staat|beva(?:t|tten)|aangegeven|geeft|gevonden|vinden|"
        r"besproken|beschreven|zegt|zeggen|meldt|nämn\w*|ange\w*|framgår|innehåller|nævn\w*|står|finns|omtal\w*|"
        r"oppgi\w*|"
        r"fremgår|indeholder|inneholder)"
    )
    return Phrases(
        languages=frozenset(["nl", "sv", "da", "no"]),
        missing=any_of(
            rf"\b{text}\b.{{0,60}}\b(?:niet|geen|nergens|inte|ingen|ingenting|ikke|intet|inget)\b.{{0,40}}\b{say}\b",
            rf"\b{text}\b (?:\S+ ){{0,3}}?{say} (?:\S+ ){{0,3}}?(?:niet|geen|niets|inte|ingen|inget|ingenting|"
            r"ikke|intet)\b",
            rf"\b(?:{say})\b .{{0,40}}\b(?:niet|nergens|inte|ikke)\b.{{0,20}}{text}?",
            rf"\b(?:niet|inte|ikke)\b .{{0,25}}\b{say}\b",
            r"\b(?:geen|ingen|inga|ingen) (?:\S+ ){0,2}?(?:informatie|information|vermelding|gegevens|"
            r"uppgift\w*|opplysning\w*|oplysning\w*|details)\b",
            rf"\b(?:niets|nergens|ingenting|intet|inget|ikke noe|ikke noget)\b .{{0,30}}{say}|"
            rf"\b{say}\b .{{0,30}}\b(?:niets|"
            r"ingenting|intet|inget)\b|\b(?:geen|inte ett|ikke et) woord\b|\b(?:zwijgt|blijft onvermeld|tiger om|"
            r"onvermeld|onduidelijk|oklart|uklart)\b",
            r"\b(?:ik kan|ik kon|ik weet|jag kan|jag hittar|jeg kan|jeg finder)\b.{0,40}\b(?:niet|geen|inte|ikke)\b",
            r"\bniet (?:\S+ )?(?:vast te stellen|op te maken|te vinden|af te leiden|te bepalen|te zeggen|"
            r"te achterhalen)\b",
            r"^(?:niet vermeld|onbekend|okänt|ukendt|ukjent|framgår inte|ikke oppgitt|ikke nævnt|ej angivet)$",
        ),
        hedge=re.compile(
            r"\b(?:expliciet|exact|rechtstreeks|uttryckligen|exakt|direkt|eksplisitt|udtrykkeligt|precies)", re.I
        ),
        contrast=re.compile(r"\b(?:maar|echter|toch|men|dock|emellertid)\b", re.I),
        reports=any_of(rf"\b{text}\b .{{0,15}}(?:vermeldt|zegt|stelt|säger|anger|siger|sier) (?:dat|att|at)\b"),
        describes=any_of(
            rf"\b{text}\b (?:\S+ ){{0,2}}?(?:gaat|beschrijft|behandelt|bespreekt|handlar|beskriver|"
            r"behandlar|handler|omhandler)\b"
        ),
        filler=any_of(
            r"^(?:het spijt me|sorry|helaas|tyvärr|beklager|desværre)[^.]{0,20}$",
            r"\b(?:alstublieft|als u|u kunt|om du|hvis du|vänligen|gerne)\b",
        ),
    )
