#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures `evenray serve` and attacks it: python3 bench/serve_bench.py [PART ...] [--model F ...]
Parts: latency, load, attacks, mutants, kills (default: all). Without --model: those of the demo.
EVENRAY_BUILD: the build folder (default: build/release). Exit code 1: a promise was broken."""
import argparse
import glob
import json
import os
import random
import shutil
import signal
import socket
import statistics
import sys
import tempfile
import threading
import time

os.environ.setdefault("EVENRAY_BUILD", "build/release")
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../tests/serve"))
from server import (Client, Server, children_of, drawn_images, png_of_size, run)  # noqa: E402

broken = []


def promise(holds, text):
    print(("ok      " if holds else "BROKEN  ") + text, flush=True)
    if not holds:
        broken.append(text)


def quantile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def memory_mib(server):
    total = 0
    for process in [server.process.pid, *children_of(server.process.pid)]:
        try:
            for line in open(f"/proc/{process}/smaps_rollup"):
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
        except OSError:
            pass
    return total / 1024


class Peak:
    """The largest memory of server and children while it is open."""

    def __init__(self, server):
        self.server, self.most, self.open = server, 0, True
        self.thread = threading.Thread(target=self.work)

    def work(self):
        while self.open:
            self.most = max(self.most, memory_mib(self.server))
            time.sleep(0.05)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.open = False
        self.thread.join()


def latency(server, images, count=200):
    client = Client(server)
    client.get("/")
    client.upload(images[0])
    took = []
    for i in range(count):
        start = time.monotonic()
        answer = client.upload(images[i % len(images)])
        page = client.get(json.loads(answer.body)["page"])
        took.append(time.monotonic() - start)
        assert b"<meter" in page.body or b"boxes" in page.body
    print(f"latency  {count} uploads with their result pages: median "
          f"{statistics.median(took):.3f} s, p95 {quantile(took, .95):.3f} s, most "
          f"{max(took):.3f} s")
    promise(quantile(took, .95) <= 1, "p95 of upload to result is at most 1 s")


def load(server, images, users=50, pause_s=20, rounds=6):
    clients = [Client(server) for _ in range(users)]
    for i, client in enumerate(clients):
        assert client.sign_in(f"user{i}").status == 303
    before = memory_mib(server)
    took, errors = [], []

    def work(number):
        client = clients[number]
        time.sleep(pause_s * number / users)
        for i in range(rounds):
            client.connection = None  # the server has closed the idle one; browsers open another
            start = time.monotonic()
            answer = client.upload(images[(number + i) % len(images)])
            if answer.status != 201:
                errors.append(answer.status)
                continue
            page = client.get(json.loads(answer.body)["page"])
            if page.status != 200:
                errors.append(page.status)
            took.append(time.monotonic() - start)
            time.sleep(max(0, pause_s - (time.monotonic() - start)))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(users)]
    with Peak(server) as peak:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    print(f"load     {users} users, an upload each per {pause_s} s, {len(took)} uploads: median "
          f"{statistics.median(took):.3f} s, p95 {quantile(took, .95):.3f} s, most "
          f"{max(took):.3f} s; {before:.0f} MiB before, at most {peak.most:.0f} MiB")
    promise(not errors, f"no error under load ({errors[:5]})")
    promise(quantile(took, .95) <= 3, "p95 under load is at most 3 s")
    promise(peak.most - before <= 300, "memory grows by at most 300 MiB under load")


def sockets(server):
    one = socket.create_connection(("127.0.0.1", server.port))
    one.settimeout(15)
    return one


def send(server, first, data, times):
    """Sends `first`, then `data` some times; returns the line of the answer and the bytes sent."""
    one = sockets(server)
    sent = 0
    try:
        one.sendall(first)
        sent += len(first)
        for _ in range(times):
            one.sendall(data)
            sent += len(data)
        one.shutdown(socket.SHUT_WR)
    except OSError:
        pass
    try:
        said = one.recv(200).split(b"\r\n")[0].decode("latin1")
    except OSError as error:
        said = type(error).__name__
    one.close()
    return said or "closed", sent


def attacks(server, images):
    client = Client(server)
    client.get("/")
    client.upload(images[0])
    idle = memory_mib(server)
    post = b"POST /api/upload HTTP/1.1\r\nHost: localhost\r\n"
    chunk = b"10000\r\n" + b"a" * 65536 + b"\r\n"
    get = b"GET /%s HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with Peak(server) as peak:
        # name, data, how often, which statuses are right ("": closed without an answer)
        for name, first, data, times, right in (
                ("header line of 512 MiB", b"GET / HTTP/1.1\r\nA: ", b"a" * 65536, 8192, ("431",)),
                ("no request line, 512 MiB", b"", b"a" * 65536, 8192, ("400", "431")),
                ("2,000,000 headers", b"GET / HTTP/1.1\r\n", b"A: b\r\n" * 20000, 100, ("431",)),
                ("body of 256 MiB, announced", post + b"Content-Length: 268435456\r\n\r\n", b"", 0,
                 ("413",)),
                ("body of 256 MiB, in chunks", post + b"Transfer-Encoding: chunked\r\n\r\n", chunk,
                 4096, ("413",)),
                ("negative length", post + b"Content-Length: -5\r\n\r\n", b"", 0, ("400",)),
                ("two lengths", post + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n", b"", 0,
                 ("400",)),
                ("length and chunks",
                 post + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"",
                 0, ("400",)),
                ("broken chunk", post + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n", b"", 0,
                 ("400",)),
                ("path with '..'", get % b"static/../../etc/passwd", b"", 0, ("400",)),
                ("path with %2e", get % b"static/%2e%2e/x", b"", 0, ("400",)),
                ("NUL in a path", get % b"\0", b"", 0, ("400",)),
                ("1,000 ranges (there are none: the whole file)",
                 b"GET /static/app.css HTTP/1.1\r\nHost: localhost\r\nRange: bytes="
                 + b"0-1," * 1000 + b"0-1\r\n\r\n", b"", 0, ("200",))):
            said, sent = send(server, first, data, times)
            print(f"attack   {name}: {said} after {sent:,} bytes")
            promise(said[9:12] in right, f"{name} is answered with {' or '.join(right)}")
        bomb = png_of_size(16000, 16000)
        said = client.upload(bomb).status
        print(f"attack   a PNG of {len(bomb):,} bytes with 256 million pixels: {said}")
        promise(said == 422, "it is refused")
        waiting = []
        for _ in range(10000):
            try:
                waiting.append(sockets(server))
            except OSError:
                break
        for one in waiting[:200]:
            try:
                one.sendall(b"GET / HTTP/1.1\r\nA: ")  # and no more: a slow client
            except OSError:
                pass
        start = time.monotonic()
        served = 0
        while time.monotonic() - start < 60 and not served:
            try:
                fresh = Client(server)
                served = fresh.get("/").status
            except OSError:
                time.sleep(0.5)
        print(f"attack   {len(waiting)} open connections, 200 of them slow: served again after "
              f"{time.monotonic() - start:.1f} s")
        promise(served == 200, "a page is served beside 10,000 connections")
        for one in waiting:
            one.close()
    print(f"attack   memory of server and children: {idle:.0f} MiB idle, at most "
          f"{peak.most:.0f} MiB")
    promise(peak.most - idle <= 300, "memory grows by at most 300 MiB")


def mutated(data, rng):
    out = bytearray(data)
    kind = rng.randrange(4)
    if kind == 0:
        return bytes(out[:rng.randrange(len(out))])
    for _ in range(rng.randint(1, 16)):
        at = rng.randrange(len(out))
        if kind == 1:
            out[at] = rng.randrange(256)
        elif kind == 2:
            out[at:at + 4] = rng.choice([b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff"])
        else:
            out[at:at] = bytes(rng.randrange(256) for _ in range(rng.randint(1, 8)))
    return bytes(out)


def mutants(server, images, requests=10000, uploads=2000):
    rng = random.Random(1)
    base = (b"POST /upload?name=a&patient= HTTP/1.1\r\nHost: localhost\r\nCookie: session=a; b=c\r\n"
            b"Content-Type: multipart/form-data; boundary=abc\r\nContent-Length: 92\r\n\r\n--abc\r\n"
            b"Content-Disposition: form-data; name=\"files\"; filename=\"b\"\r\n\r\nhello\r\n"
            b"--abc--\r\n")
    start = time.monotonic()
    said = {}
    for _ in range(requests):
        one = sockets(server)
        one.settimeout(5)
        try:
            one.sendall(mutated(base, rng))
            one.shutdown(socket.SHUT_WR)
            word = one.recv(64)[9:12].decode("latin1") or "closed"
        except OSError:
            word = "cut"
        one.close()
        said[word] = said.get(word, 0) + 1
    print(f"mutants  {requests} malformed requests in {time.monotonic() - start:.0f} s: {said}")
    client = Client(server)
    client.get("/")
    capture = client.get(json.loads(client.upload(images[0]).body)["page"] + "/capture.dcm").body
    sources = images[:2] + [capture]
    taken, refused, start = [], 0, time.monotonic()
    for i in range(uploads):
        answer = client.upload(mutated(sources[i % len(sources)], rng), wait_s=0)
        if answer.status == 201:
            taken.append(json.loads(answer.body)["id"])
        else:
            refused += 1
            if answer.status != 422:
                promise(False, f"a refusal is a 422, not {answer.status}")
    states = {}
    for exam in taken:
        while True:
            state = json.loads(client.get(f"/exams/{exam}/state.json").body)["state"]
            if state != "waiting":
                break
            time.sleep(0.05)
        states[state] = states.get(state, 0) + 1
    print(f"mutants  {uploads} mutated uploads in {time.monotonic() - start:.0f} s: {refused} "
          f"refused, {len(taken)} still images: {states}")
    promise(server.process.poll() is None, "the server is up")
    promise(client.upload(images[0]).status == 201, "a good image is taken afterwards")
    promise(run("serve", "check", "--data", server.data, check=False)[0] == 0,
            "the data folder is intact")


def kills(images, count=200):
    server = Server()
    rng = random.Random(2)
    acknowledged = {}
    try:
        for _ in range(count):
            stop = threading.Event()

            def work(seed):
                client = Client(server)
                try:
                    client.get("/")
                    own = random.Random(seed)
                    while not stop.is_set():
                        number = f"K-{own.getrandbits(60)}"
                        answer = client.post("/patients/new", {"number": number, "name": "Kill"})
                        if answer.status == 303:
                            patient = answer.headers["Location"]
                            acknowledged[patient] = None
                        answer = client.upload(images[own.randrange(len(images))], wait_s=0)
                        if answer.status == 201:
                            acknowledged["/exams/" + json.loads(answer.body)["id"]] = None
                except Exception:
                    pass  # it was killed

            threads = [threading.Thread(target=work, args=(rng.random(),)) for _ in range(4)]
            for thread in threads:
                thread.start()
            time.sleep(rng.uniform(0.05, 0.6))
            server.stop(signal.SIGKILL)
            stop.set()
            for thread in threads:
                thread.join()
            server.start()
        client = Client(server)
        lost = [path for path in acknowledged if client.get(path).status != 200]
        problems = run("serve", "check", "--data", server.data, check=False)
        left = [line for line in problems[1].splitlines() if "intact" not in line]
        print(f"kills    {count} kill -9 under load: {len(acknowledged)} acknowledged records, "
              f"{len(lost)} lost; problems: {left or 'none'}")
        promise(not lost and not left, "no acknowledged record is lost, no image is half written")
    finally:
        server.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parts = ("latency", "load", "attacks", "mutants", "kills")
    parser.add_argument("parts", nargs="*", metavar="PART")
    parser.add_argument("--model", action="append", default=[])
    parser.add_argument("--images", help="folder of images (default: drawn ones)")
    asked = parser.parse_args()
    asked.parts = asked.parts or list(parts)
    if set(asked.parts) - set(parts):
        parser.error(f"the parts are {', '.join(parts)}")
    folder = tempfile.mkdtemp(prefix="evenray-bench-")
    files = sorted(glob.glob(os.path.join(asked.images, "*"))) if asked.images else \
        drawn_images(os.path.join(folder, "png"), 8, size="1024x880")
    images = [open(file, "rb").read() for file in files[:50]]
    print(f"images   {len(images)} of {statistics.median(map(len, images)) / 1024:.0f} KiB")
    flags = [word for model in asked.model for word in ("--model", model)]
    if {"latency", "attacks", "mutants"} & set(asked.parts):
        with Server(*flags, demo=not flags) as server:
            for part in ("latency", "attacks", "mutants"):
                if part in asked.parts:
                    globals()[part](server, images)
    if "load" in asked.parts:
        people = [(f"user{i}", "reader") for i in range(50)]
        with Server(*flags, demo=not flags, accounts=people) as server:
            load(server, images)
    if "kills" in asked.parts:
        kills(images[:2])
    shutil.rmtree(folder)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
