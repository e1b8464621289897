// SPDX-License-Identifier: Apache-2.0
#include <torch/torch.h>

#include <cmath>
#include <memory>

#include "core/error.hpp"
#include "core/log.hpp"
#include "core/progress.hpp"
#include "core/text.hpp"
#include "dataset/image.hpp"
#include "dataset/sheet.hpp"
#include "gan/gan.hpp"
#include "gan/players.hpp"
#include "gan/quality.hpp"
#include "gan/training_set.hpp"
#include "gan/transfer.hpp"
#include "nn/checkpoint.hpp"
#include "nn/loader.hpp"
#include "nn/training.hpp"

namespace evenray {
namespace {

constexpr int64_t kLogEvery = 50;
constexpr int64_t kSheetImages = 32;
/// From so many validation images of the class on, checkpoints are chosen by them.
constexpr int64_t kEnoughValidation = 300;
/// A run that diverges goes back to its last checkpoint so often, each time with half the learning
/// rates.
constexpr int64_t kMostRetries = 3;
/// An evaluation draws and compares so many times fewer images than are shown until the next one.
constexpr int64_t kShownPerJudged = 5;

/// One training run: data, schedule, evaluation, checkpoints.
class Training {
 public:
  Training(const Store& store,
           const std::string& class_name,
           const GanOptions& options,
           const Runtime& runtime,
           RunFolder& run)
      : store_(store),
        class_name_(class_name),
        options_(options),
        runtime_(runtime),
        run_(run),
        compute_(make_compute(runtime)),
        rng_(Rng(static_cast<uint64_t>(runtime.seed)).fork("gan")),
        checkpoints_(run.path(), runtime.checkpoint_every_s, runtime.keep_checkpoints),
        training_set_(store, class_name, options, rng_, compute_.device),
        schedule_(options, plan_size(store.info().height, store.info().width).doublings) {
    const auto& info = store.info();
    if (options.transfer != "none") {
      parent_ = read_parent(options, info.height, info.width, training_set_.classes());
      parent_digest_ = require_metadata(parent_->file, "tensor_digest", parent_->path);
    }
    const auto& images = training_set_.images();
    const auto validation = class_images(store, "val", class_name, options, compute_.device);
    judged_by_validation_ = validation.count() >= kEnoughValidation;
    const auto& real = judged_by_validation_ ? validation : images;
    judged_ = std::min({options.eval_images, real.count()});
    const auto rows = EpochOrder(real.count(), judged_, rng_.fork("judged real")).minibatch(0);
    real_ = std::make_unique<SwdSet>(
        scaled(real.pixels.index_select(0, index_tensor(rows, compute_.device))),
        kSwd,
        rng_.fork("swd"));
    steps_ = schedule_.steps();
    const int64_t tenth = schedule_.at(steps_).shown / 10;
    eval_every_ = options.eval_every_kimg > 0 ? std::llround(options.eval_every_kimg * 1000)
                                              : std::max(tenth, kShownPerJudged * judged_);
    eval_every_ = std::max<int64_t>(1, eval_every_);
  }

  void run() {
    int64_t step = resume();
    Progress progress(cat("gan ", class_name_), schedule_.at(steps_).shown, "img");
    progress.skip(schedule_.at(step).shown);
    while (step < steps_) {
      Moment moment = schedule_.at(step);
      moment.lr_factor *= std::pow(.5, static_cast<double>(retries_));
      players_->step(training_set_.minibatch(moment, step), moment, step);
      ++step;
      const int64_t shown = moment.shown + moment.minibatch;
      progress.advance(moment.minibatch);
      const bool logs = step % kLogEvery == 0 || step == steps_;
      const bool evaluates = shown / eval_every_ > moment.shown / eval_every_ || step == steps_;
      const bool writes = stop_requested() || checkpoints_.due() || step == steps_;
      if ((logs || evaluates || writes) && !players_->finite()) {
        step = go_back(step);
        continue;
      }
      if (logs) log(step, progress);
      if (evaluates) evaluate(step);
      if (writes) write(step);
      throw_if_stopped();
    }
    write_json(run_.path() / "metrics.json",
               {{"schema", "evenray-gan-run-1"},
                {"class", class_name_},
                {"images", training_set_.images().count()},
                {"kimg", kimg(steps_)},
                {"judged_by", judged_by_validation_ ? "val" : "train"},
                {"judged_images", judged_},
                {"best_kimg", kimg(best_step_)},
                {"best_swd", best_},
                {"retries", retries_}});
    run_.finish();
  }

