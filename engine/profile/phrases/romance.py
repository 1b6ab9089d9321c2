"""Refusals in French, Spanish, Italian and Portuguese."""

from __future__ import annotations

import re

from engine.profile.phrases.phrases import FEW, Phrases, any_of


def french() -> Phrases:
    """Return the phrases of French."""
    text = (
        r"(?:documents?|textes?|passages?|extraits?|pages?|sections?|rapports?|comptes? rendus?|fichiers?|"
        r"articles?|notes?|"
        r"sources?|contrats?|manuels?|règlements?|statuts?|baux?|bail|lettres?|accords?|guides?|arrêtés?|lois?|études?|"
        r"contexte|procès-verbal|contenu|informations? (?:fournies?|disponibles?|données?))"
    )
    ne = r"(?:ne |n['’])"
    no = r"(?:pas|aucune?|nulle part|rien|jamais|point|ni)"
    say = (
        r"(?:mentionn|précis|indiqu|fourni|contien|comport|donn|aborde|évoqu|dit|spécifi|parl|révèl|"
        r"figur|trouv|cit|nomm|"
        r"inclu|détaill|permet|préciser|renseign|décri|fait|appara[iî]|ressort|rapport|énonc|expliqu|révél)\w*"
    )
    fact = (
        r"(?:informations?|mentions?|détails?|indications?|précisions?|réponses?|données?|références?|"
        r"renseignements?)"
    )
    return Phrases(
        languages=frozenset(["fr"]),
        missing=any_of(
            rf"{ne}(?:\w+['’]?\s?){{0,3}}?{say} {FEW}{no}\b",
            rf"{ne}(?:\w+['’]?\s?){{0,3}}{no} .{{0,30}}{say}",
            rf"\b(?:aucune?|pas d['’e]\s?|sans|pas assez d['’e]\s?) ?{FEW}{fact}\b",
            r"\bn['’]est (?:pas |nullement |jamais )?question d",
            rf"\b{text}\b.{{0,40}}{ne}répond\w* {FEW}{no}\b",
            r"\bon ne (?:peut|saurait) (?:pas |point |guère )?.{0,30}(?:déduire|dire|savoir|déterminer|répondre|"
            r"conclure)\b",
            r"\bon (?:ignore|ne sait pas)\b|\breste (?:flou|inconnue?|imprécise?)\b",
            r"\bn['’](?:est|était|sont) pas (?:disponible|présente?|incluse?|fournie?|renseignée?|connue?)s?\b.{0,20}\b"
            r"(?:dans|sur|par|ici)\b",
            r"\b(?:est|sont|reste|restent) muet(?:te)?s? (?:sur|quant|à ce|concernant)\b",
            r"\bje (?:ne |n['’]).{0,30}\b(?:pas|rien)\b",
            rf"\b(?:impossible|pas possible) (?:de |d['’]).{{0,60}}{text}\b",
            rf"^(?:pas|non|nulle part) .{{0,20}}\b(?:dans|par) .{{0,20}}{text}\b",
            r"^(?:non (?:précisée?|mentionnée?|indiquée?|spécifiée?|disponible|renseignée?|"
            r"communiquée?)|inconnue?|aucune?|n\.?c\.?)$",
            rf"\b{text}\b.{{0,60}}\b(?:reste(?:nt)? muet\w*|passe(?:nt)? (?:\w+ )?sous silence|omet|est muet\w*|"
            r"(?:est|reste) silencieu\w+|"
            r"fait l['’]impasse|"
            r"garde(?:nt)? le silence|laisse(?:nt)? .{0,30}(?:en suspens|de côté|ouverte?))",
            r"\b(?:pas un mot|rien (?:n['’]est dit|sur|concernant|au sujet)|sans réponse|n['’]en (?:dit|"
            r"parle) (?:rien|pas))\b",
            rf"\baucune? (?:des |de ces |de |)?{text}\b.{{0,20}}\bn(?:e |['’])",
            rf"\b(?:absente?|absents) d[eu] .{{0,20}}{text}\b",
        ),
        hedge=re.compile(
            r"\b(?:explicitement|directement|exacte?\w*|précisément|expressément|clairement|nommément)", re.I
        ),
        contrast=re.compile(r"\b(?:mais|cependant|toutefois|néanmoins|pourtant|en revanche|bien que)\b", re.I),
        reports=any_of(
            rf"\b(?:{text}|annexe|il|tableau)\b .{{0,12}}(?:indique|précise|mentionne|dit|affirme|"
            r"déclare|montre|note|explique|rapporte) qu[e']"
        ),
        describes=any_of(
            rf"\b(?:{text}|il|elle)\b {FEW}(?:traite|décrit|porte|parle|concerne|évoque|mentionne|"
            r"aborde|contient|se limite|se concentre|présente|cite)\b(?! qu)",
            r"^seul(?:e|s|es)? .{1,80}\b(?:est|sont|y figure\w*) (?:mentionn|indiqu|cit|list|précis|décrit)\w*$",
        ),
        filler=any_of(
            r"^(?:j['’]ai|après avoir) (?:\w+ )?(?:parcouru|lu|relu|consulté|examiné|cherché)\b",
            r"^(?:je (?:suis|m['’]excuse)|désolée?|malheureusement|navrée?)[^.]{0,25}$",
            r"\b(?:veuillez|n['’]hésitez pas|si vous|vous (?:pouvez|pourriez|devriez)|"
            r"je vous (?:recommande|conseille|invite|suggère)|s['’]il vous plaît)\b",
        ),
    )


