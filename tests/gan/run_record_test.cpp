// SPDX-License-Identifier: Apache-2.0
#include "gan/run_record.hpp"

#include "tests/gan/tiny_gan.hpp"

using namespace evenray;

namespace {

/// A run folder with the default settings and these lines in events.jsonl.
void write_run(const Path& folder, const std::string& events) {
  GanOptions options;
  Runtime runtime;
  write_text(folder / "config.toml", "# evenray\n" + write_config([&](Fields& f) {
                                       runtime.fields(f);
                                       f.section("gan", options);
                                     }));
  write_text(folder / "events.jsonl", events);
}

Error reading(const Path& folder) {
  return error_of([&] { read_run(folder); });
}

const std::string kStep =
    R"({"step":50,"kimg":0.8,"level":4,"alpha":1.0,"loss_d":1.5,"loss_g":0.7,"d_real":0.6,"d_fake":0.4,"rate":80.0,"eta_s":9.0})"
    "\n";

}  // namespace

TEST_CASE("a run's record holds what its folder holds") {
  const RunRecord run = read_run(TinyRun::get().run);
  CHECK(run.finished);
  CHECK(run.class_name == "Rare");
  CHECK(run.images == 54);
  CHECK(run.judged_by == "train");
  CHECK(run.judged_images == 16);
  CHECK(run.height == 24);
  CHECK(run.width == 16);
  CHECK(run.kimg() == .048);
  REQUIRE(run.evaluations.size() == 2);
  CHECK(run.best()->swd == read_json(run.folder / "metrics.json")["best_swd"]);
  CHECK(run.evaluations[0].floor > 0);
  CHECK(run.best()->kept);
  CHECK(run.steps.size() == 1);
  CHECK(run.sheets.size() == 2);
  REQUIRE(run.stages().size() == 1);
  CHECK(run.stages()[0].minibatch == 8);
  CHECK(run.has_judgement);
  CHECK(run.judgement.n_real == 54);
}

TEST_CASE("optional values, values that were not finite, and a run that went back") {
  const ScratchFolder scratch;
  write_run(
      scratch.path(),
      kStep +
          R"({"step":50,"kimg":0.8,"swd":90,"floor":20,"msssim":0.3,"msssim_real":0.2,"memorised":0.01,"memorised_bound":0.05}
{"step":100,"kimg":1.6,"loss_d":null,"loss_g":2,"d_real":0.6,"d_fake":0.4,"ada_p":0.1}
{"step":100,"kimg":1.6,"swd":null}
{"step":120,"kimg":1.9,"retry":1}
{"step":100,"kimg":1.6,"loss_d":1,"loss_g":2}
)");
  const RunRecord run = read_run(scratch.path());
  CHECK_FALSE(run.finished);
  CHECK_FALSE(run.class_known);
  CHECK(run.evaluations[0].memorised_bound == .05);
  CHECK(std::isnan(run.evaluations[1].swd));
  CHECK(run.best()->swd == 90);
  REQUIRE(run.steps.size() == 2);
  CHECK(run.steps[0].eta_s == 9);
  CHECK(run.steps[1].loss_d == 1);
  REQUIRE(run.retries.size() == 1);
  CHECK(run.retries[0].kimg == 1.9);
  CHECK(run.stages().empty());
}

TEST_CASE("a line that is still being written is left out, a damaged or foreign one is not") {
  const ScratchFolder scratch;
  const auto events_of = [&](const std::string& events) {
    write_run(scratch.path(), events);
    return reading(scratch.path());
  };
  CHECK(events_of("").code() == Exit::done);
  CHECK(events_of(kStep + R"({"step":100,"ki)").code() == Exit::done);
  CHECK(read_run(scratch.path()).steps.size() == 1);
  for (const char* bad : {R"({"step":100,"ki)",
                          "",
                          "[1]",
                          R"({"step":100,"kimg":1})",
                          R"({"step":100,"kimg":1,"auroc":0.5})",
                          R"({"step":"100","kimg":1,"swd":2})",
                          R"({"step":100,"kimg":1,"swd":"2"})",
                          R"({"step":100,"kimg":1,"swd":2,"floor":"low"})",
                          R"({"step":-1,"kimg":1,"swd":2})",
                          R"({"kimg":1,"swd":2})",
                          R"({"step":1,"kimg":null,"swd":2})",
                          R"({"step":1,"kimg":1,"loss_d":2})"}) {
    CAPTURE(bad);
    const Error error = events_of(kStep + bad + "\n" + kStep);
    CHECK(error.code() == Exit::bad_data);
    CHECK(contains(error.what(), "events.jsonl:2: "));
  }
}

TEST_CASE("what is no generator's run is refused") {
  const ScratchFolder scratch;
  CHECK(reading(scratch / "none").code() == Exit::missing_input);
  CHECK(reading(scratch.path()).code() == Exit::missing_input);
  CHECK(contains(reading(scratch.path()).what(), "config.toml is missing"));
  for (const char* settings : {"",
                               "[classify]\nsteps = 5\n",
                               "[gan]\nnope = 5\n",
                               "[gan]\nlatent",
                               "[gan]\nfamily = \"x\"\n",
                               "[gan]\nminibatch = 0\n"}) {
    write_text(scratch / "config.toml", settings);
    CHECK(reading(scratch.path()).code() == Exit::bad_data);
    CHECK(contains(reading(scratch.path()).what(), "gan train"));
  }
}

TEST_CASE("damaged files beside the events are named") {
  const ScratchFolder scratch;
  write_run(scratch.path(), kStep);
  for (const auto& [name, text] :
       {std::pair{"metrics.json", "[1]"},
        {"metrics.json", "{"},
        {"judgement.json", "[1]"},
        {"judgement.json", R"({"spectrum":{}})"},
        {"judgement.json", R"({"spectrum":{"frequency":[0.1,0.2],"fake":[1,2],"real":[1]}})"},
        {"checkpoints/best.safetensors", "cut"}}) {
    CAPTURE(name, text);
    write_text(scratch / name, text);
    CHECK(reading(scratch.path()).code() == Exit::bad_data);
    CHECK(contains(reading(scratch.path()).what(), name));
    std::filesystem::remove(scratch / name);
  }
  TensorFile file;
  file.metadata["facts"] = R"({"size_px":[17,17],"images":5,"class":"Rare"})";
  write_safetensors(scratch / "checkpoints/best.safetensors", file);
  CHECK(reading(scratch.path()).code() == Exit::bad_data);
  CHECK(contains(reading(scratch.path()).what(), "damaged facts"));
  std::filesystem::remove(scratch / "checkpoints/best.safetensors");
  write_text(scratch / "metrics.json", "{}");
  write_text(scratch / "judgement.json", R"({"swd":{"mean":"high"}})");
  const RunRecord run = read_run(scratch.path());
  CHECK(run.has_judgement);
  CHECK(std::isnan(run.judgement.swd));
}
