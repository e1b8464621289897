// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "dataset/store/store.hpp"

namespace evenray {

/// What is known of a row without its pixels.
struct RowFacts {
  std::string id, part, origin, group, source_path;
  std::string label;              ///< names of its classes, ", " between them
  std::vector<int8_t> labels;     ///< one per class: 1 present, 0 absent, -1 unknown
  std::optional<int64_t> parent;  ///< number of the row that it was made from
  std::string recipe;
  uint64_t seed = 0;
  std::vector<Box> boxes;                                    ///< in store pixels
  bool boxes_known = false;                                  ///< see StoreRow
  std::array<float, 2> scale{1, 1}, offset{0, 0};            ///< see StoreRow
  std::vector<std::pair<std::string, std::string>> columns;  ///< of the store
};

/// A column that rows can be filtered by.
struct FilterColumn {
  std::string name;                 ///< "class", "origin", "part", or of the store
  std::vector<std::string> values;  ///< empty: too many to choose from
};

/// Which rows are shown: those that meet all conditions.
struct RowFilter {
  /// Column and value; "class": one of the classes of the row.
  std::vector<std::pair<std::string, std::string>> equal{};
  std::string text{};  ///< in id, group, source, recipe or a column; case does not matter
  std::vector<std::pair<std::string, double>> at_least{};  ///< score and its least value
  std::string order{};    ///< a score: the highest first, rows without it last; empty: as stored
  bool only_ids = false;  ///< only the rows `ids`
  std::vector<std::string> ids{};
};

/// The rows of a store, numbered from 0 over the parts train, val and test. Thread-safe.
class Collection {
 public:
  /// Reads all of the store but its pixels. Throws as Store().
  explicit Collection(const Path& path);

  int64_t size() const { return static_cast<int64_t>(places_.size()); }
  const Store& store() const { return store_; }
  const std::vector<FilterColumn>& columns() const { return columns_; }
  /// Throws 66 for a number that is not there.
  RowFacts facts(int64_t number) const;
  const std::string& id(int64_t number) const;
  Origin origin(int64_t number) const;
  /// Returns the number of an id; nullopt if there is none.
  std::optional<int64_t> number_of(const std::string& id) const;
  /// Reads an image. Throws 66 as facts(), 65 as Store::image().
  cv::Mat image(int64_t number) const;

  /// Gives each row a number that filters may ask for, such as "suspicion"; NaN where it is not
  /// known.
  void set_score(const std::string& name, std::vector<float> values);
  bool has_score(const std::string& name) const { return scores_of(name) != nullptr; }
  /// Returns a score of a row; nullopt if it is not known.
  std::optional<float> score(const std::string& name, int64_t number) const;

  /// Returns the numbers of the rows that a filter shows, in their order. Throws 65 for an unknown
  /// column or score.
  std::vector<int64_t> find(const RowFilter& filter) const;

 private:
  struct Place {
    uint8_t part;
    int64_t row;
  };
  const Place& place(int64_t number) const;
  const StorePart& part_of(const Place& place) const;
  /// Numbers the values of a column; one per row.
  void index_column(const std::string& name, const std::vector<std::string>& values);
  /// Returns the scores of all rows; nullptr for an unknown name.
  std::shared_ptr<const std::vector<float>> scores_of(const std::string& name) const;
  /// The same; throws 65.
  std::shared_ptr<const std::vector<float>> known_scores(const std::string& name) const;

  Store store_;
  std::vector<Place> places_;
  std::vector<int64_t> first_of_part_;
  std::vector<FilterColumn> columns_;
  std::vector<std::vector<uint32_t>> codes_;              ///< [column][row]
  std::vector<std::map<std::string, uint32_t>> code_of_;  ///< [column]
  std::vector<std::string> words_;                        ///< in lower case, what text is sought in
  std::unordered_map<std::string, int64_t> number_of_;
  mutable std::mutex scoring_;  // of scores_
  std::map<std::string, std::shared_ptr<const std::vector<float>>> scores_;
};

}  // namespace evenray
