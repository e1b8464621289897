// SPDX-License-Identifier: Apache-2.0
#include "nn/pretrained.hpp"

#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "core/error.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "nn/checkpoint.hpp"

namespace evenray {
namespace {

constexpr std::string_view kEnding = ".safetensors";

double number_in(const TensorFile& file, const std::string& key, const Path& path) {
  const std::string& text = require_metadata(file, key, path);
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  check(end != text.c_str() && *end == 0 && std::isfinite(value),
        Exit::bad_data,
        cat(path.string(), ": '", key, "' is no number"));
  return value;
}

/// Reads a file of tools/convert-weights.
void read_converted(Pretrained& out, TensorFile& file) {
  out.arch = require_metadata(file, "arch", out.path);
  out.name = require_metadata(file, "name", out.path);
  out.licence = require_metadata(file, "licence", out.path);
  out.partial = require_metadata(file, "missing", out.path) != "[]";
  out.input = {number_in(file, "mean", out.path), number_in(file, "deviation", out.path)};
  out.tensors = std::move(file.tensors);
}

/// Reads a checkpoint of `classify train` or `classify pretrain`, or a model of `classify
/// pack-model`.
void read_classifier(Pretrained& out, TensorFile& file) {
  try {
    const Json facts = parse_json(require_metadata(file, "facts", out.path), "facts");
    out.arch = facts.at("arch");
    out.class_names = facts.at("class_names").get<std::vector<std::string>>();
    out.input = {facts.at("mean"), facts.at("deviation")};
  } catch (const std::exception&) {
    throw Error(Exit::bad_data, cat(out.path.string(), ": damaged facts"));
  }
  for (auto& [name, tensor] : file.tensors) {
    for (const std::string_view prefix : {"ema.trunk.", "ema.", ""}) {
      if (!name.starts_with(prefix)) continue;
      out.tensors[name.substr(prefix.size())] = tensor;
      break;
    }
  }
}

[[noreturn]] void not_installed(const std::string& weights, const std::string& arch) {
  const auto known = installed_weights(arch);
  const std::string way_out = arch.starts_with("tf_efficientnet_lite") && weights == "imagenet"
                                  ? cat("run `tools/weights ", arch, "`")
                                  : cat("give a file of tools/convert-weights",
                                        known.empty() ? "" : cat(", or one of: ", join(known)));
  throw Error(Exit::missing_input,
              cat("no weights '",
                  weights,
                  "' of ",
                  arch,
                  " are installed in ",
                  weights_folder().string(),
                  "; ",
                  way_out));
}

Path path_of(const std::string& weights, const std::string& arch) {
  const bool is_path = weights.find('/') != std::string::npos || weights.ends_with(kEnding) ||
                       std::filesystem::exists(weights);
  if (is_path) return model_file(weights);
  const Path installed = weights_folder() / cat(arch, "-", weights, kEnding);
  if (!std::filesystem::exists(installed)) not_installed(weights, arch);
  return installed;
}

}  // namespace

Path weights_folder() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value ? value : "");
  };
  if (const auto folder = variable("EVENRAY_WEIGHTS"); !folder.empty() && folder != "none")
    return folder;
  const auto data = variable("XDG_DATA_HOME");
  return (data.empty() ? Path(variable("HOME")) / ".local/share" : Path(data)) / "evenray/weights";
}

std::vector<std::string> installed_weights(const std::string& arch) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(weights_folder(), error)) {
    const std::string file = entry.path().filename().string();
    if (!file.starts_with(arch + "-") || !file.ends_with(kEnding)) continue;
    names.push_back(file.substr(arch.size() + 1, file.size() - arch.size() - 1 - kEnding.size()));
  }
  std::sort(names.begin(), names.end());
  return names;
}

Pretrained read_pretrained(const std::string& weights, const std::string& arch) {
  Pretrained out;
  out.path = path_of(weights, arch);
  TensorFile file = read_safetensors(out.path);
  out.digest = tensor_digest(file.tensors);
  const std::string& kind = require_metadata(file, "kind", out.path);
  check(kind == "weights" || kind == "classifier" || kind == kBackboneKind,
        Exit::bad_data,
        cat(out.path.string(), ": not weights of a classifier, but of a ", kind));
  kind == "weights" ? read_converted(out, file) : read_classifier(out, file);
  if (out.name.empty()) out.name = out.path.filename().string();
  check(out.arch == arch,
        Exit::bad_data,
        cat(out.path.string(),
            " has weights of ",
            out.arch,
            ", not of ",
            arch,
            "; give --arch ",
            out.arch));
  check(out.input.deviation > 0,
        Exit::bad_data,
        cat(out.path.string(), ": 'deviation' must be above 0"));
  return out;
}

void Pretrained::load(Backbone& backbone) const {
  const TensorFile file{tensors, {}};
  const auto copy = [&](const std::string& name, torch::Tensor target) {
    const auto found = tensors.find(name);
    if (found == tensors.end() && (partial || name.ends_with("num_batches_tracked"))) return;
    if (found != tensors.end()) {
      const auto& source = found->second;
      if (name == backbone.stem + ".weight" && source.dim() == 4 && source.size(1) == 3 &&
          target.size(1) == 1) {
        load_tensor({{{name, source.sum(1, /*keepdim=*/true)}}, {}}, name, target, path);
        return;
      }
    }
    load_tensor(file, name, target, path);
  };
  for (const auto& [name, tensor] : tensors_of(backbone)) copy(name, tensor);
}

}  // namespace evenray
