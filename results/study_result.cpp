// SPDX-License-Identifier: Apache-2.0
#include "results/study_result.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

/// A value in the JSON with its path, for messages. A missing or null value is read as empty.
class Place {
 public:
  Place(const Json& json, std::string path) : json_(json), path_(std::move(path)) {}

  Place operator[](const std::string& key) const {
    static const Json nothing;
    const std::string path = path_ + "/" + key;
    if (json_.is_null()) return {nothing, path};
    require(json_.is_object(), "an object");
    const auto found = json_.find(key);
    return {found == json_.end() ? nothing : *found, path};
  }

  bool missing() const { return json_.is_null(); }

  double number() const {
    if (missing()) return NAN;
    require(json_.is_number(), "a number");
    return json_.get<double>();
  }

  int64_t count() const {
    const double value = number();
    return std::isfinite(value) ? std::llround(value) : 0;
  }

  bool flag() const {
    if (missing()) return false;
    require(json_.is_boolean(), "true or false");
    return json_.get<bool>();
  }

  std::string text() const {
    if (missing()) return "";
    require(json_.is_string(), "a text");
    return json_.get<std::string>();
  }

  /// The items of a list.
  std::vector<Place> items() const {
    std::vector<Place> out;
    if (missing()) return out;
    require(json_.is_array(), "a list");
    for (size_t i = 0; i < json_.size(); ++i) out.emplace_back(json_[i], cat(path_, "/", i));
    return out;
  }

  /// The members of an object, in the order of the file.
  std::vector<std::pair<std::string, Place>> members() const {
    std::vector<std::pair<std::string, Place>> out;
    if (missing()) return out;
    require(json_.is_object(), "an object");
    for (const auto& [key, value] : json_.items())
      out.emplace_back(key, Place(value, path_ + "/" + key));
    return out;
  }

  std::vector<std::string> texts() const {
    std::vector<std::string> out;
    for (const auto& item : items()) out.push_back(item.text());
    return out;
  }

  Counts counts() const {
    Counts out;
    for (const auto& [name, place] : members()) out.emplace_back(name, place.number());
    return out;
  }

  std::vector<std::pair<std::string, Counts>> tables() const {
    std::vector<std::pair<std::string, Counts>> out;
    for (const auto& [name, place] : members()) out.emplace_back(name, place.counts());
    return out;
  }

 private:
  void require(bool ok, const char* type) const {
    if (!ok)
      throw Error(Exit::bad_data,
                  cat("summary.json: ", path_.empty() ? "it" : path_, " is not ", type));
  }

  const Json& json_;
  std::string path_;
};

Estimate estimate(const Place& value, const Place& ci) {
  Estimate out;
  out.value = value.number();
  const auto bounds = ci.items();
  if (bounds.size() == 2) {
    out.low = bounds[0].number();
    out.high = bounds[1].number();
  }
  return out;
}

Difference difference(const Place& place) {
  Difference out;
  static_cast<Estimate&>(out) = estimate(place["value"], place["ci"]);
  out.p = place["p"].number();
  out.p_holm = place["p_holm"].number();
  return out;
}

/// Keys of values, divided: "auroc" of the rare class, "NAME.auroc" of all classes.
struct MetricKeys {
  std::vector<std::string> own, of_class, classes;

  explicit MetricKeys(const std::vector<std::string>& keys) {
    const auto add = [](std::vector<std::string>& to, const std::string& text) {
      if (std::find(to.begin(), to.end(), text) == to.end()) to.push_back(text);
    };
    for (const auto& key : keys) {
      const size_t dot = key.rfind('.');
      if (dot == std::string::npos) {
        add(own, key);
      } else {
        add(classes, key.substr(0, dot));
        add(of_class, key.substr(dot + 1));
      }
    }
    // A study without finished arms names no value.
    if (own.empty()) own = {"auroc"};
  }

  /// Reads each value of `place` by `read`.
  template <class Value, class Read>
  std::vector<Value> values(const Place& place, const Read& read) const {
    std::vector<Value> out;
    for (const auto& key : own) out.push_back(read(place[key]));
    return out;
  }
  template <class Value, class Read>
  std::vector<ClassResult<Value>> class_values(const Place& place, const Read& read) const {
    std::vector<ClassResult<Value>> out;
    for (const auto& name : classes) {
      auto& one = out.emplace_back(ClassResult<Value>{name, {}});
      for (const auto& key : of_class) one.metrics.push_back(read(place[cat(name, ".", key)]));
    }
    return out;
  }
};

