// SPDX-License-Identifier: Apache-2.0
// evenray's side of bench/run: each call runs one case and prints one JSON line.
#include <CLI/CLI.hpp>
#include <iostream>

#include "classifier/classifier.hpp"
#include "core/parallel.hpp"
#include "detector/detector.hpp"
#include "gan/gan.hpp"

namespace {

using namespace evenray;

void print(const std::string& name, double seconds, double images) {
  std::cout << Json{{"case", name},
                    {"seconds_per_step", seconds},
                    {"images_per_second", images / seconds}}
                   .dump()
            << std::endl;
}

/// Times a step at each resolution from 4 px to 64 px, with the published recipe and the widths of
/// the preset `small`.
void grow(const Compute& compute, int steps) {
  GanOptions options;
  options.family = "pggan";
  options.preset = "small";
  options.apply_preset();
  options.loss = "wgan-gp";
  options.augment = "none";
  options.r1_gamma = 0;
  options.ema_decay = .999;
  constexpr int kLevels = 4;
  double seconds = 0;
  for (int level = 0; level <= kLevels; ++level)
    seconds += gan_step_seconds(options, 4 << kLevels, 4 << kLevels, compute, steps, level);
  print("pggan", seconds, static_cast<double>((kLevels + 1) * options.minibatch));
}

}  // namespace

int main(int argc, char** argv) {
  tune_allocator();
  cv::setNumThreads(1);
  CLI::App app("evenray_bench");
  Runtime runtime;
  int64_t height = 64, width = 64, ngf = 64, images = 1024;
  int steps = 20;
  app.set_version_flag("--version", "torch " + torch_version());
  app.require_subcommand(1);
  auto* dcgan = app.add_subcommand("dcgan");
  auto* pggan = app.add_subcommand("pggan");
  auto* classifier = app.add_subcommand("classifier");
  auto* detector = app.add_subcommand("detector");
  auto* swd = app.add_subcommand("swd");
  ClassifyOptions classify;
  classifier->add_option("--arch", classify.arch);
  classifier->add_option("--minibatch", classify.minibatch);
  DetectOptions detect;
  detector->add_option("--arch", detect.arch);
  detector->add_option("--minibatch", detect.minibatch);
  for (auto* command : {dcgan, pggan, classifier, detector, swd})
    command->add_option("--threads", runtime.threads);
  for (auto* command : {dcgan, pggan, classifier, detector}) {
    command->add_option("--precision", runtime.precision);
    command->add_option("--steps", steps);
  }
  for (auto* command : {dcgan, classifier, detector, swd}) {
    command->add_option("--height", height);
    command->add_option("--width", width);
  }
  dcgan->add_option("--ngf", ngf);
  swd->add_option("--images", images);
  CLI11_PARSE(app, argc, argv);

  const int h = static_cast<int>(height), w = static_cast<int>(width);
  if (*dcgan) {
    GanOptions options;
    options.preset = "reference";
    options.apply_preset();
    options.dcgan.ngf = options.dcgan.ndf = ngf;
    print("dcgan",
          gan_step_seconds(options, h, w, make_compute(runtime), steps),
          static_cast<double>(options.minibatch));
  } else if (*pggan) {
    grow(make_compute(runtime), steps);
  } else if (*classifier) {
    print("classifier",
          classifier_step_time(classify, h, w, make_compute(runtime), steps).median_s,
          static_cast<double>(classify.minibatch));
  } else if (*detector) {
    const StepTime time =
        timed_detector(detect, h, w).step_time(make_compute(runtime), detect.minibatch);
    print("detector", time.median_s, static_cast<double>(detect.minibatch));
  } else {
    make_compute(runtime);
    print("swd", swd_seconds(images, h, w), 2 * static_cast<double>(images));
  }
}
