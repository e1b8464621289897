// SPDX-License-Identifier: Apache-2.0
#include "serve/records/patients.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <clocale>
#include <cstdlib>
#include <cwctype>

#include "core/error.hpp"
#include "core/text.hpp"
#include "serve/records/accounts.hpp"
#include "serve/records/clock.hpp"

namespace evenray {
namespace {

constexpr size_t kMostText = 200, kMostNote = 4000, kIdBytes = 12;

void check_text(const std::string& text, const char* what, size_t most, bool lines) {
  check(text.size() <= most && is_plain_utf8(text),
        Exit::bad_data,
        cat(what, " must have at most ", most, " bytes of UTF-8"));
  const bool broken = std::any_of(text.begin(), text.end(), [&](unsigned char c) {
    return c == 0x7f || (c < 0x20 && !(lines && (c == '\n' || c == '\r' || c == '\t')));
  });
  check(!broken, Exit::bad_data, cat(what, " must not have control characters"));
}

bool is_date(const std::string& text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  int64_t year = 0, month = 0, day = 0;
  if (!parse_int(text.substr(0, 4), year) || !parse_int(text.substr(5, 2), month) ||
      !parse_int(text.substr(8, 2), day))
    return false;
  const auto date = std::chrono::year(static_cast<int>(year)) /
                    std::chrono::month(static_cast<unsigned>(month)) /
                    std::chrono::day(static_cast<unsigned>(day));
  return year >= 1850 && date.ok();
}

constexpr const char* kSelect =
    "SELECT id, number, name, birth, sex, note, version, created, deleted, "
    "(SELECT count(*) FROM exam WHERE exam.patient = patient.id AND exam.deleted IS NULL) "
    "FROM patient ";

Patient patient_of(SQLite::Statement& row) {
  const auto text = [&](int column) { return row.getColumn(column).getString(); };
  Patient out;
  out.id = text(0);
  out.fields = {text(1), text(2), text(3), text(4), text(5)};
  out.version = row.getColumn(6).getInt64();
  out.created = row.getColumn(7).getInt64();
  if (!row.getColumn(8).isNull()) out.deleted = row.getColumn(8).getInt64();
  out.exams = row.getColumn(9).getInt64();
  return out;
}

std::optional<Patient> one_where(const Database& database,
                                 const char* where,
                                 const std::string& value) {
  return database.read([&](SQLite::Database& connection) -> std::optional<Patient> {
    SQLite::Statement row(connection, cat(kSelect, where));
    row.bind(1, value);
    if (!row.executeStep()) return std::nullopt;
    return patient_of(row);
  });
}

/// A name for searching: in lower case, of all alphabets.
std::string folded(const std::string& name) {
  static const locale_t utf8 = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  if (utf8 == nullptr) return lower(name);
  const locale_t before = ::uselocale(utf8);
  std::wstring wide(name.size(), L'\0');
  wide.resize(std::min(std::mbstowcs(wide.data(), name.c_str(), wide.size()), wide.size()));
  for (wchar_t& letter : wide) letter = static_cast<wchar_t>(std::towlower(letter));
  std::string out(wide.size() * MB_CUR_MAX, '\0');
  out.resize(std::min(std::wcstombs(out.data(), wide.c_str(), out.size()), out.size()));
  ::uselocale(before);
  return out;
}

void bind_fields(SQLite::Statement& statement, const PatientFields& fields) {
  int place = 0;
  for (const auto* text : {&fields.number, &fields.name, &fields.birth, &fields.sex, &fields.note})
    statement.bind(++place, *text);
  statement.bind(++place, folded(fields.name));
}

/// Runs a statement that may break the rule of one patient a number.
int run_unique(SQLite::Statement& statement, const std::string& number) {
  try {
    return statement.exec();
  } catch (const SQLite::Exception& error) {
    if (error.getExtendedErrorCode() != SQLITE_CONSTRAINT_UNIQUE) throw;
    throw Error(Exit::cannot_create,
                cat("another patient has the number ", number, "; open that one"));
  }
}

/// A place in a list: the name and the id of its last entry.
std::string place_text(const Patient& patient) {
  return cat(folded(patient.fields.name), "\n", patient.id);
}

}  // namespace

void PatientFields::check() const {
  check_text(number, "the number", kMostText, false);
  check_text(name, "the name", kMostText, false);
  check_text(note, "the note", kMostNote, true);
  evenray::check(!trim(number).empty() || !trim(name).empty(),
                 Exit::bad_data,
                 "a patient needs a number or a name");
  evenray::check(birth.empty() || is_date(birth),
                 Exit::bad_data,
                 "the date of birth must be a date such as 1956-08-31");
  evenray::check(sex.empty() || sex == "F" || sex == "M" || sex == "O",
                 Exit::bad_data,
                 "the sex must be F, M, O or empty");
}

std::string Patients::add(const Actor& actor, const PatientFields& fields) {
  fields.check();
  std::string id = random_text(kIdBytes);
  database_.write([&](SQLite::Database& database) {
    SQLite::Statement insert(database,
                             "INSERT INTO patient(number, name, birth, sex, note, folded, id, "
                             "created) VALUES(?,?,?,?,?,?,?,?)");
    bind_fields(insert, fields);
    insert.bind(7, id);
    insert.bind(8, now_s());
    run_unique(insert, fields.number);
    add_audit(database, actor, "patient.create", id);
  });
  return id;
}

std::optional<Patient> Patients::find(const std::string& id) const {
  return one_where(database_, "WHERE id = ?", id);
}

std::optional<Patient> Patients::with_number(const std::string& number) const {
  return one_where(database_, "WHERE number = ? AND deleted IS NULL", number);
}

RecordPage<Patient> Patients::list(const std::string& text,
                                   const std::string& from,
                                   int count,
                                   bool deleted) const {
  return database_.read([&](SQLite::Database& database) {
    RecordPage<Patient> page;
    const size_t at = from.find('\n');
    SQLite::Statement rows(database,
                           cat(kSelect,
                               "WHERE deleted IS ",
                               deleted ? "NOT " : "",
                               "NULL AND (instr(folded, ?5) > 0 OR instr(number, ?1) > 0)",
                               at == std::string::npos ? "" : " AND (folded, id) > (?2, ?3)",
                               " ORDER BY folded, id LIMIT ?4"));
    rows.bind(1, text);
    rows.bind(5, folded(text));
    if (at != std::string::npos) {
      rows.bind(2, from.substr(0, at));
      rows.bind(3, from.substr(at + 1));
    }
    rows.bind(4, count + 1);
    while (rows.executeStep()) page.entries.push_back(patient_of(rows));
    if (std::ssize(page.entries) > count) {
      page.entries.pop_back();
      page.next = place_text(page.entries.back());
    }
    return page;
  });
}

bool Patients::change(const Actor& actor,
                      const std::string& id,
                      int64_t version,
                      const PatientFields& fields) {
  fields.check();
  return database_.write([&](SQLite::Database& database) {
    SQLite::Statement update(
        database,
        "UPDATE patient SET number = ?, name = ?, birth = ?, sex = ?, note = ?, "
        "folded = ?, version = version + 1 WHERE id = ? AND version = ?");
    bind_fields(update, fields);
    update.bind(7, id);
    update.bind(8, version);
    if (run_unique(update, fields.number) == 1) {
      add_audit(database, actor, "patient.change", id);
      return true;
    }
    SQLite::Statement known(database, "SELECT 1 FROM patient WHERE id = ?");
    known.bind(1, id);
    evenray::check(known.executeStep(), Exit::missing_input, "there is no such patient");
    return false;
  });
}

void Patients::set_deleted(const Actor& actor, const std::string& id, bool deleted) {
  database_.write([&](SQLite::Database& database) {
    SQLite::Statement update(database,
                             "UPDATE patient SET deleted = ?, version = version + 1 WHERE id = ?");
    if (deleted)
      update.bind(1, now_s());
    else
      update.bind(1);
    update.bind(2, id);
    evenray::check(run_unique(update, "of this patient") == 1,
                   Exit::missing_input,
                   "there is no such patient");
    add_audit(database, actor, deleted ? "patient.delete" : "patient.restore", id);
  });
}

}  // namespace evenray
