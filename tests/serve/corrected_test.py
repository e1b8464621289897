# SPDX-License-Identifier: Apache-2.0
"""Tests of the table that curators' decisions become, through HTTP and `data pack`."""
import csv
import os
import shutil
import tempfile
import unittest

from curator import Curator
from server import Server, run


def setUpModule():
    global FOLDER
    FOLDER = tempfile.mkdtemp(prefix="evenray-corrected-")
    drawn = "phantom:images=90,rare_share=.3,seed=3,size_px=64x56"
    run("data", "split", drawn, "--out", at("split.csv"))
    run("data", "pack", drawn, "--split", at("split.csv"), "--size", "64x56", "--out", at("set.h5"))


def tearDownModule():
    shutil.rmtree(FOLDER)


def at(name):
    return os.path.join(FOLDER, name)


class Corrected(unittest.TestCase):
    """A store of image files: decisions about them become a table that is packed."""

    def test_a_corrected_table_is_packed(self):
        images = at("images")
        run("data", "export", at("set.h5"), "--to", "folder", "--out", images)
        run("data", "split", images, "--out", at("files.csv"))
        run("data", "pack", images, "--split", at("files.csv"), "--size", "64x56", "--out",
            at("files.h5"))
        with Server("--store", at("files.h5"), demo=False) as server:
            person = Curator(server)
            real = person.open("c_part=train&c_class=Fractured")
            path = f"/curate/rows/{real[0]['n']}/decide"
            self.assertEqual(person.post(path, {"label": "Non_fractured",
                                                "tags": "cast old"}).status, 303)
            person.decide(real[1:2], verdict="reject")
            self.assertEqual([row["n"] for row in person.open("tag=cast")], [real[0]["n"]])
            self.assertEqual([row["n"] for row in person.open("verdict=relabelled")],
                             [real[0]["n"]])
            before = {row["id"]: row for row in person.open()}
            for name in ("table.csv", "table.toml"):
                folder = images if name.endswith("csv") else FOLDER
                with open(os.path.join(folder, name), "wb") as file:
                    file.write(person.get("/curate/" + name).body)
        flags = ("--config", at("table.toml"))
        run("data", "split", images, *flags, "--out", at("corrected.csv"))
        run("data", "pack", images, *flags, "--split", at("corrected.csv"), "--size", "64x56",
            "--out", at("corrected.h5"))
        with Server("--store", at("corrected.h5"), demo=False) as server:
            person = Curator(server)
            after = {row["id"]: row for row in person.open()}
        self.assertEqual(set(before) - set(after), {real[1]["id"]})
        for name, row in after.items():
            wanted = "Non_fractured" if name == real[0]["id"] else before[name]["label"]
            self.assertEqual((row["label"], row["part"]), (wanted, before[name]["part"]), name)


