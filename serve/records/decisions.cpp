// SPDX-License-Identifier: Apache-2.0
#include "serve/records/decisions.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "core/error.hpp"
#include "core/text.hpp"
#include "serve/records/clock.hpp"

namespace evenray {
namespace {

constexpr std::array kVerdictWords{"", "accept", "reject"};
constexpr size_t kMostTag = 40;

void check_tag(const std::string& tag) {
  const bool plain = std::all_of(tag.begin(), tag.end(), [](unsigned char c) {
    return std::isalnum(c) || c == '-' || c == '_';
  });
  check(!tag.empty() && tag.size() <= kMostTag && plain,
        Exit::bad_data,
        cat("a tag must have 1 to ", kMostTag, " letters, digits, '-' or '_'"));
}

/// Steps with the names of their people, see decision_of().
constexpr const char* kDecisionRows =
    "SELECT decision.row, coalesce(account.name, ''), verdict, label, tags, at FROM decision LEFT "
    "JOIN account ON account.id = decision.account WHERE ";
/// The newest step of each person and row that was not taken back.
constexpr const char* kNewest =
    "decision.id IN (SELECT max(id) FROM decision WHERE store = ?1 AND NOT undone GROUP BY row, "
    "account)";
/// The newest step of one person on one row that was not taken back.
constexpr const char* kOfOne =
    "store = ?1 AND row = ?2 AND decision.account IS ?3 AND NOT undone ORDER BY decision.id DESC "
    "LIMIT 1";

Decision decision_of(SQLite::Statement& row) {
  Decision out;
  out.row = row.getColumn(0).getString();
  out.account = row.getColumn(1).getString();
  out.verdict = parse_verdict(row.getColumn(2).getString());
  out.label = row.getColumn(3).getString();
  if (const std::string tags = row.getColumn(4).getString(); !tags.empty())
    out.tags = split_text(tags, ',');
  out.at = row.getColumn(5).getInt64();
  return out;
}

void bind_account(SQLite::Statement& statement, int place, const Actor& actor) {
  if (actor.id)
    statement.bind(place, *actor.id);
  else
    statement.bind(place);
}

void apply(const DecisionChange& change, Decision& decision) {
  if (change.verdict) decision.verdict = *change.verdict;
  if (change.label) decision.label = *change.label;
  const auto& before = change.tags ? *change.tags : decision.tags;
  std::set<std::string> tags(before.begin(), before.end());
  if (change.add_tag) tags.insert(*change.add_tag);
  decision.tags.assign(tags.begin(), tags.end());
}

}  // namespace

const char* verdict_word(Verdict verdict) { return kVerdictWords[static_cast<size_t>(verdict)]; }

Verdict parse_verdict(const std::string& word) {
  const auto found = std::find(kVerdictWords.begin(), kVerdictWords.end(), word);
  check(found != kVerdictWords.end(), Exit::bad_data, cat("'", word, "' is no verdict"));
  return static_cast<Verdict>(found - kVerdictWords.begin());
}

void Decisions::decide(const Actor& actor,
                       const std::vector<std::string>& rows,
                       const DecisionChange& change) {
  if (change.add_tag) check_tag(*change.add_tag);
  if (change.tags)
    for (const auto& tag : *change.tags) check_tag(tag);
  database_.write([&](SQLite::Database& database) {
    const int64_t step =
        database.execAndGet("SELECT coalesce(max(step), 0) + 1 FROM decision").getInt64();
    SQLite::Statement newest(database, cat(kDecisionRows, kOfOne));
    SQLite::Statement insert(
        database,
        "INSERT INTO decision(store, row, account, verdict, label, tags, at, step) "
        "VALUES(?,?,?,?,?,?,?,?)");
    for (const auto& row : rows) {
      newest.reset();
      newest.bind(1, store_);
      newest.bind(2, row);
      bind_account(newest, 3, actor);
      Decision decision = newest.executeStep() ? decision_of(newest) : Decision{};
      apply(change, decision);
      insert.reset();
      insert.bind(1, store_);
      insert.bind(2, row);
      bind_account(insert, 3, actor);
      insert.bind(4, verdict_word(decision.verdict));
      insert.bind(5, decision.label);
      insert.bind(6, join(decision.tags, ","));
      insert.bind(7, now_s());
      insert.bind(8, step);
      insert.exec();
    }
    add_audit(database, actor, "row.decide", cat(rows.size(), " rows"));
  });
}

std::vector<std::string> Decisions::undo(const Actor& actor) {
  return database_.write([&](SQLite::Database& database) {
    std::vector<std::string> rows;
    SQLite::Statement last(
        database,
        "SELECT id, row FROM decision WHERE store = ?1 AND step = (SELECT max(step) "
        "FROM decision WHERE store = ?1 AND account IS ?2 AND NOT undone) AND "
        "account IS ?2");
    last.bind(1, store_);
    bind_account(last, 2, actor);
    SQLite::Statement take_back(database, "UPDATE decision SET undone = 1 WHERE id = ?");
    while (last.executeStep()) {
      rows.push_back(last.getColumn(1).getString());
      take_back.reset();
      take_back.bind(1, last.getColumn(0).getInt64());
      take_back.exec();
    }
    if (!rows.empty()) add_audit(database, actor, "row.undo", cat(rows.size(), " rows"));
    return rows;
  });
}

std::vector<Decision> Decisions::all() const {
  return database_.read([&](SQLite::Database& database) {
    std::vector<Decision> out;
    SQLite::Statement rows(database,
                           cat(kDecisionRows, kNewest, " ORDER BY decision.row, account.name"));
    rows.bind(1, store_);
    while (rows.executeStep()) out.push_back(decision_of(rows));
    return out;
  });
}

std::map<std::string, Decision> Decisions::of(const Actor& actor) const {
  return database_.read([&](SQLite::Database& database) {
    std::map<std::string, Decision> out;
    SQLite::Statement rows(database, cat(kDecisionRows, kNewest, " AND decision.account IS ?2"));
    rows.bind(1, store_);
    bind_account(rows, 2, actor);
    while (rows.executeStep()) {
      Decision decision = decision_of(rows);
      out[decision.row] = std::move(decision);
    }
    return out;
  });
}

std::vector<JointDecision> Decisions::joint() const {
  std::vector<JointDecision> out;
  std::vector<Decision> of_row;
  const auto finish = [&] {
    if (!of_row.empty()) out.push_back(join_decisions(of_row));
    of_row.clear();
  };
  for (Decision& decision : all()) {
    if (!of_row.empty() && of_row[0].row != decision.row) finish();
    of_row.push_back(std::move(decision));
  }
  finish();
  return out;
}

JointDecision join_decisions(const std::vector<Decision>& decisions) {
  JointDecision out;
  out.row = decisions.at(0).row;
  int accepted = 0, rejected = 0;
  std::map<std::string, int> labels;
  std::set<std::string> tags;
  for (const Decision& decision : decisions) {
    accepted += decision.verdict == Verdict::accept;
    rejected += decision.verdict == Verdict::reject;
    if (decision.verdict != Verdict::open || !decision.label.empty()) ++labels[decision.label];
    tags.insert(decision.tags.begin(), decision.tags.end());
  }
  out.people = accepted + rejected;
  if (out.people > 0) out.verdict = rejected >= accepted ? Verdict::reject : Verdict::accept;
  int most = 0;
  for (const auto& [label, count] : labels) most = std::max(most, count);
  const auto first = std::find_if(
      labels.begin(), labels.end(), [&](const auto& one) { return one.second == most; });
  const bool one = std::count_if(labels.begin(), labels.end(), [&](const auto& other) {
                     return other.second == most;
                   }) == 1;
  if (one) out.label = first->first;
  out.tags.assign(tags.begin(), tags.end());
  out.agreed = (accepted == 0 || rejected == 0) && labels.size() <= 1;
  return out;
}

}  // namespace evenray
