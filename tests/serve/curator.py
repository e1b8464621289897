# SPDX-License-Identifier: Apache-2.0
"""A curator who speaks to the pages of a store through HTTP."""
import json
import re

from server import Client


class Curator(Client):
    """Speaks to the pages as the grid's script does."""

    def open(self, query=""):
        page = self.get("/curate?" + query).text
        self.count = int(re.search(r'data-count="(\d+)"', page).group(1))
        self.list = re.search(r'data-list="([^"]+)"', page).group(1)
        return self.rows()

    def rows(self, begin=0, count=500):
        answer = self.get(f"/api/curate/rows?list={self.list}&from={begin}&count={count}")
        return json.loads(answer.body)["rows"]

    def send(self, path, body):
        return self.ask("POST", path, json.dumps(body), {"X-Csrf": self.csrf})

    def decide(self, rows, **change):
        """Decides on rows of the open grid."""
        place = {row["n"]: place for place, row in enumerate(self.rows())}
        places = [place[row["n"]] for row in rows]
        answer = self.send("/api/curate/decide", {"list": self.list, "places": places, **change})
        assert answer.status == 200, answer.text
