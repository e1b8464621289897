// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <atomic>
#include <list>
#include <memory>
#include <mutex>
#include <thread>

#include "serve/curation/collection.hpp"
#include "serve/curation/likeness.hpp"
#include "serve/curation/scatter.hpp"
#include "serve/curation/thumbnails.hpp"
#include "serve/http/message.hpp"
#include "serve/records/blind_tests.hpp"
#include "serve/records/decisions.hpp"

namespace evenray {

/// Row numbers that a filter shows; shared, since lists may be long.
using RowList = std::shared_ptr<const std::vector<int64_t>>;

/// The places of rows in a map.
struct DrawnMap {
  RowList list;  ///< what the map was asked for
  bool tsne;     ///< t-SNE; else principal components
  std::vector<int64_t> rows;
  Places places;  ///< of `rows`
};

/// The maps that were drawn last, and who may draw one.
struct DrawnMaps {
  std::mutex drawing;  // of `newest`
  std::list<DrawnMap> newest;
};

/// What the curation pages work with.
class CurationState {
 public:
  /// Opens a store. Likeness and the scores "copies" and "likeness" are computed in a thread of
  /// their own, since that takes reading all images.
  /// `predictions`: of classifiers that did not see the images, for the score "suspicion"; empty:
  /// none. Throws as Store() and read_predictions().
  CurationState(Database& database, const Path& store, const Path& predictions, int threads);
  ~CurationState();

  Collection collection;
  ThumbnailCache thumbnails;
  Decisions decisions;
  BlindTests blind_tests;
  DrawnMaps maps;

  /// Returns likeness once it is computed; nullptr before.
  const LikenessIndex* likeness() const { return ready_ ? likeness_.get() : nullptr; }
  /// Returns the rows that a query shows, see filter_of(). The newest lists are remembered: an
  /// equal query gives the same list until decisions or scores that it asks for change.
  RowList rows(const HttpFields& query, const Actor& actor);
  /// Returns the decisions of a person, by row; kept until one changes.
  std::shared_ptr<const std::map<std::string, Decision>> decisions_of(const Actor& actor);
  /// Keeps a list and returns a name for it: rows that were selected in a map, or those of an open
  /// grid, which must not move when decisions change. The same list has the same name. Of each
  /// person, the lists used last are kept.
  std::string keep(RowList rows, const Actor& actor);
  /// Returns a kept list. Throws 66 if it is not there any more.
  RowList kept(const std::string& name);
  /// After a change of decisions: lists that depend on them are made anew.
  void decisions_changed() { ++version_; }

 private:
  std::atomic<bool> ready_{false}, stop_{false};
  std::unique_ptr<LikenessIndex> likeness_;
  std::atomic<int64_t> version_{0};  ///< of what lists depend on: decisions and scores
  std::mutex mutex_;                 // of the two below
  std::list<std::pair<std::string, RowList>> lists_;
  struct OwnDecisions {
    int64_t version;
    std::shared_ptr<const std::map<std::string, Decision>> decisions;
  };
  std::map<int64_t, OwnDecisions> own_;  ///< by account; 0: nobody signs in
  struct KeptList {
    std::string name;
    int64_t account;  ///< 0: nobody signs in
    RowList rows;
  };
  std::mutex keeping_;        // of kept_
  std::list<KeptList> kept_;  ///< the one used last first
  std::thread thread_;        ///< last: it uses the others
};

/// What a row may be sorted and filtered by, if it is known.
inline constexpr std::array kRowScores{"suspicion", "likeness", "copies"};
/// A row leaves everybody's queue when so many people have decided on it.
inline constexpr int kPeopleOfRow = 2;

/// Which rows people see is asked for by these parameters; others, such as "from", say which part.
/// Returns those of a query as a query, in a fixed order.
std::string filter_text(const CurationState& state, const HttpFields& query);

/// Reads the conditions of a query: "c_COLUMN" (a value), "text", "s_SCORE" (the least value),
/// "order" (a score), "selection", "tag", "whose" ("mine": only the actor's decisions) and
/// "verdict": accept, reject, open, relabelled (to another class than the row has), disagreed, or
/// queue (open for this person, and fewer than kPeopleOfRow others have decided). Throws 66 for a
/// selection that is not kept any more.
RowFilter filter_of(const HttpFields& query, CurationState& state, const Actor& actor);

}  // namespace evenray
