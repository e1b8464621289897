// SPDX-License-Identifier: Apache-2.0
// Trainings that prepare others, or follow them: without labels, with growing images, and on the
// features of several classifiers.
#include "classifier/fit.hpp"
#include "core/error.hpp"
#include "metrics/stats.hpp"
#include "nn/checkpoint.hpp"
#include "tests/classifier/bench.hpp"

using namespace evenray;

namespace {

struct Prepared : Bench {
  void pretrain(const std::string& run, bool resume = false) {
    RunFolder folder(scratch / run, resume, [&](Fields& f) {
      runtime.fields(f);
      f.section("classify", options);
    });
    pretrain_backbone(store(), options, runtime, folder);
  }
  TensorFile best(const std::string& run) const {
    return read_safetensors(checkpoint(run, "best"));
  }
};

double bright_auroc(const Predictions& predictions) {
  std::vector<double> scores;
  std::vector<uint8_t> labels;
  for (size_t i = 0; i < predictions.rows(); ++i) {
    scores.push_back(predictions.probabilities[i][1]);
    labels.push_back(predictions.labels[i][1] == 1);
  }
  return auroc(scores, labels);
}

}  // namespace

TEST_CASE_METHOD(Prepared, "a network learns from images without labels and starts another one") {
  options.steps = 100;
  pretrain("alone");
  const Json metrics = read_json(scratch / "alone" / "metrics.json");
  CHECK(metrics["steps"] == 100);
  // Neither all alike nor more than evenly spread.
  CHECK(metrics["spread"] > .2);
  CHECK(metrics["spread"] < 1.2);
  std::vector<double> losses;
  for (const auto& line : split_text(read_file(scratch / "alone" / "events.jsonl"), '\n'))
    if (!line.empty() && Json::parse(line).contains("loss"))
      losses.push_back(Json::parse(line)["loss"]);
  REQUIRE(losses.size() == 2);
  CHECK(losses[1] < losses[0] - .1);  // -1: both views give the same

  const Error error = error_of([&] { classifier("alone"); });
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), "is not a classifier"));
  options.weights = (scratch / "alone").string();
  options.steps = 1;
  options.lr = 1e-12;
  train("child");
  const auto child = best("child").tensors, parent = best("alone").tensors;
  CHECK(parent.size() > 10);
  for (const auto& [name, tensor] : parent)
    if (name.ends_with("weight"))
      CHECK(torch::allclose(child.at("ema.trunk." + name), tensor, 1e-4, 1e-6));
}

TEST_CASE_METHOD(Prepared, "a pre-training resumes bit for bit, and refuses what it cannot use") {
  options.steps = 8;
  runtime.checkpoint_every_s = 0;
  pretrain("whole");
  pretrain("half");
  // As if it had been stopped after the first checkpoint.
  std::filesystem::remove(scratch / "half" / "DONE");
  std::vector<Path> states;
  for (const auto& entry : std::filesystem::directory_iterator(scratch / "half" / "checkpoints"))
    if (entry.path().filename().string().starts_with("step-")) states.push_back(entry.path());
  std::sort(states.begin(), states.end());
  REQUIRE(states.size() == 2);
  std::filesystem::remove(states[1]);
  pretrain("half", /*resume=*/true);
  CHECK(best("half").metadata.at("tensor_digest") == best("whole").metadata.at("tensor_digest"));

  options.minibatch = 500;
  CHECK(error_of([&] { pretrain("few"); }).code() == Exit::bad_data);
  options.minibatch = 16;
  options.tune = "head";
  options.weights = (scratch / "whole").string();
  CHECK(error_of([&] { pretrain("head"); }).code() == Exit::config);
}

TEST_CASE_METHOD(Prepared, "images grow in four stages") {
  options.steps = 8;
  options.start_scale = .7;
  std::vector<double> scales;
  for (int64_t step = 0; step < 8; ++step) scales.push_back(training_scale(options, step));
  const std::vector<double> expected{.7, .7, .8, .8, .9, .9, 1, 1};
  for (size_t i = 0; i < 8; ++i) CHECK(scales[i] == Approx(expected[i]));
  train("grown");
  options.start_scale = 1;
  train("plain");
  CHECK(best("grown").metadata.at("tensor_digest") != best("plain").metadata.at("tensor_digest"));
  options.start_scale = .05;
  const Error error = error_of([&] { train("tiny"); });
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), "shrunk to 0.05 of their sides"));
}

TEST_CASE_METHOD(Prepared, "one layer on the features of several classifiers") {
  options.steps = 30;
  train("a");
  runtime.seed = 2;
  train("b");
  const Classifier a = classifier("a"), b = classifier("b");
  const JoinedEnsemble joined = join_classifiers({&a, &b}, store(), "test");
  CHECK(joined.part.ids == store().part("test").ids);
  CHECK(joined.val.ids == store().part("val").ids);
  CHECK(bright_auroc(joined.part) > .9);
  CHECK(joined.penalty >= 1e-4);
  CHECK(joined.penalty <= 1);
  for (const auto& row : joined.part.probabilities) CHECK(row[0] + row[1] == Approx(1));
  CHECK(join_classifiers({&a, &b}, store(), "val").part.probabilities == joined.val.probabilities);

  write_blob_store(scratch / "other.h5", {.class_names = {"Bright", "Dark"}});
  const Error error = error_of([&] { join_classifiers({&a, &b}, store("other.h5"), "test"); });
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), "has the classes Bright, Dark"));
}
