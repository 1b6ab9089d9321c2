"""Several questions to one document, answered together: their attempts are generated in one batch.

Every question is a job of its own with its own events, evidence and turn. The jobs run in turns: each goes on until it
wants attempts, then the attempts of all are generated, and each goes on with its own.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence

from engine.answering.pipeline import Generated, Wanted, generate
from engine.control import Cancelled, Control
from engine.protocol.events import Event
from engine.session.session import Job

MOST_QUESTIONS = 8
MOST_ROWS = {"cpu": 32, "cuda": 128}
"""Attempts in one batch; a state of each is in memory."""


class _Joint(Control):
    """The control of a batch: cancelled when all its jobs are."""

    def __init__(self, controls: Sequence[Control]) -> None:
        super().__init__()
        self._controls = controls

    @property
    def cancelled(self) -> bool:
        return all(control.cancelled for control in self._controls)

    def wait_while_paused(self) -> None:
        """Go on: a batch of several jobs is not paused for one of them."""


def run_together(jobs: Sequence[Job]) -> Iterator[Event]:
    """Yield the events of all jobs, each job's in order."""
    replies: dict[int, Generated | BaseException | None] = dict.fromkeys(range(len(jobs)))
    while replies:
        wanted: dict[int, Wanted] = {}
        for place, reply in replies.items():
            request = yield from _until_wanted(jobs[place], reply)
            if request is not None:
                wanted[place] = request
        replies = dict(_generated(wanted))


def _until_wanted(job: Job, reply: Generated | BaseException | None) -> Generator[Event, None, Wanted | None]:
    """Yield the events of a job up to its next request, and return that; None where the job has ended."""
    try:
        item = job.throw(reply) if isinstance(reply, BaseException) else job.send(reply)
        while not isinstance(item, Wanted):
            yield item
            item = next(job)
    except StopIteration:
        return None
    return item


def _generated(wanted: dict[int, Wanted]) -> Iterator[tuple[int, Generated | BaseException]]:
    """Yield the reply of each request, generated with those of others in batches of MOST_ROWS."""
    for batch in _batches(wanted):
        runtime = wanted[batch[0]].runtime
        prompts = [prompt for place in batch for prompt in wanted[place].prompts]
        controls = [wanted[place].control for place in batch]
        try:
            control = controls[0] if len(batch) == 1 else _Joint(controls)
            attempts, steps = generate(Wanted(runtime, prompts, control))
        except Exception as error:  # each job reports it as its own
            for place in batch:
                yield place, error
            continue
        at = 0
        for place, control in zip(batch, controls, strict=True):
            own = len(wanted[place].prompts)
            share = round(steps * own / max(len(prompts), 1))
            yield place, Cancelled() if control.cancelled else (attempts[at : at + own], share)
            at += own


def _batches(wanted: dict[int, Wanted]) -> Iterator[list[int]]:
    batch: list[int] = []
    rows = 0
    for place, request in wanted.items():
        most = MOST_ROWS.get(request.runtime.model.device.type, 32)
        if batch and rows + len(request.prompts) > most:
            yield batch
            batch, rows = [], 0
        batch.append(place)
        rows += len(request.prompts)
    if batch:
        yield batch
