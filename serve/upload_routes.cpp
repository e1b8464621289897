// SPDX-License-Identifier: Apache-2.0
// The first page, and uploads from forms, scripts and devices.
#include "core/error.hpp"
#include "core/text.hpp"
#include "serve/exam_view.hpp"
#include "serve/intake.hpp"
#include "serve/site.hpp"

namespace evenray {
namespace {

constexpr int kRecent = 10;
/// Of all files of one form together.
constexpr uint64_t kLargestUpload = 2 * kLargestFile;

HttpResponse quick_look(SiteVisit& visit) {
  if (!visit.site.diagnoses()) return see_other(visit.site.curation ? "/curate" : "/studies");
  const Visitor& visitor = visit.visitor;
  Html body = element("p", {}, visitor.word("look.lead"));
  if (visitor.may(Role::reader)) body += upload_box(visit, "");
  ExamFilter filter;
  filter.quick_looks = true;
  const auto recent = visit.site.exams.list(filter, "", kRecent).entries;
  if (!recent.empty())
    body += element("h2", {}, visitor.word("history.title")) + exam_table(visit, recent);
  return html_page(visit, visitor.word("look.title"), body, {"upload.js"});
}

/// The form without script: several files, then the history or the only result.
HttpResponse take_form(SiteVisit& visit) {
  const auto parts =
      parse_form(visit.request.header("content-type"), visit.request.body, kMostFormParts);
  check(parts.has_value(), Exit::bad_data, "the form cannot be read");
  const std::string patient = field_of(visit.form, "patient");
  std::vector<std::string> ids;
  Html failed;
  bool full = false;
  for (const auto& part : *parts) {
    if (part.filename.empty() || part.content.empty()) continue;
    try {
      ids.push_back(take_file(visit.site,
                              visit.visitor,
                              {.bytes = part.content, .name = part.filename, .patient = patient}));
    } catch (const Error& error) {
      full = full || error.code() == Exit::io;
      failed += element("li",
                        {},
                        cat(part.filename,
                            ": ",
                            error.code() == Exit::io ? visit.visitor.word("error.full")
                                                     : std::string(error.what())));
    }
  }
  if (!failed.markup().empty())
    return html_page(visit,
                     visit.visitor.word("error.title"),
                     element("ul", {{"role", "alert"}}, failed) +
                         element("p", {}, link_to("/history", visit.visitor.word("history.title"))),
                     {},
                     full ? 507 : 422);
  if (ids.size() == 1) {
    // Most results are there at once, so that the page need not be loaded again.
    visit.site.jobs->wait(ids[0], 2);
    return see_other("/exams/" + ids[0]);
  }
  return see_other(patient.empty() ? "/history" : "/patients/" + patient);
}

/// The header X-File-Name, percent-encoded: a name may be a patient's, and addresses are logged.
std::string file_name_of(const HttpRequest& request) {
  const auto name = decode_url(request.header("x-file-name"), /*plus=*/false);
  return name && !name->empty() ? *name : "image";
}

/// One file as the body, for scripts and devices. Devices send DICOM files, which name the patient.
HttpResponse take_body(SiteVisit& visit) {
  const HttpFields& query = visit.request.query;
  const std::string id = take_file(visit.site,
                                   visit.visitor,
                                   {.bytes = visit.request.body,
                                    .name = file_name_of(visit.request),
                                    .patient = field_of(query, "patient"),
                                    .patient_of_file = visit.visitor.role == Role::device});
  wait_for_result(visit, id);
  return json_reply({{"id", id}, {"page", "/exams/" + id}}, 201);
}

}  // namespace

Html upload_box(const SiteVisit& visit, const std::string& patient) {
  const Visitor& visitor = visit.visitor;
  return post_form(
      visitor,
      "/upload",
      hidden_input("patient", patient) +
          element("label",
                  {},
                  element("span", {}, visitor.word("upload.choose")) +
                      element("input",
                              {{"type", "file"},
                               {"name", "files"},
                               {"multiple", ""},
                               {"required", ""},
                               {"accept",
                                ".png,.jpg,.jpeg,.tif,.tiff,.dcm,application/dicom,image/*"}})) +
          element(
              "p",
              {{"class", "muted"}},
              cat(visitor.word("upload.drop"),
                  ". ",
                  visitor.word("upload.limit", {bytes_text(static_cast<int64_t>(kLargestFile))}))) +
          submit_button(visitor.word("upload.send")) +
          element("ul", {{"class", "queue"}, {"aria-live", "polite"}}, Html()),
      {{"class", "upload"},
       {"enctype", "multipart/form-data"},
       {"data-limit", std::to_string(kLargestFile)},
       {"data-large",
        visitor.word("error.large", {bytes_text(static_cast<int64_t>(kLargestFile))})},
       {"data-ended", visitor.word("signin.ended")},
       {"data-waiting", visitor.word("state.waiting")},
       {"data-done", visitor.word("state.done")},
       {"data-failed", visitor.word("state.failed")},
       {"data-before", visitor.word("state.before")}});
}

std::vector<Route> upload_routes() {
  using Who = Route::Who;
  return {{"GET", "/", Role::viewer, Who::people, &quick_look},
          {"POST", "/upload", Role::reader, Who::people, &take_form},
          {"POST", "/api/upload", Role::reader, Who::devices, &take_body}};
}

Admission admission_of(Site& site, const HttpRequest& request) {
  const bool form = request.path == "/upload";
  if ((!form && request.path != "/api/upload") || request.method != "POST") return {kLargestForm};
  const Visitor visitor = visitor_of(site, request);
  if (visitor.role != Role::device && !visitor.signed_in) return {0, 401};
  if (visitor.role != Role::device && !visitor.may(Role::reader)) return {0, 403};
  return {form ? kLargestUpload : kLargestFile};
}

}  // namespace evenray
