// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <string>
#include <vector>

#include "serve/records/audit.hpp"

namespace evenray {

enum class Verdict { open, accept, reject };
const char* verdict_word(Verdict verdict);
/// Throws 65 for an unknown word.
Verdict parse_verdict(const std::string& word);

/// What one person says of a row of a store.
struct Decision {
  std::string row;      ///< id in the store
  std::string account;  ///< name; empty: nobody signs in
  Verdict verdict = Verdict::open;
  std::string label;              ///< the right class; empty: as it is
  std::vector<std::string> tags;  ///< sorted
  int64_t at = 0;                 ///< when
};

/// What is to change; what is not set stays.
struct DecisionChange {
  std::optional<Verdict> verdict;
  std::optional<std::string> label;
  std::optional<std::string> add_tag;
  std::optional<std::vector<std::string>> tags;  ///< all tags, in any order
};

/// What several people say of a row together.
struct JointDecision {
  std::string row;
  Verdict verdict = Verdict::open;  ///< of more than half of those with a verdict; reject if equal
  std::string label;                ///< that most people gave; empty if they are not one
  std::vector<std::string> tags;    ///< of anybody, sorted
  int people = 0;                   ///< with a verdict
  bool agreed = true;               ///< all verdicts and labels are equal
};

/// The decisions about the rows of one store, by its content digest. All that anybody decided is
/// kept; undoing adds that it was taken back.
class Decisions {
 public:
  Decisions(Database& database, std::string store)
      : database_(database), store_(std::move(store)) {}

  /// Changes a person's decisions on rows, as one step. Throws 65 for a tag that is not 1 to 40
  /// letters, digits, '-' or '_'.
  void decide(const Actor& actor,
              const std::vector<std::string>& rows,
              const DecisionChange& change);
  /// Takes back the person's last step. Returns its rows; empty: there is none.
  std::vector<std::string> undo(const Actor& actor);

  /// Returns the newest decision of each person on each row that is not taken back, ordered by row
  /// and person.
  std::vector<Decision> all() const;
  /// Returns those of one person, by row.
  std::map<std::string, Decision> of(const Actor& actor) const;
  /// Returns one decision for each row that somebody decided on, ordered by row.
  std::vector<JointDecision> joint() const;

 private:
  Database& database_;
  std::string store_;
};

/// Joins the decisions on one row. `decisions` must not be empty.
JointDecision join_decisions(const std::vector<Decision>& decisions);

}  // namespace evenray
