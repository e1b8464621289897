// SPDX-License-Identifier: Apache-2.0
#include "lesion/options.hpp"

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

void check_in_range(const char* key, double value, double low, double high) {
  check(value >= low && value <= high,
        Exit::config,
        cat("lesion.", key, " is ", value, "; give ", low, " to ", high));
}

}  // namespace

void LesionOptions::fields(Fields& f) {
  f("match",
    match,
    "metadata columns in which the target must equal the lesion's own image; empty: the known "
    "columns of region and view; none: no column");
  f("blend", blend, "poisson or feather");
  f("context", context, "side of the patch, in longer sides of its box");
  f("move", move, "largest move of a place, in sides of the image's content");
  f("tolerance", tolerance, "largest relative difference of local mean and gradient");
  f("angle_deg", angle_deg, "largest difference of edge directions");
  f("mix_min", mix_min, "a lesion is mixed with its target at this share to 1");
  f("targets", targets, "images that are tried for a lesion");
  f("likeness", likeness, "least correlation of the surroundings of both places");
  f("places", places, "places that are tried in each image");
}

void LesionOptions::check() const {
  evenray::check(blend == "poisson" || blend == "feather",
                 Exit::config,
                 "lesion.blend: " + unknown_name("blend", blend, {"poisson", "feather"}));
  check_in_range("context", context, 1.5, 4);
  check_in_range("move", move, 0, .5);
  check_in_range("tolerance", tolerance, .01, 1);
  check_in_range("angle_deg", angle_deg, 0, 90);
  check_in_range("mix_min", mix_min, .01, 1);
  check_in_range("targets", static_cast<double>(targets), 1, 1000);
  check_in_range("likeness", likeness, -1, .99);
  check_in_range("places", static_cast<double>(places), 1, 10000);
}

}  // namespace evenray
