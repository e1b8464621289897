// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/config.hpp"
#include "dataset/sample.hpp"

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

/// Classes `Non_fractured` and `Fractured`; two to four views a patient; a fracture carries its box
/// and polygon; meta columns region, view, exposure carry no information about the class.
Manifest phantom_manifest(const PhantomOptions& options);

/// "phantom" or "phantom:images=400,seed=3" as options; throws 2 for an unknown key.
PhantomOptions parse_phantom(const std::string& spec);

}  // namespace evenray