def spanish() -> Phrases:
    """Return the phrases of Spanish."""
    text = (
        r"(?:documentos?|textos?|pasajes?|fragmentos?|páginas?|secciones|sección|informes?|archivos?|"
        r"artículos?|fuentes?|contratos?|manual(?:es)?|"
        r"contexto|contenido|actas?|información (?:proporcionada|disponible|facilitada|suministrada))"
    )
    speak = (
        r"(?:mencion|indic|especific|dic|dice|señal|detall|habl|nombr|precis|aclar|refier|consta|revel|respond|abord|"
        r"describ|explic|inform|alud|pronunci|figur|aparec)\w*"
    )
    hold = r"(?:proporcion|contien|encuentr|da|inclu|ofrec|aport|facilit|recog)\w*"
    fact = r"(?:información|mención|detalles?|indicación|referencias?|respuesta|datos?|dato alguno|precisión)"
    return Phrases(
        languages=frozenset(["es", "ca"]),
        missing=any_of(
            rf"\bno (?:se |me |le |lo |la |está |están |es |ha sido |fue |viene |hay |existe |existen )?{FEW}{speak}",
            rf"\b{text}\b.{{0,40}}\bno (?:se |me |le |lo |la )?{FEW}{hold}|\bno (?:se |me |le |lo |"
            rf"la )?{FEW}{hold}.{{0,40}}"
            rf"\b{text}\b",
            r"\ben ning[uú]n[ao]? (?:parte|sitio|lugar|momento)\b",
            r"\bno (?:hace|hacen) (?:ninguna )?(?:referencia|mención|alusión)\b",
            rf"\b(?:no hay|no existe|no existen|sin|ninguna?|no contiene|no ofrece|no tengo|no tiene) {FEW}{fact}\b",
            r"\b(?:no (?:puedo|pude|he podido|sé|encuentro|encontré|logro|dispongo))\b",
            r"\bno (?:es posible|se puede|permite) ?(?:\S+ ){0,2}?(?:saber|determinar|responder|contestar|deducir|"
            r"establecer|"
            r"confirmar|encontrar|inferir|decir|conocer|precisar|averiguar)",
            r"\b(?:se desconoce|se ignora|no queda claro)\b",
            rf"\b(?:imposible) .{{0,60}}{text}\b",
            rf"^no .{{0,25}}\b(?:en|por) .{{0,20}}{text}\b",
            r"\bno (?:está|están|estaba|viene|vienen|sale|salen|consta|constan) .{0,25}\b(?:en|"
            rf"por) .{{0,20}}{text}\b",
            r"^(?:no (?:especificad[oa]|mencionad[oa]|indicad[oa]|disponible|consta|aplica|se sabe)|"
            r"desconocid[oa]|ninguno|ninguna|n\.? ?d\.?)$",
            rf"\b{text}\b.{{0,40}}\b(?:guarda silencio|omite|carece|calla|deja (?:sin|abiert)\w*)|"
            r"\bni (?:una palabra|rastro)\b|\bnada (?:se dice|dice|consta|sobre)\b|\bsin (?:aclarar|respuesta|"
            r"mencionar)\b",
            rf"\b(?:tampoco|nada)\b.{{0,40}}\b(?:{text}|menciona|indica|dice)\b|\ben ningun[ao] .{{0,15}}{text}\b",
        ),
        hedge=re.compile(
            r"\b(?:explícit\w*|directament\w*|exact\w*|expresament\w*|literalment\w*|específicament\w*|concret\w*)",
            re.I,
        ),
        contrast=re.compile(r"\b(?:pero|sin embargo|aunque|no obstante|sino|en cambio)\b", re.I),
        reports=any_of(
            rf"\b(?:{text}|anexo|tabla|se)\b .{{0,12}}(?:indica|dice|señala|menciona|afirma|especifica|"
            r"muestra|explica|informa) que\b"
        ),
        describes=any_of(
            rf"\b(?:{text})\b {FEW}(?:trata|describe|habla|se centra|se refiere|aborda|menciona|"
            r"contiene|se limita|cubre|incluye|versa|ofrece)\b(?! que)",
            r"^(?:(?:solo|sólo|solamente|únicamente) )?se (?:menciona|indica|cita|detalla|describe|enumera)n?\b"
            r"(?! que)",
        ),
        filler=any_of(
            r"^(?:he|tras) (?:\w+ )?(?:revisad[oa]|leíd[oa]|buscad[oa]|consultad[oa]|revisar|leer)\b",
            r"^(?:lo siento|lo lamento|disculp\w*|lamentablemente|desafortunadamente|perdón)[^.]{0,20}$",
            r"\b(?:por favor|si (?:tiene|necesita|puede|desea|lo)|puede (?:consultar|proporcionar)|"
            r"le (?:recomiendo|sugiero)|no dude en|podría)\b",
        ),
    )


