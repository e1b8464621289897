// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "dataset/pack.hpp"
#include "dataset/reader.hpp"

namespace evenray {

/// [data] of a configuration: where the images come from and how they are divided and packed.
struct DataOptions {
  std::string path;                             ///< folder, or phantom:...
  ReadOptions read;                             ///< its keys are also directly in [data]
  PackOptions pack;                             ///< its keys are also directly in [data]
  std::vector<double> ratios = {.7, .15, .15};  ///< shares of train, val, test, without folds
  double hold_out = 0;                          ///< with folds: share of a locked test part
  std::string group = "auto";                   ///< how images are grouped: auto, patient, none

  void fields(Fields& f);
  /// Throws 78 for a value out of range; the message names the key as the user writes it.
  void check() const;
};

}  // namespace evenray
