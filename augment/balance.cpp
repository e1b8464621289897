// SPDX-License-Identifier: Apache-2.0
#include "augment/balance.hpp"

#include <algorithm>
#include <cmath>

#include "augment/balance_report.hpp"
#include "augment/balance_rows.hpp"
#include "augment/sources.hpp"
#include "core/error.hpp"
#include "core/parallel.hpp"
#include "core/progress.hpp"
#include "core/run_folder.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

constexpr int64_t kBatch = 64;
constexpr int64_t kLeastBatch =
    8;  ///< a source is asked for no fewer, so that the last ones do not come one by one
constexpr int64_t kMostTries = 20;   ///< images tried for each one asked
constexpr int64_t kFreeTries = 100;  ///< and so many more

struct Packed {
  cv::Mat image;
  std::string compressed;
};

bool from_a_row(Origin origin) { return origin == Origin::copy || origin == Origin::augmented; }

/// One run of balance().
class Filler {
 public:
  Filler(const Store& in,
         const Plan& plan,
         const std::vector<SourceShare>& sources,
         const std::vector<std::shared_ptr<Gate>>& gates,
         const BalanceOptions& options,
         uint64_t seed,
         int threads,
         const std::string& config_text,
         const Path& out)
      : in_(in),
        plan_(plan),
        sources_(sources),
        gates_(gates),
        options_(options),
        rng_(Rng(seed).fork("balance")),
        threads_(threads),
        train_(in.part("train")),
        writer_(out, out_info(config_text), expected_rows()),
        progress_("balance", expected_rows(), "img"),
        rows_(in) {
    const size_t classes = in.info().class_names.size();
    tally_.class_names = in.info().class_names;
    tally_.before.assign(classes, {});
    tally_.after.assign(classes, {});
    tally_.missing.assign(classes, 0);
    tally_.replaced = plan.replaced.empty() ? std::vector<int64_t>(classes) : plan.replaced;
  }

  BalanceReport run() {
    leave_out_replaced();
    copy_part("train");
    for (int c = 0; c < static_cast<int>(tally_.class_names.size()); ++c) fill_class(c);
    copy_part("val");
    copy_part("test");
    BalanceReport report;
    report.content_digest = writer_.finish();
    report.json = balance_json(tally_);
    report.json["content_digest"] = report.content_digest;
    return report;
  }

