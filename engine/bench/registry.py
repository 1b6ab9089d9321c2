"""`main.py bench NAME`: which benches there are. Each module's `main(arguments)` has options of its own (--help)."""

from __future__ import annotations

import importlib

from engine.errors import KnownError

BENCHES = {
    "speed": "prefill and decode beside this machine's limits: 130M shape (--cpu), 7B shape on a GPU (--cuda)",
    "large": "the 7B shape on a CPU: loading, peak memory, prefill and decode in each precision",
    "threads": "a CPU by threads: the reader's shape and two layers of the 7B shape",
    "peers": "the same weights through transformers, mamba_ssm and llama.cpp, in the same run",
    "drafts": "text that copies a page, with drafts by look-up and without: speed, and whether it is the same text",
    "headline": "constant speed and memory over 130,000 tokens beside a transformer; the longest prompt",
    "quantised": "int8, int4 and fp8: size, speed, divergence and recall beside bf16",
    "start": "from the start of a process to its first answer and its first tokens",
    "restart": "from a restart to an answer about a long document, beside llama.cpp and transformers",
    "plots": "pictures of the figures that the benches saved",
    "memory": "peak memory over the length of a record",
    "kernels": "every kernel against its floor, on the GPU or the CPU",
    "extraction": "pages and tokens a second out of the PDFs of a folder",
    "fidelity": "words of PDFs that are lost, against poppler's, over folders",
    "attack": "kills, damage, hostile files and lines, signals, full disks: what is survived",
    "soak": "a long day of one worker: its memory over thousands of jobs",
    "library": "saving, restoring, listing and finding states",
    "collection": "a folder of generated records and others, killed while read, then asked: nothing lost, counts right",
    "checkpoints": "what storing states in bf16 and int8 changes of states and answers",
    "summaries": "key findings in the summaries of long held-out records: present, invented, right page",
    "digest": "sentences chosen for a digest against real summaries (--pairs FILE), beside TextRank: ROUGE",
    "answers": "the right sentence and span for questions on articles (--squad FILE), beside BM25; refusals",
    "questions": "questions on documents (FILE), asked through a session: right, called absent, refused",
    "recall": "what the model answers on held-out records; --pipeline: through the whole program",
    "transcripts": "replies of instruct models, played through the whole program with a scripted model",
}
_MODULES = {
    "attack": "attack.command",
    "fidelity": "text_fidelity",
    "kernels": "kernel_speed",
    "headline": "constant_speed",
    "checkpoints": "rounded_states",
}


def run_bench(name: str | None, arguments: list[str]) -> int:
    """Run one bench; without a name, list them. Raise KnownError for an unknown name."""
    if name is None:
        for known, what in BENCHES.items():
            print(f"{known:<12}{what}")
        return 0
    if name not in BENCHES:
        raise KnownError(f"there is no bench {name}; there are {', '.join(BENCHES)}")
    module = importlib.import_module(f"engine.bench.{_MODULES.get(name, name)}")
    return module.main(arguments) or 0
