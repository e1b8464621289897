// SPDX-License-Identifier: Apache-2.0
// What can be loaded of an exam: pixels and pictures for its page, and results to keep.
#include <algorithm>

#include "core/csv.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "serve/exam_view.hpp"

namespace evenray {
namespace {

/// A file to keep, under a name without the patient's.
HttpResponse attachment(std::string bytes, const char* type, const Exam& exam, const char* ending) {
  return {200,
          std::move(bytes),
          type,
          {{"Content-Disposition", cat("attachment; filename=\"evenray-", exam.id, ending, "\"")}}};
}

Json result_of(const Exam& exam) {
  return {{"schema", "evenray-exam-1"},
          {"id", exam.id},
          {"uploaded", exam.uploaded},
          {"image_sha256", exam.image},
          {"state", state_word(exam.state)},
          {"result", exam.result}};
}

HttpResponse result_json(SiteVisit& visit) {
  const Exam exam = exam_at(visit);
  visit.site.log_view(visit.visitor, "exam.export", exam.id);
  return attachment(result_of(exam).dump(2) + "\n", "application/json", exam, ".json");
}

/// The result for scripts and devices; `wait_s`: as for an upload.
HttpResponse awaited_result(SiteVisit& visit) {
  wait_for_result(visit, visit.parts.at(0));
  return result_json(visit);
}

HttpResponse result_csv(SiteVisit& visit) {
  const Exam exam = exam_at(visit);
  visit.site.log_view(visit.visitor, "exam.export", exam.id);
  std::string out = csv_line({"kind", "name", "value", "x", "y", "width", "height"});
  if (exam.state == ExamState::done) {
    for (const auto& one : exam.result.at("classes"))
      out += csv_line({"class", one.at("name"), fixed(one.at("p"), 6), "", "", "", ""});
    for (const auto& box : exam.result.at("boxes")) {
      std::vector<std::string> line{"box", box.at("class"), fixed(box.at("score"), 6)};
      for (const auto& side : box.at("bbox")) line.push_back(fixed(side, 1));
      out += csv_line(line);
    }
  }
  return attachment(std::move(out), "text/csv; charset=utf-8", exam, ".csv");
}

WorkerMessage ask_reader(const SiteVisit& visit, const Exam& exam, const Json& json) {
  return visit.site.reader.ask(json, read_file(visit.site.exams.image_file(exam.image)));
}

HttpResponse pixels(SiteVisit& visit) {
  const Exam exam = exam_at(visit);
  const WorkerMessage answer = ask_reader(visit, exam, {{"do", "pixels"}});
  HttpResponse out{200, answer.bytes, "application/octet-stream", {}};
  for (const char* key : {"width", "height", "scale", "white", "low", "high"})
    out.headers.emplace_back(cat("X-", key), answer.json.at(key).dump());
  return out;
}

/// What is drawn on the picture of an exam: boxes, and the findings as text below.
Json drawn_on(const Exam& exam, const char* what) {
  Json out{{"do", what}, {"boxes", Json::array()}, {"caption", ""}};
  if (exam.state != ExamState::done) return out;
  out["boxes"] = exam.result.at("boxes");
  std::string caption;
  if (!exam.finding.empty()) caption = cat(exam.finding, " ", percent_text(exam.probability), "\n");
  int number = 0;
  for (const auto& box : out["boxes"])
    caption += cat(++number,
                   ": ",
                   box.at("class").get<std::string>(),
                   " ",
                   percent_text(box.at("score")),
                   "\n");
  out["caption"] = caption + "evenray, not a medical device";
  return out;
}

HttpResponse picture(SiteVisit& visit) {
  const Exam exam = exam_at(visit);
  return {200, ask_reader(visit, exam, drawn_on(exam, "picture")).bytes, "image/png", {}};
}

HttpResponse capture(SiteVisit& visit) {
  const Exam exam = exam_at(visit);
  check(exam.state == ExamState::done, Exit::missing_input, visit.visitor.word("error.missing"));
  Json request = drawn_on(exam, "capture");
  if (const auto patient =
          exam.patient.empty() ? std::nullopt : visit.site.patients.find(exam.patient))
    request["patient"] = {{"number", patient->fields.number},
                          {"name", patient->fields.name},
                          {"birth", patient->fields.birth},
                          {"sex", patient->fields.sex}};
  visit.site.log_view(visit.visitor, "exam.export", exam.id);
  return attachment(ask_reader(visit, exam, request).bytes, "application/dicom", exam, ".dcm");
}

/// A page to print.
HttpResponse report(SiteVisit& visit) {
  const Visitor& visitor = visit.visitor;
  const Exam exam = exam_at(visit);
  check(exam.state == ExamState::done, Exit::missing_input, visitor.word("error.missing"));
  Html facts;
  const auto fact = [&](const char* key, const Html& text) {
    if (!text.markup().empty())
      facts += element("dt", {}, visitor.word(key)) + element("dd", {}, text);
  };
  if (const auto patient =
          exam.patient.empty() ? std::nullopt : visit.site.patients.find(exam.patient)) {
    fact("patient.name", Html::text(patient->fields.name));
    fact("patient.number", Html::text(patient->fields.number));
    fact("patient.birth", Html::text(patient->fields.birth));
  }
  fact("history.file", Html::text(exam.file));
  fact("history.time", time_of(exam.uploaded));
  for (const char* kind : {"classifier", "detector"})
    if (const Json& model = exam.result.at("models").at(kind); model.is_object())
      fact(cat("model.", kind).c_str(),
           Html::text(cat(model.at("arch").get<std::string>(),
                          ", ",
                          model.at("digest").get<std::string>().substr(0, kShownDigest))));
  Html body = element(
      "p",
      {{"class", "noprint"}},
      element("button", {{"type", "button"}, {"data-print", ""}}, visitor.word("report.print")) +
          Html::text(" ") + link_to("/exams/" + exam.id, visitor.word("back")));
  body += element("dl", {{"class", "facts"}}, facts) + unlike_of(visit, exam) +
          findings_of(visit, exam);
  body += boxes_of(visit, exam);
  body += element(
      "p",
      {{"class", "picture"}},
      element("img",
              {{"src", cat("/exams/", exam.id, "/picture.png")}, {"alt", visitor.word("viewer")}}));
  visit.site.log_view(visitor, "exam.report", exam.id);
  return html_page(visit, visitor.word("exam.report"), body);
}

HttpResponse thumbnail(SiteVisit& visit) {
  std::string png = visit.site.exams.thumbnail(visit.parts.at(0));
  check(!png.empty(), Exit::missing_input, visit.visitor.word("error.missing"));
  return {200, std::move(png), "image/png", {}};
}

HttpResponse heat(SiteVisit& visit) {
  const Exam exam = exam_at(visit);
  std::string png = visit.site.exams.heat_map(exam.id);
  check(!png.empty(), Exit::missing_input, visit.visitor.word("error.missing"));
  return {200, std::move(png), "image/png", {}};
}

}  // namespace

std::vector<Route> exam_file_routes() {
  using Who = Route::Who;
  return {{"GET", "/exams/*/result.json", Role::viewer, Who::people, &result_json},
          {"GET", "/exams/*/result.csv", Role::viewer, Who::people, &result_csv},
          {"GET", "/exams/*/capture.dcm", Role::viewer, Who::people, &capture},
          {"GET", "/exams/*/report", Role::viewer, Who::people, &report},
          {"GET", "/exams/*/pixels", Role::viewer, Who::people, &pixels},
          {"GET", "/exams/*/picture.png", Role::viewer, Who::people, &picture},
          {"GET", "/exams/*/thumbnail.png", Role::viewer, Who::people, &thumbnail},
          {"GET", "/exams/*/heat.png", Role::viewer, Who::people, &heat},
          {"GET", "/api/exams/*", Role::reader, Who::devices, &awaited_result},
          {"GET", "/api/exams/*/capture.dcm", Role::reader, Who::devices, &capture}};
}

}  // namespace evenray
