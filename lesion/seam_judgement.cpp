// SPDX-License-Identifier: Apache-2.0
#include "classifier/classifier.hpp"
#include "lesion/seam.hpp"
#include "nn/compute.hpp"

namespace evenray {
namespace {

OriginImages joined(const SeamHalf& half, const CropList& control) {
  OriginImages out{control.images, std::vector<uint8_t>(control.images.size(), 0), control.groups};
  const CropList& pasted = half.pasted;
  out.images.insert(out.images.end(), pasted.images.begin(), pasted.images.end());
  out.synthetic.insert(out.synthetic.end(), pasted.images.size(), 1);
  out.groups.insert(out.groups.end(), pasted.groups.begin(), pasted.groups.end());
  return out;
}

}  // namespace

Json judge_seam(const Store& store,
                LesionSource& source,
                int class_index,
                int64_t crops,
                uint64_t seed,
                const Compute& compute,
                int64_t steps) {
  Json out{{"source", source.name()},
           {"class", store.info().class_names[static_cast<size_t>(class_index)]}};
  const SeamCrops found = seam_crops(store, source, class_index, crops, Rng(seed).fork("seam"));
  const auto measure = [&](CropList SeamHalf::*control) {
    return origin_auroc(joined(found.seen, found.seen.*control),
                        joined(found.held_out, found.held_out.*control),
                        steps,
                        seed,
                        compute);
  };
  if (source.kind() != LesionKind::identity) out["negatives"] = measure(&SeamHalf::before);
  if (source.kind() != LesionKind::healthy) out["lesions"] = measure(&SeamHalf::lesions);
  Json visible = true;
  for (const char* control : {"negatives", "lesions"}) {
    if (!out.contains(control) || visible.is_null()) continue;
    const Json& told = out[control];
    visible = told.is_null() ? Json(nullptr) : Json(visible && told.at("auroc") > kVisibleSeam);
  }
  out["visible"] = visible;
  return out;
}

}  // namespace evenray
