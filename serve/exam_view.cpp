// SPDX-License-Identifier: Apache-2.0
#include "serve/exam_view.hpp"

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

constexpr int kShownFindings = 3;

/// Whether the model decided for a class, and from which probability on.
std::string decision_text(const Visitor& visitor, const Json& result, const Json& found) {
  const std::string word = visitor.word(found.at("predicted").get<bool>() ? "exam.yes" : "exam.no");
  const Json thresholds = result.at("models").at("classifier").value("thresholds", Json::object());
  const auto threshold = thresholds.find(found.at("name").get<std::string>());
  if (threshold == thresholds.end()) return word;
  return cat(word, " (", visitor.word("exam.from", {percent_text(*threshold)}), ")");
}

}  // namespace

Exam exam_at(const SiteVisit& visit) {
  auto found = visit.site.exams.find(visit.parts.at(0));
  check(found.has_value(), Exit::missing_input, visit.visitor.word("error.missing"));
  return *found;
}

void wait_for_result(const SiteVisit& visit, const std::string& exam) {
  constexpr int64_t kLongest = 20;
  int64_t seconds = 0;
  parse_int(field_of(visit.request.query, "wait_s", "0"), seconds);
  if (seconds > 0) visit.site.jobs->wait(exam, static_cast<double>(std::min(seconds, kLongest)));
}

std::string shown_name(const Patient& patient) {
  return patient.fields.name.empty() ? patient.fields.number : patient.fields.name;
}

std::string percent_text(double probability) {
  return cat(fixed(100 * probability, probability < .1 || probability > .9 ? 1 : 0), " %");
}

Html findings_of(const SiteVisit& visit, const Exam& exam) {
  const Visitor& visitor = visit.visitor;
  std::vector<std::vector<Html>> rows;
  const Json& classes = exam.result.at("classes");
  for (const auto& one : classes) {
    if (std::ssize(rows) == kShownFindings) break;
    const double p = one.at("p");
    rows.push_back({Html::text(one.at("name").get<std::string>()),
                    element("meter",
                            {{"min", "0"},
                             {"max", "1"},
                             {"value", cat(p)},
                             {"aria-label", one.at("name").get<std::string>()}},
                            percent_text(p)) +
                        Html::text(" " + percent_text(p)),
                    Html::text(decision_text(visitor, exam.result, one))});
  }
  if (rows.empty()) return {};
  return table_of(visitor.word("exam.findings"),
                  {visitor.word("history.finding"),
                   visitor.word("exam.probability"),
                   visitor.word("exam.decision")},
                  rows);
}

Html unlike_of(const SiteVisit& visit, const Exam& exam) {
  const Json& unlike = exam.result.at("unlike");
  if (!unlike.is_number() || unlike <= 1) return {};
  return element("p",
                 {{"role", "alert"}, {"class", "warning"}},
                 visit.visitor.word("exam.unlike", {fixed(unlike.get<double>(), 1)}));
}

Html boxes_of(const SiteVisit& visit, const Exam& exam) {
  const Visitor& visitor = visit.visitor;
  if (!exam.result.at("models").at("detector").is_object()) return {};
  Html items;
  for (const auto& box : exam.result.at("boxes"))
    items += element(
        "li",
        {},
        cat(box.at("class").get<std::string>(), ", ", percent_text(box.at("score").get<double>())));
  const Html title = element("h2", {}, visitor.word("exam.boxes"));
  if (items.markup().empty()) return title + element("p", {}, visitor.word("exam.noboxes"));
  return title + element("ol", {{"class", "boxes"}}, items);
}

Html exam_table(const SiteVisit& visit, const std::vector<Exam>& exams, bool with_patient) {
  const Visitor& visitor = visit.visitor;
  if (exams.empty()) return element("p", {}, visitor.word("history.none"));
  std::vector<std::vector<Html>> rows;
  for (const Exam& exam : exams) {
    const std::string own = "/exams/" + exam.id;
    std::vector<Html> row{element("a",
                                  {{"href", own}},
                                  element("img",
                                          {{"src", own + "/thumbnail.png"},
                                           {"alt", ""},
                                           {"loading", "lazy"},
                                           {"width", "80"},
                                           {"height", "80"}}) +
                                      Html::text(exam.file)),
                          time_of(exam.uploaded),
                          Html::text(visitor.word(cat("state.", state_word(exam.state)))),
                          Html::text(exam.state == ExamState::done && !exam.finding.empty()
                                         ? cat(exam.finding, ", ", percent_text(exam.probability))
                                         : "")};
    if (with_patient) {
      const auto patient =
          exam.patient.empty() ? std::nullopt : visit.site.patients.find(exam.patient);
      row.push_back(patient ? link_to("/patients/" + patient->id, shown_name(*patient)) : Html());
    }
    rows.push_back(std::move(row));
  }
  std::vector<std::string> head{visitor.word("history.file"),
                                visitor.word("history.time"),
                                visitor.word("history.state"),
                                visitor.word("history.finding")};
  if (with_patient) head.push_back(visitor.word("history.patient"));
  return table_of(visitor.word("patient.exams"), head, rows);
}

}  // namespace evenray
