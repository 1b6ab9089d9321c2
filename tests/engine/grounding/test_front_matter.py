"""Titles, authors, dates and periods at the head of first pages of several kinds of document."""

from __future__ import annotations

import pytest

from engine.grounding.front_matter import author_lines, date_lines, lower_words, title_lines
from engine.grounding.periods import period_lines

TEXT = (
    "\nAbstract\nWe measure the noise of lifts in tall buildings at night and describe how a rubber bed below the "
    "motor lowers it.\nThe annual survey of harbours lists cranes and technical equipment, and cold storage halls."
)
PAPER = (
    "Quiet Lifts: Measuring the Noise of\nTall Buildings at Night\nBirgit Solheim1, Tomasz Wrona2 and K. R. Iyer1\n"
    "1 Institute of Acoustics, University of Bergen\n{solheim,iyer}@uib.example, wrona@pg.example" + TEXT
)
JOURNAL = (
    "JB\n14,3\n88\nReceived 3 May 2011\nRevised 9 June 2011\nJournal of Buildings\nVol. 14 No. 3, 2011\npp. 88-97\n"
    "www.buildings.example/0142.htm\nRubber beds for\nquieter machines\nAdaeze Obi\nSchool of Engineering, Lagos, "
    "Nigeria\nPierre Lacombe\nÉcole des Mines, Nancy, France" + TEXT
)
SPEECH = (
    "COLD STORAGE AND THE HARBOUR\nSpeech by\nMargit Olsen\nHarbour Master\nMay 2014\nI thank Per Lie for his help."
    + TEXT
)
REPORT = (
    "Harbour Authority of Vik\nAnnual Survey of Harbours\n1 April 2014 - 31 March 2015\nTechnical Equipment\n"
    "Cold Storage Halls\nPublished: 6 June 2015\n" + TEXT
)
MINUTES = (
    "Minutes of the Harbour Council\n4 March 2015\nPresent:\nMargit Olsen\nPer Lie\nApologies: Adaeze Obi\n" + TEXT
)
MIDDLE = "bolted to the frame and then tightened once more by the fitter\nwho checks the gap.\nQuiet Lifts\n" + TEXT


def found(lines):
    return [line.text for line in lines]


@pytest.mark.parametrize(
    ("page", "title", "authors"),
    [
        (
            PAPER,
            ["Quiet Lifts: Measuring the Noise of", "Tall Buildings at Night"],
            ["Birgit Solheim1, Tomasz Wrona2 and K. R. Iyer1"],
        ),
        (JOURNAL, ["Rubber beds for", "quieter machines"], ["Adaeze Obi", "Pierre Lacombe"]),
        (SPEECH, ["COLD STORAGE AND THE HARBOUR"], ["Margit Olsen"]),
        (REPORT, ["Harbour Authority of Vik"], []),
        (MINUTES, ["Minutes of the Harbour Council"], []),
        (MIDDLE, [], []),
        ("Garden sheds\nBy ANNA BRANDT and Leo Fuchs\n" + TEXT, ["Garden sheds"], ["By ANNA BRANDT and Leo Fuchs"]),
        ("Garden sheds\nOrders are taken by post only.\n" + TEXT, ["Garden sheds"], []),
        ("No: 12 Title: Sheds that last Author: Leo Fuchs Status: Draft\n" + TEXT, ["Sheds that last"], []),
    ],
)
def test_title_and_authors(page, title, authors):
    lower = lower_words([page])
    assert found(title_lines(page, lower)) == title
    assert found(author_lines(page, lower)) == authors


def test_lines_are_where_they_stand():
    for line in [*author_lines(PAPER, lower_words([PAPER])), *title_lines(PAPER, frozenset())]:
        assert PAPER[line.start : line.end] == line.text


@pytest.mark.parametrize(
    ("page", "first"),
    [
        (REPORT, "Published: 6 June 2015"),
        (SPEECH, "May 2014"),
        (JOURNAL, "Vol. 14 No. 3, 2011"),
        ("Sheds\n© Garden Press 2019\n" + TEXT, "© Garden Press 2019"),
        ("Sheds\nThe plan that was dated 4 May 2011 is void and nobody may build by it any more.\n" + TEXT, None),
        ("THE COPYRIGHT ACT OF 1998\n" + TEXT, None),
    ],
)
def test_dates_of_the_document(page, first):
    dated = date_lines(page)
    assert (dated[0][1].text if dated else None) == first


@pytest.mark.parametrize(
    ("page", "first"),
    [
        (REPORT, "1 April 2014 - 31 March 2015"),
        ("Fish landed in Vik, 1998–2003\nTable 4\n" + TEXT, "Fish landed in Vik, 1998–2003"),
        ("Fish landed\nfor the year ended 31 March 2015\n" + TEXT, "for the year ended 31 March 2015"),
        ("Fish landed\nJuly - September 2012\n" + TEXT, "July - September 2012"),
        ("Fish landed\nMay 2011\n" + TEXT, "May 2011"),
        ("Fish landed\nPublished May 2011\n" + TEXT, None),
    ],
)
def test_periods_that_a_document_covers(page, first):
    stated = found(period_lines(page))
    assert (stated[0] if stated else None) == first
