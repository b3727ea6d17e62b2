"""Owns the command: starts everything, runs every measure on both subjects in turn, prints the table."""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import uvloop

from benchmarks.measures import FULL, MEASURES, QUICK, Figures, Size
from benchmarks.report import table
from benchmarks.subjects import Mainspring, Relay, Subject, pin, said_url, spawn


async def cold(subject: Subject, rounds: int) -> Figures:
    """Starts a few times; the last one stays up. Start time, and memory before any work."""
    times = [await subject.start()]
    for _ in range(rounds):
        subject.stop()
        times.append(await subject.start())
    await asyncio.sleep(0.5)
    return {"cold start, s": statistics.median(times), "memory idle, MB": subject.memory()}


async def measure(subjects: list[Subject], size: Size, rounds: int) -> dict[str, dict[str, list[float]]]:
    """Every figure of every round: measure -> subject -> values."""
    found: dict[str, dict[str, list[float]]] = {}

    def note(subject: Subject, figures: Figures) -> None:
        for name, value in figures.items():
            found.setdefault(name, {}).setdefault(subject.name, []).append(value)
            print(f"  {subject.name:12} {name:40} {value:10.2f}", file=sys.stderr)

    for subject in subjects:
        subject.prepare()
        note(subject, await cold(subject, rounds))
    for take in MEASURES:
        for _ in range(rounds):
            for subject in subjects:
                note(subject, await take(subject, size))
    return found


def run(model: "subprocess.Popen[str]", options: argparse.Namespace) -> dict[str, dict[str, list[float]]]:
    """Measures in a folder of its own, which goes afterwards."""
    with tempfile.TemporaryDirectory(prefix="mainspring-bench-") as name:
        given = (Path(name), said_url(model))
        both: list[Subject] = [Relay("relay", *given), Mainspring("mainspring", *given)]
        subjects = [subject for subject in both if options.only in {None, subject.name}]
        size = QUICK if options.quick else FULL
        try:
            return uvloop.run(measure(subjects, size, 1 if options.quick else options.rounds))
        finally:
            for subject in subjects:
                subject.stop()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="benchmarks", description="Measures Mainspring beside a reference relay."
    )
    parser.add_argument("--quick", action="store_true", help="a minute instead of several; rougher figures")
    parser.add_argument("--json", action="store_true", help="print the medians as JSON")
    parser.add_argument(
        "--rounds", type=int, default=3, help="how often each measure is taken (medians are printed)"
    )
    parser.add_argument("--only", choices=("relay", "mainspring"), help="measure one of the two")
    options = parser.parse_args()
    pin(1)
    model = spawn(["-m", "benchmarks.model"], 1)
    try:
        found = run(model, options)
    finally:
        model.terminate()
        model.wait(10)
    medians = {
        name: {subject: statistics.median(values) for subject, values in by_subject.items()}
        for name, by_subject in found.items()
    }
    print(json.dumps(medians, indent=2) if options.json else table(medians))


if __name__ == "__main__":
    main()
