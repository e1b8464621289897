# SPDX-License-Identifier: Apache-2.0
"""Writes events.tfevents, the TensorBoard file of events.jsonl, with the classes of the package
tensorboard, and reads it back with its EventAccumulator.

With RUNS and OUT it checks an export instead: each events.jsonl below RUNS, and the file of
`evenray export-events RUNS --out OUT` for it. Needs tensorboard."""
import json
import math
import pathlib
import struct
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.summary.writer.record_writer import RecordWriter


def single(value):
    """The value in single precision, as a scalar stores it."""
    try:
        return struct.unpack("<f", struct.pack("<f", value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)


def scalars(path):
    """Returns (step, {tag: value}) of each line that is whole."""
    for line in path.read_text().split("\n")[:-1]:
        event = json.loads(line)
        kind = "train" if "rate" in event else "retry" if "diverged_at" in event else "eval"
        yield event["step"], {
            "val/" + key[4:] if key.startswith("val_") else f"{kind}/{key}":
                math.nan if value is None else single(value)
            for key, value in event.items()
            if key != "step" and (value is None or type(value) in (int, float))}


def write(events, path):
    with open(path, "wb") as file:
        writer = RecordWriter(file)
        writer.write(Event(file_version="brain.Event:2").SerializeToString())
        for step, values in events:
            if not values:
                continue
            event = Event(step=step)
            for tag, value in values.items():
                event.summary.value.add(tag=tag, simple_value=value)
            writer.write(event.SerializeToString())


def check(events, path):
    """Compares tags, steps, wall times and the bits of values. Returns the number of values."""
    expected = {}
    for step, values in events:
        for tag, value in values.items():
            expected.setdefault(tag, []).append((0., step, struct.pack("<f", value)))
    found = EventAccumulator(str(path), size_guidance={"scalars": 0})
    found.Reload()
    assert found.file_version == 2
    assert sorted(found.Tags()["scalars"]) == sorted(expected), path
    for tag, values in expected.items():
        read = [(e.wall_time, e.step, struct.pack("<f", e.value)) for e in found.Scalars(tag)]
        assert read == values, (path, tag)
    return sum(map(len, expected.values()))


here = pathlib.Path(__file__).parent
if len(sys.argv) == 1:
    events = list(scalars(here / "events.jsonl"))
    write(events, here / "events.tfevents")
    print(check(events, here / "events.tfevents"), "values")
else:
    runs, out = map(pathlib.Path, sys.argv[1:])
    files = sorted(runs.rglob("events.jsonl"))
    prefix = runs.name if (runs / "events.jsonl") in files else ""
    exported = [out / prefix / file.parent.relative_to(runs) / "events.out.tfevents.evenray"
                for file in files]
    assert sorted(out.rglob("*tfevents*")) == sorted(exported)
    print(len(files), "runs,", sum(map(check, map(scalars, files), exported)), "values")
