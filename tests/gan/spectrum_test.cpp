// SPDX-License-Identifier: Apache-2.0
#include "gan/spectrum.hpp"

#include "tests/gan/tiny_gan.hpp"

using namespace evenray;

namespace {

template <class Value>
cv::Mat picture(int height, int width, const Value& value) {
  cv::Mat image(height, width, CV_8UC1);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      image.at<uint8_t>(y, x) = cv::saturate_cast<uint8_t>(value(y, x));
  return image;
}

/// cycles_y and cycles_x whole waves of amplitude 100 over the image.
cv::Mat wave(int height, int width, double cycles_y, double cycles_x) {
  return picture(height, width, [&](int y, int x) {
    return 128 + 100 * std::cos(2 * M_PI * (cycles_y * y / height + cycles_x * x / width));
  });
}

size_t peak_of(const Spectrum& spectrum) {
  const auto& power = spectrum.log_power;
  return static_cast<size_t>(std::max_element(power.begin(), power.end()) - power.begin());
}

}  // namespace

TEST_CASE("a wave has its power in the ring of its frequency") {
  // Down, across and slanting, square and not: 12 / 64 cycles per pixel; (9, 12) / 64 has 15 / 64.
  for (const auto& [image, expected] : {std::pair{wave(64, 64, 12, 0), 12. / 64},
                                        {wave(64, 64, 0, 12), 12. / 64},
                                        {wave(64, 64, 9, 12), 15. / 64},
                                        {wave(96, 64, 18, 0), 12. / 64},
                                        {wave(64, 96, 12, 0), 12. / 64},
                                        {wave(63, 45, 0, 9), 9. / 45}}) {
    const Spectrum spectrum = radial_spectrum({image});
    const size_t peak = peak_of(spectrum);
    CHECK(spectrum.frequency[peak] == Approx(expected));
    // A Hann window leaks into the neighbours only; beyond them there is what rounding left.
    for (size_t i = 0; i < spectrum.log_power.size(); ++i)
      if (i + 3 < peak || i > peak + 3)
        CHECK(spectrum.log_power[i] < spectrum.log_power[peak] - 3.5);
  }
}

TEST_CASE("a wave's power, by hand") {
  // In the ring of 8 / 32 the window leaves of a cosine of amplitude a: a^2/4 w^2 n / e at each of
  // two points, w = 1/4 the window's mean and e = 9/64 its mean square; w^2 / e = 4/9.
  const double amplitude = 100. / 255;
  int points = 0;
  double neighbours = 0;
  for (int y = -16; y < 16; ++y) {
    for (int x = -16; x < 16; ++x) {
      if (std::lround(std::hypot(y, x)) != 8) continue;
      ++points;
      // Hann: half the amplitude one point aside, along either side, a quarter at the corners.
      const double dy = std::abs(std::abs(y) - 8), dx = std::abs(x);
      if (dy < 1.5 && dx < 1.5)
        neighbours += std::pow(dy > .5 ? .5 : 1, 2) * std::pow(dx > .5 ? .5 : 1, 2);
    }
  }
  const double power = amplitude * amplitude / 4 * 1024 * 4 / 9 * neighbours / points;
  const Spectrum spectrum = radial_spectrum({wave(32, 32, 8, 0)});
  CHECK(spectrum.log_power[7] == Approx(std::log10(power)).margin(.002));
}

TEST_CASE("white noise is flat, at its variance") {
  Rng rng = Rng(5).fork("noise");
  std::vector<cv::Mat> images, deep;
  for (int i = 0; i < 40; ++i) {
    images.push_back(picture(48, 32, [&](int, int) { return rng.uniform(0, 255); }));
    cv::Mat wide;
    images.back().convertTo(wide, CV_16U, 257);
    deep.push_back(wide);
  }
  const Spectrum spectrum = radial_spectrum(images);
  REQUIRE(spectrum.frequency.size() == 16);
  CHECK(spectrum.frequency.front() == 1. / 32);
  CHECK(spectrum.frequency.back() == .5);
  for (const double power : spectrum.log_power)
    CHECK(power == Approx(std::log10(1. / 12)).margin(.12));
  const Spectrum of_deep = radial_spectrum(deep);
  for (size_t i = 0; i < 16; ++i) CHECK(of_deep.log_power[i] == Approx(spectrum.log_power[i]));
}

TEST_CASE("flat images have no power, and what cannot be compared is refused") {
  const cv::Mat flat(16, 16, CV_8UC1, cv::Scalar(200));
  for (const double power : radial_spectrum({flat}).log_power) CHECK(power == -12);
  const auto code = [](const std::vector<cv::Mat>& images) {
    return error_of([&] { radial_spectrum(images); }).code();
  };
  CHECK(code({}) == Exit::bad_data);
  CHECK(code({flat, cv::Mat(16, 17, CV_8UC1, cv::Scalar(0))}) == Exit::bad_data);
  CHECK(code({cv::Mat(7, 16, CV_8UC1, cv::Scalar(0))}) == Exit::bad_data);
}