Comparison comparison(const Place& place) {
  const MetricKeys keys(place["metrics"].texts());
  Comparison out;
  out.metrics = keys.own;
  out.class_metrics = keys.of_class;
  const auto read_estimate = [](const Place& one) { return estimate(one["value"], one["ci"]); };
  for (const auto& arm : place["arms"].items())
    out.arms.push_back({arm["arm"].text(),
                        keys.values<Estimate>(arm["metrics"], read_estimate),
                        keys.class_values<Estimate>(arm["metrics"], read_estimate)});
  for (const auto& pair : place["differences"].items())
    out.differences.push_back({pair["first"].text(),
                               pair["second"].text(),
                               pair["primary"].flag(),
                               keys.values<Difference>(pair["metrics"], difference),
                               keys.class_values<Difference>(pair["metrics"], difference)});
  out.detectable = place["detectable"][out.metrics[0]].number();
  out.test_images = place["test"]["images"].number();
  const Place known = place["test"]["known"];
  out.test_known = known.missing() ? out.test_images : known.number();
  out.test_positives = place["test"]["positives"].number();
  out.groups = place["groups"].number();
  out.draws = place["draws"].number();
  out.caution = place["caution"].text();
  out.without_threshold = place["without_threshold"].count();
  return out;
}

DataFacts data_facts(const Place& place) {
  DataFacts out;
  out.source = place["source"].text();
  out.licence = place["licence"].text();
  out.grouping = place["grouping"].text();
  out.images = place["images"].number();
  const auto size = place["size_px"].items();
  if (size.size() == 2) {
    out.height_px = size[0].number();
    out.width_px = size[1].number();
  }
  out.median_box_side_px = place["median_box_side_px"].number();
  out.class_names = place["class_names"].texts();
  out.shortcuts = place["shortcuts"].texts();
  out.findings = place["findings"].counts();
  out.left_out = place["left_out"].counts();
  for (const auto& fold : place["folds"].items()) {
    FoldFacts facts{
        fold["counts"].tables(), fold["boxes"].tables(), fold["store"].text(), std::nullopt};
    const Place baseline = fold["metadata_baseline"];
    if (!baseline.missing())
      facts.baseline = MetadataBaseline{baseline["columns"].texts(),
                                        estimate(baseline["auroc"], baseline["ci"])};
    out.folds.push_back(std::move(facts));
  }
  return out;
}

GeneratorResult generator(const Place& place) {
  GeneratorResult out;
  out.class_name = place["class"].text();
  out.seed = place["seed"].count();
  out.fold = static_cast<int>(place["fold"].count());
  out.variant = place["variant"].text();
  out.best_kimg = place["training"]["best_kimg"].number();
  out.kimg = place["training"]["kimg"].number();
  out.images = place["n_fake"].number();
  out.swd = place["swd"]["mean"].number();
  out.swd_floor = place["swd"]["floor"]["mean"].number();
  out.msssim = place["msssim"]["fake"].number();
  out.msssim_real = place["msssim"]["real"].number();
  out.nearest_ratio = place["memorisation"]["nearest_ratio"].number();
  out.authentic = place["memorisation"]["authentic"].number();
  out.near_copies = place["memorisation"]["flagged"].number();
  out.verdict = place["verdict"]["word"].text();
  out.origin = estimate(place["origin"]["auroc"], place["origin"]["ci"]);
  return out;
}

Arm own_arm(const Place& place) {
  Arm out;
  out.name = place["name"].text();
  out.meaning = place["meaning"].text();
  out.sources = place["sources"].texts();
  out.replace = place["replace"].number();
  out.dose = place["dose"].number();
  out.gates = place["gates"].texts();
  out.set = place["set"].texts();
  out.pretrain = place["pretrain"].texts();
  out.resampled = place["resampled"].flag();
  out.generator = place["generator"].texts();
  return out;
}

template <class Items, class Matches>
auto find_in(const Items& items, const Matches& matches) {
  const auto found = std::find_if(items.begin(), items.end(), matches);
  return found == items.end() ? nullptr : &*found;
}

}  // namespace

