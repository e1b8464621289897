// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "core/csv.hpp"
#include "study/cells.hpp"
#include "study/preparation.hpp"
#include "tests/nn/torch_fixture.hpp"
#include "tests/pixels.hpp"

namespace evenray {

/// A whole study in a few seconds; it measures nothing.
inline Config pipeline_tiny(const std::vector<std::string>& arms) {
  Config config;
  config.runtime.threads = 1;
  config.runtime.device = "cpu";
  config.runtime.precision = "fp32";
  config.data.path = "phantom:images=120,rare_share=.3,seed=7,size_px=40x32";
  config.data.pack.size_px = {40, 32};
  config.data.ratios = {.6, .2, .2};
  config.gan.dcgan.ngf = config.gan.dcgan.ndf = 4;
  config.gan.lr_g = config.gan.lr_d = 2e-3;
  config.gan.total_kimg = config.gan.eval_every_kimg = .8;
  config.gan.minibatch = 16;
  config.gan.allow_few = true;
  config.classify.steps = 4;
  config.classify.minibatch = 8;
  config.classify.bootstrap = 20;
  config.study.arms = arms;
  config.study.seeds = 1;
  config.study.contrast = "gan vs oversample";
  config.study.bootstrap = 100;
  config.study.judge_images = 64;
  config.study.origin_steps = 2;
  return config;
}

/// results.csv by cell: the column's value.
inline std::map<std::string, std::string> column(const Path& folder, const std::string& name) {
  std::map<std::string, std::string> out;
  const CsvTable table = read_csv(folder / "results.csv");
  for (const auto& row : table.rows) out[row[table.require("cell")]] = row[table.require(name)];
  return out;
}
}  // namespace evenray
