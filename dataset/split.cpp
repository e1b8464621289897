// SPDX-License-Identifier: Apache-2.0
#include "dataset/split.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/assign.hpp"
#include "dataset/augmented_copies.hpp"
#include "dataset/duplicates.hpp"
#include "dataset/sample/sample.hpp"

namespace evenray {
namespace {

std::vector<std::vector<size_t>> both(const PictureGroups& pictures) {
  auto groups = pictures.duplicates;
  groups.insert(groups.end(), pictures.copies.begin(), pictures.copies.end());
  return groups;
}

/// The state of one call of make_split().
class Splitter {
 public:
  Splitter(const Manifest& manifest,
           const std::vector<ImageFacts>& facts,
           const PictureGroups& pictures,
           const SplitOptions& options)
      : manifest_(manifest),
        options_(options),
        pictures_(pictures),
        faults_(row_faults(manifest, facts, pictures.duplicates)),
        groups_(group_names(manifest, both(pictures), options.group)),
        rows_(manifest.samples.size()) {
    for (size_t i = 0; i < rows_.size(); ++i) {
      const auto& sample = manifest.samples[i];
      rows_[i] = {sample.id, sample.source_path, groups_[i], sample.part, "", faults_[i]};
      laid_out_ |= !sample.part.empty();
    }
  }

  std::vector<SplitRow> split() {
    if (laid_out_) keep_layout();
    if (options_.folds > 0) {
      make_folds();
    } else {
      make_parts();
    }
    if (laid_out_) leave_out_leaks();
    mark_later_images(pictures_.duplicates, "duplicate_group");
    mark_later_images(pictures_.copies, "augmented_copies");
    return std::move(rows_);
  }

 private:
  bool has(const std::string& part) const {
    return std::any_of(
        rows_.begin(), rows_.end(), [&](const auto& row) { return row.split == part; });
  }

  std::vector<size_t> rows_in(const std::string& part) const {
    std::vector<size_t> out;
    for (size_t i = 0; i < rows_.size(); ++i) {
      if (rows_[i].split == part) out.push_back(i);
    }
    return out;
  }

  void keep_layout() {
    for (auto& row : rows_) {
      if (row.split.empty()) row.split = "train";
    }
  }

  /// Parts that the layout fixes stay; missing parts are taken from its train part.
  void make_parts() {
    std::vector<std::string> names;
    std::vector<double> shares;
    for (size_t p = 0; p < kParts.size(); ++p) {
      if (options_.ratios[p] <= 0 || (p > 0 && laid_out_ && has(kParts[p]))) continue;
      names.emplace_back(kParts[p]);
      shares.push_back(options_.ratios[p]);
    }
    const auto rows = rows_in(laid_out_ ? "train" : "");
    if (laid_out_ && names.size() < 2) return;
    const auto part_of = assign(rows, shares, "split");
    for (size_t i = 0; i < rows.size(); ++i) rows_[rows[i]].split = names[part_of[i]];
  }

  void make_folds() {
    const double hold_out = options_.hold_out;
    if (!laid_out_) {
      for (auto& row : rows_) row.split = "train";
    }
    if (hold_out > 0 && !has("test")) {
      const auto rows = rows_in("train");
      const auto part_of = assign(rows, {1 - hold_out, hold_out}, "hold-out");
      for (size_t i = 0; i < rows.size(); ++i) {
        if (part_of[i] == 1) rows_[rows[i]].split = "test";
      }
    }
    for (const auto i : rows_in("val")) rows_[i].split = "train";
    const auto rows = rows_in("train");
    const auto k = static_cast<size_t>(options_.folds);
    const auto fold_of = assign(rows, std::vector<double>(k, 1. / static_cast<double>(k)), "folds");
    for (size_t i = 0; i < rows.size(); ++i) rows_[rows[i]].fold = cat(fold_of[i]);
  }

  /// Returns the part of each of `rows`; whole groups stay together. Rows with a fault follow their
  /// group but do not count.
  std::vector<size_t> assign(const std::vector<size_t>& rows,
                             std::vector<double> shares,
                             const char* purpose) {
    const double sum = std::accumulate(shares.begin(), shares.end(), 0.);
    for (auto& share : shares) share /= sum;
    const size_t classes = manifest_.class_names.size();
    std::map<std::string, size_t> index;
    std::vector<std::vector<int64_t>> counts;
    std::vector<size_t> group_of;
    for (const auto row : rows) {
      const auto [found, fresh] = index.emplace(groups_[row], counts.size());
      if (fresh) counts.emplace_back(classes + 1);
      group_of.push_back(found->second);
      if (!faults_[row].empty()) continue;
      const auto& labels = manifest_.samples[row].labels;
      bool any = false;
      for (size_t c = 0; c < classes; ++c) {
        counts[found->second][c] += labels[c] == 1;
        any |= labels[c] == 1;
      }
      counts[found->second][classes] += !any;
    }
    check_enough(counts, shares.size());
    const auto part_of_group =
        assign_groups(counts, shares, Rng(static_cast<uint64_t>(options_.seed)).fork(purpose));
    std::vector<size_t> parts;
    for (const auto group : group_of) parts.push_back(part_of_group[group]);
    return parts;
  }

