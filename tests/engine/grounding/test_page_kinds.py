"""Pages that are about the document or list what it cites."""

from __future__ import annotations

import pytest

from engine.grounding.page_kinds import page_kind

_CITED = """12. Holm A, Lind P. Filters of slow sand for small towns. Journal of Water 2011;14(2):31-40. doi: 10.1/abc
13. Berg M. Pumps and pipes, 2nd edn. Oslo: University Press, 2009.
14. Dahl, L. and Strand, E. (1998), "Leaks in iron mains", Proceedings of the Water Conference, pp. 11-19.
15. Vik N. Pressure of old mains. In PIPES, pp. 3-9, 2015. URL https://example.org/a
16. Moen K. A survey of valves. arXiv 1403.1234, 2014.
17. Lie T. Meters, 1987, Vol. 3, pp. 7-12.
"""
_PROSE = """The council met in 2011 and again in 2014 to hear about the mains (Holm, 2011; Dahl and Strand, 1998). It
asked for a new survey of the valves, which was made in 2015 and cost more than the one of 1987. The survey found leaks
in every street that was dug up before 1950, as the Journal of Water had foretold, and the council voted for new pipes.
The work began in 2016 and was finished in 2019 at a cost of 4 million. The old pipes were sold.
"""
_CONTENTS = """Contents
1 Pumps 3
1.1 Motors 4
1.2 Valves 9
2 Pipes 12
2.1 Iron 12
2.2 Clay 15
Index 40
"""
_NOTICES = """ISBN 978-0-00-000000-2
© Water Board 2012. Some rights reserved.
This work is available under a Creative Commons licence. Requests for other uses need the copyright holder's consent.
The material is distributed without warranty of any kind.
"""
_TABLE = """Street\tPipes\tLeaks
Mill Lane\t12\t3
High Street\t9\t1
Park Road\t31\t12
Old Quay\t2\t0
Bell Yard\t5\t4
Church Hill\t8\t2
"""


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (_CITED, "references"),
        (_PROSE, ""),
        (_CONTENTS, "contents"),
        (_CONTENTS.replace("Contents\n", "").replace(" 3\n", "\t3\n"), ""),
        ("\n".join(f"{n}.1 On the pipes of street {n}\t{3 * n}" for n in range(1, 9)), "contents"),
        (_NOTICES, "notices"),
        ("© Water Board 2012. All rights reserved. " + _PROSE, ""),
        (_TABLE, ""),
        ("", ""),
    ],
)
def test_kind_of_page(text: str, kind: str) -> None:
    assert page_kind(text) == kind
