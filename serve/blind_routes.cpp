// SPDX-License-Identifier: Apache-2.0
// The blind test: a person says of each picture whether it is real or drawn.
#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/rng.hpp"
#include "core/text.hpp"
#include "dataset/image/image.hpp"
#include "dataset/image/sheet.hpp"
#include "metrics/stats.hpp"
#include "serve/curation_view.hpp"

namespace evenray {
namespace {

constexpr int64_t kPictures = 40, kLeastPictures = 10, kMostPictures = 200;
constexpr int kPicturePx = 384, kResultPx = 128;

bool is_drawn(const CurationState& state, const std::string& row) {
  const auto number = state.collection.number_of(row);
  return number && state.collection.origin(*number) == Origin::synthetic;
}

struct BlindScore {
  int64_t right = 0, all = 0, drawn = 0, drawn_right = 0;
};

BlindScore score_of(const CurationState& state, const BlindTest& test) {
  BlindScore out;
  for (size_t i = 0; i < test.said_drawn.size(); ++i) {
    const bool drawn = is_drawn(state, test.rows[i]), right = drawn == test.said_drawn[i];
    ++out.all;
    out.right += right;
    out.drawn += drawn;
    out.drawn_right += drawn && right;
  }
  return out;
}

std::string share_text_of(int64_t right, int64_t all) {
  const Interval interval = wilson(right, all);
  return cat(right,
             "/",
             all,
             ", ",
             fixed(100. * static_cast<double>(right) / static_cast<double>(all), 0),
             " % (",
             fixed(100 * interval.low, 0),
             ", ",
             fixed(100 * interval.high, 0),
             ")");
}

HttpResponse show_tests(SiteVisit& visit) {
  const Visitor& visitor = visit.visitor;
  CurationState& state = state_of(visit);
  std::vector<std::pair<std::string, std::string>> classes{{"", visitor.word("history.any")}};
  for (const auto& name : state.collection.store().info().class_names)
    classes.emplace_back(name, name);
  Html body = element("p", {}, visitor.word("blind.lead"));
  body += post_form(visitor,
                    "/curate/blind",
                    labelled_select(visitor.word("curate.class"), "class", "", classes) +
                        labelled_input(visitor.word("blind.pictures"),
                                       "pictures",
                                       std::to_string(kPictures),
                                       "number",
                                       {{"min", std::to_string(kLeastPictures)},
                                        {"max", std::to_string(kMostPictures)},
                                        {"step", "2"}}) +
                        submit_button(visitor.word("blind.start")),
                    {{"class", "filter"}});
  std::vector<std::vector<Html>> rows;
  for (const BlindTest& test : state.blind_tests.ended()) {
    const BlindScore score = score_of(state, test);
    rows.push_back(
        {Html::text(test.account.empty() ? "-" : test.account),
         time_of(test.started),
         Html::text(share_text_of(score.right, score.all)),
         Html::text(share_text_of(score.drawn_right, score.drawn)),
         Html::text(share_text_of(score.right - score.drawn_right, score.all - score.drawn))});
  }
  if (!rows.empty())
    body += table_of(visitor.word("blind.results"),
                     {visitor.word("signin.name"),
                      visitor.word("audit.time"),
                      visitor.word("blind.right"),
                      visitor.word("blind.drawn"),
                      visitor.word("blind.real")},
                     rows);
  return html_page(visit, visitor.word("blind.title"), body);
}

HttpResponse start_test(SiteVisit& visit) {
  CurationState& state = state_of(visit);
  const int64_t pictures =
      std::clamp(number_in(visit.form, "pictures", kPictures), kLeastPictures, kMostPictures) / 2 *
      2;
  RowFilter filter;
  filter.equal.emplace_back("part", "train");
  if (const std::string name = field_of(visit.form, "class"); !name.empty())
    filter.equal.emplace_back("class", name);
  std::array<std::vector<int64_t>, 2> rows;  // real, drawn
  for (const int64_t number : state.collection.find(filter)) {
    const Origin origin = state.collection.origin(number);
    if (origin == Origin::real) rows[0].push_back(number);
    if (origin == Origin::synthetic) rows[1].push_back(number);
  }
  const auto half = static_cast<size_t>(pictures / 2);
  check(rows[0].size() >= half && rows[1].size() >= half,
        Exit::bad_data,
        visit.visitor.word("blind.few",
                           {std::to_string(rows[0].size()), std::to_string(rows[1].size())}));
  Rng rng(std::hash<std::string>{}(random_text(16)));
  std::vector<std::string> chosen;
  for (auto& of_kind : rows) {
    rng.shuffle(of_kind);
    for (size_t i = 0; i < half; ++i) chosen.push_back(state.collection.id(of_kind[i]));
  }
  rng.shuffle(chosen);
  return see_other("/curate/blind/" + state.blind_tests.start(visit.visitor.actor(), chosen));
}

BlindTest test_at(const SiteVisit& visit, const CurationState& state) {
  const auto found = state.blind_tests.find(visit.visitor.actor(), visit.parts.at(0));
  check(found.has_value(), Exit::missing_input, visit.visitor.word("error.missing"));
  return *found;
}

Html result_of_test(const SiteVisit& visit, const CurationState& state, const BlindTest& test) {
  const Visitor& visitor = visit.visitor;
  const BlindScore score = score_of(state, test);
  Html body =
      element("p", {}, visitor.word("blind.score", {share_text_of(score.right, score.all)})) +
      element("p", {{"class", "muted"}}, visitor.word("blind.chance"));
  return body +
         element("p",
                 {{"class", "picture"}},
                 element("img",
                         {{"src", cat("/curate/blind/", test.id, "/sheet.png")},
                          {"alt", visitor.word("blind.sheet")}})) +
         element("p", {}, link_to("/curate/blind", visitor.word("back")));
}

HttpResponse show_test(SiteVisit& visit) {
  const Visitor& visitor = visit.visitor;
  CurationState& state = state_of(visit);
  const BlindTest test = test_at(visit, state);
  if (test.ended())
    return html_page(visit, visitor.word("blind.title"), result_of_test(visit, state, test));
  const std::string place = std::to_string(test.said_drawn.size());
  Html body = element("p",
                      {{"role", "status"}},
                      visitor.word("blind.place",
                                   {std::to_string(test.said_drawn.size() + 1),
                                    std::to_string(test.rows.size())})) +
              element("p",
                      {{"class", "picture"}},
                      element("img",
                              {{"src", cat("/curate/blind/", test.id, "/", place, "/picture.png")},
                               {"alt", visitor.word("blind.picture")},
                               {"width", std::to_string(kPicturePx)}}));
  body += post_form(
      visitor,
      "/curate/blind/" + test.id,
      hidden_input("place", place) +
          element("button", {{"name", "answer"}, {"value", "real"}}, visitor.word("blind.isreal")) +
          element(
              "button", {{"name", "answer"}, {"value", "drawn"}}, visitor.word("blind.isdrawn")),
      {{"class", "filter"}});
  return html_page(visit, visitor.word("blind.title"), body, {"keys.js"});
}

HttpResponse answer_test(SiteVisit& visit) {
  CurationState& state = state_of(visit);
  const int64_t place = number_in(visit.form, "place", -1);
  const std::string answer = field_of(visit.form, "answer");
  if (place >= 0 && (answer == "real" || answer == "drawn"))
    state.blind_tests.answer(
        visit.visitor.actor(), visit.parts.at(0), static_cast<size_t>(place), answer == "drawn");
  return see_other("/curate/blind/" + visit.parts.at(0));
}

/// Real and drawn pictures are drawn alike: nothing but their pixels tells them apart.
HttpResponse test_picture(SiteVisit& visit) {
  CurationState& state = state_of(visit);
  const BlindTest test = test_at(visit, state);
  int64_t place = -1;
  check(parse_int(visit.parts.at(1), place) && place >= 0 && place < std::ssize(test.rows) &&
            place <= std::ssize(test.said_drawn),
        Exit::missing_input,
        visit.visitor.word("error.missing"));
  const auto number = state.collection.number_of(test.rows[static_cast<size_t>(place)]);
  check(number.has_value(), Exit::missing_input, visit.visitor.word("error.missing"));
  return {200,
          encode_png(draw_sheet({{state.collection.image(*number), "", {}}},
                                {.cell_px = kPicturePx, .columns = 1})),
          "image/png",
          {}};
}

/// All pictures with what they are and what was said.
HttpResponse test_sheet(SiteVisit& visit) {
  CurationState& state = state_of(visit);
  const BlindTest test = test_at(visit, state);
  check(test.ended(), Exit::missing_input, visit.visitor.word("error.missing"));
  std::vector<SheetItem> items;
  for (size_t i = 0; i < test.rows.size(); ++i)
    if (const auto number = state.collection.number_of(test.rows[i])) {
      const bool drawn = is_drawn(state, test.rows[i]);
      items.push_back(
          {state.collection.image(*number),
           cat(drawn ? "drawn" : "real", drawn == test.said_drawn[i] ? ", right" : ", wrong"),
           {}});
    }
  return {
      200, encode_png(draw_sheet(items, {.cell_px = kResultPx, .columns = 8})), "image/png", {}};
}

}  // namespace

std::vector<Route> blind_routes() {
  using Who = Route::Who;
  return {{"GET", "/curate/blind", Role::viewer, Who::people, &show_tests},
          {"POST", "/curate/blind", Role::viewer, Who::people, &start_test},
          {"GET", "/curate/blind/*", Role::viewer, Who::people, &show_test},
          {"POST", "/curate/blind/*", Role::viewer, Who::people, &answer_test},
          {"GET", "/curate/blind/*/sheet.png", Role::viewer, Who::people, &test_sheet},
          {"GET", "/curate/blind/*/*/picture.png", Role::viewer, Who::people, &test_picture}};
}

}  // namespace evenray
