# SPDX-License-Identifier: Apache-2.0
"""A small client of the W3C WebDriver protocol, for headless Chromium."""
import base64
import bisect
import json
import shutil
import subprocess
import urllib.error
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # of the standard, section 12.2


def available():
    return bool(shutil.which("chromedriver") and shutil.which("chromium"))


class Element:
    def __init__(self, browser, name):
        self.browser, self.name = browser, name

    def click(self):
        self.browser.ask("POST", f"/element/{self.name}/click", {})

    def type(self, text):
        self.browser.ask("POST", f"/element/{self.name}/value", {"text": text})

    def set(self, text):
        self.browser.ask("POST", f"/element/{self.name}/clear", {})
        self.type(text)

    @property
    def text(self):
        return self.browser.ask("GET", f"/element/{self.name}/text")


class Browser:
    """One window with cookies of its own."""

    def __init__(self, width=1280, height=900, dark=False, script=True, performance=False):
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE,
                                       stderr=subprocess.DEVNULL, text=True)
        for line in self.driver.stdout:
            if "started successfully on port" in line:
                self.base = f"http://127.0.0.1:{line.rsplit(' ', 1)[1].strip().rstrip('.')}"
                break
        flags = ["--headless=new", "--no-sandbox", "--disable-background-networking",
                 "--disable-component-update", "--disable-sync", "--disable-gpu",
                 f"--window-size={width},{height}", "--lang=en"]
        if dark:
            flags.append("--force-dark-mode")
        options = {"args": flags, "prefs": {"intl.accept_languages": "en"}}
        if not script:
            options["prefs"]["profile.managed_default_content_settings.javascript"] = 2
        logs = {"browser": "ALL"}
        if performance:
            logs["performance"] = "ALL"
            options["perfLoggingPrefs"] = {
                "traceCategories": "-*,disabled-by-default-devtools.timeline.frame"}
        self.session = ""
        self.session = "/session/" + self.ask("POST", "/session", {
            "capabilities": {"alwaysMatch": {"goog:chromeOptions": options,
                                             "goog:loggingPrefs": logs}}})["sessionId"]

    def ask(self, method, path, body=None):
        request = urllib.request.Request(
            self.base + (self.session if self.session else "") + path, method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:
                return json.load(reply)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(json.load(error)["value"]["message"].split("\n")[0]) from None

    def open(self, address):
        self.ask("POST", "/url", {"url": address})

    @property
    def address(self):
        return self.ask("GET", "/url")

    def find(self, css):
        return Element(self, self.ask("POST", "/element",
                                      {"using": "css selector", "value": css})[ELEMENT])

    def find_all(self, css):
        return [Element(self, one[ELEMENT]) for one in
                self.ask("POST", "/elements", {"using": "css selector", "value": css})]

    def run(self, script, *values):
        return self.ask("POST", "/execute/sync", {"script": script, "args": list(values)})

    def run_async(self, script, *values):
        return self.ask("POST", "/execute/async", {"script": script, "args": list(values)})

    def keys(self, *words):
        """Presses keys one after another, at the element that has the focus."""
        actions = []
        for key in words:
            actions += [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
        self.ask("POST", "/actions", {"actions": [{"type": "key", "id": "keys",
                                                   "actions": actions}]})

    def drag(self, element, dx, dy):
        origin = {ELEMENT: element.name}
        self.ask("POST", "/actions", {"actions": [{
            "type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": [
                {"type": "pointerMove", "duration": 0, "x": 0, "y": 0, "origin": origin},
                {"type": "pointerDown", "button": 0},
                {"type": "pointerMove", "duration": 50, "x": dx, "y": dy, "origin": origin},
                {"type": "pointerUp", "button": 0}]}]})

    def size(self, width, height):
        self.ask("POST", "/window/rect", {"width": width, "height": height})

    def picture(self, file):
        with open(file, "wb") as out:
            out.write(base64.b64decode(self.ask("GET", "/screenshot")))

    def complaints(self):
        """What the console says, such as violations of the content policy."""
        return [one["message"] for one in self.ask("POST", "/se/log", {"type": "browser"})
                if one["level"] == "SEVERE"]

    def frames(self, seconds):
        """Leaves the page; returns the most frames drawn within so many seconds (by the trace)."""
        self.open("about:blank")  # then the driver collects the trace
        events = [json.loads(one["message"])["message"]["params"] for one in
                  self.ask("POST", "/se/log", {"type": "performance"})
                  if "Tracing.dataCollected" in one["message"]]
        drawn = sorted(event["ts"] for event in events if event.get("name") == "DrawFrame")
        return max(bisect.bisect(drawn, begin + 1e6 * seconds) - i for i, begin in enumerate(drawn))

    def close(self):
        self.ask("DELETE", "")
        self.driver.terminate()
        self.driver.wait()
        self.driver.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
