// SPDX-License-Identifier: Apache-2.0
// The curation pages: the grid of a store's rows, one row, decisions and what is made of them.
#include <algorithm>

#include "core/error.hpp"
#include "core/number.hpp"
#include "core/text.hpp"
#include "serve/curation_view.hpp"
#include "serve/site.hpp"

namespace evenray {
namespace {

constexpr int64_t kMostOfList = 500, kWithoutScript = 60;
constexpr int kNearest = 8;
constexpr size_t kMostDecided = 20'000, kMostCopies = 40;

/// The list of a query; empty if it asks for a selection that is not kept any more.
RowList rows_or_none(CurationState& state, const SiteVisit& visit) {
  try {
    return state.rows(visit.request.query, visit.visitor.actor());
  } catch (const Error& error) {
    if (error.code() != Exit::missing_input) throw;
    return std::make_shared<std::vector<int64_t>>();
  }
}

Html filter_form(const SiteVisit& visit, const CurationState& state) {
  const Visitor& visitor = visit.visitor;
  const HttpFields& query = visit.request.query;
  Html inputs =
      labelled_input(visitor.word("curate.text"), "text", field_of(query, "text"), "search");
  for (const FilterColumn& column : state.collection.columns()) {
    if (column.values.empty()) continue;
    std::vector<std::pair<std::string, std::string>> values{{"", visitor.word("history.any")}};
    for (const auto& value : column.values)
      if (!value.empty()) values.emplace_back(value, value);
    const bool known = column.name == "class" || column.name == "origin" || column.name == "part";
    inputs += labelled_select(known ? visitor.word("curate." + column.name) : column.name,
                              "c_" + column.name,
                              field_of(query, "c_" + column.name),
                              values);
  }
  std::vector<std::pair<std::string, std::string>> verdicts{{"", visitor.word("history.any")}};
  for (const char* word : {"queue", "open", "accept", "reject", "relabelled", "disagreed"})
    verdicts.emplace_back(word, visitor.word(cat("verdict.", word)));
  inputs += labelled_select(
      visitor.word("curate.verdict"), "verdict", field_of(query, "verdict"), verdicts);
  inputs += labelled_select(
      visitor.word("curate.whose"),
      "whose",
      field_of(query, "whose"),
      {{"", visitor.word("curate.together")}, {"mine", visitor.word("curate.mine")}});
  inputs += labelled_input(visitor.word("curate.tag"), "tag", field_of(query, "tag"));
  std::vector<std::pair<std::string, std::string>> orders{{"", visitor.word("curate.stored")}};
  for (const char* score : kRowScores) {
    if (!state.collection.has_score(score)) continue;
    const std::string name = cat("s_", score);
    orders.emplace_back(score, visitor.word(cat("curate.", score)));
    if (std::string_view(score) == "copies")
      inputs += labelled_select(
          visitor.word("curate.copies"),
          name,
          field_of(query, name),
          {{"", visitor.word("history.any")}, {"1", visitor.word("curate.withcopies")}});
    else
      inputs += labelled_input(visitor.word("curate.least", {visitor.word(cat("curate.", score))}),
                               name,
                               field_of(query, name),
                               "number",
                               {{"step", "0.01"}, {"min", "-1"}, {"max", "1"}});
  }
  if (orders.size() > 1)
    inputs +=
        labelled_select(visitor.word("curate.order"), "order", field_of(query, "order"), orders);
  if (const std::string kept = field_of(query, "selection"); !kept.empty())
    inputs += hidden_input("selection", kept);
  const Html form = element("form",
                            {{"class", "filter"}},
                            inputs + submit_button(visitor.word("patients.find")) +
                                Html::text(" ") + link_to("/curate", visitor.word("curate.all")));
  // The script closes it on small screens.
  return element("details",
                 {{"class", "filters"}, {"open", ""}},
                 element("summary", {}, visitor.word("curate.filter")) + form);
}

Json row_json(const CurationState& state,
              int64_t number,
              const std::map<std::string, Decision>& mine) {
  const RowFacts facts = state.collection.facts(number);
  Json out{{"n", number},
           {"id", facts.id},
           {"label", facts.label},
           {"origin", facts.origin},
           {"part", facts.part}};
  if (const auto found = mine.find(facts.id); found != mine.end()) {
    out["verdict"] = verdict_word(found->second.verdict);
    out["relabel"] = found->second.label;
    out["tags"] = found->second.tags;
  }
  return out;
}

/// A link to a row with its picture, for the page without script.
Html row_link(const CurationState& state, int64_t number, const std::string& filter) {
  const RowFacts facts = state.collection.facts(number);
  return element("a",
                 {{"href", cat("/curate/rows/", number, filter.empty() ? "" : "?", filter)}},
                 element("img",
                         {{"src", cat("/curate/sheet.png?rows=", number)},
                          {"width", "96"},
                          {"height", "96"},
                          {"loading", "lazy"},
                          {"alt", cat(facts.id, ", ", facts.label, ", ", facts.origin)}}));
}

HttpResponse show_grid(SiteVisit& visit) {
  const Visitor& visitor = visit.visitor;
  CurationState& state = state_of(visit);
  const RowList rows = state.rows(visit.request.query, visitor.actor());
  const std::string filter = filter_text(state, visit.request.query);
  Html body = filter_form(visit, state);
  body += element(
      "p",
      {{"class", "count"}, {"role", "status"}},
      visitor.word("curate.count",
                   {std::to_string(rows->size()), std::to_string(state.collection.size())}));
  const int64_t from = std::max<int64_t>(0, number_in(visit.request.query, "from", 0));
  Html plain;
  for (int64_t i = from; i < std::min(from + kWithoutScript, std::ssize(*rows)); ++i)
    plain += row_link(state, (*rows)[static_cast<size_t>(i)], filter);
  if (from + kWithoutScript < std::ssize(*rows))
    plain += element(
        "p",
        {},
        link_to(cat("/curate?", filter, filter.empty() ? "" : "&", "from=", from + kWithoutScript),
                visitor.word("page.next")));
  std::string classes;
  for (const auto& name : state.collection.store().info().class_names)
    classes += cat(classes.empty() ? "" : "\n", name);
  body += element("div",
                  {{"class", "grid"},
                   {"data-count", std::to_string(rows->size())},
                   {"data-filter", filter},
                   {"data-list", state.keep(rows, visitor.actor())},
                   {"data-side", std::to_string(ThumbnailCache::kSide)},
                   {"data-classes", classes},
                   {"data-may", visitor.may(Role::curator) ? "1" : ""},
                   {"data-accept", visitor.word("curate.accept")},
                   {"data-reject", visitor.word("curate.reject")},
                   {"data-open", visitor.word("curate.open")},
                   {"data-tag", visitor.word("curate.tag")},
                   {"data-undo", visitor.word("curate.undo")},
                   {"data-keys", visitor.word("curate.keys")},
                   {"aria-label", visitor.word("curate.grid")}},
                  plain);
  return html_page(visit, visitor.word("nav.curate"), body, {"grid.js"});
}

/// A part of the list of an open grid.
HttpResponse list_rows(SiteVisit& visit) {
  CurationState& state = state_of(visit);
  const RowList rows = state.kept(field_of(visit.request.query, "list"));
  const int64_t from = std::max<int64_t>(0, number_in(visit.request.query, "from", 0));
  const int64_t count =
      std::clamp<int64_t>(number_in(visit.request.query, "count", 100), 1, kMostOfList);
  const auto mine = state.decisions_of(visit.visitor.actor());
  Json out{{"count", rows->size()}, {"rows", Json::array()}};
  for (int64_t i = from; i < std::min(from + count, std::ssize(*rows)); ++i)
    out["rows"].push_back(row_json(state, (*rows)[static_cast<size_t>(i)], *mine));
  return json_reply(out);
}

/// Returns the name of a class, or an empty text. Throws 65 for another one.
std::string known_label(const CurationState& state, const std::string& label) {
  if (!label.empty()) state.collection.store().info().class_index(label);
  return label;
}

/// The decisions that a request asks for, on rows by their places in the list of an open grid:
/// {"list","places":[n...],"verdict","label","tag"}.
HttpResponse decide(SiteVisit& visit) {
  CurationState& state = state_of(visit);
  const Json asked = parse_json(visit.request.body, "the request");
  DecisionChange change;
  std::vector<std::string> rows;
  try {
    const RowList list = state.kept(asked.at("list"));
    check(asked.at("places").is_array(), Exit::bad_data, "the request cannot be read");
    check(asked["places"].size() <= kMostDecided,
          Exit::bad_data,
          visit.visitor.word("curate.toomany", {std::to_string(kMostDecided)}));
    for (const auto& item : asked["places"]) {
      const auto place = item.get<int64_t>();
      check(place >= 0 && place < std::ssize(*list), Exit::bad_data, "there is no such place");
      rows.push_back(state.collection.id((*list)[static_cast<size_t>(place)]));
    }
    if (asked.contains("verdict")) change.verdict = parse_verdict(asked["verdict"]);
    if (asked.contains("tag")) change.add_tag = asked["tag"];
    if (asked.contains("label")) change.label = known_label(state, asked["label"]);
  } catch (const Json::exception&) {
    throw Error(Exit::bad_data, "the request cannot be read");
  }
  state.decisions.decide(visit.visitor.actor(), rows, change);
  state.decisions_changed();
  return json_reply({{"rows", rows.size()}});
}

HttpResponse undo(SiteVisit& visit) {
  CurationState& state = state_of(visit);
  Json rows = Json::array();
  for (const auto& id : state.decisions.undo(visit.visitor.actor()))
    if (const auto number = state.collection.number_of(id)) rows.push_back(*number);
  state.decisions_changed();
  return json_reply({{"rows", rows}});
}

/// The copies of a row and the nearest real training images with their correlation.
Html alike_of(const SiteVisit& visit, const CurationState& state, int64_t number) {
  const Visitor& visitor = visit.visitor;
  const LikenessIndex* likeness = state.likeness();
  if (!likeness) return element("p", {{"class", "muted"}}, visitor.word("curate.comparing"));
  const auto list = [&](const char* title, const std::vector<Likeness>& rows, bool numbers) {
    Html items;
    for (const Likeness& like : rows)
      items +=
          element("li",
                  {},
                  row_link(state, like.number, "") +
                      (numbers ? element("span", {}, decimal_text(like.correlation, 2)) : Html()));
    return rows.empty() ? Html()
                        : element("h2", {}, visitor.word(title)) +
                              element("ul", {{"class", "thumbnails"}}, items);
  };
  std::vector<Likeness> copies;
  for (const int64_t copy : likeness->copies_of(number))
    if (copies.size() < kMostCopies) copies.push_back({copy, 1});
  return list("curate.copies", copies, false) +
         list("curate.nearest", likeness->nearest(number, kNearest, /*real=*/true), true);
}

/// The forms that decide on a row without script.
Html decision_forms(const SiteVisit& visit, CurationState& state, int64_t number) {
  const Visitor& visitor = visit.visitor;
  const auto mine = state.decisions_of(visitor.actor());
  const auto found = mine->find(state.collection.id(number));
  const Decision decision = found == mine->end() ? Decision{} : found->second;
  const std::string own =
      cat("/curate/rows/", number, "/decide?", filter_text(state, visit.request.query));
  Html buttons;
  for (const auto& [verdict, key] : {std::pair<Verdict, const char*>{Verdict::accept, "accept"},
                                     {Verdict::reject, "reject"},
                                     {Verdict::open, "open"}}) {
    HtmlAttributes attributes{{"name", "verdict"}, {"value", verdict_word(verdict)}};
    if (decision.verdict == verdict) attributes.emplace_back("aria-pressed", "true");
    buttons += element("button", attributes, visitor.word(cat("curate.", key)));
  }
  std::vector<std::pair<std::string, std::string>> labels{{"", visitor.word("curate.asitis")}};
  for (const auto& name : state.collection.store().info().class_names)
    labels.emplace_back(name, name);
  return post_form(visitor, own, buttons, {{"class", "filter"}}) +
         post_form(
             visitor,
             own,
             labelled_select(visitor.word("curate.label"), "label", decision.label, labels) +
                 labelled_input(visitor.word("curate.tags"), "tags", join(decision.tags, " ")) +
                 submit_button(visitor.word("patient.save")),
             {{"class", "filter"}});
}

HttpResponse show_row(SiteVisit& visit) {
  const Visitor& visitor = visit.visitor;
  CurationState& state = state_of(visit);
  const int64_t number = row_at(visit, state);
  const RowFacts facts = state.collection.facts(number);
  const std::string filter = filter_text(state, visit.request.query);
  const RowList rows = rows_or_none(state, visit);
  const auto at = std::find(rows->begin(), rows->end(), number);
  Html steps = link_to(cat("/curate?", filter), visitor.word("curate.grid"));
  const auto step = [&](int64_t to, const char* key, const char* rel) {
    steps +=
        Html::text(" ") + element("a",
                                  {{"href", cat("/curate/rows/", to, "?", filter)}, {"rel", rel}},
                                  visitor.word(key));
  };
  if (at != rows->end() && at != rows->begin()) step(*(at - 1), "curate.previous", "prev");
  if (at != rows->end() && at + 1 != rows->end()) step(*(at + 1), "curate.next", "next");
  Html list;
  const auto fact = [&](const std::string& name, const Html& text) {
    if (!text.markup().empty()) list += element("dt", {}, name) + element("dd", {}, text);
  };
  fact(visitor.word("curate.class"), Html::text(facts.label));
  fact(visitor.word("curate.origin"), Html::text(facts.origin));
  fact(visitor.word("curate.part"), Html::text(facts.part));
  fact(visitor.word("curate.group"), Html::text(facts.group));
  fact(visitor.word("curate.source"), Html::text(facts.source_path));
  if (facts.parent)
    fact(visitor.word("curate.parent"),
         link_to(cat("/curate/rows/", *facts.parent), state.collection.id(*facts.parent)));
  fact(visitor.word("curate.recipe"), Html::text(facts.recipe));
  if (!facts.recipe.empty())
    fact(visitor.word("curate.seed"), Html::text(std::to_string(facts.seed)));
  for (const auto& [name, value] : facts.columns) fact(name, Html::text(value));
  for (const char* score : {"suspicion", "likeness"})
    if (const auto value = state.collection.score(score, number))
      fact(visitor.word(cat("curate.", score)), Html::text(decimal_text(*value, 3)));
  Html body = element("p", {{"class", "steps"}}, steps) +
              element("p",
                      {{"class", "picture"}},
                      element("img",
                              {{"src", cat("/curate/rows/", number, "/picture.png")},
                               {"alt", cat(facts.label, ", ", facts.origin)}}));
  if (visitor.may(Role::curator)) body += decision_forms(visit, state, number);
  body += element("dl", {{"class", "facts"}}, list) + alike_of(visit, state, number);
  return html_page(visit, facts.id, body, {"keys.js"});
}

HttpResponse decide_on_row(SiteVisit& visit) {
  CurationState& state = state_of(visit);
  const int64_t number = row_at(visit, state);
  // The next row of the list as it was before the decision.
  const RowList rows = rows_or_none(state, visit);
  const auto at = std::find(rows->begin(), rows->end(), number);
  const auto has = [&](const char* name) {
    return std::any_of(visit.form.begin(), visit.form.end(), [&](const auto& field) {
      return field.first == name;
    });
  };
  DecisionChange change;
  if (has("verdict")) change.verdict = parse_verdict(field_of(visit.form, "verdict"));
  if (has("label")) change.label = known_label(state, field_of(visit.form, "label"));
  if (has("tags")) {
    change.tags = split_text(field_of(visit.form, "tags"), ' ');
    std::erase(*change.tags, "");
  }
  state.decisions.decide(visit.visitor.actor(), {state.collection.id(number)}, change);
  state.decisions_changed();
  const bool next = has("verdict") && at != rows->end() && at + 1 != rows->end();
  return see_other(cat(
      "/curate/rows/", next ? *(at + 1) : number, "?", filter_text(state, visit.request.query)));
}

}  // namespace

std::vector<Route> curation_routes() {
  using Who = Route::Who;
  return {{"GET", "/curate", Role::viewer, Who::people, &show_grid},
          {"GET", "/api/curate/rows", Role::viewer, Who::people, &list_rows},
          {"GET", "/curate/rows/*", Role::viewer, Who::people, &show_row},
          {"POST", "/curate/rows/*/decide", Role::curator, Who::people, &decide_on_row},
          {"POST", "/api/curate/decide", Role::curator, Who::people, &decide},
          {"POST", "/api/curate/undo", Role::curator, Who::people, &undo}};
}

}  // namespace evenray
