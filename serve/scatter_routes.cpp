// SPDX-License-Identifier: Apache-2.0
// A map of the rows by their images.
#include <algorithm>
#include <mutex>

#include "core/error.hpp"
#include "core/rng.hpp"
#include "core/text.hpp"
#include "serve/curation/scatter.hpp"
#include "serve/curation_view.hpp"

namespace evenray {
namespace {

/// Points that a map shows; t-SNE takes a time that grows with their square.
constexpr size_t kMostPoints = 4000, kMostOfTsne = 1200;
constexpr double kPerplexity = 30;
constexpr int kTsneSteps = 600;

HttpResponse show_scatter(SiteVisit& visit) {
  const Visitor& visitor = visit.visitor;
  state_of(visit);
  std::string filter;
  for (const auto& [name, value] : visit.request.query)
    if (!value.empty())
      filter += cat(filter.empty() ? "" : "&", encode_url(name), "=", encode_url(value));
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

HttpResponse scatter_points(SiteVisit& visit) {
  const Visitor& visitor = visit.visitor;
  CurationState& state = state_of(visit);
  const LikenessIndex* likeness = state.likeness();
  check(likeness != nullptr, Exit::bad_data, visitor.word("curate.comparing"));
  const bool tsne = field_of(visit.request.query, "method") == "tsne";
  std::vector<int64_t> rows = *state.rows(visit.request.query, visitor.actor());
  const size_t all = rows.size();
  Rng(1).shuffle(rows);  // the same choice each time
  rows.resize(std::min(rows.size(), tsne ? kMostOfTsne : kMostPoints));
  std::sort(rows.begin(), rows.end());
  const auto length = static_cast<int>(likeness->vector_length());
  cv::Mat vectors(static_cast<int>(rows.size()), length, CV_32F);
  for (size_t i = 0; i < rows.size(); ++i)
    std::copy_n(likeness->vector(rows[i]), length, vectors.ptr<float>(static_cast<int>(i)));
  static std::mutex one_at_a_time;  // others wait, so that maps do not take all processors
  const std::lock_guard lock(one_at_a_time);
  const Places places =
      rows.empty() ? Places{}
      : tsne       ? tsne_places(vectors, kPerplexity, kTsneSteps, visit.site.options.threads)
                   : principal_places(vectors);
  Json points = Json::array();
  for (size_t i = 0; i < rows.size(); ++i) {
    const RowFacts facts = state.collection.facts(rows[i]);
    points.push_back({{"n", rows[i]},
                      {"x", places[i][0]},
                      {"y", places[i][1]},
                      {"label", facts.label},
                      {"origin", facts.origin},
                      {"part", facts.part}});
  }
  return json_reply(
      {{"points", points},
       {"text",
        visitor.word("scatter.count", {std::to_string(rows.size()), std::to_string(all)})}});
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
  return see_other("/curate?selection=" + state.keep(std::move(rows)));
}

}  // namespace

std::vector<Route> scatter_routes() {
  using Who = Route::Who;
  return {{"GET", "/curate/scatter", Role::viewer, Who::people, &show_scatter},
          {"GET", "/api/curate/scatter", Role::viewer, Who::people, &scatter_points},
          {"POST", "/curate/selected", Role::viewer, Who::people, &show_selected}};
}

}  // namespace evenray