double count_of(const Counts& counts, const std::string& name) {
  const auto* found = find_in(counts, [&](const auto& one) { return one.first == name; });
  return found ? found->second : 0;
}

Arm StudyResult::arm_named(const std::string& name) const {
  const auto is_it = [&](const Arm& arm) { return arm.name == name; };
  const auto builtin = builtin_arms(policy);
  if (const auto* found = find_in(builtin, is_it)) return *found;
  if (const auto* found = find_in(own_arms, is_it)) return *found;
  return {.name = name};
}

size_t StudyResult::colour_of(const std::string& arm) const {
  auto names = builtin_arm_names();
  for (const auto& own : own_arms) names.push_back(own.name);
  return static_cast<size_t>(std::find(names.begin(), names.end(), arm) - names.begin());
}

const BalanceResult* StudyResult::balance_of(const std::string& arm) const {
  return find_in(balances, [&](const BalanceResult& one) { return one.arm == arm; });
}

const LocalisationResult* StudyResult::localisation_of(const std::string& arm) const {
  return find_in(localisations, [&](const LocalisationResult& one) { return one.arm == arm; });
}

bool StudyResult::retry_helps() const {
  return std::any_of(
      failed.begin(), failed.end(), [](const Failure& failure) { return failure.again; });
}

const PairResult* StudyResult::primary() const {
  const auto& pairs = comparison.differences;
  return pairs.empty() || !pairs[0].primary ? nullptr : &pairs[0];
}

StudyResult parse_study_result(const Json& summary) {
  const Place place(summary, "");
  StudyResult out;
  const Place task = place["task"];
  out.task = task.missing() ? "classify" : task.text();
  out.rare_class = place["rare_class"].text();
  out.contrast = place["contrast"].text();
  out.policy = place["policy"].text();
  out.named_contrast = place["chosen"]["contrast"].text();
  out.seeds = place["seeds"].count();
  out.folds = place["folds"].count();
  out.max_synthetic = place["max_synthetic"].number();
  out.device = place["computed"]["device"].text();
  out.precision = place["computed"]["precision"].text();
  out.threads = place["computed"]["threads"].count();
  for (const auto& arm : place["arms"].items()) out.own_arms.push_back(own_arm(arm));
  out.data = data_facts(place["data"]);
  out.comparison = comparison(place["comparison"]);
  const auto partial = [](const Place& one) {
    return PartialComparison{
        one["condition"].text(), one["left_out"].count(), comparison(one["comparison"])};
  };
  if (const Place without = place["without"]; !without.missing()) out.without = partial(without);
  for (const auto& one : place["subgroups"].items()) out.subgroups.push_back(partial(one));
  for (const auto& one : place["localisation"].items())
    out.localisations.push_back({one["arm"].text(),
                                 one["images"].number(),
                                 one["pointing"].number(),
                                 one["chance"].number(),
                                 one["energy"].number(),
                                 one["box_area"].number()});
  for (const auto& one : place["generators"].items()) out.generators.push_back(generator(one));
  for (const auto& one : place["seams"].items())
    out.seams.push_back(
        {one["arm"].text(),
         one["source"].text(),
         estimate(one["negatives"]["auroc"], one["negatives"]["ci"]),
         estimate(one["lesions"]["auroc"], one["lesions"]["ci"]),
         one["visible"].missing() ? std::nullopt : std::optional(one["visible"].flag())});
  for (const auto& [arm, balance] : place["balance"].members())
    out.balances.push_back({arm,
                            balance["after"].tables(),
                            balance["rejected"].tables(),
                            balance["missing"].counts()});
  for (const auto& one : place["failed"].items())
    out.failed.push_back({one["id"].text(), one["message"].text(), one["again"].flag()});
  out.label_arm = place["labels"]["arm"].text();
  out.label_images = place["labels"]["images"].count();
  out.label_auroc = place["labels"]["auroc"].number();
  out.label_suspects = place["labels"]["suspects"].count();
  for (const auto& [arm, settings] : place["tuned"].members())
    out.tuned.emplace_back(arm, settings.texts());
  for (const auto& one : place["preflight"]["warnings"].items())
    out.warnings.push_back(one["text"].text());
  return out;
}

}  // namespace evenray
