// SPDX-License-Identifier: Apache-2.0
#include "gan/run_record.hpp"

#include <torch/types.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "gan/networks.hpp"
#include "nn/checkpoint.hpp"

namespace evenray {
namespace {

const Json* found_at(const Json& json, const char* pointer) {
  const Json::json_pointer at(pointer);
  return json.contains(at) ? &json.at(at) : nullptr;
}

double number_in(const Json& json, const char* pointer) {
  const Json* found = found_at(json, pointer);
  return found && found->is_number() ? found->get<double>() : NAN;
}

int64_t count_in(const Json& json, const char* pointer) {
  const Json* found = found_at(json, pointer);
  return found && found->is_number_integer() ? found->get<int64_t>() : 0;
}

/// Returns false if there is no text.
bool take_text(const Json& json, const char* pointer, std::string& into) {
  const Json* found = found_at(json, pointer);
  if (!found || !found->is_string()) return false;
  into = found->get<std::string>();
  return true;
}

/// Reads the numbers of one event. JSON has null where a value was not finite.
class EventReader {
 public:
  explicit EventReader(const Json& event) : event_(event) {}

  double optional(const char* key) {
    const auto value = event_.find(key);
    if (value == event_.end() || value->is_null()) return NAN;
    if (!value->is_number()) whole_ = false;
    return value->is_number() ? value->get<double>() : NAN;
  }
  double required(const char* key) {
    if (!event_.contains(key)) whole_ = false;
    return optional(key);
  }
  bool whole() const { return whole_; }

 private:
  const Json& event_;
  bool whole_ = true;
};

/// A run that returned to an earlier step repeats steps; the later line replaces the earlier ones.
template <class Event>
void append(std::vector<Event>& events, const Event& event) {
  while (!events.empty() && events.back().step >= event.step) events.pop_back();
  events.push_back(event);
}

/// Returns false if `json` is not an event of a generator's training.
bool take_event(const Json& json, RunRecord& into) {
  if (!json.is_object()) return false;
  EventReader read(json);
  const double number = read.required("step"), kimg = read.required("kimg");
  if (!read.whole() || !json["step"].is_number_integer() || number < 0 || !(kimg >= 0))
    return false;
  const int64_t step = json["step"];
  if (json.contains("swd")) {
    const EvaluationEvent event{step,
                                kimg,
                                read.required("swd"),
                                read.optional("floor"),
                                read.optional("msssim"),
                                read.optional("msssim_real"),
                                read.optional("memorised"),
                                read.optional("memorised_bound"),
                                json.value("kept", Json(false)) == true};
    if (read.whole()) append(into.evaluations, event);
  } else if (json.contains("retry")) {
    into.retries.push_back({step, kimg});
  } else {
    const StepEvent event{step,
                          kimg,
                          read.required("loss_d"),
                          read.required("loss_g"),
                          read.optional("d_real"),
                          read.optional("d_fake"),
                          read.optional("rate"),
                          read.optional("eta_s"),
                          read.optional("ada_p")};
    if (read.whole()) append(into.steps, event);
  }
  return read.whole();
}

void read_events(const Path& path, RunRecord& into) {
  if (!std::filesystem::exists(path)) return;
  const std::string text = read_file(path);
  const auto lines = split_text(text.substr(0, text.rfind('\n') + 1), '\n');
  for (size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].empty() && i + 1 == lines.size()) break;
    const Json event = Json::parse(lines[i], nullptr, /*allow_exceptions=*/false);
    if (!take_event(event, into))
      throw Error(
          Exit::bad_data,
          cat(path.string(), ":", i + 1, ": damaged, or not an event of a generator's training"));
  }
}

Json read_object(const Path& path) {
  Json json = read_json(path);
  check(json.is_object(), Exit::bad_data, path.string() + ": not a JSON object");
  return json;
}

std::map<int64_t, double> read_levels(const Json& json, const char* pointer) {
  std::map<int64_t, double> out;
  const Json* levels = found_at(json, pointer);
  if (!levels || !levels->is_object()) return out;
  for (const auto& [side, value] : levels->items()) {
    int64_t px = 0;
    if (parse_int(side, px) && value.is_number()) out[px] = value;
  }
  return out;
}

/// Returns nothing if any value is not a number.
std::vector<double> read_numbers(const Json& json, const char* pointer) {
  std::vector<double> out;
  const Json* list = found_at(json, pointer);
  if (!list || !list->is_array()) return out;
  for (const auto& value : *list) {
    if (!value.is_number()) return {};
    out.push_back(value);
  }
  return out;
}

std::vector<std::string> read_texts(const Json& json, const char* pointer) {
  std::vector<std::string> out;
  const Json* list = found_at(json, pointer);
  if (!list || !list->is_array()) return out;
  for (const auto& value : *list)
    if (value.is_string()) out.push_back(value);
  return out;
}

