// SPDX-License-Identifier: Apache-2.0
#include "classifier/classifier.hpp"
#include "lesion/seam.hpp"
#include "nn/compute.hpp"

namespace evenray {
namespace {

constexpr int64_t kSeamSteps = 300;

}  // namespace

Json judge_seam(const Store& store,
                LesionSource& source,
                int class_index,
                int64_t crops,
                uint64_t seed,
                const Compute& compute) {
  const Rng rng = Rng(seed).fork("seam");
  Json out{{"source", source.name()},
           {"class", store.info().class_names[static_cast<size_t>(class_index)]}};
  const bool shows_lesions = source.kind() != LesionKind::healthy;
  const auto measure = [&](SeamControl control) {
    const SeamCrops found = seam_crops(store, source, class_index, control, crops, rng);
    return origin_auroc(found.untouched,
                        found.untouched_groups,
                        found.pasted,
                        kSeamSteps,
                        seed,
                        compute,
                        found.pasted_groups);
  };
  if (source.kind() != LesionKind::identity) out["negatives"] = measure(SeamControl::negatives);
  if (shows_lesions) out["lesions"] = measure(SeamControl::lesions);
  const Json& decides = out.at(shows_lesions ? "lesions" : "negatives");
  out["visible"] = decides.is_null() ? Json(nullptr) : Json(decides.at("auroc") > kVisibleSeam);
  return out;
}

}  // namespace evenray
