// SPDX-License-Identifier: Apache-2.0
#include "gan/verdict.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/files.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

std::string percent(double share) { return cat(fixed(100 * share, 1), " %"); }

/// Formats a bound as the user set it: "6 %".
std::string percent_bound(double share) { return cat(100 * share, " %"); }

/// Returns how far `value` is on the way from `from` to `to`. If there is no such way, any value
/// beyond its start is infinitely far.
double part_of_way(double value, double from, double to) {
  if (to > from) return (value - from) / (to - from);
  return value <= from ? 0 : INFINITY;
}

/// The rank of a word: 0 is the best.
constexpr const char* kWords[] = {kUsable, kWeak, kNotUsableYet};

/// Finds the worst rank of several figures, and what was said of those above their first bound.
class Ranking {
 public:
  void add(double value, double usable, double weak, const std::string& reason) {
    // Written so that NaN is above all bounds.
    add(value <= usable ? 0 : value <= weak ? 1 : 2, reason);
  }
  void add(size_t rank, const std::string& reason) {
    if (rank > 0) reasons_.push_back(reason);
    worst_ = std::max(worst_, rank);
  }
  Verdict verdict() const { return {kWords[worst_], reasons_}; }

 private:
  size_t worst_ = 0;
  std::vector<std::string> reasons_;
};

std::string bounds_text(const std::string& usable, const std::string& weak) {
  return cat(" (usable up to ", usable, ", weak up to ", weak, ")");
}

double number_at(const Json& json, const char* pointer) {
  const Json::json_pointer at(pointer);
  return json.contains(at) && json.at(at).is_number() ? json.at(at).get<double>() : NAN;
}

}  // namespace

std::string Verdict::text() const {
  return reasons.empty() ? word : cat(word, ": ", join(reasons, "; "));
}

Verdict judge(const JudgedFigures& figures, const VerdictOptions& bounds) {
  const double excess = part_of_way(figures.swd, figures.floor, figures.noise);
  const double similarity = part_of_way(figures.msssim, figures.msssim_real, 1);
  const double memorised = part_of_way(figures.memorised, 0, figures.memorised_bound);
  Ranking ranking;
  ranking.add(
      excess,
      bounds.usable_excess,
      bounds.weak_excess,
      cat("SWD ",
          fixed(figures.swd, 1),
          " is ",
          percent(excess),
          " of the way from the floor ",
          fixed(figures.floor, 1),
          " to noise ",
          fixed(figures.noise, 1),
          bounds_text(percent_bound(bounds.usable_excess), percent_bound(bounds.weak_excess))));
  ranking.add(similarity,
              bounds.usable_similarity,
              bounds.weak_similarity,
              cat("MS-SSIM ",
                  fixed(figures.msssim, 3),
                  " is ",
                  percent(similarity),
                  " of the way from real images ",
                  fixed(figures.msssim_real, 3),
                  " to copies of one picture",
                  bounds_text(percent_bound(bounds.usable_similarity),
                              percent_bound(bounds.weak_similarity))));
  ranking.add(memorised,
              bounds.usable_memorised,
              bounds.weak_memorised,
              cat(percent(figures.memorised),
                  " of the images are nearer to training images than unseen ones are, ",
                  fixed(memorised, 1),
                  " times the share that chance explains",
                  bounds_text(cat(bounds.usable_memorised), cat(bounds.weak_memorised))));
  ranking.add(figures.swd_n < bounds.usable_images ? 1 : 0,
              cat("SWD is from only ",
                  figures.swd_n,
                  " images on each side (usable from ",
                  bounds.usable_images,
                  ")"));
  Verdict out = ranking.verdict();
  out.excess = excess;
  out.similarity = similarity;
  out.memorised = memorised;
  return out;
}

void add_verdict(Json& evaluation, const VerdictOptions& bounds) {
  for (const char* metric : {"swd", "msssim", "memorisation"})
    if (!evaluation.contains(metric)) return;
  const double n = number_at(evaluation, "/swd/n");
  const Verdict verdict = judge({.swd = number_at(evaluation, "/swd/mean"),
                                 .floor = number_at(evaluation, "/swd/floor/mean"),
                                 .noise = number_at(evaluation, "/swd/noise/mean"),
                                 .swd_n = std::isfinite(n) ? std::llround(n) : 0,
                                 .msssim = number_at(evaluation, "/msssim/fake"),
                                 .msssim_real = number_at(evaluation, "/msssim/real"),
                                 .memorised = number_at(evaluation, "/memorisation/share"),
                                 .memorised_bound = number_at(evaluation, "/memorisation/bound")},
                                bounds);
  evaluation["verdict"] = {{"word", verdict.word},
                           {"reasons", verdict.reasons},
                           {"excess", verdict.excess},
                           {"similarity", verdict.similarity},
                           {"memorised", verdict.memorised}};
}

std::optional<Verdict> verdict_in(const Json& evaluation, const std::string& source) {
  const auto found = evaluation.find("verdict");
  if (found == evaluation.end()) return std::nullopt;
  Verdict out;
  try {
    out.word = found->at("word");
    out.reasons = found->at("reasons").get<std::vector<std::string>>();
  } catch (const Json::exception&) {
    throw Error(Exit::bad_data, cat(source, ": verdict must have the texts word and reasons"));
  }
  check(std::find(std::begin(kWords), std::end(kWords), out.word) != std::end(kWords),
        Exit::bad_data,
        cat(source, ": unknown verdict '", out.word, "'"));
  out.excess = number_at(*found, "/excess");
  out.similarity = number_at(*found, "/similarity");
  out.memorised = number_at(*found, "/memorised");
  return out;
}

std::optional<Verdict> stored_verdict(const Path& model, const std::string& digest) {
  const Path run = std::filesystem::is_directory(model)
                       ? model
                       : std::filesystem::absolute(model).parent_path().parent_path();
  const Path path = run / "judgement.json";
  if (!std::filesystem::exists(path)) return std::nullopt;
  const Json json = read_json(path);
  check(json.is_object(), Exit::bad_data, path.string() + ": not a JSON object");
  if (json.value("generator", Json()) != digest) return std::nullopt;
  return verdict_in(json, path.string());
}

std::string no_verdict_text() {
  return "no verdict yet: `evenray gan eval DIR --real STORE --save` makes one, from 16 or more "
         "training images";
}

}  // namespace evenray
