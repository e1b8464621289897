// SPDX-License-Identifier: Apache-2.0
// The page about the models: what they were trained on, how they were tested, for what not.
#include <functional>

#include "core/number.hpp"
#include "core/text.hpp"
#include "serve/exam_view.hpp"
#include "serve/site.hpp"

namespace evenray {
namespace {

/// A number with its interval; "-" if it is not known.
std::string figure(const Json& value, const Json& interval) {
  if (!value.is_number()) return "-";
  const bool known = interval.is_array() && interval.size() == 2 && interval[0].is_number();
  return cat(decimal_text(value.get<double>(), 3),
             known
                 ? cat(" (", decimal_text(interval[0], 3), ", ", decimal_text(interval[1], 3), ")")
                 : "");
}

/// The same of keys "NAME.KEY" of an object of intervals.
std::string figure_of(const Json& row, const Json& tested, const char* key) {
  const std::string name = cat(row.at("name").get<std::string>(), ".", key);
  return figure(row.value(key, Json()), tested.value("ci", Json::object()).value(name, Json()));
}

Html training_of(const Visitor& visitor, const Json& model) {
  const Json& images = model.at("card").at("images");
  std::vector<std::string> head{visitor.word("history.finding"),
                                visitor.word("model.train"),
                                visitor.word("model.val"),
                                visitor.word("model.test")};
  std::vector<std::vector<Html>> rows;
  const auto add = [&](const std::string& name, const std::function<Json(const Json&)>& count) {
    std::vector<Html> row{Html::text(name)};
    for (const char* part : {"train", "val", "test"})
      row.push_back(Html::text(count(images.at(part)).dump()));
    rows.push_back(std::move(row));
  };
  for (const auto& name : model.at("classes").get<std::vector<std::string>>())
    add(name, [&](const Json& part) { return part.at("classes").at(name); });
  add(visitor.word("model.all"), [](const Json& part) { return part.at("all"); });
  Html out = table_of(visitor.word("model.images"), head, rows);
  if (const auto synthetic = model.at("card").at("synthetic").get<int64_t>(); synthetic > 0)
    out += element("p", {}, visitor.word("model.synthetic", {std::to_string(synthetic)}));
  return out;
}

Html cautions_of(const Json& tested) {
  Html out;
  for (const auto& caution : tested.value("cautions", Json::array()))
    out += element("p", {{"class", "muted"}}, caution.get<std::string>());
  return out;
}

Html test_of_classifier(const Visitor& visitor, const Json& model, const Json& tested) {
  std::vector<std::vector<Html>> rows;
  for (const auto& row : tested.at("classes"))
    rows.push_back({Html::text(row.at("name").get<std::string>()),
                    Html::text(row.at("positives").dump()),
                    Html::text(figure_of(row, tested, "auroc")),
                    Html::text(figure_of(row, tested, "sensitivity")),
                    Html::text(figure_of(row, tested, "specificity")),
                    Html::text(figure(model.value("thresholds", Json::object())
                                          .value(row.at("name").get<std::string>(), Json()),
                                      Json()))});
  return table_of(visitor.word("model.tested", {tested.at("n").dump()}),
                  {visitor.word("history.finding"),
                   visitor.word("model.positives"),
                   "AUROC",
                   visitor.word("model.sensitivity"),
                   visitor.word("model.specificity"),
                   visitor.word("exam.threshold")},
                  rows) +
         cautions_of(tested);
}

Html test_of_detector(const Visitor& visitor, const Json& tested) {
  std::vector<std::vector<Html>> rows;
  for (const auto& [key, name] : {std::pair<const char*, std::string>{"ap50", "AP50"},
                                  {"froc", "FROC"},
                                  {"sensitivity_1", visitor.word("model.found")}})
    if (tested.at("values").contains(key))
      rows.push_back({Html::text(name),
                      Html::text(figure(tested.at("values").at(key),
                                        tested.value("ci", Json::object()).value(key, Json())))});
  return table_of(visitor.word("model.tested", {tested.at("images").dump()}),
                  {visitor.word("model.figure"), visitor.word("model.value")},
                  rows) +
         cautions_of(tested);
}

Html card_of(const Visitor& visitor, const char* kind, const Json& model) {
  Html facts;
  const auto fact = [&](const char* key, const std::string& text) {
    if (!text.empty()) facts += element("dt", {}, visitor.word(key)) + element("dd", {}, text);
  };
  fact("model.arch", model.at("arch"));
  fact("model.size", cat(model.at("size_px")[0], " x ", model.at("size_px")[1], " px"));
  fact("model.classes", join(model.at("classes").get<std::vector<std::string>>()));
  fact("model.digest", model.value("digest", "").substr(0, kShownDigest));
  if (model.contains("shown_score")) fact("model.shown", percent_text(model["shown_score"]));
  const Json& card = model.at("card");
  if (card.is_object()) {
    fact("model.source", card.at("source"));
    fact("model.licence", card.at("licence"));
  }
  Html out = element("h2", {}, visitor.word(cat("model.", kind))) +
             element("dl", {{"class", "facts"}}, facts);
  if (!card.is_object()) return out + element("p", {}, visitor.word("model.nocard"));
  out += training_of(visitor, model);
  if (!card.contains("tested")) return out + element("p", {}, visitor.word("model.untested"));
  const Json& tested = card["tested"];
  return out + (std::string_view(kind) == "classifier" ? test_of_classifier(visitor, model, tested)
                                                       : test_of_detector(visitor, tested));
}

HttpResponse show_models(SiteVisit& visit) {
  const Visitor& visitor = visit.visitor;
  Html body;
  for (const char* kind : {"classifier", "detector"})
    if (Json model = visit.site.models.at(kind); model.is_object()) {
      try {
        body += card_of(visitor, kind, model);
      } catch (const Json::exception&) {
        model["card"] = nullptr;  // of another version
        body += card_of(visitor, kind, model);
      }
    }
  Html limits;
  for (const char* key : {"model.not.kind", "model.not.other", "model.not.alone"})
    limits += element("li", {}, visitor.word(key));
  body += element("h2", {}, visitor.word("model.not")) + element("ul", {}, limits);
  return html_page(visit, visitor.word("model.title"), body);
}

}  // namespace

std::vector<Route> model_routes() {
  return {{"GET", "/model", Role::viewer, Route::Who::people, &show_models}};
}

}  // namespace evenray