 private:
  static constexpr SwdOptions kSwd{64, 1, 128};

  torch::Tensor scaled(const torch::Tensor& stored) const {
    return stored.to(torch::kFloat) * (255. / store_.info().value_max);
  }

  double kimg(int64_t step) const { return schedule_.kimg(step); }

  /// What a run goes on with only if it has not changed.
  Json fixed_facts() const {
    Json facts = run_facts(compute_, store_.content_digest());
    facts["class"] = class_name_;
    facts["classes"] = training_set_.classes();
    facts["where"] = options_.where;
    facts["parent"] = parent_digest_;
    return facts;
  }

  /// Fresh players, or those of the parent.
  void begin() {
    const auto& info = store_.info();
    players_ = std::make_unique<Players>(options_,
                                         info.height,
                                         info.width,
                                         static_cast<int64_t>(training_set_.classes().size()),
                                         compute_,
                                         rng_);
    if (parent_) players_->load_networks(parent_->file, parent_->path);
    best_ = INFINITY;
    best_step_ = 0;
  }

  /// The step to go on at, with what the checkpoint holds, or from the start.
  int64_t restore(const std::optional<Resumed>& found) {
    begin();
    if (!found) return 0;
    players_->load(found->file, found->path);
    best_ = found->fact<double>("best_swd", INFINITY);
    best_step_ = found->fact<int64_t>("best_step");
    retries_ = std::max(retries_, found->fact<int64_t>("retries"));
    if (found->step > 0) players_->set_moment(schedule_.at(found->step - 1));
    return found->step;
  }

  /// Each retry has draws of its own.
  void take_streams() {
    if (retries_ > 0) players_->take_streams(rng_.fork("retry", static_cast<uint64_t>(retries_)));
  }

  int64_t resume() {
    const int64_t step = restore(resume_run(run_, checkpoints_, fixed_facts()));
    take_streams();
    return step;
  }

  /// From a step at which losses or weights are no numbers, to the last checkpoint or the start.
  int64_t go_back(int64_t diverged) {
    check(++retries_ <= kMostRetries,
          Exit::failed,
          cat("the training diverged at step ",
              diverged,
              ": losses or weights are not finite, also with the learning rates halved ",
              kMostRetries,
              " times; lower gan.lr_d and gan.lr_g"));
    const int64_t step = restore(rewind_run(run_, checkpoints_, fixed_facts()));
    take_streams();
    run_.event(
        {{"step", step}, {"kimg", kimg(step)}, {"retry", retries_}, {"diverged_at", diverged}});
    log_warning(cat("the training diverged at step ",
                    diverged,
                    "; again from step ",
                    step,
                    " with learning rates halved ",
                    retries_,
                    retries_ == 1 ? " time" : " times"));
    return step;
  }

  void log(int64_t step, const Progress& progress) {
    const int64_t since = step % kLogEvery == 0 ? kLogEvery : step % kLogEvery;
    const auto means = players_->take_means(since);
    Json event{{"step", step},
               {"kimg", kimg(step)},
               {"level", players_->growth().level},
               {"alpha", players_->growth().alpha},
               {"loss_d", means[0]},
               {"loss_g", means[1]},
               {"d_real", means[2]},
               {"d_fake", means[3]}};
    if (const auto strength = players_->augmentation_strength()) event["ada_p"] = *strength;
    event["rate"] = progress.rate();
    event["eta_s"] = progress.eta_s();
    run_.event(event);
  }

