# SPDX-License-Identifier: Apache-2.0
"""Tests of the pages of `evenray serve` about stores and studies, through HTTP."""
import json
import os
import re
import shutil
import tempfile
import unittest

from curator import Curator
from server import Client, Server, run, text_of, wait_until


def setUpModule():
    global FOLDER, STORE
    FOLDER = tempfile.mkdtemp(prefix="evenray-curation-")
    drawn = "phantom:images=90,rare_share=.3,seed=3,size_px=64x56"
    run("data", "split", drawn, "--out", at("split.csv"))
    run("data", "pack", drawn, "--split", at("split.csv"), "--size", "64x56", "--out", at("set.h5"))
    STORE = at("balanced.h5")
    run("balance", at("set.h5"), "--source", "copy@.3", "--source", "augment:xray@.7",
        "--out", STORE)


def tearDownModule():
    shutil.rmtree(FOLDER)


def at(name):
    return os.path.join(FOLDER, name)


class Curation(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server("--store", STORE, demo=False,
                            accounts=(("ada", "curator"), ("bea", "curator"), ("vic", "viewer")))

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def curator(self, name):
        out = Curator(self.server)
        self.assertEqual(out.sign_in(name).status, 303)
        return out

    def test_filters_and_order(self):
        ada = self.curator("ada")
        everything = ada.open()
        self.assertEqual(len(everything), ada.count)
        self.assertGreater(ada.count, 90)
        for query, key, value in (("c_class=Fractured", "label", "Fractured"),
                                  ("c_origin=augmented", "origin", "augmented"),
                                  ("c_part=test", "part", "test")):
            rows = ada.open(query)
            self.assertEqual([row["n"] for row in rows],
                             [row["n"] for row in everything if row[key] == value], query)
            self.assertTrue(rows)
        first = everything[0]["id"]
        self.assertIn(first, [row["id"] for row in ada.open("text=" + first.upper())])
        # Copies lie beside each other; drawn images are sorted by their likeness to real ones.
        self.assertTrue(wait_until(lambda: "s_likeness" in ada.get("/curate").text))
        copies = ada.open("s_copies=1&order=copies")
        self.assertIn("copy", [row["origin"] for row in copies])
        self.assertLess(len(copies), len(everything))
        page = ada.get(f"/curate/rows/{copies[0]['n']}").text
        self.assertIn("<h2>Copies</h2>", page)
        drawn = ada.open("c_origin=augmented&order=likeness")
        likeness = [float(re.search(r"Likeness to a real image</dt><dd>([-.\d]+)",
                                    ada.get(f"/curate/rows/{row['n']}").text).group(1))
                    for row in drawn[:5]]
        self.assertEqual(likeness, sorted(likeness, reverse=True))
        self.assertEqual(ada.get("/curate/rows/99999").status, 404)
        sheet = ada.get("/curate/sheet.png?columns=2&rows=0,1,2")
        self.assertTrue(sheet.body.startswith(b"\x89PNG"))
        self.assertEqual(ada.get("/curate/sheet.png?rows=0,99999").status, 422)

    def test_decisions_of_two_people(self):
        ada, bea, vic = map(self.curator, ("ada", "bea", "vic"))
        rows = ada.open("c_origin=augmented")[:4]
        ada.decide(rows[:2], verdict="reject")
        ada.decide(rows[2:], verdict="accept")
        bea.open()
        bea.decide(rows[:1], verdict="reject")
        bea.decide(rows[1:2], verdict="accept")
        bea.decide(rows[2:], verdict="accept")
        # Agreement on three of four, by chance .5: kappa .5.
        self.assertIn(".500", text_of(ada.get("/curate/agreement").text))
        self.assertEqual([row["n"] for row in ada.open("verdict=disagreed")], [rows[1]["n"]])
        decided = {row["n"] for row in rows}
        # An open list stays as it is while decisions change; a new one does not have them.
        queue = ada.open("verdict=queue")
        self.assertFalse(decided & {row["n"] for row in queue})
        ada.decide(queue[:3], verdict="accept")
        self.assertEqual([row["n"] for row in ada.rows()], [row["n"] for row in queue])
        self.assertEqual(len(ada.open("verdict=queue")), len(queue) - 3)
        ada.send("/api/curate/undo", {})
        self.assertEqual(len(ada.open("verdict=queue")), len(queue))
        # A viewer looks, but does not decide.
        vic.open()
        first = {"list": vic.list, "places": [0]}
        self.assertEqual(vic.send("/api/curate/decide", {**first, "verdict": "reject"}).status, 403)
        for wrong in ({"verdict": "perhaps"}, {"label": "Nothing"}, {"tag": "two words"},
                      {"places": ["x"]}, {"places": [99999]}, {"places": 1},
                      {"places": [0] * 20001}, {"list": 1}):
            self.assertEqual(ada.send("/api/curate/decide", {**first, **wrong}).status, 422, wrong)
        self.assertEqual(ada.send("/api/curate/decide", {**first, "list": "gone"}).status, 404)

        # What was rejected is not drawn again.
        with open(at("decisions.csv"), "wb") as file:
            file.write(ada.get("/curate/decisions.csv").body)
        run("balance", at("set.h5"), "--source", "copy@.3", "--source", "augment:xray@.7",
            "--gate", "decisions:" + at("decisions.csv"), "--out", at("better.h5"))
        summary = json.loads(run("balance", at("set.h5"), "--source", "copy@.3", "--source",
                                 "augment:xray@.7", "--gate", "decisions:" + at("decisions.csv"),
                                 "--out", at("again.h5"), "--json")[1])
        self.assertEqual(summary["rejected"]["decisions"], {"a person rejected it": 2})

    def test_blind_test(self):
        ada = self.curator("ada")
        ada.get("/curate/blind")
        answer = ada.post("/curate/blind", {"pictures": "10"})
        self.assertEqual(answer.status, 422)  # augmented images are not drawn ones
        self.assertIn("too few", text_of(answer.text))

    def test_a_selection_that_is_gone(self):
        ada = self.curator("ada")
        ada.open()
        row = ada.rows()[60]
        gone = f"/curate/rows/{row['n']}"
        self.assertEqual(ada.get("/curate?selection=gone").status, 404)
        self.assertEqual(ada.get(gone + "?selection=gone").status, 200)
        # The decision is saved, although there is no next row to go to.
        answer = ada.post(gone + "/decide?selection=gone", {"verdict": "accept"})
        self.assertEqual(answer.headers["Location"], gone + "?selection=gone")
        self.assertEqual(ada.rows()[60]["verdict"], "accept")
        # A form with a fault changes nothing.
        answer = ada.post(gone + "/decide", {"label": "Fractured", "tags": "fine b@d"})
        self.assertEqual(answer.status, 422)
        self.assertFalse(ada.rows()[60]["relabel"])

    def test_an_open_list_outlives_other_pages(self):
        ada, bea = self.curator("ada"), self.curator("bea")
        mine = ada.open("c_origin=real")
        name = ada.list
        for number in range(40):
            bea.open(f"text={number}")
            ada.get(f"/curate?c_origin=real&unknown={number}")
        self.assertEqual(ada.rows(), mine)
        ada.open("c_origin=real&other=1")
        self.assertEqual(ada.list, name)

    def test_without_models_there_is_no_diagnosis(self):
        ada = self.curator("ada")
        self.assertEqual(ada.get("/").headers["Location"], "/curate")
        self.assertNotIn("/patients", ada.get("/curate").text)
        self.assertEqual(ada.upload(b"x").status, 404)
        self.assertEqual(ada.get("/studies").status, 404)

    def test_map(self):
        ada = self.curator("ada")
        self.assertTrue(wait_until(lambda: "s_likeness" in ada.get("/curate").text))
        for method in ("pca", "tsne"):
            points = json.loads(ada.get("/api/curate/scatter?method=" + method).body)["points"]
            self.assertEqual(len(points), len(ada.open()))
        chosen = [point["n"] for point in points[:7]]
        ada.get("/curate/scatter")
        answer = ada.post("/curate/selected", {"rows": ",".join(map(str, chosen))})
        self.assertEqual(sorted(row["n"] for row in ada.open(answer.headers["Location"][8:])),
                         sorted(chosen))


class Drawn(unittest.TestCase):
    """A store with images that lesions were pasted into: the blind test."""

    def test_blind_test(self):
        run("balance", at("set.h5"), "--source", "lesion:real", "--out", at("drawn.h5"))
        with Server("--store", at("drawn.h5"), demo=False) as server:
            person = Curator(server)
            person.open()
            place = person.post("/curate/blind", {"pictures": "10"}).headers["Location"]
            for number in range(10):
                page = person.get(place)
                self.assertIn(f"Picture {number + 1} of 10", text_of(page.text))
                picture = person.get(f"{place}/{number}/picture.png")
                self.assertTrue(picture.body.startswith(b"\x89PNG"))
                # Neither the page nor the picture's address says what it is.
                self.assertNotIn("synthetic", page.text)
                self.assertEqual(person.get(f"{place}/{number + 1}/picture.png").status, 404)
                self.assertEqual(person.get(f"{place}/sheet.png").status, 404)
                person.post(place, {"place": str(number), "answer": "drawn"})
            said = text_of(person.get(place).text)
            self.assertIn("Right: 5/10, 50 % (24, 76).", said)  # half are drawn; Wilson's interval
            self.assertIn("5/5", text_of(person.get("/curate/blind").text))
            self.assertTrue(person.get(f"{place}/sheet.png").body.startswith(b"\x89PNG"))


class Studies(unittest.TestCase):
    def test_a_folder_of_studies(self):
        studies = at("studies")
        os.makedirs(studies)
        with open(os.path.join(studies, "small.toml"), "w") as file:
            file.write('[study]\nseeds = 2\narms = ["real", "oversample"]\n'
                       'contrast = "oversample vs real"\n'
                       "[data]\nsize_px = [32, 32]\n"
                       '[classify]\narch = "small"\nsteps = 2\nminibatch = 8\n')
        source = "phantom:images=60,rare_share=.3,seed=3,size_px=32x32"
        run("study", "run", os.path.join(studies, "small.toml"), "--data", source, "--out",
            os.path.join(studies, "small study"))
        with Server("--studies", studies, demo=False) as server:
            client = Client(server)
            self.assertEqual(client.get("/").headers["Location"], "/studies")
            page = client.get("/studies").text
            self.assertIn("small study", page)
            self.assertIn("oversample - real", text_of(page))
            own = "/studies/small%20study"
            shown = text_of(client.get(own).text)
            for word in ("oversample", "AUROC", "done"):
                self.assertIn(word, shown)
            report = client.get(own + "/report.html")
            self.assertEqual(report.status, 200)
            self.assertIn("sandbox", report.headers["Content-Security-Policy"])
            self.assertIn("text", json.loads(client.get(own + "/progress.json").body))
            for missing, status in (("/studies/none", 404), ("/studies/%2e%2e", 400),
                                    ("/studies/small.toml", 404), ("/curate", 404)):
                self.assertEqual(client.get(missing).status, status, missing)


class BadInput(unittest.TestCase):
    def test_flags_and_files(self):
        data = at("data-of-none")
        with open(at("wrong.csv"), "w") as file:
            file.write("id,verdict\na,reject\n")
        for words, code in ((("--store", at("missing.h5")), 66),
                            (("--store", at("split.csv")), 65),
                            (("--predictions", at("split.csv")), 2),
                            (("--store", STORE, "--predictions", at("wrong.csv")), 65),
                            (("--studies", at("missing")), 66),
                            ((), 2)):
            done = run("serve", "--data", data, "--listen", "127.0.0.1:0", *words, check=False)
            self.assertEqual(done[0], code, (words, done))
            self.assertEqual(done[2].count("\n"), 1, done)
        for gate, code in (("decisions:" + at("missing.csv"), 66),
                           ("decisions:" + at("wrong.csv"), 65), ("decisions:", 2)):
            done = run("balance", at("set.h5"), "--source", "augment:xray", "--gate", gate, "--out",
                       at("never.h5"), check=False)
            self.assertEqual(done[0], code, (gate, done))
            self.assertFalse(os.path.exists(at("never.h5")))


if __name__ == "__main__":
    unittest.main(warnings="ignore")
