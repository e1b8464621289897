// SPDX-License-Identifier: Apache-2.0
#include "augment/balance.hpp"

#include <algorithm>
#include <cmath>

#include "augment/balance_entry.hpp"
#include "augment/balance_report.hpp"
#include "augment/balance_rows.hpp"
#include "augment/sources.hpp"
#include "core/error.hpp"
#include "core/parallel.hpp"
#include "core/progress.hpp"
#include "core/run_folder.hpp"
#include "core/text.hpp"
#include "dataset/store/datasheet.hpp"

namespace evenray {
namespace {

constexpr int64_t kBatch = 64;
/// Smallest batch drawn from a source: if many images are rejected, the last missing rows would
/// otherwise be drawn one by one.
constexpr int64_t kMinBatch = 8;
/// Images tried before a source gives up: kMaxTries per row asked for, plus kFreeTries.
constexpr int64_t kMaxTries = 20;
constexpr int64_t kFreeTries = 100;

struct Packed {
  cv::Mat image;
  PreparedImage prepared;
};

/// Returns true for images that are made from a training row.
bool from_a_row(Origin origin) { return origin == Origin::copy || origin == Origin::augmented; }

/// One call of run_balance().
class Filler {
 public:
  explicit Filler(const BalanceRequest& request)
      : in_(request.in),
        plan_(request.plan),
        sources_(request.sources),
        options_(request.options),
        rng_(Rng(request.seed).fork("balance")),
        threads_(request.threads),
        train_(in_.part("train")),
        writer_(request.out, out_info(request.settings), expected_rows()),
        progress_("balance", expected_rows(), "img"),
        rows_(in_),
        entry_(in_.info(), request.gates) {
    const size_t classes = in_.info().class_names.size();
    tally_.class_names = in_.info().class_names;
    tally_.before.assign(classes, {});
    tally_.after.assign(classes, {});
    tally_.missing.assign(classes, 0);
    tally_.replaced = plan_.replaced.empty() ? std::vector<int64_t>(classes) : plan_.replaced;
  }

  BalanceReport run() {
    leave_out_replaced();
    for (const Provenance& provenance : train_.provenance)
      if (from_a_row(provenance.origin)) ++tally_.made_from[provenance.parent];
    // Plan all classes before writing a row, so that an impossible request fails at once.
    std::vector<Filling> fillings;
    const auto classes = static_cast<int>(tally_.class_names.size());
    for (int c = 0; c < classes; ++c) fillings.push_back(plan_class(c));
    copy_part("train");
    for (int c = 0; c < classes; ++c) fill_class(c, fillings[static_cast<size_t>(c)]);
    copy_part("val");
    copy_part("test");
    BalanceReport report;
    const Store store = writer_.finish(threads_);
    write_datasheet(store);
    report.content_digest = store.content_digest();
    report.json = balance_json(tally_);
    report.json["content_digest"] = report.content_digest;
    return report;
  }

 private:
  StoreInfo out_info(const std::string& config_text) const {
    StoreInfo info = in_.info();
    // Keep the input's record of its label map and its split.
    const size_t kept = std::min(info.config.find("\n[labels]\n"), info.config.find("\n[split]\n"));
    info.config = config_text + (kept == std::string::npos ? "" : info.config.substr(kept));
    return info;
  }

  int64_t expected_rows() const {
    int64_t rows = 0;
    for (const char* part : kParts) rows += in_.part(part).size();
    for (int64_t added : plan_.added) rows += added;
    return rows;
  }

