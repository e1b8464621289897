// SPDX-License-Identifier: Apache-2.0
#include "nn/trainee.hpp"

#include <filesystem>

#include "core/error.hpp"
#include "core/progress.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

constexpr int64_t kLogEvery = 50;

/// One call of run_training().
class Loop {
 public:
  Loop(Trainee& trainee,
       Batches& batches,
       const TrainingPlan& plan,
       RunFolder& run,
       Checkpoints& checkpoints,
       const Json& fixed_facts)
      : trainee_(trainee),
        batches_(batches),
        plan_(plan),
        run_(run),
        checkpoints_(checkpoints),
        fixed_facts_(fixed_facts) {}

  int64_t go() {
    int64_t step = resume();
    Progress progress(plan_.name, done(plan_.steps), plan_.unit);
    progress.skip(done(step));
    while (step < plan_.steps && !trainee_.ended()) {
      trainee_.step(batches_.at(step), step);
      ++step;
      progress.advance(done(step) - done(step - 1));
      const bool logs = step % kLogEvery == 0 || step == plan_.steps;
      const bool evaluates = plan_.evaluates(step);
      if ((logs || evaluates) && !trainee_.finite()) {
        const int64_t diverged = step;
        step = go_back(diverged);
        progress.skip(done(step) - done(diverged));
        continue;
      }
      if (logs) log(step, progress);
      if (evaluates) evaluate(step);
      const bool ends = step == plan_.steps || trainee_.ended();
      // Never checkpoint non-finite weights.
      if (ends || ((stop_requested() || checkpoints_.due()) && trainee_.finite())) write(step);
      throw_if_stopped();
    }
    return step;
  }

 private:
  int64_t done(int64_t step) const { return plan_.done ? plan_.done(step) : step; }

  int64_t restore(const std::optional<Resumed>& found) {
    trainee_.restore(found ? &*found : nullptr);
    return found ? found->step : 0;
  }

  int64_t resume() {
    const auto found = resume_run(run_, checkpoints_, fixed_facts_);
    // A run that was killed before its first step checkpoint may have left these files, which do
    // not belong to this training. An error is ignored: it will be reported when the file is
    // written.
    std::error_code ignored;
    if (!found)
      for (const auto& stale : {checkpoints_.best(), checkpoints_.evaluated()})
        std::filesystem::remove(stale, ignored);
    return restore(found);
  }

  /// Returns to the last evaluation, or to the start if there is none.
  int64_t go_back(int64_t diverged) {
    trainee_.prepare_retry(diverged);
    const int64_t step = restore(rewind_run(run_, checkpoints_.last_evaluated(), fixed_facts_));
    checkpoints_.drop_after(step);
    write(step);
    run_.event(trainee_.retry_event(step, diverged));
    return step;
  }

  void log(int64_t step, const Progress& progress) {
    Json event{{"step", step}};
    event.update(trainee_.take_log(step % kLogEvery == 0 ? kLogEvery : step % kLogEvery, step));
    event["rate"] = progress.rate();
    event["eta_s"] = progress.eta_s();
    run_.event(event);
  }

  void evaluate(int64_t step) {
    const Evaluation found = trainee_.evaluate(step);
    Json event{{"step", step}};
    event.update(found.event);
    run_.event(event);
    if (found.best) write_safetensors(checkpoints_.best(), trainee_.checkpoint(step, Saved::best));
    // A run that diverges returns to this state and not to a step checkpoint, because the step of
    // the latter depends on the clock.
    if (plan_.goes_back)
      write_safetensors(checkpoints_.evaluated(), trainee_.checkpoint(step, Saved::state));
  }

  void write(int64_t step) { checkpoints_.write(step, trainee_.checkpoint(step, Saved::state)); }

  Trainee& trainee_;
  Batches& batches_;
  const TrainingPlan& plan_;
  RunFolder& run_;
  Checkpoints& checkpoints_;
  const Json& fixed_facts_;
};

}  // namespace

void Trainee::prepare_retry(int64_t step) {
  throw Error(Exit::failed,
              cat("the training diverged at step ", step, ": losses or weights are not finite"));
}

Json Trainee::retry_event(int64_t step, int64_t diverged_at) {
  return {{"step", step}, {"diverged_at", diverged_at}};
}

int64_t run_training(Trainee& trainee,
                     Batches& batches,
                     const TrainingPlan& plan,
                     RunFolder& run,
                     Checkpoints& checkpoints,
                     const Json& fixed_facts) {
  return Loop(trainee, batches, plan, run, checkpoints, fixed_facts).go();
}

}  // namespace evenray
