// SPDX-License-Identifier: Apache-2.0
#include <torch/torch.h>

#include <chrono>
#include <cmath>
#include <map>

#include "core/error.hpp"
#include "core/progress.hpp"
#include "core/text.hpp"
#include "dataset/image.hpp"
#include "dataset/sheet.hpp"
#include "gan/gan.hpp"
#include "gan/players.hpp"
#include "gan/quality.hpp"
#include "nn/checkpoint.hpp"
#include "nn/loader.hpp"
#include "nn/schedule.hpp"
#include "nn/training.hpp"

namespace evenray {
namespace {

constexpr int64_t kFewest = 50;
constexpr int64_t kLogEvery = 50;
constexpr int64_t kSheetImages = 32;
/// From so many validation images of the class on, checkpoints are chosen by them.
constexpr int64_t kEnoughValidation = 300;

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
        checkpoints_(run.path(), runtime.checkpoint_every_s),
        images_(class_images("train")),
        players_(options, store.info().height, store.info().width, compute_, rng_),
        schedule_(options, plan_size(store.info().height, store.info().width).doublings),
        order_(images_.size(0), options.minibatch, rng_.fork("order")) {
    const int64_t count = images_.size(0);
    check(
        count >= kFewest || options.allow_few,
        Exit::bad_data,
        cat("class ",
            class_name.empty() ? "(all)" : class_name,
            " has ",
            count,
            " training images, fewer than the ",
            kFewest,
            " below which a generator was seen to do harm; --allow-few (gan.allow_few) goes on all "
            "the same"));
    check(count > 0, Exit::bad_data, "there are no training images");
    const auto validation = class_images("val");
    judged_by_validation_ = validation.size(0) >= kEnoughValidation;
    const auto& real = judged_by_validation_ ? validation : images_;
    judged_ = std::min({options.eval_images, real.size(0)});
    const auto rows = EpochOrder(real.size(0), judged_, rng_.fork("judged real")).minibatch(0);
    real_ = std::make_unique<SwdSet>(
        scaled(real.index_select(0, index_tensor(rows, compute_.device))), kSwd, rng_.fork("swd"));
    steps_ = schedule_.steps();
    const double every =
        options.eval_every_kimg > 0 ? options.eval_every_kimg : schedule_.kimg(steps_) / 10;
    eval_every_ = std::max<int64_t>(1, std::llround(every * 1000));
  }

  void run() {
    int64_t step = resume();
    Progress progress(cat("gan ", class_name_), schedule_.at(steps_).shown, "img");
    progress.skip(schedule_.at(step).shown);
    while (step < steps_) {
      const Moment moment = schedule_.at(step);
      players_.step(minibatch(moment, step), moment, step);
      ++step;
      const int64_t shown = moment.shown + moment.minibatch;
      progress.advance(moment.minibatch);
      if (step % kLogEvery == 0 || step == steps_) log(step, progress);
      if (shown / eval_every_ > moment.shown / eval_every_ || step == steps_) evaluate(step);
      if (stop_requested() || (checkpoints_.due() && step < steps_)) write(step);
      throw_if_stopped();
    }
    write(step);
    write_json(run_.path() / "metrics.json",
               {{"schema", "evenray-gan-run-1"},
                {"class", class_name_},
                {"images", images_.size(0)},
                {"kimg", kimg(steps_)},
                {"judged_by", judged_by_validation_ ? "val" : "train"},
                {"judged_images", judged_},
                {"best_kimg", kimg(best_step_)},
                {"best_swd", best_}});
    run_.finish();
  }

 private:
  static constexpr SwdOptions kSwd{64, 1, 128};

  torch::Tensor class_images(const std::string& part) const {
    return load_images(store_, part, real_rows(store_, part, class_name_), compute_.device);
  }

  torch::Tensor scaled(const torch::Tensor& stored) const {
    return stored.to(torch::kFloat) * (255. / store_.info().value_max);
  }

  double kimg(int64_t step) const { return schedule_.kimg(step); }

  torch::Tensor minibatch(const Moment& moment, int64_t step) {
    const auto rows = order_.rows(moment.shown, moment.minibatch);
    auto batch = gan_input(images_.index_select(0, index_tensor(rows, compute_.device)),
                           store_.info().value_max);
    if (!options_.mirror) return batch;
    std::vector<int64_t> flips;
    Rng stream = rng_.fork("mirror", static_cast<uint64_t>(step));
    for (int64_t i = 0; i < moment.minibatch; ++i) flips.push_back(stream.chance(.5));
    const auto flip = index_tensor(flips, compute_.device).to(torch::kBool).view({-1, 1, 1, 1});
    return torch::where(flip, batch.flip(3), batch).contiguous(at::MemoryFormat::ChannelsLast);
  }

