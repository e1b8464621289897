// SPDX-License-Identifier: Apache-2.0
// Pictures of rows, and the files that decisions are written to.
#include <algorithm>

#include "core/csv.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/image/image.hpp"
#include "dataset/image/sheet.hpp"
#include "serve/curation_view.hpp"

namespace evenray {
namespace {

constexpr size_t kMostOfSheet = 500;
constexpr int kLeastPicturePx = 384;

/// The numbers in "rows=3,17,4" of the query.
std::vector<int64_t> numbers_in(const std::string& text, const CurationState& state) {
  std::vector<int64_t> out;
  for (const auto& part : split_text(text, ',')) {
    int64_t number = -1;
    check(parse_int(part, number) && number >= 0 && number < state.collection.size() &&
              out.size() < kMostOfSheet,
          Exit::bad_data,
          "these are no rows");
    out.push_back(number);
  }
  return out;
}

HttpResponse sheet(SiteVisit& visit) {
  CurationState& state = state_of(visit);
  const auto numbers = numbers_in(field_of(visit.request.query, "rows"), state);
  const auto columns =
      static_cast<int>(std::clamp<int64_t>(number_in(visit.request.query, "columns", 1), 1, 100));
  return {200, state.thumbnails.sheet(numbers, columns), "image/png", {}};
}

HttpResponse row_picture(SiteVisit& visit) {
  CurationState& state = state_of(visit);
  const int64_t number = row_at(visit, state);
  SheetItem item{state.collection.image(number), "", state.collection.facts(number).boxes};
  const int side = std::max({item.image.rows, item.image.cols, kLeastPicturePx});
  return {200,
          encode_png(draw_sheet({item}, {.cell_px = side, .columns = 1, .boxes = true})),
          "image/png",
          {}};
}

/// A file that `balance --gate decisions:FILE` obeys, see docs/serve.md.
HttpResponse decisions_csv(SiteVisit& visit) {
  CurationState& state = state_of(visit);
  std::string out = csv_line(
      {"id", "verdict", "label", "tags", "people", "agreed", "part", "origin", "recipe", "seed"});
  for (const JointDecision& decision : state.decisions.joint()) {
    const auto number = state.collection.number_of(decision.row);
    if (!number) continue;
    const RowFacts facts = state.collection.facts(*number);
    out += csv_line({decision.row,
                     verdict_word(decision.verdict),
                     decision.label,
                     join(decision.tags, " "),
                     std::to_string(decision.people),
                     decision.agreed ? "1" : "0",
                     facts.part,
                     facts.origin,
                     facts.recipe,
                     std::to_string(facts.seed)});
  }
  return {200,
          std::move(out),
          "text/csv; charset=utf-8",
          {{"Content-Disposition", "attachment; filename=\"decisions.csv\""}}};
}

/// The real rows with what people decided, as a table that `data pack --format table` reads, see
/// docs/serve.md: without rejected rows, with the right classes. An image with several boxes has
/// several rows; one with another class loses its boxes, which are of the old one.
HttpResponse table_csv(SiteVisit& visit) {
  CurationState& state = state_of(visit);
  std::map<std::string, JointDecision> decided;
  for (JointDecision& decision : state.decisions.joint()) decided[decision.row] = decision;
  const auto& info = state.collection.store().info();
  std::vector<std::string> head{"path", "label", "patient", "split", "x0", "y0", "x1", "y1"};
  head.insert(head.end(), info.meta_columns.begin(), info.meta_columns.end());
  std::string out = csv_line(head);
  for (int64_t number = 0; number < state.collection.size(); ++number) {
    const RowFacts facts = state.collection.facts(number);
    const auto found = decided.find(facts.id);
    const bool rejected = found != decided.end() && found->second.verdict == Verdict::reject;
    if (facts.origin != origin_name(Origin::real) || rejected) continue;
    const bool relabelled = found != decided.end() && !found->second.label.empty();
    std::vector<std::string> line{facts.source_path,
                                  relabelled ? found->second.label : facts.label,
                                  facts.group,
                                  facts.part,
                                  "",
                                  "",
                                  "",
                                  ""};
    for (const auto& [name, value] : facts.columns) line.push_back(value);
    if (facts.boxes.empty() || relabelled) {
      out += csv_line(line);
      continue;
    }
    for (const Box& box : facts.boxes) {
      const std::array<float, 4> sides{box.x0, box.y0, box.x1, box.y1};
      for (size_t i = 0; i < sides.size(); ++i)
        line[4 + i] = fixed((sides[i] - facts.offset[i % 2]) / facts.scale[i % 2], 1);
      out += csv_line(line);
    }
  }
  return {200,
          std::move(out),
          "text/csv; charset=utf-8",
          {{"Content-Disposition", "attachment; filename=\"table.csv\""}}};
}

/// What `data split` and `data pack` need to read such a table.
HttpResponse table_toml(SiteVisit& visit) {
  state_of(visit);
  return {200,
          "# For table.csv of the curation page: put it into the folder of the images, then\n"
          "# evenray data split IMAGES --config table.toml --out split.csv\n"
          "# evenray data pack IMAGES --config table.toml --split split.csv --out corrected.h5\n"
          "[data]\nformat = 'table'\n\n[data.columns]\ntable = 'table.csv'\npath = 'path'\n"
          "label = 'label'\npatient = 'patient'\nsplit = 'split'\n"
          "box = ['x0', 'y0', 'x1', 'y1']\n",
          "text/plain; charset=utf-8",
          {{"Content-Disposition", "attachment; filename=\"table.toml\""}}};
}

}  // namespace

CurationState& state_of(const SiteVisit& visit) {
  check(visit.site.curation != nullptr, Exit::missing_input, visit.visitor.word("error.missing"));
  return *visit.site.curation;
}

int64_t row_at(const SiteVisit& visit, const CurationState& state) {
  int64_t number = -1;
  check(parse_int(visit.parts.at(0), number) && number >= 0 && number < state.collection.size(),
        Exit::missing_input,
        visit.visitor.word("error.missing"));
  return number;
}

int64_t number_in(const HttpFields& fields, const char* name, int64_t otherwise) {
  int64_t out = otherwise;
  parse_int(field_of(fields, name), out);
  return out;
}

std::vector<Route> curation_file_routes() {
  using Who = Route::Who;
  return {{"GET", "/curate/sheet.png", Role::viewer, Who::people, &sheet},
          {"GET", "/curate/rows/*/picture.png", Role::viewer, Who::people, &row_picture},
          {"GET", "/curate/decisions.csv", Role::viewer, Who::people, &decisions_csv},
          {"GET", "/curate/table.csv", Role::viewer, Who::people, &table_csv},
          {"GET", "/curate/table.toml", Role::viewer, Who::people, &table_toml}};
}

}  // namespace evenray
