// SPDX-License-Identifier: Apache-2.0
// Pictures of rows, and the files that decisions are written to.
#include <algorithm>

#include "core/csv.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/image/image.hpp"
#include "dataset/image/sheet.hpp"
#include "serve/corrected_table.hpp"
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

CorrectedTable table_of_state(SiteVisit& visit) {
  CurationState& state = state_of(visit);
  return corrected_table(state.collection, state.decisions.joint());
}

HttpResponse table_csv(SiteVisit& visit) {
  return {200,
          table_of_state(visit).csv,
          "text/csv; charset=utf-8",
          {{"Content-Disposition", "attachment; filename=\"table.csv\""}}};
}

HttpResponse table_toml(SiteVisit& visit) {
  return {200,
          table_of_state(visit).toml,
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
