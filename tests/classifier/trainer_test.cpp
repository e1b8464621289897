// SPDX-License-Identifier: Apache-2.0
#include "classifier/classifier.hpp"

#include <algorithm>
#include <cmath>

#include "classifier/examples.hpp"
#include "core/error.hpp"
#include "metrics/stats.hpp"
#include "tests/classifier/bench.hpp"
#include "tests/nn/torch_fixture.hpp"

using namespace evenray;

namespace {

double auroc_of(const Predictions& predictions, size_t c) {
  std::vector<double> scores;
  std::vector<uint8_t> labels;
  for (size_t i = 0; i < predictions.rows(); ++i) {
    scores.push_back(predictions.probabilities[i][c]);
    labels.push_back(predictions.labels[i][c] == 1);
  }
  return auroc(scores, labels);
}

}  // namespace

TEST_CASE("bright and dark spots are learnt, thresholds come from validation") {
  Bench bench;
  bench.options.steps = 60;
  bench.options.eval_every = 10;
  bench.train("run");
  const Classifier classifier = bench.classifier("run");
  const Predictions test = classifier.predict(bench.store(), "test");
  CHECK(test.rows() == 80);
  CHECK(test.one_hot());
  CHECK(auroc_of(test, 1) > .95);

  const Predictions val = classifier.predict(bench.store(), "val");
  CHECK(classifier.thresholds() == pick_thresholds(val));
  CHECK(classifier.thresholds().size() == 1);
  CHECK(classifier.thresholds() == read_thresholds(bench.scratch / "run" / "thresholds.json"));

  // Image files give what the store's rows give.
  const auto rows = classifier.predict({bench.store().image("test", 0)});
  CHECK(rows[0][1] == Approx(test.probabilities[0][1]).margin(1e-5));
  CHECK(rows[0][0] + rows[0][1] == Approx(1));

  const Json metrics = read_json(bench.scratch / "run" / "metrics.json");
  CHECK(metrics["steps"] == 60);
  CHECK(metrics["best_val_auprc"] > .9);
  CHECK(run_done(bench.scratch / "run"));
  int validations = 0, losses = 0;
  for (const auto& line : split_text(read_file(bench.scratch / "run" / "events.jsonl"), '\n')) {
    if (line.empty()) continue;
    const Json event = Json::parse(line);
    validations += event.contains("val_auprc");
    losses += event.contains("loss");
  }
  CHECK(validations == 6);
  CHECK(losses == 2);
}

TEST_CASE("a classifier of the loss ldam learns, and is read back with its cosines") {
  Bench bench;
  bench.options.steps = 60;
  bench.options.eval_every = 60;
  bench.options.loss.name = "ldam";
  bench.options.loss.scale = 1;
  bench.train("run");
  const Predictions test = bench.classifier("run").predict(bench.store(), "test");
  CHECK(auroc_of(test, 1) > .9);
  // Two cosines differ by 2 at most.
  double most = 0;
  for (const auto& row : test.probabilities) most = std::max(most, row[1]);
  CHECK(most > .6);
  CHECK(most < 1 / (1 + std::exp(-2.)) + 1e-6);
}

TEST_CASE("a training that reads its images from the store gives the same network") {
  Bench bench;
  bench.options.steps = 12;
  bench.options.eval_every = 5;
  bench.train("resident");
  bench.options.resident_gb = 0;
  bench.train("read");
  const Classifier resident = bench.classifier("resident"), read = bench.classifier("read");
  CHECK(read.digest() == resident.digest());
  CHECK(read.thresholds() == resident.thresholds());
  CHECK(read_json(bench.scratch / "read" / "metrics.json")["waited_for_rows_s"] >= 0);
  CHECK_FALSE(read_json(bench.scratch / "resident" / "metrics.json").contains("waited_for_rows_s"));

  // Steps may be asked for in any order.
  const Store store = bench.store();
  const Examples rows = load_examples(store, "train", torch::kCPU, 0);
  CHECK_FALSE(rows.images.defined());
  const Examples held = load_examples(store, "train", torch::kCPU);
  ExampleBatches batches(rows, bench.options, Rng(1)), others(held, bench.options, Rng(1));
  for (const int64_t step : {0, 1, 2, 7, 3, 4})
    CHECK(torch::equal(batches.at(step).images, others.at(step).images));
}