  void check_enough(const std::vector<std::vector<int64_t>>& counts, size_t parts) const {
    const auto refuse = [&](const std::string& what, size_t groups) {
      throw Error(Exit::bad_data,
                  cat("cannot split ",
                      manifest_.source,
                      ": ",
                      what,
                      groups,
                      " groups (--group ",
                      options_.group,
                      "), but each of ",
                      parts,
                      " parts needs at least one"));
    };
    if (counts.size() < parts) refuse("it has ", counts.size());
    // In a multi-label set a rare label may be in too few groups to reach every part; an exclusive
    // class may not.
    for (size_t c = 0; !manifest_.multi_label && c < manifest_.class_names.size(); ++c) {
      const auto groups = static_cast<size_t>(std::count_if(
          counts.begin(), counts.end(), [&](const auto& group) { return group[c] > 0; }));
      if (groups > 0 && groups < parts)
        refuse("class " + manifest_.class_names[c] + " has ", groups);
    }
  }

  /// If the layout put a group into several parts, only one of them keeps its rows: test before val
  /// before train, parts with a faultless row first. Faulty rows in the other parts are also marked
  /// as leaks, because --keep would otherwise bring them back.
  void leave_out_leaks() {
    const auto rank = [](const SplitRow& row) {
      return row.split == "test" ? 2 : row.split == "val" ? 1 : 0;
    };
    std::map<std::string, std::pair<bool, int>> place_of_group;  // has a faultless row, rank
    for (const auto& row : rows_) {
      auto& place = place_of_group.emplace(row.group, std::pair(false, 0)).first->second;
      place = std::max(place, std::pair(row.fault.empty(), rank(row)));
    }
    for (size_t i = 0; i < rows_.size(); ++i) {
      auto& row = rows_[i];
      if (row.fault == "unreadable" || rank(row) == place_of_group[row.group].second) continue;
      row.fault = !manifest_.samples[i].patient.empty() ? "leak_patient"
                  : altered(i)                          ? "leak_augmented"
                                                        : "leak_duplicate";
    }
  }

  bool altered(size_t row) const {
    return std::any_of(pictures_.copies.begin(), pictures_.copies.end(), [&](const auto& rows) {
      return std::binary_search(rows.begin(), rows.end(), row);
    });
  }

  /// Only the first image of a picture counts in test.
  void mark_later_images(const std::vector<std::vector<size_t>>& pictures, const char* fault) {
    for (const auto& picture : pictures) {
      bool first = true;
      for (const auto i : picture) {
        if (rows_[i].split != "test" || !rows_[i].fault.empty()) continue;
        if (!first) rows_[i].fault = fault;
        first = false;
      }
    }
  }

  const Manifest& manifest_;
  const SplitOptions& options_;
  const PictureGroups& pictures_;
  std::vector<std::string> faults_, groups_;
  std::vector<SplitRow> rows_;
  bool laid_out_ = false;
};

}  // namespace

void SplitOptions::fields(Fields& f) {
  f("ratios", ratios, "shares of train, val and test");
  f("folds", folds, "number of folds instead of one split; 0: one split by ratios");
  f("hold_out", hold_out, "with folds: share of a locked test part that is split off first");
  f("group", group, "how images are grouped (a group stays in one part): auto, patient or none");
  f("seed", seed, "seed of the random assignment");
}

void SplitOptions::check() const {
  const bool shares = ratios.size() == 3 && ratios[0] > 0 && ratios[1] >= 0 && ratios[2] >= 0 &&
                      std::abs(ratios[0] + ratios[1] + ratios[2] - 1) < 1e-6;
  evenray::check(
      shares, Exit::config, "data.ratios must be three shares that sum to 1, train above 0");
  evenray::check(folds == 0 || (folds >= 3 && folds <= 100),
                 Exit::config,
                 cat("the number of folds (--folds, study.folds) is ",
                     folds,
                     "; give 0 (one split) or 3 to 100: test, val and train need one each"));
  evenray::check(
      hold_out >= 0 && hold_out < 1, Exit::config, "data.hold_out must be at least 0 and below 1");
  evenray::check(hold_out == 0 || folds > 0,
                 Exit::config,
                 "data.hold_out needs folds (--folds, study.folds); with one split the test share "
                 "is the third of data.ratios");
  const std::vector<std::string> modes{"auto", "patient", "none"};
  evenray::check(std::find(modes.begin(), modes.end(), group) != modes.end(),
                 Exit::config,
                 "data.group: " + unknown_name("group", group, modes));
}

void hold_out_source(Manifest& manifest, const std::string& source) {
  const auto& known = manifest.sources;
  evenray::check(
      known.size() > 1, Exit::usage, "--external needs several sources; give more than one PATH");
  evenray::check(std::find(known.begin(), known.end(), source) != known.end(),
                 Exit::usage,
                 "--external: " + unknown_name("source", source, known));
  for (auto& sample : manifest.samples) {
    if (manifest.source_of(sample) == source) {
      sample.part = "test";
    } else if (sample.part == "test") {
      sample.part = "train";
    }
  }
}

std::vector<SplitRow> make_split(const Manifest& manifest,
                                 const std::vector<ImageFacts>& facts,
                                 const PictureGroups& pictures,
                                 const SplitOptions& options) {
  options.check();
  return Splitter(manifest, facts, pictures, options).split();
}

}  // namespace evenray
