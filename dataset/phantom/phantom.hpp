// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/config.hpp"
#include "dataset/sample/sample.hpp"

namespace evenray {

// Draws limb radiographs with known fractures, for demos and tests. phantom.hpp is the interface;
// scene.hpp describes how a picture is drawn and is private.

/// What to draw. The fields are the keys of a phantom spec.
struct PhantomOptions {
  int64_t images = 600;                     ///< pictures to draw
  double rare_share = 1. / 6;               ///< share of fractured images
  std::vector<int64_t> size_px = {96, 80};  ///< height, width of each picture, px
  double difficulty = .5;                   ///< 0: fracture lines are clear; 1: close to the noise
  int64_t seed = 1;                         ///< the same seed draws the same pictures

  void fields(Fields& f);
  void check() const;  ///< throws 78 for a value out of range
};

/// Returns a collection of drawn images with the classes `Non_fractured` and `Fractured`. Each
/// patient has two to four views, in some cases one of them of another limb; a fracture has its box
/// and polygon. The meta columns region, view and exposure carry no information about the class. A
/// picture is a function of seed and index; draw() may run on any thread. `source` is a spec for
/// parse_phantom(). Throws 78 for options out of range.
Manifest phantom_manifest(const PhantomOptions& options);

/// Parses a spec, "phantom" or such as "phantom:images=400,seed=3,size_px=96x80". Throws 2 for an
/// unknown key or a value out of range.
PhantomOptions parse_phantom(const std::string& spec);

}  // namespace evenray