  /// What a run goes on with only if it has not changed.
  Json fixed_facts() const {
    Json facts = run_facts(compute_, store_.content_digest());
    facts["class"] = class_name_;
    return facts;
  }

  int64_t resume() {
    const auto resumed = resume_run(run_, checkpoints_, fixed_facts());
    if (!resumed) return 0;
    players_.load(resumed->file, resumed->path);
    best_ = resumed->fact<double>("best_swd", INFINITY);
    best_step_ = resumed->fact<int64_t>("best_step");
    if (resumed->step > 0) players_.set_growth(schedule_.at(resumed->step - 1).growth);
    return resumed->step;
  }

  void log(int64_t step, const Progress& progress) {
    const int64_t since = step % kLogEvery == 0 ? kLogEvery : step % kLogEvery;
    const auto means = players_.take_means(since);
    run_.event({{"step", step},
                {"kimg", kimg(step)},
                {"level", players_.growth().level},
                {"alpha", players_.growth().alpha},
                {"loss_d", means[0]},
                {"loss_g", means[1]},
                {"d_real", means[2]},
                {"d_fake", means[3]},
                {"rate", progress.rate()},
                {"eta_s", progress.eta_s()}});
  }

  void evaluate(int64_t step) {
    const auto drawn = players_.draw(judged_);
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
    players_.save_average(file);
    write_safetensors(checkpoints_.best(), file);
  }

  void write(int64_t step) {
    TensorFile file = described(step);
    players_.save(file);
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
                      {"images", images_.size(0)},
                      {"step", step},
                      {"kimg", kimg(step)},
                      {"level", players_.growth().level},
                      {"alpha", players_.growth().alpha},
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
  torch::Tensor images_;
  Players players_;
  Schedule schedule_;
  EpochOrder order_;
  std::unique_ptr<SwdSet> real_;
  bool judged_by_validation_ = false;
  int64_t judged_ = 0, steps_ = 0, eval_every_ = 0, best_step_ = 0;
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
  Training(store, class_name, options, runtime, run).run();
}

double gan_step_seconds(const GanOptions& options,
                        int height,
                        int width,
                        const Compute& compute,
                        int steps,
                        int level) {
  const Rng rng(1);
  const int doublings = plan_size(height, width).doublings;
  const Schedule schedule(options, doublings);
  Moment moment;
  for (const Stage& stage : schedule.stages())
    if (!stage.fades && stage.level == (level < 0 ? doublings : level))
      moment = schedule.at(stage.first_step + stage.steps - 1);
  moment.restarts = false;
  Players players(options, height, width, compute, rng);
  seed_torch(2);
  const auto real = torch::rand({moment.minibatch, 1, height, width})
                        .mul_(2)
                        .sub_(1)
                        .to(compute.device)
                        .contiguous(at::MemoryFormat::ChannelsLast);
  // Step number 0 has R1 and R2, number 1 has not (unless every step has).
  const auto timed = [&](int64_t number, int times) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < times; ++i) players.step(real, moment, number);
    players.take_means(times);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() / times;
  };
  timed(1, std::min(3, steps));
  const double plain = timed(1, steps);
  if (options.r1_gamma == 0 && options.r2_gamma == 0) return plain;
  timed(0, 1);
  return plain + (timed(0, 2) - plain) / static_cast<double>(options.r1_every);
}

Json gan_plan(const GanOptions& options, int height, int width, const Compute* compute) {
  constexpr int kTimed = 2;
  const SizePlan size = plan_size(height, width);
  const Schedule schedule(options, size.doublings);
  Json stages = Json::array();
  std::map<int, double> step_seconds;
  double sum = 0;
  for (const Stage& stage : schedule.stages()) {
    stages.push_back(
        {{"size_px", {size.base_height << stage.level, size.base_width << stage.level}},
         {"fades", stage.fades},
         {"kimg", static_cast<double>(stage.steps * stage.minibatch) / 1000},
         {"minibatch", stage.minibatch}});
    if (!compute) continue;
    auto& seconds = step_seconds[stage.level];
    if (seconds == 0)
      seconds = gan_step_seconds(options, height, width, *compute, kTimed, stage.level);
    sum += seconds * static_cast<double>(stage.steps);
  }
  Json out{{"kimg", schedule.kimg(schedule.steps())}, {"stages", stages}};
  if (compute) out["estimate_s"] = sum;
  return out;
}

}  // namespace evenray
