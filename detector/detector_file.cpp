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

/// Returns a whole number of the facts. Throws 65, naming it, if it is none in this range.
int whole_fact(const Json& value, const char* name, int64_t least, int64_t most) {
  const int64_t number = value.is_number_integer() ? value.get<int64_t>() : least - 1;
  check(number >= least && number <= most,
        Exit::bad_data,
        cat("'", name, "' must be a whole number from ", least, " to ", most));
  return static_cast<int>(number);
}

/// Throws 65 for another fit than those of `data pack`, or none.
void check_fit(const std::string& fit) {
  const std::vector<std::string> known{"pad", "stretch", "crop"};
  check(fit.empty() || std::find(known.begin(), known.end(), fit) != known.end(),
        Exit::bad_data,
        unknown_name("fit", fit, known));
}

}  // namespace

DetectorFile read_detector_file(const Path& path) {
  const Path file = model_file(path);
  return detector_file(file, read_safetensors(file));
}

DetectorFile detector_file(const Path& path, TensorFile file) {
  constexpr int64_t kMostSide = 1 << 15;  // of the images of a store
  DetectorFile out;
  out.path = path;
  out.file = std::move(file);
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
    out.height = whole_fact(facts.at("size_px").at(0), "size_px", 1, kMostSide);
    out.width = whole_fact(facts.at("size_px").at(1), "size_px", 1, kMostSide);
    out.bits = whole_fact(facts.at("bits"), "bits", 8, 16);
    check(out.bits == 8 || out.bits == 16, Exit::bad_data, "'bits' must be 8 or 16");
    out.value_max = whole_fact(facts.at("value_max"), "value_max", 1, (int64_t{1} << out.bits) - 1);
    out.standardise = {facts.at("mean"), facts.at("deviation")};
    if (const auto digest = out.file.metadata.find("tensor_digest");
        digest != out.file.metadata.end())
      out.digest = digest->second;
    out.in_bf16 = facts.at("bf16");
    if (facts.contains("pixels")) out.pixels = pixel_input(facts["pixels"]);
    out.fit = facts.value("fit", "");
    check_fit(out.fit);
    out.card = facts.value("card", Json());
    if (facts.contains("shown_score")) out.shown_score = facts["shown_score"].get<double>();
    check(!out.shown_score || (*out.shown_score >= 0 && *out.shown_score <= 1),
          Exit::bad_data,
          "'shown_score' must be from 0 to 1");
    out.options.check();
    check(!out.class_names.empty() && out.standardise.deviation > 0,
          Exit::bad_data,
          "no classes, or a deviation of 0");
  } catch (const Error& error) {
    throw Error(Exit::bad_data, cat(out.path.string(), ": damaged settings: ", error.what()));
  } catch (const Json::exception&) {
    throw Error(Exit::bad_data, cat(out.path.string(), ": damaged facts"));
  }
  return out;
}

}  // namespace evenray