TEST_CASE("a training that a fault broke off goes on bit for bit") {
  Bench bench;
  bench.options.policy = GENERATE("none", "trivialaugment");
  bench.train("whole");
  // The first validation cannot write its checkpoint: the run ends at step 6, step 5 is there.
  bench.runtime.checkpoint_every_s = 0;
  make_folder(bench.checkpoint("broken", "best") / "in the way");
  const Error error = error_of([&] { bench.train("broken"); });
  CHECK(error.code() == Exit::cannot_create);
  CHECK(contains(error.what(), "best.safetensors"));
  CHECK_FALSE(run_done(bench.scratch / "broken"));
  CHECK(std::filesystem::exists(bench.checkpoint("broken", "step-00000005")));
  CHECK_FALSE(std::filesystem::exists(bench.checkpoint("broken", "step-00000006")));
  // One checkpoint more is damaged: the one before it serves.
  flip_bit(bench.checkpoint("broken", "step-00000005"), 20000);
  std::filesystem::remove_all(bench.checkpoint("broken", "best"));
  bench.train("broken", /*resume=*/true);
  CHECK(run_done(bench.scratch / "broken"));
  for (const char* name : {"step-00000012", "best"}) {
    CAPTURE(name);
    CHECK(same_tensors(read_safetensors(bench.checkpoint("whole", name)),
                       read_safetensors(bench.checkpoint("broken", name))));
  }
  for (const char* name : {"metrics.json", "thresholds.json"}) {
    CAPTURE(name);
    CHECK(read_file(bench.scratch / "whole" / name) == read_file(bench.scratch / "broken" / name));
  }
  // A finished run is left alone.
  const auto written = std::filesystem::last_write_time(bench.checkpoint("whole", "best"));
  bench.train("whole", /*resume=*/true);
  CHECK(std::filesystem::last_write_time(bench.checkpoint("whole", "best")) == written);
}

TEST_CASE("a resume wants the same store and threads") {
  Bench bench;
  bench.train("run");
  std::filesystem::remove(bench.scratch / "run" / "DONE");
  write_blob_store(bench.scratch / "other.h5", {{30, 30}});
  Error error = error_of([&] { bench.train("run", true, "other.h5"); });
  CHECK(error.code() == Exit::config);
  CHECK(contains(error.what(), "store was "));
  bench.runtime.threads = 2;
  error = error_of([&] { bench.train("run", true); });
  CHECK(error.code() == Exit::config);
  CHECK(contains(error.what(), "threads was 1, now 2"));
}

TEST_CASE("patience ends a training that gets no better") {
  Bench bench;
  bench.options.lr = 1e-12;
  bench.options.eval_every = 1;
  bench.options.patience = 3;
  bench.train("run");
  const Json metrics = read_json(bench.scratch / "run" / "metrics.json");
  CHECK(metrics["best_step"].get<int>() + 3 == metrics["steps"]);
  CHECK(metrics["steps"] < 12);
}

TEST_CASE("what cannot be trained on") {
  Bench bench;
  write_blob_store(bench.scratch / "one.h5", {{20, 0}});
  Error error = error_of([&] { bench.train("one", false, "one.h5"); });
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), "one class only"));
  BlobStore unknown;
  unknown.absent = -1;
  write_blob_store(bench.scratch / "unknown.h5", unknown);
  error = error_of([&] { bench.train("unknown", false, "unknown.h5"); });
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), "no class has both"));
  write_blob_store(bench.scratch / "none.h5", {{0, 0}});
  error = error_of([&] { bench.train("none", false, "none.h5"); });
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), "no training rows"));
  bench.options.arch = "smal";
  error = error_of([&] { bench.train("arch"); });
  CHECK(error.code() == Exit::config);
  CHECK(contains(error.what(), "classify.arch 'smal'"));
}

