// SPDX-License-Identifier: Apache-2.0
#include "nn/training.hpp"

#include "tests/nn/torch_fixture.hpp"

using namespace evenray;

namespace {

constexpr int64_t kLastStep = 20;

/// A run with events of steps 10, 20 and 30, and a checkpoint of step 20 with these facts.
struct Begun {
  ScratchFolder folder;
  explicit Begun(const std::string& facts) {
    RunFolder run(folder.path(), true, settings());
    for (const int64_t step : {10, 20, 30}) run.event({{"step", step}});
    TensorFile file;
    file.tensors["weight"] = torch::ones({2});
    file.metadata["facts"] = facts;
    Checkpoints(folder.path(), 0).write(kLastStep, file);
  }
  Visit settings() {
    return [this](Fields& f) { runtime.fields(f); };
  }
  std::optional<Resumed> resume(int threads, const std::string& store, bool bf16 = false) {
    RunFolder run(folder.path(), true, settings());
    return resume_run(
        run, Checkpoints(folder.path(), 0), run_facts(Compute{torch::kCPU, bf16, threads}, store));
  }
  std::string events() { return read_file(folder / "events.jsonl"); }
  Runtime runtime;
};

const std::string kFacts =
    R"({"step": 20, "threads": 2, "device": "cpu", "bf16": false, "store": "abc", "best": null})";

}  // namespace

TEST_CASE("a run goes on from its newest checkpoint, and later events are dropped") {
  Begun begun(kFacts);
  const auto resumed = begun.resume(2, "abc");
  REQUIRE(resumed);
  CHECK(resumed->step == 20);
  CHECK(resumed->facts == Json::parse(kFacts));
  CHECK(resumed->fact<std::string>("store") == "abc");
  CHECK(resumed->fact("best", 7.) == 7);
  for (const char* key : {"nothing", "store"}) {
    const Error error = error_of([&] { resumed->fact<int>(key); });
    CHECK(error.code() == Exit::bad_data);
    CHECK(contains(error.what(), cat("step-00000020.safetensors: damaged facts ('", key, "')")));
  }
  CHECK(same(resumed->file.tensors.at("weight"), torch::ones({2})));
  CHECK(begun.events() == "{\"step\":10}\n{\"step\":20}\n");
}

TEST_CASE("a run with other threads, precision, device or store is refused, its events stay") {
  Begun begun(kFacts);
  Error error = error_of([&] { begun.resume(1, "abc"); });
  CHECK(error.code() == Exit::config);
  CHECK(contains(error.what(), "threads was 2, now 1; give --threads 2"));
  error = error_of([&] { begun.resume(2, "abd"); });
  CHECK(error.code() == Exit::config);
  CHECK(contains(error.what(), "store was \"abc\", now \"abd\""));
  error = error_of([&] { begun.resume(2, "abc", true); });
  CHECK(error.code() == Exit::config);
  CHECK(contains(error.what(), "bf16 was false, now true; resume with the old value"));
  Begun elsewhere(R"({"step": 20, "threads": 2, "device": "cuda", "bf16": false, "store": "abc"})");
  error = error_of([&] { elsewhere.resume(2, "abc"); });
  CHECK(error.code() == Exit::config);
  CHECK(contains(error.what(), "device was \"cuda\", now \"cpu\""));
  CHECK(contains(begun.events(), "30"));
}

TEST_CASE("a checkpoint with damaged facts is an error of the data") {
  for (const std::string facts : {"",
                                  "{",
                                  "[]",
                                  "{}",
                                  R"({"step": "20", "threads": 2, "store": "abc"})",
                                  R"({"step": -5, "threads": 2, "store": "abc"})"}) {
    INFO(facts);
    Begun begun(facts);
    CHECK(error_of([&] { begun.resume(2, "abc"); }).code() == Exit::bad_data);
  }
}

TEST_CASE("without a checkpoint a run starts anew, with no events") {
  Begun begun(kFacts);
  std::filesystem::remove_all(begun.folder / "checkpoints");
  CHECK_FALSE(begun.resume(1, "other"));
  CHECK(begun.events().empty());
}
