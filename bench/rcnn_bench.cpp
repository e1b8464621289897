// SPDX-License-Identifier: Apache-2.0
// evenray's side of the comparison with torchvision's two-stage detector: each call runs one case
// and prints one JSON line.
#include <CLI/CLI.hpp>
#include <iostream>

#include "core/json.hpp"
#include "core/parallel.hpp"
#include "rcnn/timing.hpp"

int main(int argc, char** argv) {
  using namespace evenray;
  tune_allocator();
  CLI::App app("evenray_rcnn_bench");
  Runtime runtime;
  RcnnOptions options;
  int64_t images = 2, height = 320, width = 320;
  int steps = 10;
  bool find = false, roi = false;
  app.add_option("--minibatch", images);
  app.add_option("--height", height);
  app.add_option("--width", width);
  app.add_option("--threads", runtime.threads);
  app.add_option("--precision", runtime.precision);
  app.add_option("--steps", steps);
  app.add_flag("--find", find);
  app.add_flag("--roi", roi);
  CLI11_PARSE(app, argc, argv);
  const RcnnTimed timed = roi ? RcnnTimed::roi_align : find ? RcnnTimed::find : RcnnTimed::step;
  const double seconds =
      rcnn_time(timed, options, images, height, width, make_compute(runtime), steps).median_s;
  std::cout << Json{{"case", "rcnn"},
                    {"seconds_per_step", seconds},
                    {"images_per_second", static_cast<double>(images) / seconds}}
                   .dump()
            << std::endl;
}
