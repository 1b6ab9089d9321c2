"""The `models` command: list, download, add, check and remove models, for people or programs. Light: no torch."""

from __future__ import annotations

import sys
import textwrap
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from engine.cli.options import CommonCommand, FilePath, Options, Program, Words
from engine.cli.output import DEFAULT_WIDTH, Output
from engine.cli.text import closest, one_line
from engine.control import Cancelled, Control
from engine.errors import KnownError
from engine.protocol import wire
from engine.protocol.wire import Event
from engine.units import duration_text, size_text

EXIT_KNOWN, EXIT_INTERRUPTED = 2, 130
PLACES = {
    "included": "Included",
    "downloaded": "On this computer",
    "added": "On this computer",
    "found": "On this computer",
    "missing": "On this computer",
    "incomplete": "To download",
    "catalogue": "To download",
}
FREE_LICENCES = ("apache-2.0", "mit", "bsd-3-clause", "cc0-1.0", "unlicense")
"""Names of licences on model cards that ask nothing of a person who runs the model."""
KINDS = {
    "instruct": "follows instructions",
    "base": "base model: not trained to follow instructions",
    "reader": "quotes passages",
    "demo": "the default: writes about generated records, quotes other documents",
}


@click.group("models", short_help="list, download, add, check or remove models")
def models() -> None:
    """Show which models this computer can run; download, add, check or remove them.

    NAME is a name that `models list` shows, or owner/name of a repository on the Hugging Face Hub.
    """


def _command(name: str, short_help: str) -> Callable[[Callable[..., int]], click.Command]:
    return models.command(name, cls=CommonCommand, short_help=short_help)


@_command("list", "list models, their sizes, and whether they fit")
@click.pass_obj
def list_models(program: Program) -> int:
    """List the models that come with Readthrough, those on this computer and those to download."""
    from engine.models.listing import listing

    def show_all(show: Callable[[Event], None], _control: Control) -> None:
        for row in listing():
            show(row)

    return _run(program.options, "list", show_all)


@_command("get", "download a model")
@click.argument("name", metavar="NAME", type=Words())
@click.option(
    "--accept-licence", "--accept-license", is_flag=True, help="Accept the model's licence without a question."
)
@click.pass_obj
def get_model(program: Program, name: str, accept_licence: bool) -> int:
    """Download the model NAME into the cache of huggingface_hub (HF_HOME).

    An interrupted download, also one stopped by Ctrl-C, resumes where it stopped. Files with a wrong checksum are
    refused.
    """
    from engine.models.catalogue import catalogue, find
    from engine.models.download import Download
    from engine.models.hub import DownloadError
    from engine.models.local import LocalModels

    entry = find(name)
    if entry is None and "/" not in name:
        near = closest(name, [entry.name for entry in catalogue()])
        raise KnownError(f"there is no model {name} in the catalogue{near}; `readthrough models list` shows the names")
    repository = entry.repository if entry is not None else name
    short = entry.name if entry is not None else _name_for(name)

    def fetch(show: Callable[[Event], None], control: Control) -> None:
        download = Download(short, repository, show, control, entry=entry)
        try:
            plan = download.plan()
        except DownloadError as error:
            here = LocalModels().find(short)
            if error.reason != "offline" or here is None or not Path(here.path).is_dir():
                raise
            show(wire.ModelReady(job_id="get", name=here.name, path=here.path))
            return
        show(plan)
        free = (
            entry.licence.free if entry is not None else plan.licence.lower() in ("apache-2.0", "mit", "bsd-3-clause")
        )
        if not (free or accept_licence or _consents(plan, program.options)):
            raise KnownError(
                f"the licence of {short} was not accepted ({plan.licence or 'unnamed'}, "
                f"{plan.licence_url or 'see the page of ' + repository}); add --accept-licence if you accept it",
                "licence",
            )
        download.run()

    return _run(program.options, "get", fetch)


@_command("add", "add a model folder or a .gguf file")
@click.argument("path", metavar="PATH", type=FilePath())
@click.option("--name", metavar="NAME", default="", type=Words(), help="Name of the model (default: from its path).")
@click.pass_obj
def add_model(program: Program, path: Path, name: str) -> int:
    """Add the model folder or .gguf file at PATH to the list. The files stay where they are."""
    from engine.models.listing import describe
    from engine.models.local import LocalModels

    def add(show: Callable[[Event], None], _control: Control) -> None:
        if not path.exists():
            raise KnownError(f"there is nothing at {path}; give a model folder or a .gguf file", "missing")
        found = describe(path)
        if found.problem:
            raise KnownError(found.problem.rstrip("."), "unusable")
        model = LocalModels().add(path, name)
        show(wire.ModelReady(job_id="add", name=model.name, path=model.path))

    return _run(program.options, "add", add)


