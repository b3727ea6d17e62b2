"""Owns the command: which parts run, in what order; it prints one table of figures, references, ratios and goals."""

import argparse
import asyncio
import json
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import uvloop

from benchmarks.growth import long_session, opening, transcripts
from benchmarks.hosts import hosts
from benchmarks.measures import FULL, MEASURES, QUICK, Size
from benchmarks.progress import Progress
from benchmarks.readers import readers
from benchmarks.report import Section, table
from benchmarks.stores import stores
from benchmarks.subjects import CORES, Mainspring, Relay, Subject, pin, said_url, spawn
from benchmarks.wire_turns import wire_turns
from benchmarks.wires import wires
from benchmarks.workers import workers


@dataclass(frozen=True)
class Place:
    """Where a part runs: a folder of its own, the fake model, how much load."""

    folder: Path
    model_url: str
    size: Size

    def both(self, name: str) -> tuple[Subject, Subject]:
        """The relay and the product."""
        return (
            Relay(f"{name}-relay", self.folder, self.model_url),
            Mainspring(name, self.folder, self.model_url),
        )


async def cold(subject: Subject, rounds: int) -> dict[str, float]:
    """Starts a few times; the last one stays up. Start time, and memory before any work."""
    times = [await subject.start()]
    for _ in range(rounds):
        subject.stop()
        times.append(await subject.start())
    await asyncio.sleep(0.5)
    return {"cold start, s": statistics.median(times), "memory idle, MB": subject.memory()}


async def http_turns(section: Section, place: Place) -> None:
    """Whole turns over HTTP, each measure on both in turn."""
    relay, ours = place.both("turns")
    try:
        for subject in (relay, ours):
            subject.prepare()
            for measure, value in (await cold(subject, place.size.rounds)).items():
                note(section, subject, measure, value)
            await subject.warm()
        for name, take in MEASURES.items():
            section.progress.said(name)
            for _ in range(place.size.rounds):
                for subject in (relay, ours):
                    for measure, value in (await take(subject, place.size)).items():
                        note(section, subject, measure, value)
    finally:
        relay.stop()
        ours.stop()


def note(section: Section, subject: Subject, measure: str, value: float) -> None:
    """A figure of either."""
    if isinstance(subject, Relay):
        section.note(measure, theirs=value)
    else:
        section.note(measure, ours=value)


async def every_wire(section: Section, place: Place) -> None:
    """Whole turns on each, then the wires alone."""
    await wire_turns(section, place.folder, place.model_url, place.size)
    wires(section, place.size)


async def grown(section: Section, place: Place) -> None:
    """Late turns beside early ones."""
    await long_session(section, list(place.both("long")), place.size)


@dataclass(frozen=True)
class Part:
    """A section of the table, and what fills it."""

    title: str
    reference: str
    run: Callable[[Section, Place], Awaitable[None]]


PARTS = {
    "turns": Part("Whole turns over HTTP", "relay", http_turns),
    "growth": Part("One long session", "early", grown),
    "disk": Part("Bytes that stay", "transcript", lambda s, p: transcripts(s, p.folder, p.model_url, p.size)),
    "opening": Part("Opening a session", "JSON file", lambda s, p: opening(s, p.folder, p.size)),
    "wires": Part("Wires", "native", every_wire),
    "readers": Part("Readers", "the turn", lambda s, p: readers(s, p.folder, p.model_url, p.size)),
    "workers": Part("Connected workers", "relay", lambda s, p: workers(s, p.folder, p.model_url, p.size)),
    "stores": Part("Turns in a store", "bare loop", lambda s, p: stores(s, p.folder, p.size)),
    "hosts": Part("Hosts on PostgreSQL", "see name", lambda s, p: hosts(s, p.folder, p.model_url, p.size)),
}


async def measured(names: list[str], model_url: str, size: Size) -> list[Section]:
    """Every part, each in a folder that goes afterwards."""
    progress = Progress(len(names))
    sections: list[Section] = []
    for name in names:
        part = PARTS[name]
        section = Section(part.title, part.reference, progress)
        progress.part(f"{name}: {part.title}")
        with tempfile.TemporaryDirectory(prefix="mainspring-bench-") as folder:
            await part.run(section, Place(Path(folder), model_url, size))
        sections.append(section)
    return sections


def model_process() -> "subprocess.Popen[str]":
    """The fake model."""
    return spawn(["-m", "benchmarks.model"], 1)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="benchmarks",
        description="Measures Mainspring beside references, in the same run, on this machine.",
    )
    parser.add_argument("--quick", action="store_true", help="one round of less load; rougher figures")
    parser.add_argument("--json", action="store_true", help="print medians, ratios and met goals as JSON")
    parser.add_argument("--rounds", type=int, help="how often each measure is taken (medians are printed)")
    parser.add_argument("--only", nargs="+", choices=PARTS, metavar="PART", help=f"of {', '.join(PARTS)}")
    options = parser.parse_args()
    size = QUICK if options.quick else FULL
    size = size if options.rounds is None else size.times(options.rounds)
    machine = (
        f"{len(CORES)} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
    )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    pin(1)
    model = model_process()
    try:
        sections = uvloop.run(measured(options.only or list(PARTS), said_url(model), size))
    finally:
        model.terminate()
        model.wait(10)
    if options.json:
        print(json.dumps({section.title: section.medians() for section in sections}, indent=2))
    else:
        print(table(sections, machine + (", quick" if options.quick else "")))


if __name__ == "__main__":
    main()
