"""Refusals in Czech, Slovak, Finnish, Hungarian, Romanian and Greek."""

from __future__ import annotations

import re

from engine.profile.phrases.phrases import Phrases, any_of


def central_european() -> Phrases:
    """Return the phrases of Czech, Slovak, Finnish, Hungarian, Romanian and Greek."""
    text = (
        r"(?:dokument\w*|text\w*|smlouv\w*|zmluv\w*|zpráv\w*|správ\w*|stran\w*|úryv\w*|asiakirja\w*|teksti\w*|"
        r"sopimu\w*|"
        r"raport\w*|sivu\w*|lähte\w*|szöveg\w*|szerződés\w*|jelentés\w*|oldal\w*|irat\w*|contract\w*|pagin\w*|"
        r"έγγραφ\w*|εγγράφ\w*|κείμεν\w*|κειμέν\w*|σύμβασ\w*|συμβάσ\w*|έκθεσ\w*|σελίδ\w*|απόσπασμ\w*)"
    )
    fact = (
        r"(?:informac\w*|informác\w*|údaj\w*|zmínk\w*|zmienk\w*|odpověď|odpoveď|tieto\w*|mainint\w*|vastaus\w*|"
        r"információ\w*|"
        r"adat\w*|utalás\w*|említés\w*|válasz\w*|informații\w*|informaţii\w*|mențiun\w*|menţiun\w*|detalii\w*|date|"
        r"πληροφορ\w*|αναφορ\w*|στοιχεί\w*|απάντησ\w*)"
    )
    return Phrases(
        languages=frozenset(["cs", "sk", "fi", "hu", "ro", "el"]),
        missing=any_of(
            # Czech and Slovak write the negation as a prefix.
            r"\bne(?:uvád|zmiň|obsahuj|určuj|specifikuj|říká|píše|stanov|uvede|zmín|popis|vyplýv|vysky|poskyt|nachá|"
            r"nalez|"
            r"našel|našl|najd|dokáž|mohu|můž|ví|vím|lze|jde|dá se|hovoř|mluv|uvedl|figuruj|dozv|vie|možno|spomín)\w*",
            rf"\b(?:žádn\w+|žiadn\w+|bez) (?:\S+ ){{0,3}}?{fact}|\b(?:není|nie je|nejsou|"
            rf"nie sú) (?:\S+ ){{0,5}}?(?:{fact}|"
            r"uveden\w*|zmíněn\w*|zmienen\w*|znám\w*|jasn\w*|určen\w*|specifikován\w*|možné|k dispozici)",
            r"\b(?:chybí|chýba)\b.{0,30}" + fact,
            # Finnish
            rf"\bei(?:vät)? (?:\S+ ){{0,3}}?(?:maini\w*|kerro\w*|käy ilmi|sisäll\w*|löydy\w*|ilmene\w*|sano\w*|esitetä|"
            rf"määritel\w*|ilmoite\w*|ole (?:\S+ ){{0,2}}?(?:{fact}|mainittu|kerrottu|ilmoitettu))",
            r"\b(?:en|emme) (?:\S+ )?(?:löydä|löytänyt|tiedä|voi|pysty)\b",
            # Hungarian
            r"\bnem (?:\S+ )?(?:emlí\w*|tartalma\w*|szerepel\w*|derül ki|található\w*|adja meg|közl\w*|ír\w*|szól\w*|"
            r"határozza meg|nevez\w*|tudható\w*|állapítható\w*|olvasható\w*|találtam|tudom|lehet)",
            rf"\b(?:nincs|nincsen\w*|sincs) (?:\S+ ){{0,4}}?(?:{fact}|szó|megadva|feltüntetve|megemlítve)",
            # Romanian
            r"\bnu (?:se |este |e |sunt |au |a |fost |îl |o |am |pot |poate )*(?:mențion\w*|menţion\w*|preciz\w*|"
            r"specific\w*|"
            r"indic\w*|conțin\w*|conţin\w*|spun\w*|apar\w*|ofer\w*|găs\w*|rezult\w*|reies\w*|fac\w*|ști\w*|"
            r"răspund\w*|stabil\w*)",
            rf"\bnu există (?:\S+ ){{0,3}}?(?:{fact}|mențiune|referir\w*)|\bnicio (?:\S+ ){{0,2}}?{fact}|\bfără {fact}",
            # Greek
            r"\bδεν (?:\S+ ){0,2}?(?:αναφέρ\w*|περιέχ\w*|προσδιορίζ\w*|διευκρινίζ\w*|καθορίζ\w*|δίν\w*|παρέχ\w*|"
            r"προκύπτ\w*|"
            r"κατονομάζ\w*|γίνεται|βρήκα|βρίσκ\w*|μπορ\w*|γνωρίζ\w*|λέει|εμφανίζ\w*|περιλαμβάν\w*)",
            rf"\bδεν υπάρχ\w+ (?:\S+ ){{0,4}}?{fact}|\b(?:καμία|κανένα|χωρίς) (?:\S+ ){{0,2}}?{fact}",
            rf"\b{text}\b.{{0,30}}\b(?:mlčí|vaikenee|hallgat|tace|σιωπ\w*)",
        ),
        hedge=re.compile(
            r"\b(?:výslovně|přímo|přesně|výslovne|nimenomaisesti|suoraan|tarkasti|kifejezetten|pontosan|explicit|"
            r"direct|exact|ρητά|ακριβώς|συγκεκριμένα)",
            re.I,
        ),
        contrast=re.compile(
            r"\b(?:ale|avšak|však|nicméně|mutta|kuitenkin|vaan|azonban|viszont|hanem|dar|însă|totuși|αλλά|όμως|"
            r"ωστόσο)\b",
            re.I,
        ),
        reports=any_of(
            rf"\b{text}\b .{{0,15}}(?:uvádí|říká|uvádza|sanoo|kertoo|mainitsee|kimondja|szerint|spune|precizează|"
            rf"αναφέρει),? "
            r"(?:že|että|hogy|că|ότι)\b"
        ),
        describes=any_of(
            rf"\b{text}\b (?:\S+ ){{0,2}}?(?:se zabývá|popisuje|pojednává|hovoří|käsittelee|kuvaa|kertoo|foglalkozik|"
            rf"szól|"
            r"tratează|descrie|se referă|αφορά|περιγράφει|πραγματεύεται)\b"
        ),
        filler=any_of(
            r"^(?:bohužel|omlouvám se|valitettavasti|anteeksi|sajnos|sajnálom|din păcate|îmi pare rău|δυστυχώς|λυπάμαι|"
            r"συγγνώμη)[^.]{0,20}$",
            r"\b(?:prosím|pokud (?:chcete|máte)|ole hyvä|jos (?:haluat|sinulla)|kérem|ha szeretné|vă rog|dacă doriți|"
            r"παρακαλώ|"
            r"αν θέλετε)\b",
        ),
    )
