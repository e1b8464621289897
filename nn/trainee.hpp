// SPDX-License-Identifier: Apache-2.0
#pragma once
// The one training loop: resume, steps, logging, evaluation, the best checkpoint, going back after
// a divergence, stop signals. gan and classifier each implement a Trainee.
#include <cstdint>
#include <functional>
#include <string>

#include "core/json.hpp"
#include "nn/batches.hpp"
#include "nn/checkpoint.hpp"
#include "nn/training.hpp"

namespace evenray {

/// What a checkpoint holds: all that a training needs to go on, or what its user needs of the best.
enum class Saved { state, best };

/// What one evaluation found.
struct Evaluation {
  Json event;         ///< of events.jsonl, without the step
  bool best = false;  ///< better than all before: its checkpoint is kept as best
};

/// Networks in training, as run_training() drives them. Steps are counted from 0; a state "after n
/// steps" is that with which step number n begins.
struct Trainee {
  virtual ~Trainee() = default;

  /// Makes networks as they are at the start, or as a checkpoint holds them. Called before the
  /// first step and each time a run goes back.
  virtual void restore(const Resumed* from) = 0;
  virtual void step(const Batch& batch, int64_t number) = 0;
  /// What the last `steps` steps gave, for events.jsonl. May wait for the device.
  virtual Json take_log(int64_t steps, int64_t step) = 0;
  /// Evaluates the state after `step` steps.
  virtual Evaluation evaluate(int64_t step) = 0;
  /// Tensors and metadata of the state after `step` steps.
  virtual TensorFile checkpoint(int64_t step, Saved what) = 0;
  /// Whether it has come to its end before the last step (collapse, patience).
  virtual bool ended() const = 0;

  /// Whether losses and weights are finite. Asked before they are logged, evaluated or written.
  virtual bool finite() const { return true; }
  /// After finite() was false: prepares another try from the last evaluation, with other draws. Its
  /// event, or throws 1 where there is none left. `step`: where it diverged.
  virtual void prepare_retry(int64_t step);
  /// The event of that try, which begins after `step` steps. May log a warning.
  virtual Json retry_event(int64_t step, int64_t diverged_at);
};

/// How long a training is and when it is evaluated.
struct TrainingPlan {
  std::string name{};                             ///< of the progress line
  std::string unit = "steps";                     ///< of progress
  int64_t steps = 0;                              ///< all of them
  std::function<int64_t(int64_t step)> done{};    ///< units done after so many steps; empty: steps
  std::function<bool(int64_t step)> evaluates{};  ///< whether the state after so many steps is
  bool goes_back = false;  ///< keeps the last evaluated state, for Trainee::prepare_retry()
};

/// Trains to the last step or until the trainee has ended, and returns the number of steps. Writes
/// events.jsonl (every 50 steps), checkpoints/step-*, best and, where the plan goes back,
/// evaluated. A run that was stopped goes on at its newest checkpoint; `fixed_facts` must not have
/// changed (see resume_run). Throws 75 after a stop signal, when its state is written.
int64_t run_training(Trainee& trainee,
                     Batches& batches,
                     const TrainingPlan& plan,
                     RunFolder& run,
                     Checkpoints& checkpoints,
                     const Json& fixed_facts);

}  // namespace evenray
