// SPDX-License-Identifier: Apache-2.0
#include "classifier/examples.hpp"

#include <chrono>
#include <cmath>

#include "classifier/smote.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "nn/backbone.hpp"
#include "nn/loader.hpp"

namespace evenray {
namespace {

/// Minibatches that are read before they are used.
constexpr int64_t kReadAhead = 4;
/// Images whose pixels are measured at a time, if they are not in memory.
constexpr int64_t kBlockRows = 256;

std::vector<int64_t> set_rows(const torch::Tensor& mask) {
  const auto found = mask.nonzero().flatten().contiguous();
  return {found.data_ptr<int64_t>(), found.data_ptr<int64_t>() + found.numel()};
}

std::vector<double> to_vector(const torch::Tensor& values) {
  return {values.data_ptr<double>(), values.data_ptr<double>() + values.numel()};
}

/// Returns the examples with these after them, of weight 1.
Examples with_added(const Examples& examples,
                    const std::vector<torch::Tensor>& features,
                    const std::vector<torch::Tensor>& labels) {
  Examples out = examples;
  for (const auto& rows : features)
    out.images = torch::cat({out.images, rows.to(examples.images.device())});
  for (const auto& rows : labels)
    out.labels = torch::cat({out.labels, rows.to(examples.labels.device())});
  const int64_t added = out.images.size(0) - examples.images.size(0);
  out.weights = torch::cat({examples.weights, torch::ones({added}, examples.weights.options())});
  return out;
}

}  // namespace

Examples examples_of(const Store& store,
                     const std::string& part,
                     torch::Tensor images,
                     torch::Device device) {
  const StorePart& rows = store.part(part);
  const auto classes = static_cast<int64_t>(store.info().class_names.size());
  auto labels = torch::empty({rows.size(), classes}, torch::kFloat);
  float* value = labels.data_ptr<float>();
  for (const auto& row : rows.labels) {
    for (const int8_t label : row) *value++ = label;
  }
  return {images.defined() ? images.to(device) : images,
          labels.to(device),
          torch::tensor(rows.weights, torch::kFloat).to(device),
          store.info().value_max,
          !store.info().multi_label};
}

Examples load_examples(const Store& store,
                       const std::string& part,
                       torch::Device device,
                       double resident_bytes) {
  const StoreInfo& info = store.info();
  // Images of 16 bits are held as f32.
  const double bytes = static_cast<double>(store.part(part).size()) * info.height * info.width *
                       (info.bits == 8 ? 1. : 4.);
  if (bytes <= resident_bytes)
    return examples_of(store, part, load_images(store, part, device), device);
  Examples examples = examples_of(store, part, {}, device);
  examples.stored = &store;
  examples.part = part;
  return examples;
}

void check_size(const Store& store, const std::string& arch, double scale) {
  const auto least = make_backbone(arch)->least_px;
  const auto& info = store.info();
  const auto side = std::llround(scale * std::min(info.height, info.width));
  check(side >= least,
        Exit::bad_data,
        cat(store.path().string(),
            " has images of ",
            info.height,
            "x",
            info.width,
            " px",
            scale < 1 ? cat(", shrunk to ", scale, " of their sides at first") : "",
            "; ",
            arch,
            " needs ",
            least,
            " px or more per side"));
}

Standardise measure_pixels(const Examples& examples) {
  if (examples.images.defined()) return measure(examples.images, examples.value_max);
  PixelMeasure pixels;
  read_blocks(
      *examples.stored, examples.part, kBlockRows, torch::kCPU, [&](const torch::Tensor& images) {
        pixels.add(images);
      });
  return pixels.result(examples.value_max);
}

Examples filled_with_smote(const Examples& examples, const Rng& rng) {
  if (!examples.exclusive) {
    const auto made = mlsmote(examples.images.cpu(), examples.labels.cpu(), rng.fork("mlsmote"));
    return with_added(examples, {made.features}, {made.labels});
  }
  const auto positives = (examples.labels == 1).cpu();
  const auto counts = positives.sum(0);
  const int64_t largest = counts.max().item<int64_t>();
  std::vector<torch::Tensor> features, labels;
  for (int64_t c = 0; c < counts.numel(); ++c) {
    const int64_t count = counts[c].item<int64_t>();
    if (count == 0 || count == largest) continue;
    const auto rows = positives.select(1, c).nonzero().flatten();
    const auto of_class = examples.images.cpu().index_select(0, rows);
    features.push_back(
        smote(of_class, largest - count, rng.fork("smote", static_cast<uint64_t>(c))));
    auto label = torch::zeros({1, counts.numel()});
    label[0][c] = 1;
    labels.push_back(label.expand({largest - count, counts.numel()}));
  }
  return with_added(examples, features, labels);
}

ExampleBatches::ExampleBatches(const Examples& examples,
                               const ClassifyOptions& options,
                               const Rng& rng)
    : examples_(examples),
      minibatch_(options.minibatch),
      rng_(rng),
      order_(examples.rows(), options.minibatch, rng.fork("order")) {
  const auto positives = (examples.labels == 1).cpu();
  if (options.sampling == "balanced" || options.sampling == "square-root") {
    for (int64_t c = 0; c < positives.size(1); ++c) {
      std::vector<int64_t> rows = set_rows(positives.select(1, c));
      if (rows.empty()) continue;
      const double share =
          options.sampling == "balanced" ? 1 : std::sqrt(static_cast<double>(rows.size()));
      strata_.push_back({std::move(rows), share});
    }
  } else if (options.sampling == "repeat-factor") {
    const auto share = positives.to(torch::kDouble).mean(0);
    const auto of_class = (options.repeat_threshold / share).sqrt().clamp_min(1);
    const auto of_row = std::get<0>((positives * of_class).max(1)).clamp_min(1);
    for (const double factor : to_vector(std::get<0>(at::_unique(of_row)))) {
      std::vector<int64_t> rows = set_rows(of_row == factor);
      const double weight = factor * static_cast<double>(rows.size());
      strata_.push_back({std::move(rows), weight});
    }
  }
}

std::vector<int64_t> ExampleBatches::rows(int64_t step) {
  if (strata_.empty()) return order_.minibatch(step);
  double total = 0;
  for (const auto& stratum : strata_) total += stratum.share;
  Rng stream = rng_.fork("strata", static_cast<uint64_t>(step));
  std::vector<int64_t> rows;
  for (int64_t i = 0; i < minibatch_; ++i) {
    double left = stream.uniform(0, total);
    auto stratum = strata_.begin();
    while (left >= stratum->share && stratum + 1 != strata_.end()) left -= (stratum++)->share;
    rows.push_back(stratum->rows[stream.below(stratum->rows.size())]);
  }
  return rows;
}

Batch ExampleBatches::at(int64_t step) {
  const auto device = examples_.labels.device();
  if (!examples_.images.defined()) fill_ahead(step);
  const auto index = index_tensor(ahead_.empty() ? rows(step) : ahead_.front().rows, device);
  torch::Tensor images;
  if (ahead_.empty()) {
    images = examples_.images.index_select(0, index);
  } else {
    const auto start = std::chrono::steady_clock::now();
    images = to_device(ahead_.front().images.get(), device);
    waited_s_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    ahead_.pop_front();
  }
  return {
      images, examples_.labels.index_select(0, index), examples_.weights.index_select(0, index)};
}

void ExampleBatches::fill_ahead(int64_t step) {
  if (!ahead_.empty() && ahead_.front().step != step) ahead_.clear();
  for (auto next = step + std::ssize(ahead_); next < step + kReadAhead; ++next) {
    Ahead& entry = ahead_.emplace_back(Ahead{next, rows(next), {}});
    entry.images = std::async(std::launch::async, [this, wanted = entry.rows] {
      return load_images(*examples_.stored, examples_.part, wanted, torch::kCPU);
    });
  }
}

}  // namespace evenray
