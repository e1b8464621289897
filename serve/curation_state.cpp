// SPDX-License-Identifier: Apache-2.0
#include "serve/curation_state.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "core/log.hpp"
#include "core/text.hpp"
#include "dataset/label_suspects.hpp"
#include "serve/corrected_table.hpp"
#include "serve/records/accounts.hpp"

namespace evenray {
namespace {

constexpr size_t kMostLists = 32, kMostKept = 16;  // kept: of each person

bool is_filtered_by_decisions(const HttpFields& query) {
  return !field_of(query, "verdict").empty() || !field_of(query, "tag").empty();
}

bool is_filtered_by_scores(const HttpFields& query) {
  return !field_of(query, "order").empty() ||
         std::any_of(kRowScores.begin(), kRowScores.end(), [&](const char* score) {
           return !field_of(query, cat("s_", score)).empty();
         });
}

/// How likely each label is wrong (confident learning); NaN for rows without predictions or doubt.
/// A row that is suspect in several classes has the highest score.
std::vector<float> suspicion_of(const Collection& collection, const Path& file) {
  const StoreInfo& info = collection.store().info();
  Manifest manifest;
  manifest.source = info.source;
  manifest.class_names = info.class_names;
  manifest.multi_label = info.multi_label;
  for (int64_t number = 0; number < collection.size(); ++number) {
    Sample& sample = manifest.samples.emplace_back();
    sample.id = collection.id(number);
    sample.labels = collection.facts(number).labels;
  }
  std::vector<float> out(manifest.samples.size(), std::numeric_limits<float>::quiet_NaN());
  for (const Finding& suspect : review_labels(manifest, read_label_scores(file)).suspects)
    for (const auto& id : suspect.ids)
      if (const auto number = collection.number_of(id)) {
        float& score = out[static_cast<size_t>(*number)];
        score = std::fmax(score, static_cast<float>(suspect.score));  // NaN counts as nothing
      }
  return out;
}

}  // namespace

CurationState::CurationState(Database& database,
                             const Path& store,
                             const Path& predictions,
                             int threads)
    : collection(store),
      thumbnails(collection),
      decisions(database, collection.store().content_digest()),
      blind_tests(database, collection.store().content_digest()) {
  if (!predictions.empty())
    collection.set_score("suspicion", suspicion_of(collection, predictions));
  thread_ = std::thread([this, threads] {
    constexpr int kLessUrgent = 10;
    [[maybe_unused]] const int niceness = ::nice(kLessUrgent);  // of this thread and its children
    try {
      likeness_ = std::make_unique<LikenessIndex>(collection, threads, stop_);
      ready_ = true;
      collection.set_score("copies", likeness_->copy_groups());
      ++version_;
      collection.set_score("likeness", likeness_->nearest_real());
      ++version_;
    } catch (const std::exception& error) {
      if (!stop_) log_error(cat("images are not compared: ", error.what()));
    }
  });
}

CurationState::~CurationState() {
  stop_ = true;
  thread_.join();
}

RowList CurationState::rows(const HttpFields& query, const Actor& actor) {
  std::string key = filter_text(*this, query);
  if (is_filtered_by_decisions(query)) key += cat(" ", actor.id.value_or(0));
  if (is_filtered_by_decisions(query) || is_filtered_by_scores(query)) key += cat(" ", version_);
  {
    const std::lock_guard lock(mutex_);
    for (auto at = lists_.begin(); at != lists_.end(); ++at)
      if (at->first == key) {
        lists_.splice(lists_.begin(), lists_, at);
        return lists_.front().second;
      }
  }
  auto made =
      std::make_shared<std::vector<int64_t>>(collection.find(filter_of(query, *this, actor)));
  const std::lock_guard lock(mutex_);
  lists_.emplace_front(key, made);
  if (lists_.size() > kMostLists) lists_.pop_back();
  return made;
}

std::shared_ptr<const std::map<std::string, Decision>> CurationState::decisions_of(
    const Actor& actor) {
  const int64_t now = version_;
  {
    const std::lock_guard lock(mutex_);
    const auto found = own_.find(actor.id.value_or(0));
    if (found != own_.end() && found->second.version == now) return found->second.decisions;
  }
  auto made = std::make_shared<const std::map<std::string, Decision>>(decisions.of(actor));
  const std::lock_guard lock(mutex_);
  own_[actor.id.value_or(0)] = {now, made};
  return made;
}

std::string CurationState::keep(RowList rows, const Actor& actor) {
  constexpr size_t kNameBytes = 9;
  const int64_t account = actor.id.value_or(0);
  const std::lock_guard lock(keeping_);
  const auto same = std::find_if(kept_.begin(), kept_.end(), [&](const KeptList& one) {
    return one.account == account && one.rows == rows;
  });
  if (same != kept_.end()) {
    kept_.splice(kept_.begin(), kept_, same);
    return kept_.front().name;
  }
  kept_.push_front({random_text(kNameBytes), account, std::move(rows)});
  const auto is_own = [&](const KeptList& one) { return one.account == account; };
  if (std::count_if(kept_.begin(), kept_.end(), is_own) > static_cast<int64_t>(kMostKept))
    kept_.erase(std::prev(std::find_if(kept_.rbegin(), kept_.rend(), is_own).base()));
  return kept_.front().name;
}

RowList CurationState::kept(const std::string& name) {
  const std::lock_guard lock(keeping_);
  const auto found = std::find_if(
      kept_.begin(), kept_.end(), [&](const KeptList& one) { return one.name == name; });
  check(found != kept_.end(), Exit::missing_input, "this list is gone; load the page again");
  kept_.splice(kept_.begin(), kept_, found);
  return found->rows;
}

namespace {

/// Keeps the rows whose decisions meet the query's conditions.
void filter_by_decisions(const HttpFields& query,
                         CurationState& state,
                         const Actor& actor,
                         RowFilter& filter) {
  const std::string verdict = field_of(query, "verdict"), tag = field_of(query, "tag");
  const auto mine = state.decisions_of(actor);
  std::map<std::string, JointDecision> decided;
  // The queue is of what is open for this person, and counts what others decided.
  if (field_of(query, "whose") == "mine" && verdict != "queue") {
    for (const auto& [row, decision] : *mine) decided[row] = join_decisions({decision});
  } else {
    for (JointDecision& decision : state.decisions.joint()) decided[decision.row] = decision;
  }
  const auto has_verdict = [&](const JointDecision& decision) {
    if (verdict == "open") return decision.verdict == Verdict::open;
    if (verdict == "disagreed") return !decision.agreed;
    if (verdict == "relabelled") {
      const auto number = state.collection.number_of(decision.row);
      return number && is_relabelled(decision, state.collection.facts(*number));
    }
    if (verdict == "queue") {
      const auto own = mine->find(decision.row);
      return (own == mine->end() || own->second.verdict == Verdict::open) &&
             decision.people < kPeopleOfRow;
    }
    return verdict.empty() || verdict == verdict_word(decision.verdict);
  };
  const auto shown = [&](const std::string& row) {
    const auto found = decided.find(row);
    if (found == decided.end()) return tag.empty() && (verdict == "open" || verdict == "queue");
    const auto& tags = found->second.tags;
    return has_verdict(found->second) &&
           (tag.empty() || std::find(tags.begin(), tags.end(), tag) != tags.end());
  };
  if (!filter.only_ids)
    for (int64_t number = 0; number < state.collection.size(); ++number)
      filter.ids.push_back(state.collection.id(number));
  filter.only_ids = true;
  std::erase_if(filter.ids, [&](const std::string& row) { return !shown(row); });
}

}  // namespace

std::string filter_text(const CurationState& state, const HttpFields& query) {
  std::vector<std::string> names{"text", "verdict", "whose", "tag", "order", "selection"};
  for (const auto& column : state.collection.columns()) names.push_back("c_" + column.name);
  for (const char* score : kRowScores) names.push_back(cat("s_", score));
  std::string out;
  for (const auto& name : names)
    if (const std::string value = field_of(query, name); !value.empty())
      out += cat(out.empty() ? "" : "&", encode_url(name), "=", encode_url(value));
  return out;
}

RowFilter filter_of(const HttpFields& query, CurationState& state, const Actor& actor) {
  RowFilter out;
  out.text = field_of(query, "text");
  for (const auto& column : state.collection.columns())
    if (const std::string value = field_of(query, "c_" + column.name); !value.empty())
      out.equal.emplace_back(column.name, value);
  for (const char* score : kRowScores) {
    if (double least = 0; parse_double(field_of(query, cat("s_", score)), least))
      out.at_least.emplace_back(score, least);
    if (field_of(query, "order") == score) out.order = score;
  }
  if (const std::string name = field_of(query, "selection"); !name.empty()) {
    out.only_ids = true;
    for (const int64_t number : *state.kept(name)) out.ids.push_back(state.collection.id(number));
  }
  if (is_filtered_by_decisions(query)) filter_by_decisions(query, state, actor, out);
  return out;
}

}  // namespace evenray