  void evaluate(int64_t step) {
    const auto drawn = players_->draw(judged_);
    const int max = store_.info().value_max;
    const auto stored = drawn.add(1).mul_(max / 2.).round_().clamp_(0, max);
    const double swd = real_->distance(SwdSet(scaled(stored), kSwd, rng_.fork("swd"))).mean;
    run_.event({{"step", step}, {"kimg", kimg(step)}, {"swd", swd}});
    std::vector<SheetItem> items;
    for (auto& image : to_mats(drawn.slice(0, 0, kSheetImages), max))
      items.push_back({image, "", {}});
    char name[32];
    std::snprintf(name, sizeof name, "kimg-%09.3f.png", kimg(step));
    write_atomic(run_.path() / "samples" / name, encode_png(draw_sheet(items, SheetOptions{})));
    if (swd >= best_) return;
    best_ = swd;
    best_step_ = step;
    TensorFile file = described(step);
    players_->save_average(file);
    write_safetensors(checkpoints_.best(), file);
  }

  void write(int64_t step) {
    TensorFile file = described(step);
    players_->save(file);
    checkpoints_.write(step, file);
  }

  TensorFile described(int64_t step) {
    const auto& info = store_.info();
    TensorFile file;
    file.metadata["kind"] = "gan";
    file.metadata["config"] = write_config([&](Fields& f) { f.section("gan", options_); });
    Json facts = fixed_facts();
    facts.update(Json{{"size_px", {info.height, info.width}},
                      {"value_max", info.value_max},
                      {"images", training_set_.images().count()},
                      {"step", step},
                      {"kimg", kimg(step)},
                      {"level", players_->growth().level},
                      {"alpha", players_->growth().alpha},
                      {"label_share", players_->label_share()},
                      {"retries", retries_},
                      {"best_swd", best_},
                      {"best_step", best_step_},
                      {"seed", runtime_.seed}});
    file.metadata["facts"] = facts.dump();
    return file;
  }

  const Store& store_;
  std::string class_name_;
  GanOptions options_;
  Runtime runtime_;
  RunFolder& run_;
  Compute compute_;
  Rng rng_;
  Checkpoints checkpoints_;
  TrainingSet training_set_;
  Schedule schedule_;
  std::optional<Parent> parent_;
  std::string parent_digest_;  ///< empty: none
  std::unique_ptr<Players> players_;
  std::unique_ptr<SwdSet> real_;
  bool judged_by_validation_ = false;
  int64_t judged_ = 0, steps_ = 0, eval_every_ = 0, best_step_ = 0, retries_ = 0;
  double best_ = INFINITY;
};

}  // namespace

void train_gan(const Store& store,
               const std::string& class_name,
               const GanOptions& options,
               const Runtime& runtime,
               RunFolder& run) {
  options.check();
  const auto& info = store.info();
  check(info.value_max == (info.bits == 8 ? 255 : 65535),
        Exit::bad_data,
        cat(store.path().string(),
            ": its values end at ",
            info.value_max,
            ", a generator is trained on those that use the full range (255 or 65535)"));
  if (run.done()) {
    const Json trained = read_json(run.path() / "metrics.json").at("class");
    check(trained == class_name,
          Exit::config,
          cat(run.path().string(), " is a finished run of class ", trained.dump()));
    return;
  }
  GanOptions resolved = options;
  if (options.transfer == "majority" || options.transfer == "all") {
    const GanOptions parent = parent_options(options);
    const std::string parent_name = parent_class(store, class_name, options);
    RunFolder parent_run(run.path() / "parent", /*resume=*/true, [&](Fields& f) {
      Runtime stated = runtime;
      stated.fields(f);
      GanOptions settings = parent;
      f.section("gan", settings);
    });
    train_gan(store, parent_name, parent, runtime, parent_run);
    resolved.transfer = parent_run.path().string();
  }
  Training(store, class_name, resolved, runtime, run).run();
}

}  // namespace evenray
