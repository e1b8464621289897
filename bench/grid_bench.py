#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures the grid of `evenray serve --store` in headless Chromium: python3 bench/grid_bench.py
[STORE]. Without STORE: one of about 100,000 phantoms of 64 x 56 px is made (some minutes).
EVENRAY_BUILD: the build folder (default: build/release). Exit code 1: a promise was broken."""
import os
import shutil
import statistics
import sys
import tempfile
import time

os.environ.setdefault("EVENRAY_BUILD", "build/release")
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../tests/serve"))
import webdriver  # noqa: E402
from server import Client, Server, run, wait_until  # noqa: E402

broken = []
ROUNDS, SCROLL_S = 10, 5
# Milliseconds from the start of the navigation: first paint, and the first images of the grid.
PAINT = """
const done = arguments[0];
const look = () => {
  const cell = document.querySelector('.grid [role=option]');
  const paint = performance.getEntriesByName('first-contentful-paint')[0];
  if (!cell || !paint) return setTimeout(look, 2);
  done([paint.startTime, performance.now(),
        performance.getEntriesByType('navigation')[0].responseEnd]);
};
look();"""
# Scrolls for `seconds`, `step` pixels a frame; returns the times of the frames, ms.
SCROLL = """
const [seconds, step, done] = arguments, grid = document.querySelector('.grid'), times = [];
const begin = performance.now();
const frame = (now) => {
  times.push(now);
  grid.scrollTop += step;
  if (now - begin < 1000 * seconds) requestAnimationFrame(frame);
  else done([times, grid.scrollTop, document.querySelectorAll('.grid [role=option]').length]);
};
requestAnimationFrame(frame);"""


def promise(holds, text):
    print(("ok      " if holds else "BROKEN  ") + text, flush=True)
    if not holds:
        broken.append(text)


def made(folder):
    at = lambda name: os.path.join(folder, name)
    drawn = "phantom:images=95000,rare_share=.3,seed=3,size_px=64x56"
    run("data", "split", drawn, "--out", at("split.csv"))
    run("data", "pack", drawn, "--split", at("split.csv"), "--size", "64x56", "--out", at("set.h5"))
    run("balance", at("set.h5"), "--source", "augment:xray", "--out", at("balanced.h5"))
    return at("balanced.h5")


def main():
    folder = tempfile.mkdtemp(prefix="evenray-grid-")
    store = sys.argv[1] if len(sys.argv) > 1 else made(folder)
    start = time.monotonic()
    with Server("--store", store, demo=False) as server, webdriver.Browser() as browser:
        print(f"start    {time.monotonic() - start:.1f} s until the address is printed")
        client = Client(server)
        text = client.get("/curate").text
        count = int(text.split('data-count="')[1].split('"')[0])
        start = time.monotonic()
        wait_until(lambda: "s_likeness" in client.get("/curate").text, 1200)
        print(f"compared {count:,} images are compared in the background within "
              f"{time.monotonic() - start:.0f} s")
        for name, query, most in (("first paint", "", 0.5), ("class", "c_class=Fractured", 0.2),
                                  ("origin and part", "c_origin=augmented&c_part=train", 0.2),
                                  ("text", "text=0001", 0.2), ("likeness", "s_likeness=.9", 0.2),
                                  ("copies, sorted", "s_copies=1&order=copies", 0.2),
                                  ("open for me", "verdict=queue", 0.2)):
            paints, tiles, replies = [], [], []
            for _ in range(ROUNDS):
                browser.open(server.address + "curate?" + query)
                paint, tile, reply = browser.run_async(PAINT)
                paints.append(paint / 1000)
                tiles.append(tile / 1000)
                replies.append(reply / 1000)
            print(f"grid     {name}: page {statistics.median(replies):.3f} s, first paint "
                  f"{statistics.median(paints):.3f} s, first images {statistics.median(tiles):.3f} s "
                  f"(medians of {ROUNDS}; most {max(tiles):.3f} s)")
            if not query:
                promise(statistics.median(paints) <= most, f"first paint within {most} s")
            else:
                promise(statistics.median(replies) <= most, f"the filter takes at most {most} s")
        for name, step in (("slowly", 20), ("fast", 200)):
            with webdriver.Browser(performance=True) as traced:
                traced.open(server.address + "curate")
                traced.run_async(PAINT)
                times, end, cells = traced.run_async(SCROLL, SCROLL_S, step)
                drawn = traced.frames(SCROLL_S) / SCROLL_S
            gaps = sorted(b - a for a, b in zip(times, times[1:]))
            rate = 1000 * len(gaps) / (times[-1] - times[0])
            print(f"scroll   {name}: {end:,.0f} px, {rate:.0f} frames per second, {drawn:.0f} drawn "
                  f"in the trace; 95 % within {gaps[int(.95 * len(gaps))]:.0f} ms, the longest "
                  f"{gaps[-1]:.0f} ms; {cells} images in the page")
            promise(min(rate, drawn) >= 30, "at least 30 frames per second")
    shutil.rmtree(folder)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
