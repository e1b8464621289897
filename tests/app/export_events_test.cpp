// SPDX-License-Identifier: Apache-2.0
// export-events, as a user runs it.
#include "tests/app/workshop.hpp"

using namespace evenray;

TEST_CASE("export-events writes a TensorBoard file for each run") {
  const ScratchFolder scratch;
  const Path& at = scratch.path();
  const std::string file = "/events.out.tfevents.evenray";
  const Words words{"export-events", workshop() / "gan", workshop() / "model"};
  CHECK(contains(done(at, words + Words{"--out=tb"}).out, "2 runs, "));
  CHECK(files_in(scratch / "tb") == Words{"gan" + file, "model" + file});
  CHECK(contains(read_file(at / ("tb/gan" + file)), "eval/swd"));
  const std::string model = read_file(at / ("tb/model" + file));
  for (const char* tag : {"brain.Event:2", "train/loss", "val/auprc"}) CHECK(contains(model, tag));

  // A folder with runs below it, while one of them is training.
  write_text(scratch / "s/cells/a/events.jsonl",
             read_file(workshop() / "model/events.jsonl") + "{\"step\":9,\"lo");
  const Json told = done(at, {"export-events", "s", "--out=new/tb", "--json"}).json();
  CHECK(told["schema"] == "evenray-export-events-1");
  REQUIRE(told["runs"].size() == 1);
  CHECK(told["runs"][0]["name"] == "cells/a");
  CHECK(told["runs"][0]["values"] > 0);
  CHECK(read_file(at / ("new/tb/cells/a" + file)) == model);
}

TEST_CASE("what export-events refuses") {
  const ScratchFolder scratch;
  const Path &at = scratch.path(), model = workshop() / "model";
  write_text(scratch / "bad/events.jsonl", "{\"step\":1}\n{\"st\n{\"step\":3}\n");
  write_text(scratch / "full/mine.txt", "x");
  const Words before = files_in(at);
  const auto refuses = [&](const Words& words, Exit code, const std::string& part) {
    fails(at, Words{"export-events"} + words, code, part);
  };
  refuses({"--out=tb"}, Exit::usage, "DIR");
  refuses({model}, Exit::usage, "--out");
  refuses({model, "--out=tb", "--to=mlflow"}, Exit::usage, "--to");
  refuses({"none", "--out=tb"}, Exit::missing_input, "cannot read none");
  refuses({model, "full", "--out=tb"}, Exit::missing_input, "full: no events.jsonl");
  refuses({"bad", "--out=tb"}, Exit::bad_data, "bad/events.jsonl:2: damaged");
  refuses({model, "--out=full"}, Exit::cannot_create, "full is not empty");
  refuses({model, "--out=full/mine.txt"}, Exit::cannot_create, "full/mine.txt");
  refuses({model, "--out=full/mine.txt/tb"}, Exit::cannot_create, "full/mine.txt");
  CHECK(files_in(at) == before);
}
