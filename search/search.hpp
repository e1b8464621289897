// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <optional>

#include "core/config.hpp"
#include "core/files.hpp"
#include "core/json.hpp"
#include "search/space.hpp"

namespace evenray {

/// [tune] of a configuration.
struct SearchOptions {
  int64_t trials = 20;          ///< points that are tried
  std::string sampler = "tpe";  ///< random or tpe (see parzen.hpp)
  int64_t startup = 10;         ///< random points before tpe proposes
  int64_t rungs = 3;            ///< lengths of a trial; 1: all trials are whole
  double eta = 3;  ///< ratio of one length to the next, and of the trials to those kept
  /// What is chosen, see parse_dimension().
  std::vector<std::string> space = {"classify.lr=1e-4..1e-2 log",
                                    "classify.weight_decay=1e-4..1 log"};

  void fields(Fields& f);
  /// Throws 78 for a value out of range.
  void check() const;
  /// Returns the share of a whole trial that one on this rung (from 0) takes.
  double share(int64_t rung) const;
  /// Returns the work of a search in whole trials, if each rung keeps the eta-th part.
  double cost() const;
};

/// A point that was tried.
struct Trial {
  int64_t number = 0;
  Point point;
  std::vector<double> scores;  ///< on each rung that it reached, the larger the better; NaN: failed
};

/// Returns the score of the settings "KEY=VALUE", trained for this share of a whole trial. `name`:
/// of the trial and its rung, "7-r1". NaN: the settings are unusable.
using Evaluate = std::function<double(
    const std::string& name, const std::vector<std::string>& settings, double share)>;

struct SearchResult {
  std::vector<Trial> trials;
  std::vector<Dimension> space;
  size_t best = 0;  ///< of `trials`: the highest score on the highest rung that any reached

  const Trial& best_trial() const { return trials.at(best); }
  std::vector<std::string> best_settings() const;
  /// Returns {"schema","trials":[{"number","settings","scores"}],"best"}.
  Json json() const;
};

/// Tries points one after the other by asynchronous successive halving (Li et al. 2020, "A system
/// for massively parallel hyperparameter tuning", algorithm 2, with one worker): a trial goes on to
/// the next rung if it is among the best 1/eta of its rung; if no trial does, a new point starts on
/// the lowest one. TPE learns from the highest rung that has `startup` scores. Each rung trains
/// from the beginning, so that its learning rate falls to 0.
///
/// `about`: what the scores depend on besides the settings, such as the digest of a store.
/// `journal`: a file of JSON lines that grows by one line a point and one a score. If it exists,
/// the search continues where it stopped, and returns at once if it was finished. Its points depend
/// only on the options, the seed and the scores. Throws 78 if the journal is of other options,
/// another seed or other facts `about`, 65 if it is damaged or if all trials failed, and what
/// `evaluate` throws.
SearchResult run_search(const SearchOptions& options,
                        uint64_t seed,
                        const Json& about,
                        const Path& journal,
                        const Evaluate& evaluate);

}  // namespace evenray