@_command("check", "check the files, the tokenizer and the numbers of a model")
@click.argument("name", metavar="NAME|PATH", type=Words())
@click.pass_obj
def check_model(program: Program, name: str) -> int:
    """Check a model by its name, folder or .gguf file; exit status 2 where something is wrong."""
    from engine.models.local import resolve

    path = resolve(name)

    def check(show: Callable[[Event], None], control: Control) -> None:
        from engine.models.check import check_model

        result = check_model(path, show, control)
        if not result.sound:
            raise _Unsound

    return _run(program.options, "check", check)


@_command("remove", "delete a downloaded model, or take an added one off the list")
@click.argument("name", metavar="NAME", type=Words())
@click.option("--yes", is_flag=True, help="Delete the files without a question.")
@click.pass_obj
def remove_model(program: Program, name: str, yes: bool) -> int:
    """Delete the files of a downloaded model. A folder or file that was added is only taken off the list."""
    from engine.models import cached_files
    from engine.models.catalogue import find
    from engine.models.local import LocalModel, LocalModels, included

    def remove(show: Callable[[Event], None], _control: Control) -> None:
        known = LocalModels().find(name)
        entry = find(name)
        if known is None and entry is not None and cached_files.incomplete_bytes(entry.repository):
            known = LocalModel(entry.name, "", entry.repository)  # an interrupted download
        if known is None and name.casefold() in included():
            raise KnownError(f"{name} comes with Readthrough and cannot be removed", "included")
        if known is None:
            raise KnownError(
                f"no model on this computer is named {name}; `readthrough models list` shows the names", "missing"
            )
        n_bytes = 0
        if known.downloaded:
            if not (yes or _answers(f"Delete the files of {known.name}?", program.options)):
                raise KnownError("nothing was deleted; add --yes to delete the files of a downloaded model")
            n_bytes = cached_files.delete(known)
        if known.path:
            LocalModels().remove(known.name)
        show(wire.ModelRemoved(job_id="remove", name=known.name, n_bytes=n_bytes))

    return _run(program.options, "remove", remove)


def _name_for(repository: str) -> str:
    """Return the name of a model from a repository outside the catalogue: the last part, unless another has it."""
    from engine.models.catalogue import find
    from engine.models.local import LocalModels, included

    short = repository.rpartition("/")[2].lower()
    known = LocalModels().find(short)
    taken = short in included() or find(short) is not None or (known is not None and known.repository != repository)
    return repository.replace("/", "--").lower() if taken else short


class _Unsound(Exception):
    """The check found something wrong and has said so."""


def _run(options: Options, job_id: str, work: Callable[[Callable[[Event], None], Control], object]) -> int:
    """Run `work(show, control)`; show its events and its end. Returns the exit status."""
    from engine.cli.jobs import stopped_by_signals

    view = _JsonView() if options.as_json else _TextView(quiet=options.quiet)
    control = Control()
    end: Event = wire.JobFinished(job_id=job_id)
    status = 0
    with stopped_by_signals(control):
        try:
            work(view.show, control)
        except Cancelled:
            end, status = wire.JobCancelled(job_id=job_id), EXIT_INTERRUPTED
        except _Unsound:
            status = EXIT_KNOWN
        except KnownError as error:
            if not options.as_json:
                view.close()
                raise
            end = wire.JobFailed(job_id=job_id, kind="known", message=str(error), reason=error.reason)
            status = EXIT_KNOWN
    view.show(end)
    view.close()
    return status


class _JsonView:
    """Every event as a line of JSON."""

    def __init__(self) -> None:
        self._out = Output(sys.stdout)

    def show(self, event: Event) -> None:
        self._out.json_line(wire.encode(event))

    def close(self) -> None: ...