JudgementRecord read_judgement(const Path& path) {
  const Json json = read_object(path);
  JudgementRecord out;
  out.n_fake = count_in(json, "/n_fake");
  out.n_real = count_in(json, "/n_real");
  out.swd = number_in(json, "/swd/mean");
  out.swd_n = count_in(json, "/swd/n");
  out.floor = number_in(json, "/swd/floor/mean");
  out.levels = read_levels(json, "/swd/levels");
  out.floor_levels = read_levels(json, "/swd/floor/levels");
  out.msssim = number_in(json, "/msssim/fake");
  out.msssim_real = number_in(json, "/msssim/real");
  out.nearest_ratio = number_in(json, "/memorisation/nearest_ratio");
  out.nearest_ratio_real = number_in(json, "/memorisation/nearest_ratio_real");
  out.authentic = number_in(json, "/memorisation/authentic");
  out.authentic_real = number_in(json, "/memorisation/authentic_real");
  out.flagged = number_in(json, "/memorisation/flagged");
  out.memorised = number_in(json, "/memorisation/share");
  out.memorised_bound = number_in(json, "/memorisation/bound");
  out.leaks = read_texts(json, "/augmentation_leaks");
  out.verdict = verdict_in(json, path.string());
  const Json* spectrum = found_at(json, "/spectrum");
  if (!spectrum) return out;
  out.spectrum_n = count_in(*spectrum, "/n");
  out.drawn = {read_numbers(*spectrum, "/frequency"), read_numbers(*spectrum, "/fake")};
  out.real = {out.drawn.frequency, read_numbers(*spectrum, "/real")};
  const bool whole = !out.real.frequency.empty() && out.real.frequency.front() > 0 &&
                     out.real.log_power.size() == out.real.frequency.size() &&
                     out.drawn.log_power.size() == out.drawn.frequency.size();
  check(
      whole,
      Exit::bad_data,
      path.string() + ": spectrum must have the same number of values in frequency, fake and real");
  return out;
}

std::vector<SampleSheet> list_sheets(const Path& folder) {
  std::vector<SampleSheet> out;
  if (!std::filesystem::is_directory(folder)) return out;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().stem().string();
    double kimg = 0;
    if (name.starts_with("kimg-") && entry.path().extension() == ".png" &&
        parse_double(name.substr(5), kimg))
      out.push_back({kimg, entry.path()});
  }
  std::sort(out.begin(), out.end(), [](const SampleSheet& a, const SampleSheet& b) {
    return a.kimg < b.kimg;
  });
  return out;
}

void read_settings(const Path& path, RunRecord& into) {
  into.config_text = read_file(path, 1 << 20);
  const std::string wrong = path.string() + ": not the settings of a run of `evenray gan train`";
  check(("\n" + into.config_text).find("\n[gan]") != std::string::npos, Exit::bad_data, wrong);
  Runtime runtime;
  try {
    read_config_text(
        [&](Fields& f) {
          runtime.fields(f);
          f.section("gan", into.options);
        },
        into.config_text,
        path.string());
    into.options.check();
  } catch (const Error& error) {
    throw Error(Exit::bad_data, cat(wrong, ": ", error.what()));
  }
}

/// Reads size, class and number of images, which an unfinished run has only in its checkpoint.
void read_facts(const Path& checkpoint, RunRecord& into) {
  if (!std::filesystem::exists(checkpoint)) return;
  const TensorFile file = read_safetensors(checkpoint);
  const auto facts = file.metadata.find("facts");
  if (facts == file.metadata.end()) return;
  const Json json = parse_json(facts->second, checkpoint.string() + ": damaged facts");
  check(json.is_object(), Exit::bad_data, checkpoint.string() + ": damaged facts");
  into.height = static_cast<int>(count_in(json, "/size_px/0"));
  into.width = static_cast<int>(count_in(json, "/size_px/1"));
  into.images = count_in(json, "/images");
  into.class_known |= take_text(json, "/class", into.class_name);
  try {
    plan_size(into.height, into.width);
  } catch (const Error& error) {
    throw Error(Exit::bad_data, cat(checkpoint.string(), ": damaged facts: ", error.what()));
  }
}

void read_metrics(const Path& path, RunRecord& into) {
  if (!std::filesystem::exists(path)) return;
  const Json json = read_object(path);
  into.images = count_in(json, "/images");
  into.judged_images = count_in(json, "/judged_images");
  into.class_known |= take_text(json, "/class", into.class_name);
  take_text(json, "/judged_by", into.judged_by);
  take_text(json, "/stopped_early", into.stopped_early);
}

}  // namespace

double RunRecord::kimg() const {
  const double by_steps = steps.empty() ? 0 : steps.back().kimg;
  return evaluations.empty() ? by_steps : std::max(by_steps, evaluations.back().kimg);
}

const EvaluationEvent* RunRecord::best() const {
  const EvaluationEvent* out = nullptr;
  for (const auto& event : evaluations)
    if (event.kept) out = &event;
  if (out) return out;
  for (const auto& event : evaluations)
    if (std::isfinite(event.swd) && (!out || event.swd < out->swd)) out = &event;
  return out;
}

std::vector<Stage> RunRecord::stages() const {
  std::vector<Stage> out;
  if (height <= 0 || width <= 0) return out;
  const Schedule schedule(options, plan_size(height, width).doublings);
  for (const Stage& stage : schedule.stages())
    if (static_cast<double>(stage.first_image) < kimg() * 1000) out.push_back(stage);
  return out;
}

RunRecord read_run(const Path& folder) {
  check(std::filesystem::is_directory(folder),
        Exit::missing_input,
        folder.string() + ": the folder does not exist");
  check(std::filesystem::exists(folder / "config.toml"),
        Exit::missing_input,
        folder.string() + ": not a run folder, config.toml is missing");
  RunRecord out;
  out.folder = folder;
  read_settings(folder / "config.toml", out);
  out.finished = run_done(folder);
  read_events(folder / "events.jsonl", out);
  read_facts(folder / "checkpoints" / "best.safetensors", out);
  read_metrics(folder / "metrics.json", out);
  out.sheets = list_sheets(folder / "samples");
  out.has_judgement = std::filesystem::exists(folder / "judgement.json");
  if (out.has_judgement) out.judgement = read_judgement(folder / "judgement.json");
  return out;
}

}  // namespace evenray
