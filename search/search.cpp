// SPDX-License-Identifier: Apache-2.0
#include "search/search.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <set>

#include "core/error.hpp"
#include "core/text.hpp"
#include "search/parzen.hpp"

namespace evenray {
namespace {

constexpr const char* kJournalSchema = "evenray-search-1";

/// Where a trial is trained next.
struct Job {
  size_t trial;
  int64_t rung;
};

/// The trials so far, in memory and in the journal.
class Journal {
 public:
  Journal(const SearchOptions& options, uint64_t seed, const Json& about, const Path& path)
      : path_(path) {
    for (const auto& text : options.space) space_.push_back(parse_dimension(text));
    SearchOptions shown = options;
    head_ = {{"schema", kJournalSchema},
             {"seed", seed},
             {"about", about},
             {"options", write_config([&](Fields& f) { shown.fields(f); })}};
    if (std::filesystem::exists(path)) {
      read();
    } else {
      make_folder(path.parent_path());
      append(head_);
    }
  }

  const std::vector<Dimension>& space() const { return space_; }
  const std::vector<Trial>& trials() const { return trials_; }

  size_t add(const Point& point) {
    const auto number = std::ssize(trials_);
    append({{"trial", number}, {"point", point}, {"settings", settings_of(space_, point)}});
    trials_.push_back({number, point, {}});
    return trials_.size() - 1;
  }

  void add_score(const Job& job, double score) {
    append({{"trial", trials_[job.trial].number},
            {"rung", job.rung},
            {"score", std::isnan(score) ? Json() : Json(score)}});
    trials_[job.trial].scores.push_back(score);
  }

 private:
  void read() {
    std::vector<std::string> lines = split_text(read_file(path_), '\n');
    // A line without an end was cut off when the program was killed.
    const bool cut = !lines.back().empty();
    lines.pop_back();
    const auto damaged = [&](size_t line) {
      return Error(Exit::bad_data, cat(path_.string(), " line ", line + 1, ": damaged"));
    };
    for (size_t i = 0; i < lines.size(); ++i) {
      const Json entry = Json::parse(lines[i], nullptr, /*allow_exceptions=*/false);
      if (entry.is_discarded() || !entry.is_object()) throw damaged(i);
      try {
        take(entry, i == 0);
      } catch (const Json::exception&) {
        throw damaged(i);
      } catch (const std::out_of_range&) {
        throw damaged(i);
      }
    }
    if (!cut && !lines.empty()) return;
    std::string whole;
    for (const auto& line : lines) whole += line + "\n";
    if (lines.empty()) whole = head_.dump() + "\n";
    write_atomic(path_, whole);
  }

  void take(const Json& entry, bool first) {
    if (first) {
      check(
          entry == head_,
          Exit::config,
          cat(path_.string(),
              ": the search was begun with another store, other options or another seed; give the "
              "same, or "
              "another folder"));
      return;
    }
    const auto number = entry.at("trial").get<size_t>();
    if (!entry.contains("rung")) {
      Point point = entry.at("point").get<Point>();
      if (number != trials_.size() || point.size() != space_.size())
        throw std::out_of_range("trial");
      trials_.push_back({static_cast<int64_t>(number), std::move(point), {}});
      return;
    }
    Trial& trial = trials_.at(number);
    if (entry.at("rung") != std::ssize(trial.scores)) throw std::out_of_range("rung");
    trial.scores.push_back(entry.at("score").is_null() ? NAN : entry.at("score").get<double>());
  }

  void append(const Json& line) {
    std::ofstream file(path_, std::ios::app);
    file << line.dump() << "\n" << std::flush;
    check(file.good(), Exit::io, cat(path_.string(), ": cannot write; is the disk full?"));
  }