class _TextView:
    """Results on stdout, progress on stderr."""

    def __init__(self, *, quiet: bool) -> None:
        self._out, self._err = Output(sys.stdout), Output(sys.stderr, required=False)
        self._quiet = quiet
        self._heading = ""
        self._last = 0.0
        self._open = False
        """Whether the last line of a terminal is a progress line."""

    def close(self) -> None:
        if self._open:
            print(file=sys.stderr, flush=True)
            self._open = False

    def show(self, event: Event) -> None:
        match event:
            case wire.ModelListed():
                self._list(event)
            case wire.DownloadPlanned():
                self._plan(event)
            case wire.DownloadAdvanced():
                self._advance(event)
            case wire.ModelReady():
                self.close()
                self._out.line(f"{event.name} is ready; use it with --model {event.name} ({event.path})")
            case wire.ModelRemoved():
                freed = f" ({size_text(event.n_bytes)} freed)" if event.n_bytes else ""
                self._out.line(f"{event.name} was removed{freed}")
            case wire.CheckDone(result="running"):
                self._tell(f"checking {event.part}: {event.detail}")
            case wire.CheckDone():
                mark = {"ok": "ok  ", "warning": "note", "failed": "FAIL", "skipped": "-   "}[event.result]
                self._out.line(f"{mark}  {event.part:<10}{one_line(event.detail)}")
            case wire.ModelChecked():
                count = len(event.problems)
                verdict = "sound" if event.sound else f"not usable: {count} {'fault' if count == 1 else 'faults'}"
                self._out.line(f"{one_line(event.path)} is {verdict}")
            case wire.JobCancelled():
                self.close()
                self._err.line("stopped; the part already downloaded is kept; run the same command to resume")

    def _list(self, row: wire.ModelListed) -> None:
        heading = PLACES[row.place]
        if heading != self._heading:
            self._out.line(f"{chr(10) if self._heading else ''}{heading}")
            self._heading = heading
        for line in _row(row, self._out.width or DEFAULT_WIDTH):
            self._out.line(line)

    def _plan(self, plan: wire.DownloadPlanned) -> None:
        rest = f", {size_text(plan.present_bytes)} of it here already" if plan.present_bytes else ""
        self._tell(
            f"{plan.repository} at {plan.revision[:12]}: {plan.files} files, {size_text(plan.n_bytes)}{rest}; "
            f"{size_text(plan.free_bytes)} free on the disk"
        )
        if plan.licence:
            self._tell(f"licence: {plan.licence}{f' ({plan.licence_url})' if plan.licence_url else ''}")

    def _advance(self, event: wire.DownloadAdvanced) -> None:
        share = f"{event.n_bytes / event.of_bytes:4.0%}" if event.of_bytes else ""
        left = f" · {duration_text(event.seconds_left)} left" if event.seconds_left is not None else ""
        what = {"check": "checking", "wait": "waiting for the server:"}.get(event.phase, "")
        line = f"{share} · {size_text(event.n_bytes)} of {size_text(event.of_bytes)}"
        line += f" · {size_text(event.bytes_per_second)}/s{left} · {what + ' ' if what else ''}{one_line(event.file)}"
        if self._quiet:
            return
        if self._err.is_terminal:
            width = self._err.width or 80
            print(f"\r{line[: width - 1]:<{width - 1}}", end="", file=sys.stderr, flush=True)
            self._open = True
        elif time.monotonic() - self._last >= 10:
            self._last = time.monotonic()
            self._err.line(line)

    def _tell(self, line: str) -> None:
        if not self._quiet:
            self._err.line(one_line(line))


def _row(row: wire.ModelListed, width: int) -> list[str]:
    """Return the lines of a model in the list: its name, then facts, each line of at most `width` cells."""
    lines = [line for fact in _facts(row) for line in textwrap.wrap(fact, max(width - 4, 30))]
    return [f"  {row.name}", *(f"    {line}" for line in lines)]


def _facts(row: wire.ModelListed) -> list[str]:
    """Return what the list says of a model, a line each."""
    if row.problem:
        return [one_line(row.problem)]
    facts: Sequence[str] = (
        KINDS.get("demo" if row.place == "included" and not row.kind else row.kind, ""),
        f"{row.parameters / 1e9:.1f}B weights" if row.parameters >= 1e9 else f"{row.parameters / 1e6:.0f}M weights",
        size_text(row.n_bytes) if row.n_bytes else "",
        f"context {row.context:,}" if row.context else "",
        ", ".join(row.languages),
        row.licence,
    )
    lines = [" · ".join(fact for fact in facts if fact)]
    if row.place == "incomplete":
        lines.append(f"download interrupted; `readthrough models get {row.name}` resumes it")
    if row.place == "included":
        return lines
    needs = ", ".join(f"{name} {size_text(needed)}" for name, needed in row.needs.items())
    verdict = f"runs in {row.best} here" if row.best else f"does not fit here ({size_text(row.free_bytes)} free)"
    lines.append(f"memory: {needs}; {verdict}")
    if row.best in row.seconds_per_page:
        lines.append(f"about {duration_text(100 * row.seconds_per_page[row.best])} for 100 pages in {row.best}")
    return lines


def _consents(plan: wire.DownloadPlanned, options: Options) -> bool:
    licence = plan.licence or "(unnamed)"
    where = f" ({plan.licence_url})" if plan.licence_url else ""
    return _answers(f"{plan.name} has the licence {licence}{where}. Do you accept it?", options)


def _answers(question: str, options: Options) -> bool:
    """Ask a person; False where there is none at a terminal."""
    if options.as_json or not (sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    return click.confirm(one_line(question), default=False, err=True)


def main() -> int:
    """Run `models` alone, for the window; returns the exit status."""
    from engine.cli.failures import guarded
    from engine.cli.output import prepare_streams
    from engine.logs import configure_logging

    prepare_streams()
    configure_logging("command-line")
    program = Program()

    def run() -> int:
        status = models.main(standalone_mode=False, obj=program)
        return status if isinstance(status, int) else 0

    return guarded(run, lambda: program.options.debug)


if __name__ == "__main__":
    sys.exit(main())
