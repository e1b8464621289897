// SPDX-License-Identifier: Apache-2.0
#include "dataset/pack_plan.hpp"

#include <algorithm>
#include <atomic>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "core/text.hpp"
#include "dataset/augmented_copies.hpp"
#include "dataset/duplicates.hpp"
#include "dataset/files/image_file.hpp"
#include "dataset/image/image.hpp"
#include "dataset/reader_checks.hpp"
#include "dataset/where.hpp"

namespace evenray {
namespace {

/// Returns the part that a row of the split table goes to; empty: none. With `fold` f, fold f is
/// test and the next fold is val; without it fold 0 is val and the locked rows are test.
std::string part_of(const SplitRow& row, std::optional<int> fold, int folds) {
  if (folds == 0) return row.split;
  if (row.fold.empty()) return fold ? "" : row.split;
  const int own = std::stoi(row.fold);
  const int val = fold ? (*fold + 1) % folds : 0;
  if (fold && own == *fold) return "test";
  return own == val ? "val" : "train";
}

int count_folds(const std::vector<SplitRow>& split, std::optional<int> fold) {
  int folds = 0;
  bool locked = false;
  for (const auto& row : split) {
    if (!row.fold.empty()) folds = std::max(folds, std::stoi(row.fold) + 1);
    locked |= row.fold.empty();
  }
  check(!fold || folds > 0, Exit::bad_data, "the split table has no folds; remove --fold");
  check(!fold || (*fold >= 0 && *fold < folds),
        Exit::usage,
        cat("--fold is ",
            fold.value_or(0),
            ", but the split table has ",
            folds,
            " folds, counted from 0"));
  check(folds == 0 || fold || locked,
        Exit::bad_data,
        "the split table has folds but no locked test; choose the test fold with --fold");
  return folds;
}

/// The state of one call of plan_rows().
class Planner {
 public:
  Planner(const Manifest& manifest,
          const std::vector<SplitRow>& split,
          std::optional<int> fold,
          const PackOptions& options,
          int threads)
      : manifest_(manifest), options_(options), threads_(threads) {
    const int folds = count_folds(split, fold);
    test_is_fold_ = fold.has_value();
    std::map<std::string, const SplitRow*> row_of;
    for (const auto& row : split) row_of[row.id] = &row;
    const Where condition = Where::parse(options.where).on(manifest.meta_columns, manifest.source);
    for (size_t i = 0; i < manifest.samples.size(); ++i) {
      const auto& sample = manifest.samples[i];
      const auto found = row_of.find(sample.id);
      if (found == row_of.end()) {
        unlisted_.push_back(sample.id);
        continue;
      }
      const SplitRow* row = found->second;
      row_of.erase(found);
      const std::string part = part_of(*row, fold, folds);
      if (part.empty() || !condition.holds(sample.meta)) continue;
      planned_.push_back({i, row, part, row->group.empty() ? own_group(sample) : row->group});
    }
    if (!row_of.empty()) {
      throw Error(Exit::bad_data,
                  cat("the split table lists '",
                      row_of.begin()->first,
                      "'",
                      row_of.size() > 1 ? cat(" and ", row_of.size() - 1, " more ids") : "",
                      ", not found in ",
                      manifest.source));
    }
  }

  std::vector<Planned> plan(std::map<std::string, std::vector<std::string>>& left_out) {
    find_faults();
    if (!unlisted_.empty()) left_out["not_in_split"] = unlisted_;
    std::vector<Planned> rows;
    for (size_t k = 0; k < planned_.size(); ++k) {
      if (faults_[k].empty() || kept(options_, faults_[k])) {
        rows.push_back(planned_[k]);
      } else {
        left_out[faults_[k]].push_back(manifest_.samples[planned_[k].sample].id);
      }
    }
    check(!rows.empty(), Exit::bad_data, cat(manifest_.source, ": no image is left to pack"));
    // A store with a group in two parts would not pass check_store.
    check_in_one_part("group", rows, [](const Planned& row) { return row.group; });
    if (!faults_known_)
      check_in_one_part("patient", rows, [&](const Planned& row) {
        return manifest_.samples[row.sample].owner();
      });
    return rows;
  }

 private:
  static std::string own_group(const Sample& sample) {
    return sample.owner().empty() ? sample.id : sample.owner();
  }

  /// Throws if rows of the same name are in two parts. `name_of`: the name of a row, for example
  /// its group; empty: none.
  template <class NameOf>
  static void check_in_one_part(const std::string& what,
                                const std::vector<Planned>& rows,
                                const NameOf& name_of) {
    std::map<std::string, std::string> part_of;
    for (const auto& planned : rows) {
      const std::string name = name_of(planned);
      if (name.empty()) continue;
      const auto& part = part_of.emplace(name, planned.part).first->second;
      if (part == planned.part) continue;
      throw Error(Exit::bad_data,
                  cat("the split table puts ",
                      what,
                      " '",
                      name,
                      "' into both ",
                      part,
                      " and ",
                      planned.part,
                      "; a ",
                      what,
                      " must be in one part (`data split` ensures this)"));
    }
  }

