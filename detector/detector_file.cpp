// SPDX-License-Identifier: Apache-2.0
#include "detector/detector_file.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"
#include "nn/checkpoint.hpp"

namespace evenray {
namespace {

PixelInput pixel_input(const Json& facts) {
  PixelInput out{facts.at("mean"), facts.at("deviation"), facts.at("norm_epsilon")};
  check(
      out.mean.size() == 3 && out.deviation.size() == 3 &&
          std::all_of(out.deviation.begin(), out.deviation.end(), [](double d) { return d > 0; }) &&
          out.norm_epsilon >= 0,
      Exit::bad_data,
      "pixels are not three means and deviations");
  return out;
}

}  // namespace

DetectorFile read_detector_file(const Path& path) {
  DetectorFile out;
  out.path = model_file(path);
  out.file = read_safetensors(out.path);
  check(require_metadata(out.file, "kind", out.path) == kDetectorKind,
        Exit::bad_data,
        cat(out.path.string(),
            " is not a detector: give a run folder of `detect train`, or what `detect "
            "pack-model` wrote"));
  try {
    read_config_text([&](Fields& f) { f.section("detect", out.options); },
                     require_metadata(out.file, "config", out.path),
                     out.path.string());
    const Json facts = parse_json(require_metadata(out.file, "facts", out.path), "facts");
    out.class_names = facts.at("class_names").get<std::vector<std::string>>();
    out.height = facts.at("size_px").at(0);
    out.width = facts.at("size_px").at(1);
    out.bits = facts.at("bits");
    out.value_max = facts.at("value_max");
    out.standardise = {facts.at("mean"), facts.at("deviation")};
    out.in_bf16 = facts.at("bf16");
    if (facts.contains("pixels")) out.pixels = pixel_input(facts["pixels"]);
    out.fit = facts.value("fit", "");
    if (facts.contains("shown_score")) out.shown_score = facts["shown_score"].get<double>();
    out.options.check();
    check(out.height > 0 && out.width > 0 && !out.class_names.empty() &&
              out.standardise.deviation > 0 && out.value_max > 0,
          Exit::bad_data,
          "no size, no classes, or a deviation or white of 0");
  } catch (const Error& error) {
    throw Error(Exit::bad_data, cat(out.path.string(), ": damaged settings: ", error.what()));
  } catch (const Json::exception&) {
    throw Error(Exit::bad_data, cat(out.path.string(), ": damaged facts"));
  }
  return out;
}

}  // namespace evenray
