// SPDX-License-Identifier: Apache-2.0
#include "nn/extractor.hpp"

#include <torch/script.h>
#include <torch/types.h>

#include <sstream>

#include "core/error.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "nn/loader.hpp"
#include "nn/resize.hpp"

namespace evenray {
namespace {

constexpr int64_t kBatch = 32;

struct Description {
  Path path, file;
  std::string name, sha256;
  int64_t height = 0, width = 0, channels = 0, dimension = 0;
  double black = 0, white = 0;
};

Description read_manifest(const Path& path) {
  const Json json = read_json(path);
  const auto fault = [&](const std::string& key, const std::string& wanted) {
    throw Error(Exit::bad_data, cat(path.string(), ": '", key, "' must be ", wanted));
  };
  const auto value = [&](const std::string& key) -> const Json& {
    check(json.is_object() && json.contains(key),
          Exit::bad_data,
          cat(path.string(), ": '", key, "' is missing from this manifest"));
    return json[key];
  };
  const auto text = [&](const std::string& key) {
    if (!value(key).is_string() || value(key) == "") fault(key, "a string that is not empty");
    return value(key).get<std::string>();
  };
  constexpr int64_t kMaxCount = 65536;
  const auto is_count = [](const Json& v) {
    return v.is_number_integer() && v >= 1 && v <= kMaxCount;
  };
  const auto count = [&](const std::string& key) {
    if (!is_count(value(key))) fault(key, cat("a whole number from 1 to ", kMaxCount));
    return value(key).get<int64_t>();
  };
  Description out;
  out.path = path;
  out.file = path.parent_path() / text("file");
  out.sha256 = lower(text("sha256"));
  const Json& size = value("size_px");
  if (is_count(size)) {
    out.height = out.width = size;
  } else if (size.is_array() && size.size() == 2 && is_count(size[0]) && is_count(size[1])) {
    out.height = size[0];
    out.width = size[1];
  } else {
    fault("size_px", cat("a whole number or [height, width], from 1 to ", kMaxCount));
  }
  out.channels = count("channels");
  if (out.channels != 1 && out.channels != 3) fault("channels", "1 or 3");
  const Json& range = value("range");
  if (!range.is_array() || range.size() != 2 || !range[0].is_number() || !range[1].is_number() ||
      range[0] == range[1])
    fault("range", "[black, white], two different numbers");
  out.black = range[0];
  out.white = range[1];
  out.dimension = count("dimension");
  out.name = json.contains("name") ? text("name") : out.file.stem().string();
  return out;
}

class Extractor final : public Features {
 public:
  Extractor(Description manifest, const Compute& compute)
      : manifest_(std::move(manifest)), compute_(compute) {
    const std::string bytes = read_file(manifest_.file);
    const std::string digest = sha256_hex(bytes);
    check(digest == manifest_.sha256,
          Exit::bad_data,
          cat(manifest_.path.string(),
              ": 'sha256' does not match ",
              manifest_.file.string(),
              ", whose digest is ",
              digest));
    try {
      // Loads the bytes that were hashed, because the file may change after the check.
      std::istringstream stream(bytes);
      module_ = torch::jit::load(stream, compute_.device);
      module_.eval();
    } catch (const std::exception&) {
      throw Error(Exit::bad_data,
                  cat(manifest_.path.string(),
                      ": 'file': ",
                      manifest_.file.string(),
                      " is not a TorchScript file"));
    }
  }

  std::string name() const override { return manifest_.name; }
  std::string digest() const override { return manifest_.sha256; }

  torch::Tensor of(const std::vector<cv::Mat>& images) const override {
    torch::NoGradGuard no_grad;
    const auto pixels = from_mats(images);
    const double white = images[0].depth() == CV_16U ? 65535 : 255;
    std::vector<torch::Tensor> out;
    for (const auto& batch : pixels.split(kBatch)) {
      const auto input = resize_bicubic(batch, manifest_.height, manifest_.width)
                             .clamp_(0, white)
                             .mul_((manifest_.white - manifest_.black) / white)
                             .add_(manifest_.black)
                             .repeat({1, manifest_.channels, 1, 1});
      out.push_back(checked(run(input.to(compute_.device)), batch.size(0)));
    }
    return torch::cat(out);
  }

 private:
  torch::jit::IValue run(const torch::Tensor& input) const {
    try {
      // forward() is not const, although it does not change a network in eval mode; so call it on a
      // copy of the handle.
      return torch::jit::Module(module_).forward({input});
    } catch (const std::exception&) {
      throw Error(Exit::bad_data,
                  cat(manifest_.path.string(),
                      ": ",
                      manifest_.file.string(),
                      " fails for an input of shape ",
                      input.sizes(),
                      "; check 'size_px' and 'channels' in the manifest"));
    }
  }

  torch::Tensor checked(const torch::jit::IValue& output, int64_t rows) const {
    const std::string found = output.isTensor() ? cat(output.toTensor().sizes()) : output.tagKind();
    check(output.isTensor() && output.toTensor().sizes() == std::vector{rows, manifest_.dimension},
          Exit::bad_data,
          cat(manifest_.path.string(),
              ": 'dimension' requires an output of shape [",
              rows,
              ", ",
              manifest_.dimension,
              "], but ",
              manifest_.file.string(),
              " returned ",
              found));
    auto features = output.toTensor().to(torch::kCPU, torch::kFloat);
    check(features.isfinite().all().item<bool>(),
          Exit::bad_data,
          cat(manifest_.path.string(),
              ": features of ",
              manifest_.file.string(),
              " are not finite; check 'range' in the manifest"));
    return features;
  }

  Description manifest_;
  Compute compute_;
  torch::jit::Module module_;
};

}  // namespace

std::shared_ptr<Features> load_extractor(const Path& manifest,
                                         bool trust_code,
                                         const Compute& compute) {
  Description found = read_manifest(manifest);
  check(trust_code,
        Exit::usage,
        cat(found.file.string(),
            " is a program and would run with your rights; if you trust it, add --trust-code"));
  return std::make_shared<Extractor>(std::move(found), compute);
}

}  // namespace evenray
