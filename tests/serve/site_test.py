# SPDX-License-Identifier: Apache-2.0
"""Tests of `evenray serve` through HTTP: pages, roles, uploads, and what must not work."""
import json
import os
import shutil
import tempfile
import unittest

from server import (PASSWORD, Client, Server, drawn_images, png_of_size, run, text_of,
                    wait_until)


def setUpModule():
    global FOLDER, IMAGES
    FOLDER = tempfile.mkdtemp(prefix="evenray-drawn-")
    IMAGES = [open(file, "rb").read() for file in drawn_images(os.path.join(FOLDER, "png"))]


def tearDownModule():
    shutil.rmtree(FOLDER)


class OnThisMachine(unittest.TestCase):
    """Without accounts: everybody on this machine may do everything."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.client = Client(cls.server)
        cls.client.get("/")

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def test_demo_images_are_analysed(self):
        def done():
            page = self.client.get("/history?state=done").text
            return page.count("thumbnail.png") == 8
        self.assertTrue(wait_until(done))

    def test_upload_gives_a_result(self):
        answer = self.client.upload(IMAGES[0], "knee.png")
        self.assertEqual(answer.status, 201)
        exam = json.loads(answer.body)
        page = self.client.get(exam["page"])
        self.assertEqual(page.status, 200)
        self.assertIn("Likeliest findings", text_of(page.text))
        result = json.loads(self.client.get(exam["page"] + "/result.json").body)["result"]
        self.assertEqual({one["name"] for one in result["classes"]}, {"Fractured", "Non_fractured"})
        self.assertAlmostEqual(sum(one["p"] for one in result["classes"]), 1, places=6)
        for name, start in (("picture.png", b"\x89PNG"), ("heat.png", b"\x89PNG"),
                            ("thumbnail.png", b"\x89PNG"), ("result.csv", b"kind,name,value")):
            body = self.client.get(exam["page"] + "/" + name).body
            self.assertTrue(body.startswith(start), name)
        capture = self.client.get(exam["page"] + "/capture.dcm").body
        self.assertEqual(capture[128:132], b"DICM")
        self.assertIn("Print", text_of(self.client.get(exam["page"] + "/report").text))

    def test_results_are_those_of_predict(self):
        file = os.path.join(FOLDER, "one.png")
        with open(file, "wb") as out:
            out.write(IMAGES[1])
        exam = json.loads(self.client.upload(IMAGES[1]).body)
        shown = json.loads(self.client.get(exam["page"] + "/result.json").body)["result"]
        model = os.path.join(self.server.data, "demo-classifier.safetensors")
        printed = json.loads(run("classify", "predict", model, file, "--json")[1])
        for one in shown["classes"]:
            self.assertAlmostEqual(one["p"], printed["predictions"][0]["p"][one["name"]], places=4)
        model = os.path.join(self.server.data, "demo-detector.safetensors")
        found = json.loads(run("detect", "predict", model, file, "--json")[1])["detections"]
        self.assertEqual(len(found), len(shown["boxes"]))
        for one, other in zip(shown["boxes"], sorted(found, key=lambda box: -box["score"])):
            for a, b in zip(one["bbox"], other["bbox"]):
                self.assertAlmostEqual(a, b, delta=0.1)

    def test_form_without_script(self):
        answer = self.client.upload_form([("one.png", IMAGES[0])])
        self.assertEqual(answer.status, 303)
        self.assertTrue(answer.headers["Location"].startswith("/exams/"))
        answer = self.client.upload_form([("a.png", IMAGES[0]), ("b.txt", b"no image")])
        self.assertEqual(answer.status, 422)
        self.assertIn("b.txt", answer.text)

    def test_what_is_no_image_is_refused(self):
        big = png_of_size(30000, 30000)
        for name, data in (("text", b"hello"), ("cut", IMAGES[0][:-40]), ("empty", b""),
                           ("bomb", big)):
            answer = self.client.upload(data, name)
            self.assertEqual(answer.status, 422, name)
            self.assertEqual(json.loads(answer.body)["error"].count("\n"), 0)
        answer = self.client.ask("POST", "/api/upload", None,
                                 {"X-Csrf": self.client.csrf, "Content-Length": str(1 << 40)})
        self.assertEqual(answer.status, 413)
        self.client.connection.close()
        self.client.connection = None
        # A body that is really sent: the client sees the answer, too.
        self.assertEqual(self.client.upload(b"x" * 65_000_000).status, 413)
        self.client.connection.close()
        self.client.connection = None

    def test_patients(self):
        client = self.client
        name = "Kim <b>&\"'"
        answer = client.post("/patients/new", {"number": "P-1", "name": name, "birth": "1970-02-28"})
        self.assertEqual(answer.status, 303)
        page = answer.headers["Location"]
        self.assertNotIn("<b>", client.get(page).text.split("<main")[1])
        self.assertIn(name, text_of(client.post("/patients", {"text": "KIM"}).text))
        self.assertEqual(client.post("/patients/new", {"number": "P-1", "name": "x"}).status, 409)
        self.assertEqual(client.post("/patients/new", {"birth": "1970-02-30", "name": "x"}).status, 422)
        # Two tabs: the second one is told, and sees both versions.
        change = {"number": "P-1", "name": "Kim A", "version": "1"}
        self.assertEqual(client.post(page + "/edit", change).status, 303)
        answer = client.post(page + "/edit", {**change, "name": "Kim B"})
        self.assertEqual(answer.status, 409)
        self.assertIn("Kim A", answer.text)
        self.assertIn("Kim B", answer.text)
        # A patient without a number must not get an image that is given to nobody, and keeps an
        # image whose form is saved as it is.
        nameless = client.post("/patients/new", {"name": "Nameless Number"}).headers["Location"]
        exam = json.loads(client.upload(IMAGES[2], patient=nameless.rsplit("/", 1)[1]).body)
        self.assertEqual(client.post(exam["page"] + "/assign", {"number": ""}).status, 303)
        self.assertIn("Nameless", client.get(exam["page"]).text)
        self.assertEqual(client.post(exam["page"] + "/assign", {"detach": "1"}).status, 303)
        self.assertNotIn("Nameless", client.get(exam["page"]).text)
        exam = json.loads(client.upload(IMAGES[2]).body)
        self.assertEqual(client.post(exam["page"] + "/assign", {"number": ""}).status, 303)
        self.assertNotIn("Nameless", client.get(exam["page"]).text)
        self.assertEqual(client.post(exam["page"] + "/assign", {"number": "P-1"}).status, 303)
        self.assertIn("Kim A", client.get(exam["page"]).text)
        # An image of this patient, deleted and restored.
        exam = json.loads(client.upload(IMAGES[2], patient=page.rsplit("/", 1)[1]).body)
        self.assertIn(exam["page"], client.get(page).text)
        self.assertEqual(client.post(exam["page"] + "/delete").status, 303)
        self.assertNotIn(exam["page"], client.get(page).text)
        self.assertIn(exam["page"], client.get("/history?deleted=1").text)
        self.assertEqual(client.post(exam["page"] + "/restore").status, 303)
        self.assertIn(exam["page"], client.get(page).text)

    def test_languages(self):
        for code, word in (("ko", "환자"), ("tr", "Hastalar"), ("en", "Patients")):
            page = self.client.get("/patients", **{"Accept-Language": code}).text
            self.assertIn(f'lang="{code}"', page)
            self.assertIn(word, page)

    def test_model_page_has_the_test(self):
        page = text_of(self.client.get("/model").text)
        for word in ("Classifier", "Detector", "AUROC", "AP50", "95 % interval", "phantom"):
            self.assertIn(word, page)

    def test_requests_of_other_sites(self):
        self.assertEqual(self.client.get("/", Host="evil.example").status, 421)
        answer = self.client.post("/patients/new", {"name": "x"}, Origin="http://evil.example")
        self.assertEqual(answer.status, 403)
        answer = self.client.ask("POST", "/patients/new", "name=x",
                                 {"Content-Type": "application/x-www-form-urlencoded"})
        self.assertEqual(answer.status, 403)
        headers = self.client.get("/").headers
        self.assertIn("default-src 'self'", headers["Content-Security-Policy"])
        self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
        self.assertEqual(headers["Cache-Control"], "no-store")

    def test_unknown_addresses(self):
        for path in ("/nothing", "/exams/none", "/patients/none", "/static/../serve.cpp",
                     "/static/none.js", "/exams/%00", "/exams/a%2e%2e"):
            self.assertIn(self.client.get(path).status, (400, 404), path)
        self.assertEqual(self.client.ask("PATCH", "/").status, 405)


class WithAccounts(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(accounts=(("ada", "admin"), ("rea", "reader"), ("vic", "viewer")))

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def test_roles(self):
        nobody = Client(self.server)
        self.assertEqual(nobody.get("/patients").headers["Location"], "/signin?to=%2Fpatients")
        self.assertEqual(nobody.upload(IMAGES[0]).status, 401)
        viewer, reader, admin = (Client(self.server) for _ in range(3))
        for client, name in ((viewer, "vic"), (reader, "rea"), (admin, "ada")):
            self.assertEqual(client.sign_in(name).status, 303)
        self.assertEqual(viewer.get("/history").status, 200)
        self.assertEqual(viewer.upload(IMAGES[0]).status, 403)
        self.assertEqual(reader.upload(IMAGES[0]).status, 201)
        self.assertEqual(reader.get("/audit").status, 403)
        log = text_of(admin.get("/audit").text)
        self.assertIn("exam.upload", log)
        self.assertIn("rea", log)
        # Signing out ends the session on the server, not only in the browser.
        cookies = dict(reader.cookies)
        self.assertEqual(reader.post("/signout").status, 303)
        reader.cookies = cookies
        self.assertEqual(reader.get("/history").status, 303)

    def test_wrong_passwords_are_slowed(self):
        client = Client(self.server)
        tries = [client.sign_in("nobody", "wrong password").status for _ in range(6)]
        self.assertEqual(tries, [403] * 5 + [429])

    def test_people_change_their_password(self):
        with Server(accounts=(("ada", "admin"), ("bob", "reader"))) as server:
            bob, elsewhere = Client(server), Client(server)
            bob.sign_in("bob")
            elsewhere.sign_in("bob")
            new = "another long phrase"
            bob.get("/password")
            self.assertEqual(bob.post("/password", {"password": "wrong", "new_password": new}).status,
                             403)
            self.assertEqual(bob.post("/password", {"password": PASSWORD,
                                                    "new_password": "short"}).status, 422)
            self.assertEqual(bob.post("/password", {"password": PASSWORD,
                                                    "new_password": new}).status, 303)
            self.assertEqual(bob.get("/password").status, 200)
            self.assertEqual(elsewhere.get("/password").status, 303)  # signed out
            self.assertEqual(elsewhere.sign_in("bob").status, 403)
            self.assertEqual(elsewhere.sign_in("bob", new).status, 303)

    def test_a_session_that_ended_loses_nothing(self):
        client = Client(self.server)
        if client.sign_in("rea").status != 303:
            self.skipTest("too many sign-ins from this address within a minute")
        client.cookies = {}
        self.assertEqual(client.upload(IMAGES[0]).status, 401)
        # A form: asked to sign in, then to send again what was entered.
        page = client.post("/patients/new", {"number": "S-1", "name": "Kept"})
        self.assertEqual(page.status, 401)
        self.assertIn('value="Kept"', page.text)
        client.csrf = page.csrf
        page = client.post("/signin", {"name_of_account": "rea", "password": PASSWORD,
                                       "name": "Kept", "number": "S-1",
                                       "again": "/patients/new"})
        self.assertEqual(page.status, 200)
        client.csrf = page.csrf
        self.assertIn('action="/patients/new"', page.text)
        self.assertIn('value="Kept"', page.text)
        self.assertNotIn(PASSWORD, page.text)
        self.assertEqual(client.post("/patients/new", {"number": "S-1", "name": "Kept"}).status, 303)
        # Not for forms of other sites.
        client.cookies = {}
        page = client.post("/patients/new", {"name": "Evil"}, Origin="http://evil.example")
        self.assertEqual(page.status, 403)
        self.assertNotIn("Evil", page.text)

    def test_disabled_account(self):
        data = self.server.data
        run("serve", "user", "add", "tom", "--role", "reader", "--data", data, stdin=PASSWORD + "\n")
        client = Client(self.server)
        if client.sign_in("tom").status != 303:
            self.skipTest("too many sign-ins from this address within a minute")
        run("serve", "user", "disable", "tom", "--data", data)
        self.assertEqual(client.get("/history").status, 303)


if __name__ == "__main__":
    unittest.main(warnings="ignore")