  void leave_out_replaced() {
    std::vector<bool> stays(static_cast<size_t>(train_.size()), true), is_parent(stays.size());
    for (const Provenance& provenance : train_.provenance)
      if (provenance.parent >= 0) is_parent[static_cast<size_t>(provenance.parent)] = true;
    for (size_t c = 0; c < tally_.replaced.size(); ++c) {
      std::vector<int64_t> real;
      for (const int64_t row : train_.rows_of(static_cast<int>(c))) {
        const auto i = static_cast<size_t>(row);
        const bool is_real = train_.provenance[i].origin == Origin::real;
        if (is_real && stays[i] && !is_parent[i]) real.push_back(row);
      }
      const auto replaced = static_cast<size_t>(tally_.replaced[c]);
      if (replaced > real.size()) {
        throw Error(Exit::bad_data,
                    cat("balance: class '",
                        tally_.class_names[c],
                        "' has ",
                        real.size(),
                        " real rows that can be replaced, fewer than the ",
                        replaced,
                        " to replace"));
      }
      Rng order = rng_.fork("replaced", c);
      order.shuffle(real);
      for (size_t i = 0; i < replaced; ++i) stays[static_cast<size_t>(real[i])] = false;
    }
    int64_t next = 0;
    for (const bool stay : stays) new_row_.push_back(stay ? next++ : -1);
  }

  void copy_part(const std::string& name) {
    const StorePart& part = in_.part(name);
    const bool train = name == "train";
    std::vector<int64_t> rows;
    for (int64_t row = 0; row < part.size(); ++row) {
      const Origin origin = part.provenance[static_cast<size_t>(row)].origin;
      const bool stays = !train || new_row_[static_cast<size_t>(row)] >= 0;
      if (train) tally_.count(tally_.before, part.labels[static_cast<size_t>(row)], origin);
      if (stays) rows.push_back(row);
      if (train && stays && origin == Origin::real) ++tally_.real_rows;
    }
    ordered_pipeline<Packed>(
        rows.size(),
        threads_,
        [&](size_t i) {
          Packed packed{in_.image(name, rows[i]), {}};
          packed.prepared = writer_.prepare(packed.image);
          return packed;
        },
        [&](size_t i, Packed& packed) {
          StoreRow row = stored_row(part, rows[i]);
          row.image = std::move(packed.image);
          if (train) {
            if (row.provenance.parent >= 0)
              row.provenance.parent = new_row_[static_cast<size_t>(row.provenance.parent)];
            tally_.count(tally_.after, row.labels, row.provenance.origin);
          }
          writer_.add(name, row, packed.prepared);
          progress_.advance();
          throw_if_stopped();
        });
  }

  /// The sources that fill a class, and the rows that each draws.
  struct Filling {
    std::vector<Source*> serving;
    Allotment allotment;
  };

  Filling plan_class(int class_index) {
    const auto c = static_cast<size_t>(class_index);
    const auto real = static_cast<int64_t>(parents_of(class_index).size());
    const int64_t synthetic_before = rows_with_origin(class_index, Origin::synthetic);
    std::vector<Source*> serving;
    std::vector<double> shares;
    std::vector<bool> synthetic;
    double served = 0;
    for (const SourceShare& s : sources_) {
      if (!s.source->serves(class_index)) continue;
      serving.push_back(s.source.get());
      shares.push_back(s.share);
      synthetic.push_back(s.source->origin() == Origin::synthetic);
      served += s.share;
    }
    // Sources that cannot draw this class (a generator of another one) leave their share to the
    // rest. If the rest has no share at all, the sources that start from real rows draw everything.
    for (size_t s = 0; s < shares.size(); ++s)
      shares[s] = served > 0 ? shares[s] / served : (synthetic[s] ? 0 : 1);
    const auto dose =
        static_cast<int64_t>(std::floor(options_.max_synthetic * static_cast<double>(real)));
    // Without a real row there is nothing to copy or augment, so synthetic rows are not limited.
    const int64_t synthetic_cap =
        real == 0 ? plan_.added[c] : std::max<int64_t>(0, dose - synthetic_before);
    int64_t derived_cap = options_.max_factor > 0 ? room_for_copies(class_index) : -1;
    if (real == 0) derived_cap = 0;
    Allotment allotment = allot(plan_.added[c], shares, synthetic, synthetic_cap, derived_cap);
    if (real == 0 && allotment.missing > 0) {
      throw Error(Exit::bad_data,
                  cat("balance: class '",
                      tally_.class_names[c],
                      "' has no real training row to copy or augment; give it a synthetic source"));
    }
    tally_.missing[c] = allotment.missing;
    if (tally_.replaced[c] > 0) {
      const Allotment instead = allot(tally_.replaced[c], shares, synthetic, tally_.replaced[c], 0);
      if (instead.missing > 0)
        throw Error(Exit::usage,
                    cat("balance: class '",
                        tally_.class_names[c],
                        "' has rows to replace, but there is no synthetic source"));
      for (size_t s = 0; s < serving.size(); ++s) allotment.from[s] += instead.from[s];
    }
    return {std::move(serving), std::move(allotment)};
  }

