// SPDX-License-Identifier: Apache-2.0
#include <optional>

#include "lesion/seam.hpp"
#include "nn/compute.hpp"
#include "tests/lesion/lesion_store.hpp"
#include "tests/nn/torch_fixture.hpp"

using namespace evenray;

namespace {

/// Draws grey patches, in which no lesion and no grain can be seen.
class GreyPatches final : public PatchDrawer {
 public:
  std::string name() const override { return "grey"; }
  std::string caution() const override { return ""; }
  bool draws(const std::string& class_name) const override { return class_name == "Broken"; }
  int value_max() const override { return 255; }
  std::vector<cv::Mat> draw(const std::string&, int64_t, int64_t count, uint64_t) override {
    return std::vector<cv::Mat>(static_cast<size_t>(count),
                                cv::Mat(36, 36, CV_8UC1, cv::Scalar(99)));
  }
};

struct Bones {
  Bones() {
    write_bone_store(folder / "a.h5", {.broken = 24, .sound = 100});
    store.emplace(folder / "a.h5");
    runtime.threads = 1;
    runtime.device = "cpu";
    runtime.precision = "fp32";
  }
  Json judge(LesionKind kind, int64_t crops, std::shared_ptr<PatchDrawer> drawer = {}) const {
    LesionOptions options;
    options.mix_min = 1;  // a faint gap would be told from real ones
    if (drawer) options.likeness = -1, options.tolerance = 1;
    LesionSource source(*store, kind, options, 1, std::move(drawer));
    const int c = kind == LesionKind::healthy ? 0 : 1;
    return judge_seam(*store, source, c, crops, 3, make_compute(runtime), 25);
  }
  ScratchFolder folder;
  std::optional<Store> store;
  Runtime runtime;
};

}  // namespace

TEST_CASE("a planted seam is visible, and what shows decides", "[seam]") {
  const Bones bones;
  const Json planted = bones.judge(LesionKind::drawn, 60, std::make_shared<GreyPatches>());
  CHECK(planted.at("source") == "lesion:grey");
  CHECK(planted.at("class") == "Broken");
  CHECK(planted.at("lesions").at("auroc") > .9);
  CHECK(planted.at("visible") == true);
  CHECK(planted.at("negatives").at("auroc") > .9);
  // Real lesions can be told from places without any, but that is no seam.
  const Json real = bones.judge(LesionKind::real, 60);
  CHECK(real.at("negatives").at("auroc") > .9);
  CHECK(real.at("lesions").at("auroc") < kVisibleSeam);
  CHECK(real.at("visible") == false);
}

TEST_CASE("the controls have one comparison each, and few images give none", "[seam]") {
  const Bones bones;
  const Json healthy = bones.judge(LesionKind::healthy, 60);
  CHECK_FALSE(healthy.contains("lesions"));
  CHECK(healthy.at("visible") == (healthy.at("negatives").at("auroc") > kVisibleSeam));
  const Json identity = bones.judge(LesionKind::identity, 60);
  CHECK_FALSE(identity.contains("negatives"));
  CHECK(identity.at("lesions").at("n_synthetic") == 60);
  CHECK(identity.at("lesions").at("n_real") == 24);
  const Json few = bones.judge(LesionKind::real, 10);
  CHECK(few.at("lesions").is_null());
  CHECK(few.at("visible").is_null());
}