TEST_CASE("without positives in val the newest checkpoint is kept and no threshold is set") {
  Bench bench;
  write_blob_store(bench.scratch / "set2.h5", {{30, 30}, {10, 0}, {5, 5}});
  bench.train("run", false, "set2.h5");
  CHECK(read_json(bench.scratch / "run" / "metrics.json")["best_step"] == 12);
  CHECK(bench.classifier("run").thresholds().empty());
}

TEST_CASE("what a classifier refuses to predict") {
  Bench bench;
  bench.train("run");
  const Classifier classifier = bench.classifier("run");
  StoreInfo info;
  info.class_names = {"Dark", "Bright"};
  info.height = info.width = 16;
  {
    StoreWriter writer(bench.scratch / "small.h5", info, 1);
    StoreRow row;
    row.image = cv::Mat::zeros(16, 16, CV_8UC1);
    row.labels = {1, 0};
    row.id = row.group = row.source_path = "a";
    writer.add("test", row);
    writer.finish();
  }
  Error error = error_of([&] { classifier.predict(bench.store("small.h5"), "test"); });
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(),
                 "16x16 px, but the classifier was trained with 8-bit images of 20x16 px"));

  write_blob_store(bench.scratch / "names.h5", {{1, 1}, {1, 1}, {1, 1}, {"Dim", "Bright"}});
  error = error_of([&] { classifier.predict(bench.store("names.h5"), "test"); });
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(),
                 "classes Dim, Bright, but the classifier was trained with Dark, Bright"));

  write_blob_store(bench.scratch / "empty.h5", {{1, 1}, {1, 1}, {0, 0}});
  error = error_of([&] { classifier.predict(bench.store("empty.h5"), "test"); });
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), "part test is empty"));
}

TEST_CASE("damaged and foreign checkpoints") {
  Bench bench;
  bench.train("run");
  const Path best = bench.checkpoint("run", "best");
  const std::string whole = read_file(best);
  const auto refused = [&] { return error_of([&] { bench.classifier("run"); }); };
  for (const size_t at : {size_t{3}, size_t{40}, whole.size() / 2, whole.size() - 1}) {
    CAPTURE(at);
    flip_bit(best, at);
    CHECK(refused().code() == Exit::bad_data);
    CHECK(contains(refused().what(), best.string()));
    write_text(best, whole);
  }
  for (const size_t size : {size_t{0}, size_t{7}, size_t{100}, whole.size() - 1}) {
    CAPTURE(size);
    std::filesystem::resize_file(best, size);
    CHECK(refused().code() == Exit::bad_data);
    write_text(best, whole);
  }
  CHECK(refused().code() == Exit::done);

  TensorFile foreign;
  foreign.tensors["x"] = torch::ones({3});
  write_safetensors(best, foreign);
  CHECK(refused().code() == Exit::bad_data);
  CHECK(contains(refused().what(), "not made by evenray"));
  foreign.metadata["kind"] = "gan";
  write_safetensors(best, foreign);
  CHECK(contains(refused().what(), "is not a classifier"));

  std::filesystem::remove_all(bench.scratch / "run" / "checkpoints");
  CHECK(refused().code() == Exit::missing_input);
}

TEST_CASE("a step is timed") {
  ClassifyOptions options;
  options.minibatch = 4;
  CHECK(classifier_step_time(options, 16, 16, plain_compute(), 2).median_s > 0);
}

TEST_CASE("a classifier to be trained is timed in both precisions") {
  ClassifyOptions options;
  options.minibatch = 8;
  const TimedNetwork network = timed_classifier(options, 16, 16);
  CHECK(network.name == "small 16x16 px, minibatch 8");
  Compute compute = plain_compute();
  for (const bool bf16 : {false, true}) {
    compute.bf16 = bf16;
    CHECK(network.step_time(compute, 4).median_s > 0);
  }
}
