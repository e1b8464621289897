// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/config.hpp"
#include "dataset/sample/sample.hpp"

namespace evenray {

/// Drawn limb radiographs with known truth, for demos and tests.
struct PhantomOptions {
  int64_t images = 600;
  double rare_share = 1. / 6;               ///< share of fractured images
  std::vector<int64_t> size_px = {96, 80};  ///< height, width of the drawn picture
  double difficulty = .5;                   ///< 0: fracture lines stand out; 1: near the noise
  int64_t seed = 1;

  void fields(Fields& f);
  void check() const;
};

/// Classes `Non_fractured` and `Fractured`; patients with two to four views, now and then one of
/// another limb; a fracture carries its box and polygon. Meta columns region, view, exposure carry
/// no information about the class. A picture is a function of seed and index; draw() may run on
/// any thread. `source` is a spec for parse_phantom. Throws 78 for options out of range.
Manifest phantom_manifest(const PhantomOptions& options);

/// "phantom" or "phantom:images=400,seed=3,size_px=96x80" as options; throws 2 for an unknown key
/// or a value out of range.
PhantomOptions parse_phantom(const std::string& spec);

}  // namespace evenray
