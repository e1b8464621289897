// SPDX-License-Identifier: Apache-2.0
#include "metrics/predictions.hpp"

#include <algorithm>
#include <map>

#include "core/csv.hpp"
#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

struct Column {
  size_t label, probability;
};

std::vector<Column> class_columns(const CsvTable& table, std::vector<std::string>& class_names) {
  std::vector<Column> columns;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    const auto& name = table.columns[i];
    if (name.starts_with("y_")) {
      class_names.push_back(name.substr(2));
      columns.push_back({i, table.require("p_" + class_names.back())});
    } else if (name.starts_with("p_")) {
      table.require("y_" + name.substr(2));
    }
  }
  if (columns.empty()) table.require("y_CLASS");
  return columns;
}

}  // namespace

KnownScores known_scores(const Predictions& predictions, size_t class_index) {
  KnownScores out;
  for (size_t row = 0; row < predictions.rows(); ++row) {
    if (predictions.labels[row][class_index] < 0) continue;
    out.scores.push_back(predictions.probabilities[row][class_index]);
    out.labels.push_back(predictions.labels[row][class_index] == 1);
  }
  return out;
}

bool Predictions::one_hot() const {
  if (exclusive) return *exclusive;
  bool any = false;
  for (const auto& row : labels) {
    const auto unknown = std::count(row.begin(), row.end(), -1);
    if (unknown == static_cast<int64_t>(row.size())) continue;
    if (unknown > 0 || std::count(row.begin(), row.end(), 1) != 1) return false;
    any = true;
  }
  return any && class_names.size() > 1;
}

size_t Predictions::class_index(const std::string& name) const {
  const auto found = std::find(class_names.begin(), class_names.end(), name);
  if (found == class_names.end())
    throw Error(Exit::bad_data, unknown_name("class", name, class_names));
  return static_cast<size_t>(found - class_names.begin());
}

Predictions read_predictions(const Path& path) {
  const CsvTable table = read_csv(path);
  Predictions out;
  const size_t id = table.require("id"), group = table.require("group");
  const auto columns = class_columns(table, out.class_names);
  check(!table.rows.empty(), Exit::bad_data, cat(path.string(), ": no rows"));
  std::map<std::string, size_t> line_of_id;
  for (size_t i = 0; i < table.rows.size(); ++i) {
    const auto& row = table.rows[i];
    const auto fault = [&](const auto&... what) {
      return Error(Exit::bad_data, cat(path.string(), " line ", table.lines[i], ": ", what...));
    };
    if (const auto [first, is_new] = line_of_id.emplace(row[id], table.lines[i]); !is_new) {
      throw fault("id '", row[id], "' is already used in line ", first->second);
    }
    out.ids.push_back(row[id]);
    out.groups.push_back(row[group]);
    auto& labels = out.labels.emplace_back();
    auto& probabilities = out.probabilities.emplace_back();
    for (const auto& column : columns) {
      double value = -1;
      const auto& label = row[column.label];
      if (!label.empty() &&
          !(parse_double(label, value) && (value == 0 || value == 1 || value == -1))) {
        throw fault(
            table.columns[column.label], " is '", label, "'; expected 1, 0 or -1 (unknown)");
      }
      labels.push_back(static_cast<int8_t>(value));
      const auto& probability = row[column.probability];
      if (!parse_double(probability, value) || !(value >= 0 && value <= 1)) {
        throw fault(table.columns[column.probability],
                    " is '",
                    probability,
                    "'; expected a probability from 0 to 1");
      }
      probabilities.push_back(value);
    }
  }
  return out;
}

std::vector<std::string> read_column(const Path& path, const std::string& column) {
  const CsvTable table = read_csv(path);
  const size_t index = table.require(column);
  std::vector<std::string> values;
  for (const auto& row : table.rows) values.push_back(row[index]);
  return values;
}

void write_predictions(const Path& path, const Predictions& predictions) {
  std::vector<std::string> fields{"id", "group"};
  for (const auto& name : predictions.class_names) fields.push_back("y_" + name);
  for (const auto& name : predictions.class_names) fields.push_back("p_" + name);
  std::string text = csv_line(fields);
  for (size_t i = 0; i < predictions.rows(); ++i) {
    fields = {predictions.ids[i], predictions.groups[i]};
    for (int label : predictions.labels[i]) fields.push_back(std::to_string(label));
    for (double probability : predictions.probabilities[i]) fields.push_back(exact(probability));
    text += csv_line(fields);
  }
  write_atomic(path, text);
}

}  // namespace evenray