 private:
  StoreInfo out_info(const std::string& config_text) const {
    StoreInfo info = in_.info();
    info.config = config_text;
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
                        " real rows that may go, fewer than the ",
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
          Packed packed{in_.image(name, rows[i]), ""};
          packed.compressed = writer_.compress(packed.image);
          return packed;
        },
        [&](size_t i, Packed& packed) {
          StoreRow row = stored_row(part, rows[i]);
          row.image = std::move(packed.image);
          if (train) {
            if (row.provenance.parent >= 0) {
              if (from_a_row(row.provenance.origin)) ++tally_.made_from[row.provenance.parent];
              row.provenance.parent = new_row_[static_cast<size_t>(row.provenance.parent)];
            }
            tally_.count(tally_.after, row.labels, row.provenance.origin);
          }
          writer_.add(name, row, std::move(packed.compressed));
          progress_.advance();
          throw_if_stopped();
        });
  }

  void fill_class(int class_index) {
    const auto c = static_cast<size_t>(class_index);
    int64_t real = 0, synthetic_before = 0;
    for (int64_t row : train_.rows_of(class_index)) {
      const Origin origin = train_.provenance[static_cast<size_t>(row)].origin;
      real += origin == Origin::real && new_row_[static_cast<size_t>(row)] >= 0;
      synthetic_before += origin == Origin::synthetic;
    }
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
    // What a generator of another class would have given falls to those that serve this one.
    if (served > 0)
      for (double& share : shares) share /= served;
    const auto dose =
        static_cast<int64_t>(std::floor(options_.max_synthetic * static_cast<double>(real)));
    // Without a row to start from there is nothing but synthesis.
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
                        "' has rows to replace but no synthetic source is named"));
      for (size_t s = 0; s < serving.size(); ++s) allotment.from[s] += instead.from[s];
    }
    for (size_t s = 0; s < serving.size(); ++s)
      draw_from(*serving[s], class_index, allotment.from[s]);
    if (allotment.copies > 0)
      draw_from(*make_copy_source(in_, threads_), class_index, allotment.copies);
  }

  int64_t most_from_one() const { return static_cast<int64_t>(std::floor(options_.max_factor)); }

  int64_t made_from(int64_t row) const {
    const auto found = tally_.made_from.find(row);
    return found == tally_.made_from.end() ? 0 : found->second;
  }

  int64_t room_for_copies(int class_index) const {
    int64_t room = 0;
    for (int64_t row : train_.rows_of(class_index)) {
      if (train_.provenance[static_cast<size_t>(row)].origin == Origin::real &&
          new_row_[static_cast<size_t>(row)] >= 0)
        room += std::max<int64_t>(0, most_from_one() - made_from(row));
    }
    return room;
  }

  /// Whether the row that an image was made from may be used once more.
  bool parent_is_free(const Drawn& drawn) const {
    const int64_t parent = drawn.provenance.parent;
    if (parent < 0 || !from_a_row(drawn.provenance.origin)) return true;
    if (new_row_[static_cast<size_t>(parent)] < 0) return false;
    return options_.max_factor == 0 || made_from(parent) < most_from_one();
  }

  void draw_from(Source& source, int class_index, int64_t asked) {
    if (asked == 0) return;
    BalanceTally::Drawing drawing{
        source.name(), tally_.class_names[static_cast<size_t>(class_index)], asked};
    std::map<std::string, std::map<std::string, int64_t>> rejected;
    const Rng rng = rng_.fork(source.name(), static_cast<uint64_t>(class_index));
    int64_t number = 0;
    while (drawing.accepted < asked) {
      if (drawing.tried >= kMostTries * asked + kFreeTries) give_up(drawing, rejected);
      const int64_t count = std::clamp(asked - drawing.accepted, kLeastBatch, kBatch);
      std::vector<Drawn> batch = source.draw(class_index, number, count, rng);
      number += count;
      for (const Drawn& drawn : batch) check_form(source, drawn);
      for (const auto& gate : gates_)
        if (gate->applies(source.origin())) gate->prepare(batch);
      std::vector<const Drawn*> kept;
      for (const Drawn& drawn : batch) {
        if (drawing.accepted == asked) break;
        ++drawing.tried;
        if (!parent_is_free(drawn) || !passes(drawn, class_index, rejected)) continue;
        ++drawing.accepted;
        drawing.boxes_dropped += drawn.boxes_dropped;
        if (from_a_row(drawn.provenance.origin)) ++tally_.made_from[drawn.provenance.parent];
        kept.push_back(&drawn);
      }
      write(kept, class_index);
    }
    for (const auto& [gate, reasons] : rejected)
      for (const auto& [reason, images] : reasons) tally_.rejected[gate][reason] += images;
    tally_.drawings.push_back(std::move(drawing));
  }

  void check_form(const Source& source, const Drawn& drawn) const {
    const StoreInfo& info = in_.info();
    if (drawn.image.rows == info.height && drawn.image.cols == info.width &&
        drawn.image.type() == (info.bits == 16 ? CV_16UC1 : CV_8UC1))
      return;
    throw Error(Exit::bad_data,
                cat("source ",
                    source.name(),
                    " gives images of ",
                    drawn.image.cols,
                    "x",
                    drawn.image.rows,
                    " (",
                    drawn.image.elemSize() * 8,
                    " bits), the store holds ",
                    info.width,
                    "x",
                    info.height,
                    " (",
                    info.bits,
                    " bits); train the generator on this store"));
  }

  bool passes(const Drawn& drawn,
              int class_index,
              std::map<std::string, std::map<std::string, int64_t>>& rejected) {
    for (const auto& gate : gates_) {
      if (!gate->applies(drawn.provenance.origin)) continue;
      if (const auto reason = gate->reject(drawn, class_index)) {
        ++rejected[gate->name()][*reason];
        return false;
      }
    }
    for (const auto& gate : gates_)
      if (gate->applies(drawn.provenance.origin)) gate->accepted(drawn, class_index);
    return true;
  }

  [[noreturn]] void give_up(
      const BalanceTally::Drawing& drawing,
      const std::map<std::string, std::map<std::string, int64_t>>& rejected) const {
    std::vector<std::string> causes;
    for (const auto& [gate, reasons] : rejected)
      for (const auto& [reason, images] : reasons)
        causes.push_back(cat("gate ", gate, " rejected ", images, " (", reason, ")"));
    if (causes.empty()) causes.push_back("their images may not be used oftener (max_factor)");
    throw Error(Exit::bad_data,
                cat("balance: of ",
                    drawing.tried,
                    " images that ",
                    drawing.source,
                    " gave for class '",
                    drawing.class_name,
                    "' only ",
                    drawing.accepted,
                    " of ",
                    drawing.asked,
                    " wanted passed: ",
                    join(causes),
                    "; use another source, a smaller share or a looser gate"));
  }

  void write(const std::vector<const Drawn*>& kept, int class_index) {
    std::vector<std::string> compressed(kept.size());
    parallel_for(
        kept.size(), threads_, [&](size_t i) { compressed[i] = writer_.compress(kept[i]->image); });
    for (size_t i = 0; i < kept.size(); ++i) {
      const StoreRow row = rows_.added(*kept[i], class_index, new_row_);
      tally_.count(tally_.after, row.labels, row.provenance.origin);
      writer_.add("train", row, std::move(compressed[i]));
      progress_.advance();
    }
    throw_if_stopped();
  }

  const Store& in_;
  const Plan& plan_;
  const std::vector<SourceShare>& sources_;
  const std::vector<std::shared_ptr<Gate>>& gates_;
  const BalanceOptions& options_;
  Rng rng_;
  int threads_;
  const StorePart& train_;
  StoreWriter writer_;
  Progress progress_;
  BalanceTally tally_;
  RowMaker rows_;
  std::vector<int64_t> new_row_;  ///< input train row -> output train row, -1: left out
};

}  // namespace

BalanceReport balance(const Store& in,
                      const Plan& plan,
                      const std::vector<SourceShare>& sources,
                      const std::vector<std::shared_ptr<Gate>>& gates,
                      const BalanceOptions& options,
                      uint64_t seed,
                      int threads,
                      const std::string& config_text,
                      const Path& out) {
  const size_t classes = in.info().class_names.size();
  if (plan.added.size() != classes || (!plan.replaced.empty() && plan.replaced.size() != classes))
    throw Error(Exit::failed, "balance: the plan is for another set of classes");
  return Filler(in, plan, sources, gates, options, seed, threads, config_text, out).run();
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
    const bool meant = c < 0 || rows.labels[i][static_cast<size_t>(c)] == 1;
    if (meant && rows.provenance[i].origin == Origin::real) real.push_back(row);
  }
  return real;
}

}  // namespace evenray
