// SPDX-License-Identifier: Apache-2.0
// The pages of uploaded images: the result with its viewer, and the history.
#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"
#include "serve/exam_view.hpp"
#include "serve/records/clock.hpp"
#include "serve/site.hpp"

namespace evenray {
namespace {

constexpr int kExamsAPage = 50, kOffered = 50;

/// The seconds since 1970 of a date at 0:00 UTC; 0 for none.
int64_t seconds_of(const std::string& date) {
  std::tm parts{};
  if (date.empty() || !::strptime(date.c_str(), "%Y-%m-%d", &parts)) return 0;
  return ::timegm(&parts);
}

HttpResponse show_history(SiteVisit& visit) {
  constexpr int64_t kDay = 24 * 3600;
  const Visitor& visitor = visit.visitor;
  const HttpFields& query = visit.request.query;
  ExamFilter filter;
  filter.finding = field_of(query, "finding");
  filter.patient = field_of(query, "patient");
  const std::string state = field_of(query, "state");
  for (const auto one : {ExamState::waiting, ExamState::done, ExamState::failed})
    if (state == state_word(one)) filter.state = one;
  // The script of the page says how far the browser's days are from those of UTC.
  int64_t offset = 0;
  parse_int(field_of(query, "offset", "0"), offset);
  offset = std::clamp<int64_t>(offset, -kDay / 60, kDay / 60) * 60;
  const auto beginning = [&](const char* key) {
    const int64_t start = seconds_of(field_of(query, key));
    return start > 0 ? start + offset : 0;
  };
  filter.since = beginning("since");
  const int64_t until = beginning("until");
  filter.until = until > 0 ? until + kDay : 0;
  filter.deleted = field_of(query, "deleted") == "1";
  const auto page = visit.site.exams.list(filter, field_of(query, "from"), kExamsAPage);

  std::vector<std::pair<std::string, std::string>> findings{{"", visitor.word("history.any")}};
  if (const Json& classifier = visit.site.models.at("classifier"); classifier.is_object())
    for (const auto& name : classifier.at("classes"))
      findings.emplace_back(name.get<std::string>(), name.get<std::string>());
  const std::vector<std::pair<std::string, std::string>> states{
      {"", visitor.word("history.any")},
      {"waiting", visitor.word("state.waiting")},
      {"done", visitor.word("state.done")},
      {"failed", visitor.word("state.failed")}};
  Html body = element(
      "form",
      {{"class", "filter"}},
      labelled_select(visitor.word("history.finding"), "finding", filter.finding, findings) +
          labelled_select(visitor.word("history.state"), "state", state, states) +
          labelled_input(visitor.word("history.from"), "since", field_of(query, "since"), "date") +
          labelled_input(visitor.word("history.until"), "until", field_of(query, "until"), "date") +
          hidden_input("offset", field_of(query, "offset", "0")) +
          hidden_input("patient", filter.patient) + submit_button(visitor.word("patients.find")));
  body += exam_table(visit, page.entries, /*with_patient=*/true);
  if (!page.next.empty()) {
    std::string to = "/history?";
    for (const auto& [name, value] : query)
      if (name != "from") to += cat(encode_url(name), "=", encode_url(value), "&");
    body += element(
        "p", {}, link_to(cat(to, "from=", encode_url(page.next)), visitor.word("page.next")));
  }
  if (!filter.deleted && visitor.may(Role::reader))
    body += element(
        "p", {{"class", "muted"}}, link_to("/history?deleted=1", visitor.word("history.deleted")));
  return html_page(visit, visitor.word("history.title"), body);
}

/// A button of the viewer; `what`: see web/viewer.js. `key`: the key that does the same.
Html tool(const Visitor& visitor, const char* what, const char* key) {
  return element("button",
                 {{"type", "button"},
                  {"data-do", what},
                  {"data-key", key},
                  {"aria-keyshortcuts", key},
                  {"title", cat(visitor.word(cat("viewer.", what)), " (", key, ")")}},
                 visitor.word(cat("viewer.", what)));
}

/// The picture, and the tools of the viewer that the script puts in its place. `data-...`: what the
/// script needs.
Html viewer_of(const SiteVisit& visit, const Exam& exam) {
  const Visitor& visitor = visit.visitor;
  const std::string own = "/exams/" + exam.id;
  Html tools;
  for (const auto& [what, key] : {std::pair<const char*, const char*>{"whole", "1"},
                                  {"bone", "2"},
                                  {"soft", "3"},
                                  {"invert", "i"},
                                  {"turn", "r"},
                                  {"reset", "0"},
                                  {"boxes", "b"},
                                  {"heat", "h"},
                                  {"full", "f"},
                                  {"keys", "?"}})
    tools += tool(visitor, what, key);
  tools += labelled_input(
      visitor.word("viewer.opacity"), "opacity", "50", "range", {{"min", "0"}, {"max", "100"}});
  const bool done = exam.state == ExamState::done;
  return element(
      "div",
      {{"class", "viewer"},
       {"data-pixels", own + "/pixels"},
       {"data-heat", done && !exam.result.at("classes").empty() ? own + "/heat.png" : "-"},
       {"data-boxes", done ? exam.result.at("boxes").dump() : "[]"},
       {"data-window", visitor.word("viewer.window")},
       {"data-level", visitor.word("viewer.level")}},
      element("div",
              {{"class", "tools"},
               {"role", "toolbar"},
               {"hidden", ""},
               {"aria-label", visitor.word("viewer")}},
              tools) +
          element(
              "div",
              {{"class", "stage"}},
              element("img", {{"src", own + "/picture.png"}, {"alt", visitor.word("viewer")}})));
}

/// The form that shows another exam of the patient beside this one; empty if there is none.
Html beside_form(const SiteVisit& visit, const Exam& exam, const std::string& chosen) {
  if (exam.patient.empty()) return {};
  ExamFilter filter;
  filter.patient = exam.patient;
  std::vector<std::pair<std::string, std::string>> others;
  for (const Exam& other : visit.site.exams.list(filter, "", kOffered).entries)
    if (other.id != exam.id)
      others.emplace_back(other.id, cat(time_text(other.uploaded), ", ", other.file));
  if (others.empty()) return {};
  const Visitor& visitor = visit.visitor;
  return element("form",
                 {{"class", "filter beside"}},
                 labelled_select(visitor.word("exam.compare"), "beside", chosen, others) +
                     submit_button(visitor.word("exam.show")));
}

HttpResponse show_exam(SiteVisit& visit) {
  const Visitor& visitor = visit.visitor;
  const Exam exam = exam_at(visit);
  const std::string own = "/exams/" + exam.id;
  Html body =
      element("p", {{"class", "muted"}}, Html::text(exam.file + ", ") + time_of(exam.uploaded));
  std::string number;
  if (!exam.patient.empty())
    if (const auto patient = visit.site.patients.find(exam.patient)) {
      number = patient->fields.number;
      body += element("p",
                      {},
                      Html::text(visitor.word("history.patient") + ": ") +
                          link_to("/patients/" + patient->id, shown_name(*patient)));
    }
  const std::string beside = field_of(visit.request.query, "beside");
  const auto other = beside.empty() ? std::nullopt : visit.site.exams.find(beside);
  const bool pair = other && other->patient == exam.patient && !exam.patient.empty();
  body +=
      pair ? element("div", {{"class", "pair"}}, viewer_of(visit, exam) + viewer_of(visit, *other))
           : viewer_of(visit, exam);
  Html side;
  if (exam.state == ExamState::waiting) {
    side += element(
        "p",
        {{"role", "status"}, {"data-poll", own + "/state.json"}},
        cat(visitor.word("state.waiting"),
            ". ",
            visitor.word("state.before", {std::to_string(visit.site.jobs->before(exam.id))})));
  } else if (exam.state == ExamState::failed) {
    side +=
        element("p", {{"role", "alert"}}, cat(visitor.word("state.failed"), ": ", exam.message));
  } else {
    side += unlike_of(visit, exam) + findings_of(visit, exam);
    side += boxes_of(visit, exam);
    Html links;
    for (const auto& [name, text] : {std::pair<const char*, const char*>{"picture.png", "PNG"},
                                     {"result.csv", "CSV"},
                                     {"result.json", "JSON"},
                                     {"capture.dcm", "DICOM"}})
      links +=
          element("li", {}, element("a", {{"href", own + "/" + name}, {"download", ""}}, text));
    side +=
        element("h2", {}, visitor.word("exam.download")) +
        element("ul",
                {{"class", "links"}},
                element("li", {}, link_to(own + "/report", visitor.word("exam.report"))) + links);
  }
  side += beside_form(visit, exam, beside);
  body += element("div", {{"class", "side"}}, side);
  if (visitor.may(Role::reader)) {
    Html actions;
    if (!exam.deleted) {
      actions += post_form(visitor,
                           own + "/assign",
                           labelled_input(visitor.word("exam.assign"), "number", number) +
                               submit_button(visitor.word("patient.save")),
                           {{"class", "filter"}});
      if (!exam.patient.empty())
        actions +=
            post_form(visitor,
                      own + "/assign",
                      hidden_input("detach", "1") + submit_button(visitor.word("exam.detach")));
      if (exam.state != ExamState::waiting)
        actions += post_form(visitor, own + "/again", submit_button(visitor.word("exam.again")));
      actions += post_form(visitor,
                           own + "/delete",
                           element("p",
                                   {{"class", "muted"}},
                                   visitor.word("delete.sure", {std::to_string(kGraceDays)})) +
                               submit_button(visitor.word("delete"), "danger"));
    } else {
      actions += post_form(visitor, own + "/restore", submit_button(visitor.word("restore")));
    }
    body += element("div", {{"class", "actions"}}, actions);
  }
  visit.site.log_view(visitor, "exam.view", exam.id);
  return html_page(visit, visitor.word("exam.title"), body, {"viewer.js"});
}

HttpResponse exam_state(SiteVisit& visit) {
  const Exam exam = exam_at(visit);
  return json_reply({{"state", state_word(exam.state)},
                     {"before", visit.site.jobs->before(exam.id)},
                     {"message", exam.message},
                     {"finding", exam.finding},
                     {"probability", exam.probability}});
}

HttpResponse assign_exam(SiteVisit& visit) {
  const Exam exam = exam_at(visit);
  const std::string number = trim(field_of(visit.form, "number"));
  const auto now = exam.patient.empty() ? std::nullopt : visit.site.patients.find(exam.patient);
  // The form as it was shown: also of a patient without number.
  const bool detach = !field_of(visit.form, "detach").empty();
  if (!detach && number == (now ? now->fields.number : "")) return see_other("/exams/" + exam.id);
  // Without a number, the exam has no patient any more; never one who has no number either.
  const auto patient = number.empty() ? std::nullopt : visit.site.patients.with_number(number);
  check(number.empty() || patient.has_value(),
        Exit::missing_input,
        visit.visitor.word("patients.none"));
  visit.site.exams.assign(visit.visitor.actor(), exam.id, patient ? patient->id : "");
  return see_other("/exams/" + exam.id);
}

HttpResponse again(SiteVisit& visit) {
  const Exam exam = exam_at(visit);
  if (visit.site.exams.repeat(visit.visitor.actor(), exam.id)) visit.site.jobs->add(exam.id);
  return see_other("/exams/" + exam.id);
}

HttpResponse delete_exam(SiteVisit& visit) {
  const Exam exam = exam_at(visit);
  visit.site.exams.set_deleted(visit.visitor.actor(), exam.id, true);
  return see_other("/history");
}

HttpResponse restore_exam(SiteVisit& visit) {
  const Exam exam = exam_at(visit);
  visit.site.exams.set_deleted(visit.visitor.actor(), exam.id, false);
  if (exam.state == ExamState::waiting) visit.site.jobs->add(exam.id);
  return see_other("/exams/" + exam.id);
}

}  // namespace

std::vector<Route> exam_routes() {
  using Who = Route::Who;
  return {{"GET", "/history", Role::viewer, Who::people, &show_history},
          {"GET", "/exams/*", Role::viewer, Who::people, &show_exam},
          {"GET", "/exams/*/state.json", Role::viewer, Who::people, &exam_state},
          {"POST", "/exams/*/assign", Role::reader, Who::people, &assign_exam},
          {"POST", "/exams/*/again", Role::reader, Who::people, &again},
          {"POST", "/exams/*/delete", Role::reader, Who::people, &delete_exam},
          {"POST", "/exams/*/restore", Role::reader, Who::people, &restore_exam}};
}

}  // namespace evenray
