// SPDX-License-Identifier: Apache-2.0
// A map of the rows by their images.
#include <algorithm>

#include "core/error.hpp"
#include "core/rng.hpp"
#include "core/text.hpp"
#include "serve/curation/scatter.hpp"
#include "serve/curation_view.hpp"

namespace evenray {
namespace {

/// Points that a map shows; t-SNE takes a time that grows with their square.
constexpr size_t kMostPoints = 4000, kMostOfTsne = 1200;
constexpr size_t kMostMaps = 8;
constexpr int kBusy = 503;  // the page asks again
constexpr double kPerplexity = 30;
constexpr int kTsneSteps = 600;

HttpResponse show_scatter(SiteVisit& visit) {
  const Visitor& visitor = visit.visitor;
  const std::string filter = filter_text(state_of(visit), visit.request.query);
  Html body = element("p", {}, visitor.word("scatter.lead"));
  body += element(
      "div",
      {{"class", "filter"}},
      labelled_select(
          visitor.word("scatter.method"), "method", "pca", {{"pca", "PCA"}, {"tsne", "t-SNE"}}) +
          labelled_select(visitor.word("scatter.colour"),
                          "colour",
                          "label",
                          {{"label", visitor.word("curate.class")},
                           {"origin", visitor.word("curate.origin")},
                           {"part", visitor.word("curate.part")}}));
  body += element(
      "div",
      {{"class", "scatter"}, {"data-filter", filter}},
      element("p", {{"role", "status"}}, "") +
          element(
              "canvas", {{"role", "img"}, {"aria-label", visitor.word("scatter.title")}}, Html()) +
          element("ul", {{"class", "legend"}}, Html()) +
          post_form(visitor, "/curate/selected", hidden_input("rows", "")));
  return html_page(visit, visitor.word("scatter.title"), body, {"scatter.js"});
}

DrawnMap draw_map(const RowList& list, bool tsne, const LikenessIndex& likeness, int threads) {
  DrawnMap out{list, tsne, *list, {}};
  Rng(1).shuffle(out.rows);  // the same choice each time
  out.rows.resize(std::min(out.rows.size(), tsne ? kMostOfTsne : kMostPoints));
  std::sort(out.rows.begin(), out.rows.end());
  if (out.rows.empty()) return out;
  const auto length = static_cast<int>(likeness.vector_length());
  cv::Mat vectors(static_cast<int>(out.rows.size()), length, CV_32F);
  for (size_t i = 0; i < out.rows.size(); ++i)
    std::copy_n(likeness.vector(out.rows[i]), length, vectors.ptr<float>(static_cast<int>(i)));
  out.places =
      tsne ? tsne_places(vectors, kPerplexity, kTsneSteps, threads) : principal_places(vectors);
  return out;
}

HttpResponse scatter_points(SiteVisit& visit) {
  const Visitor& visitor = visit.visitor;
  CurationState& state = state_of(visit);
  const LikenessIndex* likeness = state.likeness();
  check(likeness != nullptr, Exit::bad_data, visitor.word("curate.comparing"));
  const bool tsne = field_of(visit.request.query, "method") == "tsne";
  const RowList list = state.rows(visit.request.query, visitor.actor());
  // One map at a time, so that maps take neither all processors nor all threads that answer.
  const std::unique_lock lock(state.maps.drawing, std::try_to_lock);
  if (!lock) return json_reply({{"error", visitor.word("scatter.busy")}}, kBusy);
  auto& newest = state.maps.newest;
  auto map = std::find_if(newest.begin(), newest.end(), [&](const DrawnMap& one) {
    return one.list == list && one.tsne == tsne;
  });
  if (map == newest.end()) {
    newest.push_front(draw_map(list, tsne, *likeness, visit.site.options.threads));
    if (newest.size() > kMostMaps) newest.pop_back();
    map = newest.begin();
  }
  Json points = Json::array();
  for (size_t i = 0; i < map->rows.size(); ++i) {
    const RowFacts facts = state.collection.facts(map->rows[i]);
    points.push_back({{"n", map->rows[i]},
                      {"x", map->places[i][0]},
                      {"y", map->places[i][1]},
                      {"label", facts.label},
                      {"origin", facts.origin},
                      {"part", facts.part}});
  }
  return json_reply(
      {{"points", points},
       {"text",
        visitor.word("scatter.count",
                     {std::to_string(map->rows.size()), std::to_string(list->size())})}});
}

/// Shows rows that were selected in the map: as a list that the grid filters by.
HttpResponse show_selected(SiteVisit& visit) {
  CurationState& state = state_of(visit);
  auto rows = std::make_shared<std::vector<int64_t>>();
  for (const auto& part : split_text(field_of(visit.form, "rows"), ',')) {
    int64_t number = -1;
    if (parse_int(part, number) && number >= 0 && number < state.collection.size())
      rows->push_back(number);
  }
  return see_other("/curate?selection=" + state.keep(std::move(rows), visit.visitor.actor()));
}

}  // namespace

std::vector<Route> scatter_routes() {
  using Who = Route::Who;
  return {{"GET", "/curate/scatter", Role::viewer, Who::people, &show_scatter},
          {"GET", "/api/curate/scatter", Role::viewer, Who::people, &scatter_points},
          {"POST", "/curate/selected", Role::viewer, Who::people, &show_selected}};
}

}  // namespace evenray
