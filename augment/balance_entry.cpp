// SPDX-License-Identifier: Apache-2.0
#include "augment/balance_entry.hpp"

#include <algorithm>
#include <opencv2/imgproc.hpp>
#include <utility>

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

constexpr int64_t kExamples = 8;
/// Longer side of an example.
constexpr int kExamplePx = 160;

cv::Mat in_small(const cv::Mat& image) {
  const double scale = double(kExamplePx) / std::max(image.cols, image.rows);
  if (scale >= 1) return image.clone();
  cv::Mat small;
  cv::resize(image, small, {}, scale, scale, cv::INTER_AREA);
  return small;
}

}  // namespace

void Entry::prepare(const Source& source, const std::vector<Drawn>& batch) {
  for (const Drawn& drawn : batch) {
    if (drawn.image.rows == info_.height && drawn.image.cols == info_.width &&
        drawn.image.type() == (info_.bits == 16 ? CV_16UC1 : CV_8UC1)) {
      continue;
    }
    throw Error(Exit::bad_data,
                cat("source ",
                    source.name(),
                    " draws images of ",
                    drawn.image.cols,
                    "x",
                    drawn.image.rows,
                    " (",
                    drawn.image.elemSize() * 8,
                    " bits), but the store has ",
                    info_.width,
                    "x",
                    info_.height,
                    " (",
                    info_.bits,
                    " bits); use a generator that was trained on this store"));
  }
  for (const auto& gate : gates_)
    if (gate->applies(source.origin())) gate->prepare(batch);
}

bool Entry::passes(const Drawn& drawn, int class_index) {
  const Origin origin = drawn.provenance.origin;
  bool checked = false;
  for (const auto& gate : gates_) {
    if (!gate->applies(origin)) continue;
    checked = true;
    if (const auto reason = gate->reject(drawn, class_index)) {
      ++rejected_[gate->name()][*reason];
      add_example(gate->name(), *reason, "", drawn.image);
      return false;
    }
  }
  if (checked) add_example("", "", origin_name(origin), drawn.image);
  for (const auto& gate : gates_)
    if (gate->applies(drawn.provenance.origin)) gate->accepted(drawn, class_index);
  return true;
}

void Entry::add_example(const std::string& gate,
                        const std::string& reason,
                        const std::string& origin,
                        const cv::Mat& image) {
  GateExamples& of = examples_[{gate, reason, origin}];
  of.gate = gate, of.reason = reason, of.origin = origin;
  // Reservoir sampling: each image so far is shown with the same probability.
  const auto place =
      of.images < kExamples
          ? of.images
          : static_cast<int64_t>(choice_.below(static_cast<uint64_t>(of.images) + 1));
  ++of.images;
  if (place >= kExamples) return;
  of.shown.resize(std::max(of.shown.size(), static_cast<size_t>(place) + 1));
  of.shown[static_cast<size_t>(place)] = in_small(image);
}

std::vector<GateExamples> Entry::examples() const {
  std::vector<GateExamples> out;
  for (const auto& [kind, examples] : examples_) out.push_back(examples);
  return out;
}

std::map<std::string, std::map<std::string, int64_t>> Entry::take_rejected() {
  return std::exchange(rejected_, {});
}

void Entry::throw_too_few(const BalanceTally::Drawing& drawing) const {
  std::vector<std::string> causes;
  for (const auto& [gate, reasons] : rejected_)
    for (const auto& [reason, images] : reasons)
      causes.push_back(gate == "source"
                           ? cat("the source failed ", images, " times (", reason, ")")
                           : cat("gate ", gate, " rejected ", images, " (", reason, ")"));
  throw Error(Exit::bad_data,
              cat("balance: class '",
                  drawing.class_name,
                  "' cannot be filled: source ",
                  drawing.source,
                  " drew ",
                  drawing.tried,
                  " images, but only ",
                  drawing.accepted,
                  " of the ",
                  drawing.asked,
                  " that are needed were accepted: ",
                  join(causes),
                  "; use another source, a smaller share or a looser gate"));
}

}  // namespace evenray