def italian_portuguese() -> Phrases:
    """Return the phrases of Italian and Portuguese."""
    text = (
        r"(?:documento|documenti|documentos|testo|testi|texto|textos|brano|passo|trecho|pagina|pagine|"
        r"página|páginas|sezione|seção|secção|rapporto|relazione|"
        r"relatório|fonte|fonti|contratto|contrato|manuale|contesto|contexto|contenuto|conteúdo|"
        r"informazioni fornite|informações fornecidas)"
    )
    speak = (
        r"(?:menzion|mencion|indic|specific|especific|dice|diz|precis|parla|fala|rivela|revela|nomin|esplicit|"
        r"informa|"
        r"descri|esclarec|chiari|spieg|explic|refer|rifer|registr|regist|detalh|dettagl|responde|rispond|identific|"
        r"risult|consta|aborda|affront|riport|cit|figura)\w*"
    )
    hold = r"(?:forni|fornec|contien|contiene|cont[eé]m|trov|encontr|include|inclui|apresent|presenta)\w*"
    return Phrases(
        languages=frozenset(["it", "pt"]),
        missing=any_of(
            r"\b(?:non|não) (?:si |se |è |é |sono |são |viene |vengono |ci sono |c['’]è |há |foi |"
            rf"está |estão )?{FEW}{speak}",
            rf"\b{text}\b.{{0,40}}\b(?:non|não) (?:si |se |ci |lo |la |o |a )?{FEW}{hold}|"
            rf"\b(?:non|não) (?:si |se |viene |è |é |foi )?{FEW}{hold}.{{0,40}}\b{text}\b",
            rf"\b{text}\b.{{0,30}}\b(?:é|è) (?:omiss[oa]|silente)\b",
            r"\b(?:non ci sono|non c['’]è|nessuna|alcuna|não há|nenhuma|sem|"
            r"senza) (?:\S+ ){0,3}?(?:informazion\w*|informaç\w*|menzione|menção|dettagli|detalhes|"
            r"riferiment\w*|referência\w*|indicazion\w*|indicaç\w*|dat[io]|dados)\b",
            r"\bnão (?:dá|há como|se consegue|se pode) (?:para )?(?:saber|dizer|determinar|responder|concluir)\b|"
            r"\bnon si (?:può|riesce a) (?:sapere|dire|stabilire|dedurre|ricavare)\b",
            r"\b(?:non (?:posso|riesco|so|ho trovato|è possibile)|não (?:posso|consigo|sei|encontrei|"
            r"é possível|foi possível))\b",
            rf"\b{text}\b.{{0,40}}\b(?:tace|omette|omite|silencia|não diz|silêncio)|\b(?:nessun accenno|"
            r"nulla (?:è|viene) detto|"
            r"nada (?:é|foi) dito|nem uma palavra|nemmeno una parola|non (?:si )?fa (?:alcun )?cenno|"
            r"non se ne parla)\b",
            r"\b(?:non|não) (?:è|sono|viene|vengono|é|são|foi|está|sta|si trova) (?:\S+ ){0,2}?(?:trattat|"
            r"affrontat|discuss|"
            rf"scritt|escrit|tratad|abordad|discutid|copert)\w* .{{0,20}}{text}\b",
            rf"^(?:non|não|nada|nulla) .{{0,20}}\b(?:nel|in|nella|no|na|neste|deste|del|dal) .{{0,15}}{text}\b",
            r"^(?:non (?:specificat[oa]|indicat[oa]|menzionat[oa]|disponibile)|não (?:especificad[oa]|"
            r"informad[oa]|mencionad[oa]|consta|disponível)|sconosciuto|desconhecido)$",
        ),
        hedge=re.compile(r"\b(?:esplicit|explicit|diretta|diretament|esatt|exat|precis|espress|expressa)\w*", re.I),
        contrast=re.compile(
            r"\b(?:ma|tuttavia|però|mas|porém|contudo|no entanto|entretanto|todavia|sebbene|embora)\b", re.I
        ),
        reports=any_of(
            rf"\b(?:{text}|allegato|anexo)\b .{{0,12}}(?:indica|afferma|dice|afirma|diz|menziona|"
            r"menciona|specifica|informa|mostra) (?:che|que)\b"
        ),
        describes=any_of(
            rf"\b{text}\b (?:\S+ ){{0,3}}?(?:tratta|trata|descrive|descreve|parla|fala|si concentra|"
            r"concentra-se|riguarda|aborda|menziona|menciona|contiene|contém)\b(?! (?:che|que))",
            r"^(?:vengono|viene|sono|è) (?:indicat|riportat|citat|elencat|menzionat)\w (?:solo|soltanto|solamente|"
            r"unicamente|esclusivamente)\b|^(?:apenas|só|somente) (?:se )?(?:menciona|indica|refere|descreve)m?\b",
        ),
        filler=any_of(
            r"^(?:mi dispiace|spiacente|purtroppo|desculpe|lamento|infelizmente|sinto muito)[^.]{0,20}$",
            r"\b(?:per favore|se (?:hai|vuoi|ha|desidera|você|precisar|tiver)|puoi|può consultare|"
            r"por favor|recomendo|ti consiglio|le consiglio|consulte)\b",
        ),
    )
