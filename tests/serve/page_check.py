# SPDX-License-Identifier: Apache-2.0
"""Checks of a page in a browser: nothing in the console, nothing wider than the page, no violation
of axe. EVENRAY_PICTURES=FOLDER: also writes a picture of each page at three widths."""
import glob
import os
import sys
import unittest

PICTURES = os.environ.get("EVENRAY_PICTURES")


def axe_script():
    for folder in sys.path + glob.glob(
            os.path.join(os.environ.get("EVENRAY_SOURCE", "."), ".venv/lib/python3*/site-packages")):
        for file in glob.glob(os.path.join(folder, "axe_core_python", "axe.min.js")):
            return open(file).read()
    return None


class PageTest(unittest.TestCase):
    """Tests with a server and a browser of their own, as `server` and `browser`."""

    axe = axe_script()

    def go(self, path):
        self.browser.open(self.server.address.rstrip("/") + path)

    def look(self, name):
        """Checks the page that is open, and keeps pictures of it."""
        self.assertEqual(self.browser.complaints(), [], name)
        for width in (360, 1280, 3840):
            self.browser.size(width, 900)
            if PICTURES:
                self.browser.picture(os.path.join(PICTURES, f"{name}-{width}.png"))
            wide = self.browser.run(
                "return [...document.querySelectorAll('body *')].filter((e) => "
                "e.getBoundingClientRect().right > document.documentElement.clientWidth + 1 && "
                "!e.closest('.scroll table, .skip'))"
                ".map((e) => e.outerHTML.slice(0, 80))")
            self.assertEqual(wide, [], f"{name} at {width} px")
        self.browser.size(1280, 900)
        if self.axe is None:
            self.skipTest("axe_core_python is not installed")
        found = self.browser.run_async(
            self.axe + ";const done = arguments[arguments.length - 1];"
            "axe.run().then((r) => done(r.violations.map((v) => v.id + ': ' + v.nodes[0].html)));")
        self.assertEqual(found, [], name)
