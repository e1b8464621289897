// SPDX-License-Identifier: Apache-2.0
// The detector as the task of a study, which compares the boxes of the rare class.
#include <array>
#include <cmath>

#include "core/text.hpp"
#include "detector/detector.hpp"
#include "metrics/detection/coco_writer.hpp"
#include "metrics/detection/panel.hpp"
#include "metrics/detection/scored_boxes.hpp"

namespace evenray {
namespace {

constexpr std::array kColumns{"ap50", "ap", "froc", "image_auroc"};

class DetectTask final : public Task {
 public:
  DetectTask(const DetectOptions& options, const std::string& rare_class)
      : options_(options), rare_class_(rare_class) {}

  std::string run_name() const override { return "detector"; }
  void fields(Fields& f) override { f.section("detect", options_); }
  int64_t steps() const override { return options_.steps; }
  StepTime image_time(const Compute&, int, int) const override { return {}; }
  TimedNetwork timed(int height, int width) const override {
    return timed_detector(options_, height, width);
  }

  void prepare(const Store&, const Runtime&) const override {}

  void train(const Store& store, const Runtime& runtime, RunFolder& run) const override {
    train_detector(store, options_, runtime, run);
  }

  void test(const Path& cell,
            const Store& store,
            const std::string& part,
            const Runtime& runtime) const override {
    const Detector detector(cell / run_name(), make_compute(runtime));
    const CocoBoxes boxes = detector.find(store, part);
    write_coco_boxes(boxes, cell / "gt.json", cell / "detections.json");
    Resampling resampling;
    resampling.draws = options_.bootstrap;
    resampling.threads = runtime.thread_count();
    write_json(cell / "metrics.json", detection_metrics(boxes, resampling));
  }

  double validation(const Path& cell) const override {
    const Json best = read_json(cell / run_name() / "metrics.json").at("best_val_ap50");
    return best.is_number() ? best.get<double>() : NAN;
  }

  Scored scored(const std::vector<Path>& cells,
                const std::set<std::string>& left_out) const override {
    std::vector<CocoBoxes> folds;
    for (const auto& cell : cells) {
      folds.push_back(
          read_coco_boxes(cell / "gt.json", cell / "detections.json", /*group_by=*/"patient"));
      std::erase_if(folds.back().images,
                    [&](const ScoredImage& image) { return left_out.contains(image.name); });
    }
    return score_boxes(std::move(folds), rare_class_);
  }

  std::vector<std::string> columns() const override {
    std::vector<std::string> names{"n", "boxes"};
    names.insert(names.end(), kColumns.begin(), kColumns.end());
    return names;
  }

  std::vector<std::string> row(const Path& cell) const override {
    const Json metrics = read_json(cell / "metrics.json");
    Json boxes;
    for (const auto& one : metrics.at("classes"))
      if (one.at("name") == rare_class_) boxes = one.at("boxes");
    std::vector<std::string> values{metrics.at("images").dump(), boxes.dump()};
    for (const char* column : kColumns) {
      const Json value = metrics.at("values").value(cat(rare_class_, ".", column), Json());
      values.push_back(value.is_null() ? "" : value.dump());
    }
    return values;
  }

 private:
  DetectOptions options_;
  std::string rare_class_;
};

}  // namespace

std::unique_ptr<Task> detect_task(const DetectOptions& options, const std::string& rare_class) {
  return std::make_unique<DetectTask>(options, rare_class);
}

}  // namespace evenray
