// SPDX-License-Identifier: Apache-2.0
// The pages of patients.
#include "core/error.hpp"
#include "core/text.hpp"
#include "serve/exam_view.hpp"
#include "serve/site.hpp"

namespace evenray {
namespace {

constexpr int kPatientsAPage = 50, kExamsOfPatient = 50;

Patient patient_at(const SiteVisit& visit) {
  auto found = visit.site.patients.find(visit.parts.at(0));
  check(found.has_value(), Exit::missing_input, visit.visitor.word("error.missing"));
  return *found;
}

std::string sex_text(const Visitor& visitor, const std::string& sex) {
  return sex.empty() ? "" : visitor.word("patient.sex." + sex);
}

PatientFields fields_of(const HttpFields& form) {
  return {trim(field_of(form, "number")),
          trim(field_of(form, "name")),
          field_of(form, "birth"),
          field_of(form, "sex"),
          field_of(form, "note")};
}

Html inputs_of(const Visitor& visitor, const PatientFields& fields) {
  std::vector<std::pair<std::string, std::string>> sexes{{"", ""}};
  for (const char* sex : {"F", "M", "O"}) sexes.emplace_back(sex, sex_text(visitor, sex));
  return labelled_input(visitor.word("patient.number"), "number", fields.number) +
         labelled_input(visitor.word("patient.name"), "name", fields.name) +
         labelled_input(visitor.word("patient.birth"), "birth", fields.birth, "date") +
         labelled_select(visitor.word("patient.sex"), "sex", fields.sex, sexes) +
         element("label",
                 {},
                 element("span", {}, visitor.word("patient.note")) +
                     element("textarea", {{"name", "note"}, {"rows", "4"}}, fields.note));
}

/// The list. What is sought stands in a form, not in the address, since it may be a name.
HttpResponse list_patients(SiteVisit& visit) {
  const Visitor& visitor = visit.visitor;
  const std::string text = field_of(visit.form, "text");
  const bool deleted = field_of(visit.request.query, "deleted") == "1";
  const std::string own = deleted ? "/patients?deleted=1" : "/patients";
  const auto page =
      visit.site.patients.list(text, field_of(visit.form, "from"), kPatientsAPage, deleted);
  Html body = post_form(visitor,
                        own,
                        labelled_input(visitor.word("patients.search"), "text", text, "search") +
                            submit_button(visitor.word("patients.find")),
                        {{"class", "filter"}, {"role", "search"}});
  if (visitor.may(Role::reader))
    body += element("p", {}, link_to("/patients/new", visitor.word("patients.new")));
  std::vector<std::vector<Html>> rows;
  for (const auto& patient : page.entries)
    rows.push_back({link_to("/patients/" + patient.id, shown_name(patient)),
                    Html::text(patient.fields.number),
                    Html::text(patient.fields.birth),
                    Html::text(sex_text(visitor, patient.fields.sex)),
                    Html::text(std::to_string(patient.exams))});
  body += rows.empty() ? element("p", {}, visitor.word("patients.none"))
                       : table_of(visitor.word("patients.title"),
                                  {visitor.word("patient.name"),
                                   visitor.word("patient.number"),
                                   visitor.word("patient.birth"),
                                   visitor.word("patient.sex"),
                                   visitor.word("patient.exams")},
                                  rows);
  if (!page.next.empty())
    body += post_form(visitor,
                      own,
                      hidden_input("text", text) + hidden_input("from", page.next) +
                          submit_button(visitor.word("page.next")));
  if (!deleted && visitor.may(Role::reader))
    body += element("p",
                    {{"class", "muted"}},
                    link_to("/patients?deleted=1", visitor.word("patients.deleted")));
  return html_page(visit, visitor.word(deleted ? "patients.deleted" : "patients.title"), body);
}

Html patient_form(const SiteVisit& visit,
                  const std::string& action,
                  const PatientFields& fields,
                  int64_t version,
                  const std::string& back) {
  const Visitor& visitor = visit.visitor;
  return post_form(visitor,
                   action,
                   inputs_of(visitor, fields) + hidden_input("version", std::to_string(version)) +
                       element("p",
                               {},
                               submit_button(visitor.word("patient.save")) + Html::text(" ") +
                                   link_to(back, visitor.word("patient.cancel"))),
                   {{"class", "fields"}});
}

HttpResponse new_patient(SiteVisit& visit) {
  return html_page(visit,
                   visit.visitor.word("patients.new"),
                   patient_form(visit, "/patients/new", {}, 0, "/patients"));
}

/// Shows the form again with what was entered, and why it was not saved.
HttpResponse form_again(const SiteVisit& visit,
                        const Error& error,
                        const std::string& action,
                        int64_t version,
                        const std::string& back) {
  const int status = error.code() == Exit::cannot_create ? 409 : 422;
  return html_page(visit,
                   visit.visitor.word("patient.edit"),
                   element("p", {{"role", "alert"}}, std::string(error.what())) +
                       patient_form(visit, action, fields_of(visit.form), version, back),
                   {},
                   status);
}

HttpResponse add_patient(SiteVisit& visit) {
  try {
    const std::string id = visit.site.patients.add(visit.visitor.actor(), fields_of(visit.form));
    return see_other("/patients/" + id);
  } catch (const Error& error) {
    if (error.code() != Exit::bad_data && error.code() != Exit::cannot_create) throw;
    return form_again(visit, error, "/patients/new", 0, "/patients");
  }
}

HttpResponse show_patient(SiteVisit& visit) {
  const Visitor& visitor = visit.visitor;
  const Patient patient = patient_at(visit);
  const std::string own = "/patients/" + patient.id;
  Html facts;
  const auto fact = [&](const char* key, const std::string& text) {
    if (!text.empty()) facts += element("dt", {}, visitor.word(key)) + element("dd", {}, text);
  };
  fact("patient.number", patient.fields.number);
  fact("patient.birth", patient.fields.birth);
  fact("patient.sex", sex_text(visitor, patient.fields.sex));
  fact("patient.note", patient.fields.note);
  Html body = element("dl", {}, facts);
  if (patient.deleted) {
    if (visitor.may(Role::reader))
      body += post_form(visitor, own + "/restore", submit_button(visitor.word("restore")));
    if (visitor.may(Role::admin))
      body += post_form(visitor, own + "/erase", submit_button(visitor.word("erase"), "danger"));
  } else if (visitor.may(Role::reader)) {
    body += element("p", {}, link_to(own + "/edit", visitor.word("patient.edit")));
    body += upload_box(visit, patient.id);
    body += element("h2", {}, visitor.word("patient.exams"));
  }
  ExamFilter filter;
  filter.patient = patient.id;
  const auto exams = visit.site.exams.list(filter, "", kExamsOfPatient);
  body += exam_table(visit, exams.entries);
  if (!exams.next.empty())
    body += element("p", {}, link_to("/history?patient=" + patient.id, visitor.word("page.next")));
  if (!patient.deleted && visitor.may(Role::reader))
    body += post_form(
        visitor,
        own + "/delete",
        element(
            "p", {{"class", "muted"}}, visitor.word("delete.sure", {std::to_string(kGraceDays)})) +
            submit_button(visitor.word("delete"), "danger"));
  visit.site.log_view(visitor, "patient.view", patient.id);
  return html_page(visit, shown_name(patient), body, {"upload.js"});
}

HttpResponse edit_patient(SiteVisit& visit) {
  const Patient patient = patient_at(visit);
  const std::string own = "/patients/" + patient.id;
  return html_page(visit,
                   visit.visitor.word("patient.edit"),
                   patient_form(visit, own + "/edit", patient.fields, patient.version, own));
}

HttpResponse change_patient(SiteVisit& visit) {
  const Visitor& visitor = visit.visitor;
  const Patient before = patient_at(visit);
  const std::string own = "/patients/" + before.id;
  int64_t version = 0;
  parse_int(field_of(visit.form, "version"), version);
  try {
    if (visit.site.patients.change(visitor.actor(), before.id, version, fields_of(visit.form)))
      return see_other(own);
  } catch (const Error& error) {
    if (error.code() != Exit::bad_data && error.code() != Exit::cannot_create) throw;
    return form_again(visit, error, own + "/edit", version, own);
  }
  // Somebody else was quicker: both versions, the own one in a form over the newest.
  const Patient now = patient_at(visit);
  Html theirs;
  for (const auto& [key, text] :
       {std::pair<const char*, std::string>{"patient.number", now.fields.number},
        {"patient.name", now.fields.name},
        {"patient.birth", now.fields.birth},
        {"patient.sex", sex_text(visitor, now.fields.sex)},
        {"patient.note", now.fields.note}})
    theirs += element("dt", {}, visitor.word(key)) + element("dd", {}, text);
  return html_page(visit,
                   visitor.word("patient.edit"),
                   element("p", {{"role", "alert"}}, visitor.word("patient.conflict")) +
                       element("h2", {}, visitor.word("patient.theirs")) +
                       element("dl", {}, theirs) +
                       element("h2", {}, visitor.word("patient.yours")) +
                       patient_form(visit, own + "/edit", fields_of(visit.form), now.version, own),
                   {},
                   409);
}

HttpResponse delete_patient(SiteVisit& visit) {
  const Patient patient = patient_at(visit);
  visit.site.patients.set_deleted(visit.visitor.actor(), patient.id, true);
  return see_other("/patients");
}

HttpResponse restore_patient(SiteVisit& visit) {
  const Patient patient = patient_at(visit);
  visit.site.patients.set_deleted(visit.visitor.actor(), patient.id, false);
  return see_other("/patients/" + patient.id);
}

HttpResponse erase_patient(SiteVisit& visit) {
  const Patient patient = patient_at(visit);
  check(patient.deleted.has_value(), Exit::bad_data, "only deleted patients can be erased");
  visit.site.exams.erase_patient(visit.visitor.actor(), patient.id);
  return see_other("/patients?deleted=1");
}

}  // namespace

std::vector<Route> patient_routes() {
  using Who = Route::Who;
  return {{"GET", "/patients", Role::viewer, Who::people, &list_patients},
          {"POST", "/patients", Role::viewer, Who::people, &list_patients},
          {"GET", "/patients/new", Role::reader, Who::people, &new_patient},
          {"POST", "/patients/new", Role::reader, Who::people, &add_patient},
          {"GET", "/patients/*", Role::viewer, Who::people, &show_patient},
          {"GET", "/patients/*/edit", Role::reader, Who::people, &edit_patient},
          {"POST", "/patients/*/edit", Role::reader, Who::people, &change_patient},
          {"POST", "/patients/*/delete", Role::reader, Who::people, &delete_patient},
          {"POST", "/patients/*/restore", Role::reader, Who::people, &restore_patient},
          {"POST", "/patients/*/erase", Role::admin, Who::people, &erase_patient}};
}

}  // namespace evenray
