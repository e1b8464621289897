# SPDX-License-Identifier: Apache-2.0
"""The path of a curator through the pages of `evenray serve --store`, in headless Chromium."""
import os
import shutil
import tempfile
import unittest

import page_check
import webdriver
from server import PASSWORD, Server, run, wait_until

ENTER, HOME = "\ue007", "\ue011"  # of the WebDriver standard


@unittest.skipUnless(webdriver.available(), "Chromium and its driver are not installed")
class Curator(page_check.PageTest):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="evenray-curator-")
        drawn = "phantom:images=120,rare_share=.25,seed=3,size_px=64x56"
        at = lambda name: os.path.join(cls.folder, name)
        run("data", "split", drawn, "--out", at("split.csv"))
        run("data", "pack", drawn, "--split", at("split.csv"), "--size", "64x56", "--out",
            at("set.h5"))
        run("balance", at("set.h5"), "--source", "lesion:real@.5", "--source", "augment:xray@.5",
            "--out", at("balanced.h5"))
        os.makedirs(at("studies"))
        with open(at("small.toml"), "w") as file:
            file.write('[study]\nseeds = 2\narms = ["real", "oversample"]\n'
                       'contrast = "oversample vs real"\n[data]\nsize_px = [32, 32]\n'
                       '[classify]\narch = "small"\nsteps = 2\nminibatch = 8\n')
        run("study", "run", at("small.toml"), "--data", drawn, "--out", at("studies/small"))
        cls.server = Server("--store", at("balanced.h5"), "--studies", at("studies"), demo=False,
                            accounts=(("ada", "curator"), ("bea", "curator"), ("cem", "curator")))
        cls.browser = webdriver.Browser()
        cls.sign_in(cls.browser, "ada")

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()
        cls.server.close()
        shutil.rmtree(cls.folder)

    @classmethod
    def sign_in(cls, browser, name):
        browser.open(cls.server.address + "curate")
        browser.find("[name=name_of_account]").type(name)
        browser.find("[name=password]").type(PASSWORD)
        browser.find("main form button").click()
        assert wait_until(lambda: browser.find_all(".grid [role=option]"))

    def open_grid(self, browser, query=""):
        browser.open(self.server.address + "curate?" + query)
        self.assertTrue(wait_until(lambda: browser.find_all(".grid [role=option]")), query)
        browser.run("document.querySelector('.grid').focus()")

    def verdicts(self, browser, count):
        return browser.run(
            "return [...document.querySelectorAll('.grid [role=option]')]"
            ".sort((a, b) => a.id.slice(5) - b.id.slice(5)).slice(0, arguments[0])"
            ".map((e) => e.dataset.verdict)", count)

    def text(self, browser):
        return browser.run("return document.querySelector('main')?.innerText ?? ''")

    def shown(self, browser):
        return int(browser.run("return document.querySelector('.grid').dataset.count"))

    def test_decisions_by_keys(self):
        browser = self.browser
        self.open_grid(browser)
        self.look("curate")
        browser.run("document.querySelector('.grid').focus()")
        # Keys: reject the first two, accept the third, undo that.
        for key, wanted in (("r", ["reject", "", ""]), ("r", ["reject", "reject", ""]),
                            ("a", ["reject", "reject", "accept"]), ("u", ["reject", "reject", ""])):
            browser.keys(key)
            self.assertTrue(wait_until(lambda: self.verdicts(browser, 3) == wanted),
                            (key, self.verdicts(browser, 3)))
        self.open_grid(browser, "verdict=reject&whose=mine")
        self.assertEqual(self.shown(browser), 2)
        # By a button, without keys.
        self.open_grid(browser, "c_part=test")
        next(one for one in browser.find_all(".tools button") if one.text == "Accept").click()
        self.assertTrue(wait_until(lambda: self.verdicts(browser, 1) == ["accept"]))
        # One image; the next one follows the decision.
        browser.run("document.querySelector('.grid').focus()")
        browser.keys("1", HOME, ENTER)
        self.assertTrue(wait_until(lambda: "/curate/rows/" in browser.address))
        first = browser.address
        self.assertTrue(wait_until(lambda: browser.find_all(".thumbnails img") or
                                   browser.open(first)))
        self.look("curate-row")
        browser.keys("r")
        self.assertTrue(wait_until(lambda: browser.address != first))
        browser.keys("p")
        self.assertTrue(wait_until(lambda: browser.address == first))
        self.assertEqual(len(browser.find_all("button[value=reject][aria-pressed]")), 1)
        # Scrolling far loads what is there, and only that is in the page.
        self.open_grid(browser)
        count = self.shown(browser)
        browser.run("document.querySelector('.grid').scrollTop = 1e6")
        self.assertTrue(wait_until(lambda: browser.find_all(f"#cell-{count - 1}")))

    def test_two_curators_at_once(self):
        with webdriver.Browser() as bea, webdriver.Browser() as cem:
            self.sign_in(bea, "bea")
            self.sign_in(cem, "cem")
            for browser in (bea, cem):
                self.open_grid(browser, "verdict=queue&c_origin=synthetic")
            begin = self.shown(bea)
            bea.keys("a", "r", "a", "a")
            cem.keys("a", "a", "r", "a")
            for browser, wanted in ((bea, ["accept", "reject", "accept", "accept"]),
                                    (cem, ["accept", "accept", "reject", "accept"])):
                self.assertTrue(wait_until(lambda: self.verdicts(browser, 4) == wanted))
            # Both decided on the same four, which leave everybody's queue.
            def left():
                self.open_grid(self.browser, "verdict=queue&c_origin=synthetic")
                return self.shown(self.browser)
            self.assertTrue(wait_until(lambda: left() == begin - 4))
            self.go("/curate/agreement")
            self.assertIn("\u2212.333", self.text(self.browser))  # kappa of half, by chance .625
            self.look("agreement")

    def test_map(self):
        browser = self.browser
        self.go("/curate/scatter")
        status = lambda: browser.find(".scatter [role=status]").text
        self.assertTrue(wait_until(lambda: " of " in status() or browser.run(
            "location.reload()")), status())
        self.look("map")
        browser.run("const s = document.querySelector('select[name=method]'); s.value = 'tsne';"
                    "s.dispatchEvent(new Event('change'))")
        self.assertTrue(wait_until(lambda: " of " in status()))
        browser.drag(browser.find("canvas"), 260, 200)
        self.assertTrue(wait_until(lambda: "selection=" in browser.address))
        self.assertTrue(0 < self.shown(browser))

    def test_blind_test(self):
        browser = self.browser
        self.go("/curate/blind")
        self.look("blind")
        browser.find("[name=pictures]").set("10")
        browser.find("main form button").click()
        for number in range(10):
            self.assertTrue(wait_until(
                lambda: f"Picture {number + 1} of 10" in self.text(browser)))
            if number == 3:
                self.look("blind-picture")
            browser.keys("d" if number % 2 else "r")
        self.assertTrue(wait_until(lambda: "Right:" in self.text(browser)))
        self.look("blind-result")

    def test_studies(self):
        self.go("/studies")
        self.look("studies")
        self.browser.find("main tbody a").click()
        self.assertTrue(wait_until(lambda: "AUROC" in self.text(self.browser)))
        self.look("study")
        self.go("/password")
        self.look("password")


if __name__ == "__main__":
    unittest.main(warnings="ignore")