  void check_picture_in_one_part(const std::vector<size_t>& picture, const char* relation) const {
    for (const size_t k : picture) {
      if (planned_[k].part == planned_[picture[0]].part) continue;
      throw Error(
          Exit::bad_data,
          cat("the split table puts '",
              planned_[picture[0]].row->id,
              "' into ",
              planned_[picture[0]].part,
              " and '",
              planned_[k].row->id,
              "', which is ",
              relation,
              ", into ",
              planned_[k].part,
              "; remove one of them (`data split` does this, `data audit --split` lists all)"));
    }
  }

  /// Takes the faults from the table, or finds them in the pixels if the table has no such column.
  /// If a fold becomes the test, also finds the images of that fold that repeat an earlier picture:
  /// the table could not mark them, because it does not know which fold will be the test.
  void find_faults() {
    for (const auto& planned : planned_) {
      faults_.push_back(planned.row->fault);
      faults_known_ &= planned.row->fault_known;
    }
    std::vector<size_t> to_scan;
    for (size_t k = 0; k < planned_.size(); ++k) {
      if (!faults_known_ || (test_is_fold_ && planned_[k].part == "test")) to_scan.push_back(k);
    }
    if (to_scan.empty()) return;
    Manifest some = manifest_;
    some.samples.clear();
    for (const auto k : to_scan) some.samples.push_back(manifest_.samples[planned_[k].sample]);
    const auto facts = scan_images(some, threads_);
    const auto [duplicates, copies] = group_pictures(some, facts, threads_);
    if (!faults_known_) {
      const auto faults = row_faults(some, facts, duplicates);
      for (size_t s = 0; s < to_scan.size(); ++s) faults_[to_scan[s]] = faults[s];
      check_pictures(duplicates, to_scan, "the same picture");
      check_pictures(copies, to_scan, "an altered copy of it");
    }
    mark_later_images(duplicates, to_scan, "duplicate_group");
    mark_later_images(copies, to_scan, "augmented_copies");
  }

  /// `pictures`: groups of places in `to_scan`, which holds places in planned_.
  void check_pictures(const std::vector<std::vector<size_t>>& pictures,
                      const std::vector<size_t>& to_scan,
                      const char* relation) const {
    for (const auto& picture : pictures) {
      std::vector<size_t> used;
      for (const auto s : picture)
        if (faults_[to_scan[s]].empty() || kept(options_, faults_[to_scan[s]]))
          used.push_back(to_scan[s]);
      if (!used.empty()) check_picture_in_one_part(used, relation);
    }
  }

  /// Only the first image of a picture counts in test.
  void mark_later_images(const std::vector<std::vector<size_t>>& pictures,
                         const std::vector<size_t>& to_scan,
                         const char* fault) {
    for (const auto& picture : pictures) {
      bool first = true;
      for (const auto s : picture) {
        const size_t k = to_scan[s];
        if (planned_[k].part != "test" || !faults_[k].empty()) continue;
        if (!first) faults_[k] = fault;
        first = false;
      }
    }
  }

  const Manifest& manifest_;
  const PackOptions& options_;
  int threads_;
  bool test_is_fold_ = false, faults_known_ = true;
  std::vector<Planned> planned_;
  std::vector<std::string> unlisted_;
  std::vector<std::string> faults_;
};

}  // namespace

const std::vector<std::string>& keepable_kinds() {
  static const std::vector<std::string> kinds = {"truncated",
                                                 "duplicate_conflict",
                                                 "duplicate_group",
                                                 "augmented_copies",
                                                 "box_outside",
                                                 "box_empty",
                                                 "annotation_invalid"};
  return kinds;
}

bool kept(const PackOptions& options, const std::string& kind) {
  return std::find(options.keep.begin(), options.keep.end(), kind) != options.keep.end();
}

std::vector<Planned> plan_rows(const Manifest& manifest,
                               const std::vector<SplitRow>& split,
                               std::optional<int> fold,
                               const PackOptions& options,
                               int threads,
                               std::map<std::string, std::vector<std::string>>& left_out) {
  const std::string invalid = describe_invalid_annotations(manifest);
  check(invalid.empty() || kept(options, "annotation_invalid"),
        Exit::bad_data,
        cat(manifest.source,
            ": ",
            invalid,
            "; correct them (data audit lists all), or drop them with --keep annotation_invalid"));
  return Planner(manifest, split, fold, options, threads).plan(left_out);
}

int white_of_16_bits(const Manifest& manifest, const std::vector<Planned>& rows, int threads) {
  std::vector<const Sample*> deep(rows.size());
  parallel_for(rows.size(), threads, [&](size_t i) {
    const auto& sample = manifest.samples[rows[i].sample];
    if (!sample.draw && stored_bits(sample.file) == 16) deep[i] = &sample;
  });
  std::erase(deep, nullptr);
  std::atomic<unsigned> used{255};  // all bits that the brightest pixels of the images set
  parallel_for(deep.size(), threads, [&](size_t i) {
    if (used > 65535 / 2) return;
    throw_if_stopped();
    const cv::Mat pixels = decode_sample(*deep[i]).pixels;
    if (pixels.empty()) return;
    double brightest = 0;
    cv::minMaxLoc(pixels, nullptr, &brightest);
    used |= static_cast<unsigned>(brightest);
  });
  return deep.empty() ? 65535 : white_of(used);
}

}  // namespace evenray
