"""Stand-ins for tests: a worker that speaks the protocol without a model. Run as a program: python -m tests.fakes."""

from __future__ import annotations

import argparse
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Iterator

from engine.protocol import wire as m
from engine.protocol.evidence import Counted, Evidence, FoundRow, PageSpan, Sentence, SummaryBasis

TOKENS_A_PAGE = 480
SUMMARY = (
    "The record covers fourteen months at the Halden pumping station. Vibration on pump P-204 was noted on page 3 "
    "and rose until the bearing failed (page 9).\n\nThe board approved a replacement for 48,200 EUR on pages 12 to 13. "
    "Two inspections were postponed without a reason given."
)
ANSWER = (
    "The bearing of pump P-204 failed on 3 March after 11 weeks of rising vibration, and was replaced for 48,200 EUR."
)
NOTE = "Vibration readings rose from 2.1 to 7.4 mm/s between January and March; the alarm was set aside twice."


class FakeWorker:
    """Answers commands with made-up events at a made-up speed.

    scenario: "" | die (once, in mid-reading; marked in `marker`) | die-always | stubborn (ignores Shutdown) | old
    (another protocol) | garbage | silent (no handshake) | password | damaged | model-gone | disk-full
    | locked (until `marker` exists) | bug | flood | hours (a reading takes them)
    """

    def __init__(self, scenario: str, pages: int, delay: float, marker: str, demo: bool):
        self.scenario, self.pages, self.delay, self.marker, self.demo = scenario, pages, delay, marker, demo
        self.jobs: queue.Queue[m.Command | None] = queue.Queue()
        self.cancelled: set[str] = set()
        self.paused: set[str] = set()
        self.read_to: dict[str, int] = {}
        self.loaded = False
        self.turns = 0
        self.lock = threading.Lock()

    def emit(self, event: m.Event) -> None:
        with self.lock:
            sys.stdout.write(m.encode(event) + "\n")
            sys.stdout.flush()

    def serve(self) -> None:
        if self.scenario == "silent":
            time.sleep(60)
        version = 999 if self.scenario == "old" else m.PROTOCOL_VERSION
        if self.scenario == "garbage":
            print("this is no message\n{}", flush=True)
        self.emit(m.WorkerStarted(protocol_version=version, app_version="fake", pid=os.getpid()))
        threading.Thread(target=self.listen, daemon=True).start()
        while (command := self.jobs.get()) is not None:
            self.run(command)
        if self.scenario == "stubborn":
            time.sleep(60)

    def listen(self) -> None:
        for line in sys.stdin:
            command = m.decode_command(line)
            match command:
                case m.Cancel():
                    self.cancelled.add(command.job_id)
                case m.Pause():
                    self.paused.add(command.job_id)
                    self.emit(m.JobPaused(job_id=command.job_id))
                case m.Resume():
                    self.paused.discard(command.job_id)
                    self.emit(m.JobResumed(job_id=command.job_id))
                case m.Shutdown():
                    break
                case m.Command():
                    self.jobs.put(command)
        if self.scenario != "stubborn":
            os._exit(0)
        self.jobs.put(None)

    def run(self, command: m.Command) -> None:
        job = command.job_id
        self.emit(m.JobStarted(job_id=job, command=type(command).__name__))
        failure = self.failure(command)
        if failure is not None:
            self.emit(failure)
            return
        for event in self.events(command):
            while job in self.paused and job not in self.cancelled:
                time.sleep(0.01)
            if job in self.cancelled:
                self.emit(m.JobCancelled(job_id=job))
                return
            self.emit(event)
        self.emit(m.JobFinished(job_id=job))

    def failure(self, command: m.Command) -> m.JobFailed | None:
        job = command.job_id
        opening = isinstance(command, m.OpenDocument)
        if self.scenario != "locked" and not hasattr(command, "path"):
            return None
        match self.scenario:
            case "password" if getattr(command, "password", "") != "swordfish":
                again = "That is not the password of this file; try another." if command.password else ""
                sentence = again or "This PDF is locked with a password; enter it to open the file."
                reason = "wrong password" if again else "needs password"
                return m.JobFailed(job_id=job, kind="known", message=sentence, reason=reason)
            case "damaged" | "damaged docx" if self.scenario == "damaged" or str(command.path).endswith(".docx"):
                return m.JobFailed(
                    job_id=job, kind="known", message="This PDF is damaged; get another copy.", reason="damaged"
                )
            case "model-gone" if not opening:
                sentence = "The model folder /models/falcon is gone; choose another model."
                return m.JobFailed(job_id=job, kind="known", message=sentence, reason="missing")
            case "locked" if not os.path.exists(self.marker):
                sentence = "Another Readthrough (process 7) is writing the library; close it or use --library."
                return m.JobFailed(job_id=job, kind="known", message=sentence, reason="locked")
            case "disk-full" if not opening:
                sentence = "The disk is full, so nothing more can be saved; make room and try again."
                return m.JobFailed(job_id=job, kind="known", message=sentence, reason="disk full")
            case "bug" if not opening:
                return m.JobFailed(job_id=job, kind="bug", message="KeyError: 'x'", details="Traceback: somewhere")
        return None

    def events(self, command: m.Command) -> Iterator[m.Event]:
        job = command.job_id
        match command:
            case m.OpenDocument():
                yield self.opened(command)
                if self.scenario == "hours":
                    yield m.ReadingEstimated(
                        job_id=job, tokens=9, model="big", precision="int4", seconds=9 * 3600.0, reader_seconds=120.0
                    )
            case m.Read():
                yield from self.read(command)
            case m.Summarize():
                yield from self.read(command)
                if command.ledger:
                    yield from self.ledger(job)
                yield from self.summary(command)
            case m.Ask():
                yield from self.load(job)
                yield from self.answer(command)
            case m.ReadFolder():
                yield from self.read_folder(command)
            case m.AskCollection():
                yield self.collection_answer(command)
            case m.FreeSpace():
                yield m.SpaceFreed(job_id=job, states=3, n_bytes=3_000_000)
            case m.EditDocument():
                yield m.DocumentEdited(
                    job_id=job, document_id=command.document_id, title=command.title or "", tags=command.tags or []
                )
            case m.RemoveDocument():
                yield m.DocumentRemoved(job_id=job, document_id=command.document_id)

    def opened(self, command: m.OpenDocument | m.Read | m.Summarize) -> m.DocumentOpened:
        kind = "pdf" if command.path.endswith(".pdf") else "text"
        title = os.path.splitext(os.path.basename(command.path))[0].replace("-", " ").capitalize()
        return m.DocumentOpened(
            job_id=command.job_id,
            document_id=None,
            path=command.path,
            title=title,
            kind=kind,
            size=1_840_000,
            page_count=self.pages,
        )

    def load(self, job: str) -> Iterator[m.Event]:
        if not self.loaded:
            yield m.ModelLoading(job_id=job, folder="/models/demo")
            time.sleep(self.delay * 5)
            self.loaded = True
            yield m.ModelLoaded(
                job_id=job,
                name="readthrough-demo",
                demo=self.demo,
                parameters=12_000_000,
                device="cpu",
                dtype="float32",
                implementation="cpu",
                reason="No CUDA device; the compiled CPU kernels run.",
                trained_context=16_384,
                seconds=0.4,
            )

    def read(self, command: m.Read | m.Summarize) -> Iterator[m.Event]:
        job, path = command.job_id, command.path
        yield self.opened(command)
        yield from self.load(job)
        first = self.read_to.get(path, 0)
        yield m.ReadingResumed(job_id=job, document_id=1, tokens=first * TOKENS_A_PAGE, page=first)
        for page in range(first + 1, self.pages + 1):
            time.sleep(self.delay)
            if self.scenario.startswith("die") and page == self.pages // 2 and self.may_die():
                os.kill(os.getpid(), signal.SIGKILL)
            problem = "no text on this page (a picture)" if page % 17 == 0 else None
            yield m.PageExtracted(job_id=job, page=page, n_tokens=TOKENS_A_PAGE, problem=problem)
            yield m.PrefillAdvanced(
                job_id=job,
                tokens=page * TOKENS_A_PAGE,
                page=page,
                page_count=self.pages,
                total_tokens=self.pages * TOKENS_A_PAGE,
                total_is_exact=page > self.pages // 2,
                tokens_per_second=1_850.0,
                seconds_left=(self.pages - page) * TOKENS_A_PAGE / 1_850,
                resident_bytes=412_000_000 + page * 1000,
            )
            self.read_to[path] = page
            if page % 10 == 0:
                yield m.CheckpointSaved(
                    job_id=job, snapshot_id=page, tokens=page * TOKENS_A_PAGE, page=page, kind="checkpoint"
                )
            self.answer_waiting()
        pictures = [page for page in range(1, self.pages + 1) if page % 17 == 0]
        words = f"Read {self.pages - len(pictures)} of {self.pages} pages; {len(pictures)} hold no text."
        yield m.ReadingFinished(
            job_id=job,
            document_id=1,
            tokens=self.pages * TOKENS_A_PAGE,
            tokens_reused=first * TOKENS_A_PAGE,
            pages=self.pages,
            pages_read=self.pages - len(pictures),
            pages_without_text=pictures,
            problems={str(page): "no text on this page (a picture)" for page in pictures},
            sections=self.pages // 5,
            trained_context=16_384,
            seconds=1.0,
            outcome=words,
        )
        firsts = list(range(1, self.pages + 1, 5))
        yield m.RetentionMeasured(
            job_id=job,
            document_id=1,
            tokens=self.pages * TOKENS_A_PAGE,
            first_pages=firsts,
            last_pages=[min(first + 4, self.pages) for first in firsts],
            retained=[(place + 1) / len(firsts) for place in range(len(firsts))],
            faded_to_page=5,
        )

    def read_folder(self, command: m.ReadFolder) -> Iterator[m.Event]:
        for number in range(1, self.pages + 1):
            time.sleep(self.delay)
            error = "This PDF is damaged; get another copy." if number == 3 else ""
            yield m.FileRead(
                job_id=command.job_id,
                path=f"{command.path}/{number}.pdf",
                number=number,
                files=self.pages,
                document_id=None if error else number,
                error=error,
            )
        yield m.FolderRead(
            job_id=command.job_id,
            collection=command.collection or "",
            read=self.pages - 1,
            failed=1,
            documents=self.pages - 1,
            failed_files=1,
            seconds=1.0,
        )

    def collection_answer(self, command: m.AskCollection) -> m.Event:
        row = FoundRow(
            document_id=1, title="pumps", page=1, start=4, end=22, text="pump was inspected", cells=("P-204", "48 EUR")
        )
        counted = Counted(
            columns=("Unit", "Cost"),
            rows=(row,),
            total=1,
            notes=("One row is unsure.",),
            documents=2,
            documents_of=3,
            sections=3,
            sections_of=3,
            tables_unread=1,
            pages_unread=1,
        )
        evidence = Evidence(kind="records", first_page=1, last_page=1, counted=counted)
        return m.AnswerFinished(
            job_id=command.job_id,
            text="1 row.\n- P-204 (pumps, page 1)",
            evidence=evidence,
            turn_id=None,
            seconds_to_first_token=0.1,
        )

    def may_die(self) -> bool:
        """Once only, unless the scenario says always."""
        if self.scenario == "die-always":
            return True
        if os.path.exists(self.marker):
            return False
        open(self.marker, "w").close()
        return True

    def answer_waiting(self) -> None:
        """Questions that came in meanwhile are answered from what was read so far."""
        waiting = []
        while not self.jobs.empty():
            waiting.append(self.jobs.get())
        for command in waiting:
            if isinstance(command, m.Ask):
                self.run(command)
            else:
                self.jobs.put(command)

    def ledger(self, job: str) -> Iterator[m.Event]:
        entries = [("date", "3 March 2024", "2024-03-03", [9, 12]), ("amount", "48,200 EUR", "48200 EUR", [12])]
        entries += [("name", f"P-{number}", f"P-{number}", [number - 200]) for number in range(201, 231)]
        for kind, text, value, pages in entries:
            yield m.LedgerEntered(job_id=job, kind=kind, text=text, value=value, count=len(pages), pages=pages)
        yield m.LedgerFinished(job_id=job, entries=len(entries), left_out=3, pages=self.pages)

    def summary(self, command: m.Summarize) -> Iterator[m.Event]:
        job = command.job_id
        sections = 6
        for number in range(1, sections + 1):
            time.sleep(self.delay)
            yield m.SectionSummarized(
                job_id=job,
                section=number,
                sections=sections,
                heading=f"{number}. {('Intake', 'Vibration', 'Failure', 'Repair', 'Costs', 'Open points')[number - 1]}",
                first_page=(number - 1) * 5 + 1,
                last_page=number * 5,
                text=NOTE,
                line_pages=[[number * 5]],
            )
        text = SUMMARY * (60 if self.scenario == "flood" else 1)
        for word in text.split(" "):
            time.sleep(self.delay / 10 if self.scenario != "flood" else 0.0005)
            yield m.SummaryDelta(job_id=job, text=word + " ")
        yield m.SummaryFinished(
            job_id=job,
            text=text,
            length=command.length,
            basis=SummaryBasis(
                made_from="sections",
                first_page=1,
                last_page=self.pages,
                sections=sections,
                sections_with_findings=sections,
                merges=1,
                focus=command.focus or "",
                line_pages=((3, 9), (), (12, 13)),
            ),
            tokens_per_second=96.0,
        )

    def answer(self, command: m.Ask) -> Iterator[m.Event]:
        job = command.job_id
        found = "weather" not in command.question
        text = ANSWER if found else "Not in this document."
        if command.seed is not None:
            text = f"On 3 March the bearing of P-204 gave out (try {command.seed % 100})."
        for word in text.split(" "):
            time.sleep(self.delay / 4)
            yield m.AnswerDelta(job_id=job, text=word + " ")
        self.turns += 1
        yield m.AnswerFinished(
            job_id=job,
            text=text,
            evidence=self.evidence(command, found=found),
            turn_id=self.turns,
            seconds_to_first_token=0.2,
        )

    def evidence(self, command: m.Ask, *, found: bool) -> Evidence:
        if not found:
            nearest = (PageSpan(3, 3), PageSpan(17, 18))
            return Evidence(
                kind="not_found", first_page=1, last_page=self.pages, nearest=nearest, sections_asked=6, sections=6
            )
        return Evidence(
            kind="reread" if command.seed is not None else "section",
            first_page=9,
            last_page=10,
            heading="Failure",
            reread_pages=(9, 10) if command.seed is not None else (),
            sentence=Sentence(page=9, start=0, end=51, text="Entry 9. Pump P-209 was inspected; pressure 27 bar."),
            unverified=("48,200 EUR",) if command.seed is None and command.parent is None else (),
            certainty=0.9,
        )


def worker_command(
    scenario: str = "", pages: int = 40, delay: float = 0.004, marker: str = "", demo: bool = True
) -> list[str]:
    """The command line that starts a FakeWorker."""
    command = [
        sys.executable,
        "-m",
        "tests.fakes",
        "--scenario",
        scenario,
        "--pages",
        str(pages),
        "--delay",
        str(delay),
    ]
    return [*command, "--marker", marker, *(["--demo"] if demo else [])]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--scenario", default="")
    parser.add_argument("--pages", type=int, default=40)
    parser.add_argument("--delay", type=float, default=0.004)
    parser.add_argument("--marker", default="")
    parser.add_argument("--demo", action="store_true")
    options = parser.parse_args()
    FakeWorker(options.scenario, options.pages, options.delay, options.marker, options.demo).serve()