class SeveralClasses(unittest.TestCase):
    """A store whose images have several classes, unknown ones, and boxes."""

    @classmethod
    def setUpClass(cls):
        cls.images = at("several")
        run("data", "export", at("set.h5"), "--to", "png", "--out", at("plain"))
        files = sorted(name for _, _, names in os.walk(at("plain")) for name in names
                       if name.endswith(".png"))[:24]
        os.makedirs(cls.images)
        for folder, _, names in os.walk(at("plain")):
            for name in set(names) & set(files):
                shutil.copy(os.path.join(folder, name), os.path.join(cls.images, name))
        # Of each three: both classes with a box each, one class, and an unknown and an absent one.
        lines = ["file,set,cyst,break,of_box,l,t,r,b,note"]
        for i, name in enumerate(files):
            part = ("train", "train", "val", "test")[i // 3 % 4]
            lines += [[f"{name},{part},1,1,cyst,4,5,20,21,n{i}",
                       f"{name},{part},1,1,break,30,8,44,40,n{i}"],
                      [f"{name},{part},0,1,break,3,3,9,9,n{i}"],
                      [f"{name},{part},-1,0,,,,,,n{i}"]][i % 3]
        with open(os.path.join(cls.images, "list.csv"), "w") as file:
            file.write("\n".join(lines) + "\n")
        with open(at("several.toml"), "w") as file:
            file.write("[data]\nformat = 'table'\n[data.columns]\npath = 'file'\nsplit = 'set'\n"
                       "labels = ['cyst', 'break']\nlabel = 'of_box'\nbox = ['l', 't', 'r', 'b']\n")
        cls.pack("several")

    @classmethod
    def pack(cls, name):
        flags = ("--config", at(name + ".toml"))
        run("data", "split", cls.images, *flags, "--out", at(name + ".csv"))
        run("data", "pack", cls.images, *flags, "--split", at(name + ".csv"), "--size", "64x56",
            "--out", at(name + ".h5"))
        run("data", "export", at(name + ".h5"), "--to", "csv", "--out", at(name + "-csv"))

    def rows_of(self, name, file):
        """The lines of an exported table by the id of their image."""
        out = {}
        with open(os.path.join(at(name + "-csv"), file)) as lines:
            for line in csv.DictReader(lines):
                for unequal in ("source_path", "parent"):
                    line.pop(unequal, None)
                out.setdefault(line.pop("id"), []).append(line)
        return out

    def test_nothing_is_lost_in_the_table(self):
        with Server("--store", at("several.h5"), demo=False) as server:
            person = Curator(server)
            both = person.open("c_class=cyst")
            self.assertEqual({row["label"] for row in both}, {"cyst, break"})
            only = [row for row in person.open("c_class=break") if row["label"] == "break"]
            person.decide(only[:1], label="cyst")
            person.decide(only[1:2], label="break")  # as it is
            person.decide(only[2:3], verdict="reject")
            self.assertEqual([row["id"] for row in person.open("verdict=relabelled")],
                             [only[0]["id"]])
            for name, place in (("table.csv", self.images), ("table.toml", FOLDER)):
                with open(os.path.join(place, name), "wb") as file:
                    file.write(person.get("/curate/" + name).body)
        with open(at("table.toml")) as file:
            self.assertNotIn("nobody marked", file.read())
        self.pack("table")
        for file in ("labels.csv", "boxes.csv", "provenance.csv"):
            before, after = self.rows_of("several", file), self.rows_of("table", file)
            self.assertNotIn(only[2]["id"], after)
            del before[only[2]["id"]]
            changed = before[only[0]["id"]]
            if file == "labels.csv":
                self.assertEqual((changed[0]["cyst"], changed[0]["break"]), ("0", "1"))
                changed[0].update({"cyst": "1", "break": "0"})
            if file == "boxes.csv":
                del before[only[0]["id"]]
            if file == "provenance.csv":  # a class with boxes, but without one here
                changed[0]["boxes_known"] = "0"
            self.assertEqual(after, before, file)

    def test_suspicion(self):
        ids = list(self.rows_of("several", "labels.csv").items())
        with open(at("scores.csv"), "w") as file:
            file.write("id,group,y_cyst,y_break,p_cyst,p_break\n")
            for name, (row,) in ids:
                right = [.9 if row[c] == "1" else .1 for c in ("cyst", "break")]
                # One image is suspect in both classes, the more in the first.
                wrong = name == ids[0][0]
                p = [.02, .2] if wrong else right
                file.write(f"{name},,{row['cyst']},{row['break']},{p[0]},{p[1]}\n")
        with Server("--store", at("several.h5"), "--predictions", at("scores.csv"),
                    demo=False) as server:
            person = Curator(server)
            suspects = person.open("order=suspicion&s_suspicion=0")
            self.assertEqual([row["id"] for row in suspects], [ids[0][0]])
            self.assertEqual(len(person.open("s_suspicion=0.9")), 1)  # 1 - .02, not 1 - .2
        with open(at("scores.csv"), "a") as file:
            file.write("another,,1,0,.5,.5\n")
        done = run("serve", "--data", at("data-of-none"), "--listen", "127.0.0.1:0", "--store",
                   at("several.h5"), "--predictions", at("scores.csv"), check=False)
        self.assertEqual(done[0], 65)
        self.assertIn("'another'", done[2])


if __name__ == "__main__":
    unittest.main(warnings="ignore")
