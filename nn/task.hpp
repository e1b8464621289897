// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a study asks of a learner: train on a store, test on a part of it, say how well. It names no
// class and no file, so that a classifier and a detector are compared by the same code.
#include <cstdint>
#include <string>
#include <vector>

#include "core/config.hpp"
#include "core/run_folder.hpp"
#include "dataset/store/store.hpp"
#include "metrics/scored.hpp"
#include "nn/precision.hpp"

namespace evenray {

/// A learner with its settings. A *cell* is a folder: the run that trained it lies in
/// cell/run_name(), what test() finds lies beside the run.
struct Task {
  virtual ~Task() = default;

  /// Name of the run's folder in a cell.
  virtual std::string run_name() const = 0;
  /// The settings of the training, for the config.toml of the run.
  virtual void fields(Fields& f) = 0;
  /// Optimiser steps of one training.
  virtual int64_t steps() const = 0;
  /// The network that is trained on images of this size in pixels, for timing.
  virtual TimedNetwork timed(int height, int width) const = 0;

  /// Trains on the train part of a store and selects on its val part; resumes what was stopped.
  /// Throws 65 for a store that it cannot train on, 75 after a stop signal.
  virtual void train(const Store& store, const Runtime& runtime, RunFolder& run) const = 0;
  /// Tests the run of a cell on one part of a store and writes the results into the cell.
  virtual void test(const Path& cell,
                    const Store& store,
                    const std::string& part,
                    const Runtime& runtime) const = 0;

  /// Reads what test() wrote. The rows of several cells (the folds of one seed) are joined in this
  /// order.
  virtual Scored scored(const std::vector<Path>& cells) const = 0;
  /// The columns of a table of cells, and the row of one tested cell ("" where undefined).
  virtual std::vector<std::string> columns() const = 0;
  virtual std::vector<std::string> row(const Path& cell) const = 0;
};

}  // namespace evenray
