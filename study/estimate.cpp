// SPDX-License-Identifier: Apache-2.0
#include "study/estimate.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "core/text.hpp"
#include "gan/gan.hpp"

namespace evenray {
namespace {

constexpr const char* kTimesSchema = "evenray-study-times-1";
constexpr const char *kCell = "cell", *kSearchingCell = "cell with search";

std::pair<int, int> size_of(const PackOptions& pack) {
  return {static_cast<int>(pack.size_px[0]), static_cast<int>(pack.size_px[1])};
}

/// Returns the time of one generator, as a mean over the classes: of those that start from the
/// generator of the largest class, none trains a parent of its own (see run_generator()).
StepTime time_of_generator(const Config& config, const StudyPlan& plan, const Compute& compute) {
  const auto [height, width] = size_of(config.generator_pack());
  const Json training = gan_plan(config.gan, height, width, &compute);
  const StepTime whole = StepTime::of(training);
  const auto& classes = plan.class_names;
  const bool shares_parent =
      majority_is_parent(config.gan) &&
      std::all_of(classes.begin(), classes.end(), [&](const std::string& name) {
        return plan.trains({name, 0, 0});
      });
  if (!shares_parent) return whole;
  const StepTime parent = StepTime::of(training["parent"]);
  const auto others = static_cast<double>(classes.size() - 1);
  return (parent + (whole + parent * -1) * others) * (1 / (others + 1));
}

int64_t count_training_rows(const Json& fold) { return fold.at("images").at("train"); }

/// Returns the number of images of a fold.
int64_t count_rows(const Json& fold) {
  int64_t rows = 0;
  for (const auto& images : fold.at("images")) rows += images.get<int64_t>();
  return rows;
}

/// Returns the number of training rows that an arm adds in a fold, at most: where images have
/// several labels, those made for one class also fill others.
int64_t count_added(const Config& config, const Arm& arm, const StudyPlan& plan, const Json& fold) {
  if (arm.sources.empty()) return 0;
  const std::string strategy = config.for_arm(arm).balance.strategy;
  if (const auto cloning = parse_cloning(strategy))
    return std::llround(cloning->percent / 100 * static_cast<double>(count_training_rows(fold)));
  std::vector<int64_t> train;
  for (const auto& name : plan.class_names)
    train.push_back(fold.at("counts").at("train").value(name, int64_t{0}));
  int64_t added = 0;
  for (const int64_t rows : make_plan(train, plan.class_names, strategy).added) added += rows;
  return added;
}

/// Returns the number of different images of all stores: those of the folds, and those that the
/// cells of arms other than plain copies add.
int64_t images_of(const Config& config, const StudyPlan& plan, const Json& facts) {
  int64_t images = 0;
  for (const auto& fold : facts.at("folds")) {
    images += count_rows(fold);
    for (const auto& arm : config.study.compared()) {
      int64_t own = 0;
      if (arm.augmented() || arm.synthetic()) own += count_added(config, arm, plan, fold);
      if (arm.resampled) own += count_training_rows(fold);
      if (!arm.pretrain.empty()) own += count_training_rows(fold);
      images += own * config.study.seeds;
    }
  }
  return images;
}

/// Returns the bytes of a run folder's checkpoints.
int64_t run_bytes(const Runtime& runtime, const CheckpointBytes& one, int64_t further_states) {
  return one.best + (runtime.keep_checkpoints + further_states) * one.state;
}

}  // namespace

Json StudyTimes::json() const {
  Json out{{"generator", generator.median_s},
           {"cell", cell.median_s},
           {"search", search.median_s},
           {"total", total.median_s},
           {"range", {total.low_s, total.high_s}}};
  if (!busy.empty()) out["busy"] = busy;
  return out;
}

StudyTimes study_times(const Config& config, const StudyPlan& plan, const Json* facts) {
  StudyTimes out;
  const auto [height, width] = size_of(config.data.pack);
  const auto task = make_task(config, plan.rare_class);
  const TimedNetwork network = task->timed(height, width);
  bool first = true;  // a second measurement, with one thread, is only compared
  const TimeEstimate total = estimate_time(config.runtime, [&](const Compute& compute) {
    const StepTime generator =
        plan.generators.empty() ? StepTime{} : time_of_generator(config, plan, compute);
    const StepTime cell =
        network.step_time(compute, network.minibatch) * static_cast<double>(task->steps());
    const StepTime search = cell * (plan.tuned ? config.tune.cost() : 0);
    if (first) {
      out.generator = generator;
      out.cell = cell;
      out.search = search;
      first = false;
    }
    const double images = facts ? static_cast<double>(images_of(config, plan, *facts)) : 0;
    return generator * static_cast<double>(plan.generators.size()) +
           cell * static_cast<double>(plan.cells.size()) +
           search * static_cast<double>(plan.folds * std::ssize(config.study.compared())) +
           task->image_time(compute, height, width) * images;
  });
  out.total = total.time;
  out.busy = total.busy;
  return out;
}

int64_t study_bytes(const Config& config, const StudyPlan& plan, const Json& facts) {
  const auto [height, width] = size_of(config.data.pack);
  const int64_t image = int64_t{height} * width * config.data.pack.bits / 8;
  int64_t bytes = 0, largest = 0, filled = 0;
  for (const auto& fold : facts.at("folds")) {
    const int64_t packed = count_rows(fold) * image;
    bytes += packed;
    for (const auto& arm : config.study.compared()) {
      int64_t store = 0;
      if (arm.balanced()) store += packed + count_added(config, arm, plan, fold) * image;
      if (!arm.pretrain.empty()) store += packed;
      largest = std::max(largest, store);
      filled += store * config.study.seeds;
    }
  }
  bytes += config.study.keep_stores ? filled : largest;
  const auto task = make_task(config, plan.rare_class);
  bytes += static_cast<int64_t>(plan.cells.size()) *
           run_bytes(config.runtime, task->timed(height, width).bytes(), 0);
  if (!plan.generators.empty()) {
    const auto [drawn_height, drawn_width] = size_of(config.generator_pack());
    bytes += static_cast<int64_t>(plan.generators.size()) *
             run_bytes(config.runtime, timed_gan(config.gan, drawn_height, drawn_width).bytes(), 1);
  }
  return bytes;
}

double seconds_of_job() {
  const char* text = std::getenv("SLURM_JOB_END_TIME");
  double end = 0;
  if (!text || !parse_double(text, end)) return std::numeric_limits<double>::infinity();
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return end - std::chrono::duration<double>(now).count();
}

StudyClock::StudyClock(const StudyFolder& folder)
    : path_(folder.root / "times.json"),
      json_{{"schema", kTimesSchema}, {"estimate", nullptr}, {"done", Json::object()}} {
  if (std::filesystem::exists(path_)) json_ = read_json(path_);
}

void StudyClock::set_estimate(const StudyTimes& times) {
  json_["estimate"] = times.json();
  write_json(path_, json_);
}

void StudyClock::add(const std::string& kind, double seconds) {
  json_["done"][kind].push_back(seconds);
  write_json(path_, json_);
}

double StudyClock::estimate_of(const std::string& kind) const {
  const Json& estimate = json_.at("estimate");
  if (kind == kCell) return estimate.at("cell");
  if (kind == kSearchingCell)
    return estimate.at("cell").get<double>() + estimate.at("search").get<double>();
  return estimate.at("generator");
}

double StudyClock::seconds_of(const std::map<std::string, int64_t>& units) const {
  double took = 0, expected = 0;
  std::map<std::string, double> means;
  for (const auto& [kind, seconds] : json_.at("done").items()) {
    double sum = 0;
    for (const auto& one : seconds) sum += one.get<double>();
    means[kind] = sum / static_cast<double>(seconds.size());
    took += sum;
    if (known()) expected += estimate_of(kind) * static_cast<double>(seconds.size());
  }
  const double ratio = expected > 0 ? took / expected : 1;
  double out = 0;
  for (const auto& [kind, count] : units) {
    if (count == 0) continue;
    const auto mean = means.find(kind);
    if (mean == means.end() && !known()) return NAN;
    out += static_cast<double>(count) *
           (mean == means.end() ? estimate_of(kind) * ratio : mean->second);
  }
  return out;
}

std::string StudyClock::kind_of(const GeneratorCell& generator) {
  return cat(
      "generator ", generator.class_name, generator.variant.empty() ? "" : "@" + generator.variant);
}

std::string StudyClock::kind_of(const StudyPlan& plan, const Cell& cell) {
  return plan.tuned && cell.seed == 0 ? kSearchingCell : kCell;
}

std::map<std::string, int64_t> units_left(const StudyFolder& folder, const StudyPlan& plan) {
  std::map<std::string, int64_t> units;
  for (const auto& generator : plan.generators)
    units[StudyClock::kind_of(generator)] +=
        !std::filesystem::exists(folder.generator(generator) / "quality.json");
  for (const auto& cell : plan.cells)
    units[StudyClock::kind_of(plan, cell)] += !run_done(folder.cell(cell));
  return units;
}

}  // namespace evenray