  Path path_;
  Json head_;
  std::vector<Dimension> space_;
  std::vector<Trial> trials_;
};

/// Returns the trials that have a score on the rung and did not fail there, best first.
std::vector<size_t> ranked(const std::vector<Trial>& trials, size_t rung) {
  std::vector<size_t> order;
  for (size_t i = 0; i < trials.size(); ++i)
    if (trials[i].scores.size() > rung && !std::isnan(trials[i].scores[rung])) order.push_back(i);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return trials[a].scores[rung] > trials[b].scores[rung];
  });
  return order;
}

/// Returns the trial that goes on to the next rung, from the highest rung down; nullopt: none does.
/// `always`: the best one does even if there are fewer than eta.
std::optional<Job> promotion(const SearchOptions& options,
                             const std::vector<Trial>& trials,
                             bool always) {
  for (auto rung = static_cast<size_t>(options.rungs) - 1; rung-- > 0;) {
    const auto order = ranked(trials, rung);
    auto kept = static_cast<size_t>(static_cast<double>(order.size()) / options.eta);
    if (always && !order.empty()) kept = std::max<size_t>(kept, 1);
    for (size_t k = 0; k < kept; ++k)
      if (trials[order[k]].scores.size() == rung + 1)
        return Job{order[k], static_cast<int64_t>(rung) + 1};
  }
  return std::nullopt;
}

Point next_point(const SearchOptions& options, const Journal& journal, const Rng& rng) {
  const auto& trials = journal.trials();
  const Rng own = rng.fork("trial", trials.size());
  const auto enough = static_cast<size_t>(options.startup);
  if (options.sampler == "tpe") {
    for (auto rung = static_cast<size_t>(options.rungs); rung-- > 0;) {
      std::vector<Point> points;
      std::vector<double> scores;
      for (const auto& trial : trials) {
        if (trial.scores.size() <= rung) continue;
        points.push_back(trial.point);
        scores.push_back(trial.scores[rung]);
      }
      if (points.size() >= enough) return propose(journal.space(), points, scores, own);
    }
  }
  Rng draw = own.fork("random");
  Point point;
  for (const auto& dimension : journal.space()) point.push_back(dimension.draw(draw));
  return point;
}

/// Returns what to do next; nullopt: the search is finished.
std::optional<Job> next_job(const SearchOptions& options, Journal& journal, const Rng& rng) {
  const auto& trials = journal.trials();
  if (!trials.empty() && trials.back().scores.empty()) return Job{trials.size() - 1, 0};
  if (const auto job = promotion(options, trials, /*always=*/false)) return job;
  if (std::ssize(trials) < options.trials)
    return Job{journal.add(next_point(options, journal, rng)), 0};
  return promotion(options, trials, /*always=*/true);
}

}  // namespace

std::vector<std::string> SearchResult::best_settings() const {
  return settings_of(space, best_trial().point);
}

Json SearchResult::json() const {
  Json out{{"schema", "evenray-search-result-1"}, {"trials", Json::array()}};
  for (const auto& trial : trials)
    out["trials"].push_back({{"number", trial.number},
                             {"settings", settings_of(space, trial.point)},
                             {"scores", trial.scores}});
  out["best"] = best_trial().number;
  return out;
}

SearchResult run_search(const SearchOptions& options,
                        uint64_t seed,
                        const Json& about,
                        const Path& journal_path,
                        const Evaluate& evaluate) {
  options.check();
  Journal journal(options, seed, about, journal_path);
  const Rng rng = Rng(seed).fork("search");
  while (const auto job = next_job(options, journal, rng)) {
    const Trial& trial = journal.trials()[job->trial];
    const double score = evaluate(cat(trial.number, "-r", job->rung),
                                  settings_of(journal.space(), trial.point),
                                  options.share(job->rung));
    journal.add_score(*job, score);
  }
  SearchResult out{journal.trials(), journal.space()};
  for (auto rung = static_cast<size_t>(options.rungs); rung-- > 0;) {
    const auto order = ranked(out.trials, rung);
    if (order.empty()) continue;
    out.best = order[0];
    return out;
  }
  throw Error(Exit::bad_data,
              cat(journal_path.string(),
                  ": all trials failed; change tune.space, or look at the messages above"));
}

}  // namespace evenray
