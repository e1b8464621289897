// SPDX-License-Identifier: Apache-2.0
#include "rcnn/weights.hpp"

#include <torch/types.h>

#include <cmath>

#include "core/error.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "nn/checkpoint.hpp"

namespace evenray {
namespace {

/// The last layers, whose first dimension depends on the classes.
bool is_predictor(const std::string& name) {
  return name.starts_with("roi_heads.box_predictor.") ||
         name.starts_with("roi_heads.mask_predictor.mask_fcn_logits.");
}

Json json_of(const TensorFile& file, const std::string& key, const Path& path) {
  return parse_json(require_metadata(file, key, path), key);
}

/// Copies tensors[name_in_file] into a tensor of the network.
void copy_tensor(const std::map<std::string, torch::Tensor>& tensors,
                 const std::string& name,
                 torch::Tensor target,
                 const Path& path) {
  const auto found = tensors.find(name);
  if (found == tensors.end() && name.ends_with("num_batches_tracked")) return;
  if (found != tensors.end() && !found->second.isfinite().all().item<bool>())
    throw Error(Exit::bad_data,
                cat(path.string(), ": tensor '", name, "' holds values that are not finite"));
  load_tensor({tensors, {}}, name, target, path);
}

}  // namespace

bool RcnnWeights::load(RcnnNet& network) const {
  bool all = true;
  for (const auto& [name, tensor] : tensors_of(network)) {
    const auto found = tensors.find(name);
    if (is_predictor(name) && found != tensors.end() && found->second.dim() > 0 &&
        found->second.size(0) != tensor.size(0)) {
      all = false;
      continue;
    }
    copy_tensor(tensors, name, tensor, path);
  }
  return all;
}

RcnnWeights read_rcnn_weights(const Path& path) {
  return rcnn_weights(path, read_safetensors(path));
}

RcnnWeights rcnn_weights(const Path& path, TensorFile file) {
  check(require_metadata(file, "kind", path) == kRcnnKind,
        Exit::bad_data,
        cat(path.string(),
            ": not weights of a two-stage detector; make them with tools/convert-weights"));
  RcnnWeights out;
  out.path = path;
  out.arch = require_metadata(file, "arch", path);
  out.digest = tensor_digest(file.tensors);
  try {
    out.classes = json_of(file, "classes", path).get<int64_t>();
    out.norm_epsilon = json_of(file, "norm_epsilon", path).get<double>();
    out.mean = json_of(file, "mean", path).get<std::array<double, 3>>();
    out.deviation = json_of(file, "deviation", path).get<std::array<double, 3>>();
  } catch (const std::exception&) {
    throw Error(Exit::bad_data, cat(path.string(), ": damaged metadata"));
  }
  check(out.classes > 0 && out.norm_epsilon >= 0 && out.deviation[0] > 0 && out.deviation[1] > 0 &&
            out.deviation[2] > 0,
        Exit::bad_data,
        cat(path.string(), ": no classes, or a deviation or epsilon out of range"));
  out.tensors = std::move(file.tensors);
  return out;
}

void load_trunk(RcnnNet& network, const Pretrained& weights) {
  const auto trunk = network.trunk();
  auto tensors = weights.tensors;
  for (const auto& [name, tensor] : tensors_of(*trunk)) {
    std::string own = name;
    if (own.starts_with("net.")) own = own.substr(4);
    auto found = tensors.find(own);
    if (found == tensors.end() && weights.partial) continue;
    if (found != tensors.end() && found->second.dim() == 4 && tensor.dim() == 4) {
      auto& given = found->second;
      if (given.size(1) == 1 && tensor.size(1) == 3) given = given.expand({-1, 3, -1, -1}) / 3;
      if (given.size(1) == 3 && tensor.size(1) == 1) given = given.sum(1, /*keepdim=*/true);
    }
    copy_tensor(tensors, own, tensor, weights.path);
  }
}

}  // namespace evenray
