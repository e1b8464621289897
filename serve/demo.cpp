// SPDX-License-Identifier: Apache-2.0
#include "serve/demo.hpp"

#include "core/text.hpp"
#include "dataset/image/image.hpp"
#include "dataset/phantom/phantom.hpp"
#include "serve/intake.hpp"

// In demo/models.S.
extern "C" {
extern const char evenray_demo_classifier[], evenray_demo_classifier_end[];
extern const char evenray_demo_detector[], evenray_demo_detector_end[];
}

namespace evenray {
namespace {

/// tools/demo-models trains with another seed.
constexpr const char* kDrawn = "phantom:images=8,rare_share=.5,size_px=256x224,seed=20261";

}  // namespace

std::vector<std::string> write_demo_models(const Path& folder) {
  make_folder(folder);
  std::vector<std::string> out;
  const auto write = [&](const char* name, const char* begin, const char* end) {
    const Path file = folder / name;
    write_atomic(file, std::string_view(begin, static_cast<size_t>(end - begin)));
    out.push_back(file.string());
  };
  write("demo-classifier.safetensors", evenray_demo_classifier, evenray_demo_classifier_end);
  write("demo-detector.safetensors", evenray_demo_detector, evenray_demo_detector_end);
  return out;
}

void add_demo_images(Site& site) {
  if (!site.exams.list({}, "", 1).entries.empty()) return;
  const Manifest drawn = phantom_manifest(parse_phantom(kDrawn));
  Visitor visitor;
  visitor.source = "demo";
  for (const Sample& sample : drawn.samples)
    take_file(site,
              visitor,
              {.bytes = encode_png(sample.draw()), .name = sample.id + ".png", .patient = {}});
}

}  // namespace evenray