  void fill_class(int class_index, const Filling& filling) {
    for (size_t s = 0; s < filling.serving.size(); ++s)
      draw_from(*filling.serving[s], class_index, filling.allotment.from[s]);
    if (filling.allotment.copies > 0)
      draw_from(*make_copy_source(in_, threads_), class_index, filling.allotment.copies);
  }

  /// Returns the number of the class's training rows of that origin.
  int64_t rows_with_origin(int class_index, Origin origin) const {
    const auto rows = train_.rows_of(class_index);
    return std::count_if(rows.begin(), rows.end(), [&](int64_t row) {
      return train_.provenance[static_cast<size_t>(row)].origin == origin;
    });
  }

  /// Returns the real rows of the class that are not replaced.
  std::vector<int64_t> parents_of(int class_index) const {
    auto rows = real_rows(in_, "train", tally_.class_names[static_cast<size_t>(class_index)]);
    std::erase_if(rows, [&](int64_t row) { return new_row_[static_cast<size_t>(row)] < 0; });
    return rows;
  }

  int64_t max_rows_from_one() const {
    return static_cast<int64_t>(std::floor(options_.max_factor));
  }

  int64_t made_from(int64_t row) const {
    const auto found = tally_.made_from.find(row);
    return found == tally_.made_from.end() ? 0 : found->second;
  }

  int64_t room_for_copies(int class_index) const {
    int64_t room = 0;
    for (const int64_t row : parents_of(class_index))
      room += std::max<int64_t>(0, max_rows_from_one() - made_from(row));
    return room;
  }

  /// Returns true if a row may be used once more. -1 (not made from a row) is always free.
  bool is_free(int64_t parent) const {
    if (parent < 0) return true;
    if (new_row_[static_cast<size_t>(parent)] < 0) return false;
    return options_.max_factor == 0 || made_from(parent) < max_rows_from_one();
  }

  /// Draws up to `most` images with consecutive numbers from `first` on, skipping numbers whose row
  /// is not free. Sets `first` to the number after the last one. There must be a free row.
  std::vector<Drawn> next_batch(
      Source& source, int class_index, int64_t& first, int64_t most, const Rng& rng) const {
    while (!is_free(source.parent(class_index, first, rng))) ++first;
    int64_t count = 1;
    while (count < most && is_free(source.parent(class_index, first + count, rng))) ++count;
    std::vector<Drawn> batch = source.draw(class_index, first, count, rng);
    first += count;
    return batch;
  }

