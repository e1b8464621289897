# SPDX-License-Identifier: Apache-2.0
"""Tests of the diagnosis pages of `evenray serve` in headless Chromium."""
import os
import shutil
import tempfile
import unittest

import page_check
import webdriver
from server import PASSWORD, Server, drawn_images, run, wait_until

@unittest.skipUnless(webdriver.available(), "Chromium and its driver are not installed")
class Pages(page_check.PageTest):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="evenray-pages-")
        cls.images = drawn_images(os.path.join(cls.folder, "png"), size="256x224")
        cls.server = Server()
        cls.browser = webdriver.Browser()

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()
        cls.server.close()
        shutil.rmtree(cls.folder)

    def test_the_path_of_a_reader(self):
        browser = self.browser
        # Register.
        self.go("/patients/new")
        self.look("new-patient")
        browser.find("[name=number]").type("B-17")
        browser.find("[name=name]").type("Browser Test")
        browser.find("main form button").click()
        self.assertIn("/patients/", browser.address)
        patient = browser.address
        # Upload two files; each gets a line with its result.
        browser.find("input[type=file]").type("\n".join(self.images[:2]))
        self.assertTrue(wait_until(lambda: len(browser.find_all(".queue a")) == 2))
        self.assertTrue(wait_until(lambda: all("%" in line.text
                                               for line in browser.find_all(".queue li"))))
        self.look("patient")
        # The result.
        browser.find(".queue a").click()
        self.assertTrue(wait_until(lambda: browser.find_all(".viewer canvas")))
        exam = browser.address
        self.assertGreaterEqual(len(browser.find_all("meter")), 2)
        self.look("exam")
        # The window: dragging, keys and presets change what is drawn.
        canvas = browser.find(".viewer canvas")
        words = lambda: browser.find(".viewer output").text
        before = words()
        browser.drag(canvas, 60, 30)
        self.assertTrue(wait_until(lambda: words() != before))
        pixels = lambda: browser.run(
            "const c = document.querySelector('.viewer canvas');"
            "return c.getContext('2d').getImageData(0, 0, c.width, c.height).data"
            ".reduce((sum, v, i) => (sum * 31 + v * (i % 97 + 1)) % 1000000007, 7)")
        drawn = pixels()
        for key in ("i", "r", "b", "h", "1", "2", "3", "0"):
            browser.run("document.querySelector('.viewer canvas').focus()")
            browser.keys(key)
            if key in "irh12":
                self.assertTrue(wait_until(lambda: pixels() != drawn), key)
            drawn = pixels()
        browser.keys("?")
        self.assertTrue(browser.find_all("dialog[open] dt"))
        if page_check.PICTURES:
            browser.picture(os.path.join(page_check.PICTURES, "keys.png"))
        browser.keys("\ue00c")  # Escape
        self.assertTrue(wait_until(lambda: not browser.find_all("dialog[open]")))
        # The earlier image of this patient beside this one.
        browser.find("form.beside button").click()
        self.assertTrue(wait_until(lambda: len(browser.find_all(".viewer canvas")) == 2))
        self.look("beside")
        # Report, history, delete, and what was deleted.
        browser.open(exam + "/report")
        self.look("report")
        self.go("/history?state=done")
        self.look("history")
        browser.open(exam)
        browser.find("form[action$='/delete'] button").click()
        self.assertTrue(wait_until(lambda: browser.address.endswith("/history")))
        browser.open(patient)
        self.assertEqual(len(browser.find_all("tbody tr")), 1)

    def test_other_pages(self):
        for path, name in (("/", "look"), ("/patients", "patients"), ("/model", "model"),
                           ("/audit", "audit"), ("/nothing", "missing")):
            self.go(path)
            if path == "/nothing":
                self.browser.complaints()  # Chromium logs each 404
            self.look(name)

    def test_languages_and_dark(self):
        self.go("/")
        for code, title in (("ko", "빠른 판독"), ("tr", "Hızlı bakış"), ("en", "Quick look")):
            self.browser.find(f"button[value={code}]").click()
            self.assertTrue(wait_until(lambda: self.browser.run(
                "return document.querySelector('h1')?.textContent") == title), code)
            if code == "ko":
                self.look("korean")
        with webdriver.Browser(dark=True) as browser:
            browser.open(self.server.address)
            self.assertEqual(browser.run(
                "return matchMedia('(prefers-color-scheme: dark)').matches"), True)
            if page_check.PICTURES:
                browser.picture(os.path.join(page_check.PICTURES, "dark.png"))

    def test_without_script(self):
        with webdriver.Browser(script=False) as browser:
            browser.open(self.server.address)
            browser.find("input[type=file]").type(self.images[2])
            browser.find("form.upload button").click()
            self.assertTrue(wait_until(lambda: "/exams/" in browser.address))
            self.assertTrue(browser.find_all("meter"))
            self.assertTrue(browser.find_all(".viewer img"))


@unittest.skipUnless(webdriver.available(), "Chromium and its driver are not installed")
class Accounts(unittest.TestCase):
    def test_two_people_at_once(self):
        with Server(accounts=(("rea", "reader"), ("vic", "viewer"))) as server:
            with webdriver.Browser() as reader, webdriver.Browser() as viewer:
                for browser, name in ((reader, "rea"), (viewer, "vic")):
                    browser.open(server.address + "history")
                    browser.find("[name=name_of_account]").type(name)
                    browser.find("[name=password]").type(PASSWORD)
                    browser.find("main form button").click()
                    self.assertTrue(wait_until(lambda: browser.address.endswith("/history")))
                reader.open(server.address)
                viewer.open(server.address)
                self.assertEqual(len(reader.find_all("form.upload")), 1)
                self.assertEqual(len(viewer.find_all("form.upload")), 0)
                self.assertIn("rea", reader.find("header").text)
                self.assertIn("vic", viewer.find("header").text)
                # A session that ends while files are chosen: they are sent after signing in again.
                image = drawn_images(os.path.join(server.folder, "png"), 1)[0]
                run("serve", "user", "password", "rea", "--data", server.data,
                    stdin=PASSWORD + "2\n")
                reader.find("input[type=file]").type(image)
                self.assertTrue(wait_until(lambda: reader.find_all(".queue a[href='/signin']")))
                page = reader.ask("GET", "/window")
                reader.find(".queue a").click()
                tab = next(one for one in reader.ask("GET", "/window/handles") if one != page)
                reader.ask("POST", "/window", {"handle": tab})
                reader.find("[name=name_of_account]").type("rea")
                reader.find("[name=password]").type(PASSWORD + "2")
                reader.find("main form button").click()
                reader.ask("POST", "/window", {"handle": page})
                self.assertTrue(wait_until(lambda: "/exams/" in reader.address))
                viewer.find("form.account button").click()
                viewer.open(server.address + "history")
                self.assertIn("/signin", viewer.address)
                reader.open(server.address + "history")
                self.assertTrue(reader.address.endswith("/history"))


if __name__ == "__main__":
    unittest.main(warnings="ignore")
