// SPDX-License-Identifier: Apache-2.0
#include "gan/leak.hpp"

#include "gan/diffaugment.hpp"
#include "tests/gan/tiny_gan.hpp"

using namespace evenray;

namespace {

constexpr int64_t kCount = 120;

/// Pictures number first .. first + 119 in -1..1.
torch::Tensor leak_pictures(uint64_t first) {
  auto out = torch::empty({kCount, 1, 32, 32});
  for (int64_t i = 0; i < kCount; ++i) {
    cv::Mat view(32, 32, CV_32F, out[i].data_ptr<float>());
    tiny_picture(first + static_cast<uint64_t>(i), 32, 32).convertTo(view, CV_32F, 2. / 255, -1);
  }
  return out;
}

std::vector<std::string> leaks(const std::string& into_drawn, const std::string& augmentation) {
  const auto real = leak_pictures(0), drawn = leak_pictures(1000);
  std::vector<std::string> out;
  for (const Leak& leak : augmentation_leaks(real,
                                             DiffAugment::parse(augmentation).apply(real, Rng(1)),
                                             DiffAugment::parse(into_drawn).apply(drawn, Rng(2)))) {
    CHECK(leak.to_augmented < leak.to_real);
    out.push_back(leak.measure);
  }
  return out;
}

}  // namespace

TEST_CASE("the Kolmogorov-Smirnov distance by hand") {
  CHECK(kolmogorov_smirnov(torch::tensor({1., 2., 3., 4.}), torch::tensor({3.5, 2.5})) ==
        Approx(.5));
  CHECK(kolmogorov_smirnov(torch::tensor({1., 2.}), torch::tensor({5., 6., 7.})) == 1);
  CHECK(kolmogorov_smirnov(torch::tensor({1., 2., 2.}), torch::tensor({2., 1., 2.})) == 0);
}

TEST_CASE("augmentation that shows in drawn images is told by what it is") {
  const auto bright = leaks("brightness", "brightness");
  CHECK(std::find(bright.begin(), bright.end(), "brightness") != bright.end());
  CHECK(std::find(bright.begin(), bright.end(), "contrast") == bright.end());
  const auto cut = leaks("cutout", "cutout");
  CHECK(std::find(cut.begin(), cut.end(), "grey patch") != cut.end());
  const auto toned = leaks("contrast", "contrast");
  CHECK(std::find(toned.begin(), toned.end(), "contrast") != toned.end());
}

TEST_CASE("drawn images that are like real ones show no augmentation") {
  for (const std::string names :
       {"brightness", "contrast", "cutout", "brightness,contrast,translation,cutout"}) {
    INFO(names);
    CHECK(leaks("none", names).empty());
  }
  CHECK(leaks("brightness", "none").empty());
}