  void draw_from(Source& source, int class_index, int64_t asked) {
    if (asked == 0) return;
    BalanceTally::Drawing drawing{
        source.name(), tally_.class_names[static_cast<size_t>(class_index)], asked};
    // Rows of an earlier balance may come from the same random stream, so fork it to get new
    // images.
    Rng rng = rng_.fork(source.name(), static_cast<uint64_t>(class_index));
    const int64_t existing = rows_with_origin(class_index, source.origin());
    if (existing > 0) rng = rng.fork("after", static_cast<uint64_t>(existing));
    const auto parents =
        from_a_row(source.origin()) ? parents_of(class_index) : std::vector<int64_t>{};
    int64_t number = 0, rejected_in_row = 0;
    while (drawing.accepted < asked) {
      const int64_t wanted = asked - drawing.accepted;
      const auto free =
          std::count_if(parents.begin(), parents.end(), [&](int64_t row) { return is_free(row); });
      // If max_factor has used up some rows, the gates may reject everything made from the others.
      // Then the rest of the class is reported as missing instead of failing the whole balance.
      if (free < static_cast<int64_t>(parents.size()) &&
          (free == 0 || rejected_in_row >= kMaxTries * wanted + kFreeTries)) {
        tally_.missing[static_cast<size_t>(class_index)] += wanted;
        break;
      }
      if (drawing.tried >= kMaxTries * asked + kFreeTries) entry_.throw_too_few(drawing);
      const std::vector<Drawn> batch =
          next_batch(source, class_index, number, std::clamp(wanted, kMinBatch, kBatch), rng);
      entry_.prepare(source, batch);
      std::vector<const Drawn*> kept;
      for (const Drawn& drawn : batch) {
        if (drawing.accepted == asked) break;
        const bool derived = from_a_row(drawn.provenance.origin);
        if (derived && !is_free(drawn.provenance.parent)) continue;
        ++drawing.tried;
        ++rejected_in_row;
        if (!entry_.passes(drawn, class_index)) continue;
        rejected_in_row = 0;
        ++drawing.accepted;
        drawing.boxes_dropped += drawn.boxes_dropped;
        if (derived) ++tally_.made_from[drawn.provenance.parent];
        kept.push_back(&drawn);
      }
      write(kept, class_index);
    }
    for (const auto& [gate, reasons] : entry_.take_rejected())
      for (const auto& [reason, images] : reasons) tally_.rejected[gate][reason] += images;
    tally_.drawings.push_back(std::move(drawing));
  }

  void write(const std::vector<const Drawn*>& kept, int class_index) {
    std::vector<PreparedImage> prepared(kept.size());
    parallel_for(
        kept.size(), threads_, [&](size_t i) { prepared[i] = writer_.prepare(kept[i]->image); });
    for (size_t i = 0; i < kept.size(); ++i) {
      const StoreRow row = rows_.added(*kept[i], class_index, new_row_);
      tally_.count(tally_.after, row.labels, row.provenance.origin);
      writer_.add("train", row, prepared[i]);
      progress_.advance();
    }
    throw_if_stopped();
  }

  const Store& in_;
  const Plan& plan_;
  const std::vector<SourceShare>& sources_;
  const BalanceOptions& options_;
  Rng rng_;
  int threads_;
  const StorePart& train_;
  StoreWriter writer_;
  Progress progress_;
  BalanceTally tally_;
  RowMaker rows_;
  Entry entry_;
  std::vector<int64_t> new_row_;  ///< input train row -> output train row, -1: left out
};

}  // namespace

BalanceReport run_balance(const BalanceRequest& request) {
  const size_t classes = request.in.info().class_names.size();
  const Plan& plan = request.plan;
  if (plan.added.size() != classes || (!plan.replaced.empty() && plan.replaced.size() != classes))
    throw Error(Exit::failed, "balance: the plan does not have one count per class of the store");
  return Filler(request).run();
}

std::vector<int64_t> class_counts(const Store& store) {
  const StorePart& train = store.part("train");
  std::vector<int64_t> counts;
  for (size_t c = 0; c < store.info().class_names.size(); ++c)
    counts.push_back(static_cast<int64_t>(train.rows_of(static_cast<int>(c)).size()));
  return counts;
}

std::vector<int64_t> real_rows(const Store& store,
                               const std::string& part,
                               const std::string& class_name) {
  const StorePart& rows = store.part(part);
  const int c = class_name.empty() ? -1 : store.info().class_index(class_name);
  std::vector<int64_t> real;
  for (int64_t row = 0; row < rows.size(); ++row) {
    const auto i = static_cast<size_t>(row);
    const bool in_class = c < 0 || rows.labels[i][static_cast<size_t>(c)] == 1;
    if (in_class && rows.provenance[i].origin == Origin::real) real.push_back(row);
  }
  return real;
}

}  // namespace evenray
