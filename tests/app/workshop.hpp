// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "dataset/files/image_file.hpp"
#include "dataset/image/image.hpp"
#include "tests/app/program.hpp"
#include "tests/dataset/drawn.hpp"

namespace evenray {

/// Where tests compute, whatever else the machine has.
inline const Words kPlain{"--set=device=cpu", "--set=precision=fp32", "--threads=1"};

/// Settings with which a training takes no time.
inline const Words kTinyGan = kPlain + Words{"--set=gan.dcgan.ngf=4",
                                             "--set=gan.dcgan.ndf=4",
                                             "--set=gan.lr_g=2e-3",
                                             "--set=gan.lr_d=2e-3",
                                             "--set=gan.total_kimg=.6",
                                             "--set=gan.eval_every_kimg=.3",
                                             "--set=gan.minibatch=16",
                                             "--allow-few"};
inline const Words kTinyClassifier =
    kPlain + Words{"--set=classify.steps=6", "--set=classify.minibatch=8"};

constexpr const char* kPhantoms = "phantom:images=120,rare_share=.3,seed=7,size_px=40x32";

/// A PNG file of any kind.
inline bool is_picture(const Path& path) {
  const DecodedImage decoded = decode_image(path);
  return decoded.fault.empty() && !decoded.truncated && decoded.pixels.total() > 0;
}

/// A folder in which the commands were run once: split.csv, set.h5, gan/, model/.
inline const Path& workshop() {
  static const ScratchFolder folder;
  static const bool made = [] {
    const Path& at = folder.path();
    done(at, {"data", "split", kPhantoms, "--out", "split.csv", "--ratios", ".6,.2,.2"});
    done(at,
         {"data", "pack", kPhantoms, "--split", "split.csv", "--size", "40x32", "--out", "set.h5"});
    done(at, Words{"gan", "train", "set.h5", "--class", "Fractured", "--out", "gan"} + kTinyGan);
    done(at, Words{"classify", "train", "set.h5", "--out", "model"} + kTinyClassifier);
    return true;
  }();
  (void)made;
  return folder.path();
}

/// A folder in FracAtlas' layout: 40 pictures of 60x80 px, every fourth one fractured with a box at
/// 10,10; ids eight apart, so that each is a visit of its own. `width`: of the boxes.
inline void write_fracatlas(const Path& root, double width = 20) {
  std::string rows;
  std::vector<FracAtlasImage> images;
  Json annotations = Json::array();
  for (int i = 0; i < 40; ++i) {
    std::string number = cat(i * 8);
    number.insert(0, 7 - number.size(), '0');
    const std::string file = cat("IMG", number, ".jpg");
    const bool fractured = i % 4 == 0;
    images.push_back({file, fractured, drawn_picture(static_cast<uint64_t>(i))});
    rows += cat(file, ",", i % 2, ",", i % 3 == 0 ? 1 : 0, ",", fractured ? "1,1," : "0,0,", "1\n");
    if (fractured)
      annotations.push_back({{"id", i},
                             {"image_id", i},
                             {"category_id", 0},
                             {"bbox", {10, 10, width, 20}},
                             {"segmentation", Json::array()}});
  }
  write_fracatlas(root, rows, images, annotations);
}

}  // namespace evenray
