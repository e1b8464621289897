// SPDX-License-Identifier: Apache-2.0
#include "dataset/data_options.hpp"

#include "dataset/split.hpp"

namespace evenray {

void DataOptions::fields(Fields& f) {
  f("path", path, "folder with the images, or phantom:images=600,...");
  read.fields(f);
  pack.fields(f);
  f("ratios", ratios, "shares of train, val and test, without folds");
  f("hold_out", hold_out, "with folds: share of a locked test that no fold sees");
  f("group", group, "how images are grouped (a group stays in one part): auto, patient, none");
}

void DataOptions::check() const {
  read.check();
  pack.check();
  SplitOptions{ratios, hold_out > 0 ? 3 : 0, hold_out, group, 0}.check();
}

}  // namespace evenray
