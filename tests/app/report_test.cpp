// SPDX-License-Identifier: Apache-2.0
// The page of one training, as a user asks for it.
#include "tests/app/workshop.hpp"

using namespace evenray;

namespace {

/// A copy of the workshop's training that may be damaged.
Path copied_run(const ScratchFolder& scratch, const std::string& name) {
  const Path to = scratch / name;
  std::filesystem::copy(workshop() / "gan", to, std::filesystem::copy_options::recursive);
  return to;
}

}  // namespace

TEST_CASE("gan report makes a page of a run folder") {
  const ScratchFolder scratch;
  const Path& at = scratch.path();
  const Path run = copied_run(scratch, "g");
  const Words before = files_in(run);
  CHECK(done(at, {"gan", "report", "g"}).out == "report: g/report.html\n");
  CHECK(files_in(run).size() == before.size() + 1);
  const std::string page = read_file(run / "report.html");
  CHECK(page.size() < 3'000'000);
  for (const char* part : {"<title>A generator (dcgan) of Fractured</title>", "<svg", "<img"})
    CHECK(contains(page, part));
  CHECK_FALSE(contains(page, "://"));

  CHECK(done(at, {"gan", "report", workshop() / "gan", "--out", "f/page.html"}).out ==
        "report: f/page.html\n");
  CHECK(read_file(scratch / "f" / "page.html") == page);

  std::filesystem::remove(run / "DONE");
  std::filesystem::remove(run / "metrics.json");
  done(at, {"gan", "report", "g"});
  CHECK(contains(read_file(run / "report.html"), "Not finished, at "));
}

TEST_CASE("gan report refuses what is no generator's run") {
  const ScratchFolder scratch;
  const Path& at = scratch.path();
  fails(at, {"gan", "report", "none"}, Exit::missing_input, "none: the folder does not exist");
  make_folder(scratch / "empty");
  fails(at, {"gan", "report", "empty"}, Exit::missing_input, "config.toml is missing");
  fails(at, {"gan", "report", workshop() / "model"}, Exit::bad_data, "gan train");
  fails(at, {"gan", "report"}, Exit::usage, "DIR");

  const Path run = copied_run(scratch, "g");
  const std::string events = read_file(run / "events.jsonl");
  write_text(run / "events.jsonl", events + "{\"step\":1,\"ki\n" + events);
  const auto line = std::count(events.begin(), events.end(), '\n') + 1;
  fails(at, {"gan", "report", "g"}, Exit::bad_data, cat("g/events.jsonl:", line, ": "));
  CHECK_FALSE(std::filesystem::exists(run / "report.html"));
  write_text(run / "events.jsonl", events);
  write_text(run / "file", "");
  fails(at, {"gan", "report", "g", "--out", "g/file/page.html"}, Exit::cannot_create, "g/file");
}
