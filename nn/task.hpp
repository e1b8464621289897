// SPDX-License-Identifier: Apache-2.0
#pragma once
// The interface of a learner to a study: train on a store, test on a part of it, return the scores.
// It does not depend on the kind of learner, so that the same code can compare classifiers and
// detectors.
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "core/config.hpp"
#include "core/run_folder.hpp"
#include "dataset/store/store.hpp"
#include "metrics/scored.hpp"
#include "nn/precision.hpp"

namespace evenray {

/// A learner with its settings. A *cell* is a folder. It contains the run folder of the training,
/// cell/run_name(), and the results of test().
struct Task {
  virtual ~Task() = default;

  /// Returns the name of the run folder in a cell.
  virtual std::string run_name() const = 0;
  /// Visits the settings of the training, for the config.toml of the run.
  virtual void fields(Fields& f) = 0;
  /// Returns the number of optimiser steps of one training.
  virtual int64_t steps() const = 0;
  /// Returns the time that each image of a store takes once, before the training; 0 if none.
  virtual StepTime image_time(const Compute& compute, int height, int width) const = 0;
  /// Returns the network that is trained on images of this size in pixels, for timing.
  virtual TimedNetwork timed(int height, int width) const = 0;

  /// Computes once what trainings on this store, or on others with the same images, share.
  virtual void prepare(const Store& store, const Runtime& runtime) const = 0;
  /// Trains on the train part of a store and selects the best checkpoint on its val part. Resumes a
  /// stopped training. Throws 65 for a store that it cannot train on, 75 after a stop signal.
  virtual void train(const Store& store, const Runtime& runtime, RunFolder& run) const = 0;
  /// Tests the run of a cell on one part of a store and writes the results into the cell.
  virtual void test(const Path& cell,
                    const Store& store,
                    const std::string& part,
                    const Runtime& runtime) const = 0;

  /// Returns the value on validation that selected the best checkpoint of a cell's run, the larger
  /// the better; NaN if it is undefined. Throws 66 if the run is not done.
  virtual double validation(const Path& cell) const = 0;
  /// Returns the scores from the results of test(), without the rows with an id in `left_out`. The
  /// rows of several cells (the folds of one seed) are concatenated in this order. Throws 66 if
  /// results are missing, 65 if they are damaged.
  virtual Scored scored(const std::vector<Path>& cells,
                        const std::set<std::string>& left_out) const = 0;
  /// Return the column names of a table of cells, and the row of one tested cell ("": undefined).
  virtual std::vector<std::string> columns() const = 0;
  virtual std::vector<std::string> row(const Path& cell) const = 0;
};

/// Trains a task in an empty or unfinished folder, which is removed afterwards, and returns
/// Task::validation(). NaN if the training diverges or torch cannot do it. Throws what
/// Task::train() throws otherwise.
double try_task(Task& task, const Store& store, const Runtime& runtime, const Path& folder);

}  // namespace evenray
