// SPDX-License-Identifier: Apache-2.0
// One file with all that a prediction needs.
#include <torch/types.h>

#include <algorithm>
#include <cmath>

#include "classifier/feature_cache.hpp"
#include "classifier/state.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "metrics/stats.hpp"
#include "nn/checkpoint.hpp"
#include "nn/model_card.hpp"

namespace evenray {
namespace {

constexpr double kLikeValidation = .99;
/// Keeps a feature that never varies in training from deciding alone.
constexpr double kLeastDeviation = 1e-3;

std::vector<double> to_doubles(const torch::Tensor& values) {
  const auto all = values.to(torch::kDouble).contiguous();
  return {all.data_ptr<double>(), all.data_ptr<double>() + all.numel()};
}

Novelty measure_novelty(const torch::Tensor& train, const torch::Tensor& val) {
  Novelty out;
  out.mean = train.mean(0);
  out.deviation = train.std(0, /*unbiased=*/false).clamp_min(kLeastDeviation);
  out.limit = 1;
  out.limit = quantile(to_doubles(out.of(val)), kLikeValidation);
  return out;
}

}  // namespace

std::string published_name(const std::string& name) {
  constexpr std::string_view kTrunk = "trunk.";
  return name.starts_with(kTrunk) ? name.substr(kTrunk.size()) : name;
}

torch::Tensor Novelty::of(const torch::Tensor& features) const {
  return ((features - mean) / deviation).square().mean(1).sqrt() / limit;
}

void pack_model(const Path& run,
                const Store& store,
                const std::string& fit,
                const Compute& compute,
                const Path& out) {
  const Classifier model(run, compute);
  check(model.store() == store.content_digest(),
        Exit::bad_data,
        cat(store.path().string(),
            " is not the store that the classifier was trained on; give that one with --data"));
  const Classifier::State& state = model.state();
  const auto features_in = [&](const std::string& part) {
    return !state.head_only
               ? features(*state.net, store, part, state.reading, state.compute)
               : cached_features(store, part, *state.net, state.reading, state.compute);
  };
  const Path source = model_file(run);
  const TensorFile trained = read_safetensors(source);
  TensorFile file;
  for (const auto& [name, tensor] : tensors_of(*state.net))
    file.tensors[published_name(name)] = tensor;
  Json facts = parse_json(require_metadata(trained, "facts", source), "facts");
  facts["packed"] = true;
  facts["fit"] = fit;
  facts["thresholds"] = state.thresholds;
  if (state.temperature) facts["temperature"] = state.temperature->value;
  if (store.part("val").size() > 0) {
    const Novelty novelty = measure_novelty(features_in("train"), features_in("val"));
    facts["novelty"] = {{"mean", to_doubles(novelty.mean)},
                        {"deviation", to_doubles(novelty.deviation)},
                        {"limit", novelty.limit}};
  }
  facts["card"] = model_card(store);
  if (store.part("test").size() > 0) {
    MetricOptions options;
    options.split = "test";
    options.thresholds = state.thresholds;
    options.temperature = state.temperature;
    const Json found = metrics(model.predict(store, "test"), options);
    for (const char* key : {"n", "classes", "ci", "cautions"})
      if (found.contains(key)) facts["card"]["tested"][key] = found[key];
  }
  file.metadata = {{"kind", "classifier"},
                   {"config", require_metadata(trained, "config", source)},
                   {"facts", facts.dump()}};
  write_safetensors(out, file);
}

}  // namespace evenray
