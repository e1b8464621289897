// SPDX-License-Identifier: Apache-2.0
#pragma once
// The training loop that all networks share: resume, steps, logging, evaluation, the best
// checkpoint, the return to an earlier state after a divergence, stop signals. gan, classifier and
// detector each implement a Trainee.
#include <cstdint>
#include <functional>
#include <string>

#include "core/json.hpp"
#include "nn/batches.hpp"
#include "nn/checkpoint.hpp"
#include "nn/training.hpp"

namespace evenray {

/// The content of a checkpoint. `state`: all that is needed to resume the training. `best`: only
/// what is needed to use the network.
enum class Saved { state, best };

/// The result of one evaluation.
struct Evaluation {
  Json event;         ///< line of events.jsonl, without the step
  bool best = false;  ///< better than all previous ones: its checkpoint is kept as best
};

/// The networks that run_training() trains. Steps are numbered from 0. The state "after n steps" is
/// the state before step number n.
struct Trainee {
  virtual ~Trainee() = default;

  /// Creates the networks in their initial state and, unless `from` is nullptr, loads that
  /// checkpoint. Called before the first step, and each time that a run returns to an earlier
  /// state. Throws 65 for a damaged checkpoint.
  virtual void restore(const Resumed* from) = 0;
  /// Makes the training step with this number.
  virtual void step(const Batch& batch, int64_t number) = 0;
  /// Returns the results of the last `steps` steps for events.jsonl, such as mean losses. `step`:
  /// the number of steps that are done. May wait for the device.
  virtual Json take_log(int64_t steps, int64_t step) = 0;
  /// Evaluates the state after `step` steps.
  virtual Evaluation evaluate(int64_t step) = 0;
  /// Returns the tensors and metadata of the state after `step` steps.
  virtual TensorFile checkpoint(int64_t step, Saved what) = 0;
  /// Whether the training ends now, before its last step (collapse, patience).
  virtual bool ended() const = 0;

  /// Whether losses and weights are finite. Called before they are logged, evaluated or written.
  virtual bool finite() const { return true; }
  /// Called if finite() returned false after `step` steps. Prepares another attempt, which starts
  /// from the last evaluation with other random draws. Throws 1 if no attempt is left; the default
  /// always throws.
  virtual void prepare_retry(int64_t step);
  /// Returns the event of that attempt, which starts after `step` steps. May log a warning.
  virtual Json retry_event(int64_t step, int64_t diverged_at);
};

/// The length of a training and the times of its evaluations.
struct TrainingPlan {
  std::string name{};                             ///< name in the progress line
  std::string unit = "steps";                     ///< unit of the progress line
  int64_t steps = 0;                              ///< total number of steps
  std::function<int64_t(int64_t step)> done{};    ///< units done after `step` steps; empty: steps
  std::function<bool(int64_t step)> evaluates{};  ///< whether to evaluate after `step` steps
  bool goes_back = false;  ///< keeps the last evaluated state, for Trainee::prepare_retry()
};

/// Trains to the last step, or until Trainee::ended() returns true, and returns the number of
/// steps. Writes events.jsonl (training steps are logged every 50 steps) and, in checkpoints/,
/// step-*, best and, if plan.goes_back is set, evaluated. A stopped run resumes from its newest
/// checkpoint; `fixed_facts` must not have changed (see resume_run()). Throws 75 after a stop
/// signal, after it has written its state; 1 if the training diverges and no attempt is left.
int64_t run_training(Trainee& trainee,
                     Batches& batches,
                     const TrainingPlan& plan,
                     RunFolder& run,
                     Checkpoints& checkpoints,
                     const Json& fixed_facts);

}  // namespace evenray
