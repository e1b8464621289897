// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <catch2/catch.hpp>

#include "core/text.hpp"
#include "serve/records/accounts.hpp"
#include "serve/records/audit.hpp"
#include "serve/records/clock.hpp"
#include "serve/records/exams.hpp"
#include "tests/fixture.hpp"

using namespace evenray;

namespace {

constexpr const char* kPassword = "a long enough phrase";
const Actor kTester{"kim", "127.0.0.1", std::nullopt};

struct Folder {
  ScratchFolder scratch;
  Database database{scratch.path()};
  Accounts accounts{database};
  Patients patients{database};
  Exams exams{database, scratch.path()};

  std::string add_exam(const std::string& bytes, const std::string& patient = "") {
    return exams.add(
        kTester,
        {.bytes = bytes, .thumbnail = "small", .patient = patient, .file = "C:\\x\\knee.png"});
  }
};

}  // namespace

TEST_CASE("accounts: roles, passwords, sessions and tokens", "[records]") {
  Folder folder;
  Accounts& accounts = folder.accounts;
  CHECK(accounts.empty());
  accounts.add("kim", kPassword, Role::reader);
  CHECK(error_of([&] { accounts.add("KIM", kPassword, Role::reader); }).code() ==
        Exit::cannot_create);
  for (const char* weak : {"short", "111111111111", "Password1234"})
    CHECK(error_of([&] { accounts.add("a", weak, Role::reader); }).code() == Exit::bad_data);
  CHECK(error_of([&] { accounts.add("a b", kPassword, Role::reader); }).code() == Exit::bad_data);
  CHECK_FALSE(accounts.sign_in("kim", "a wrong enough phrase").has_value());
  CHECK_FALSE(accounts.sign_in("nobody", kPassword).has_value());
  const auto kim = accounts.sign_in("Kim", kPassword);
  REQUIRE(kim.has_value());
  CHECK(kim->may(Role::reader));
  CHECK_FALSE(kim->may(Role::curator));
  const std::string token = accounts.start_session(*kim);
  CHECK(token.size() == 43);
  CHECK(accounts.session(token)->account.name == "kim");
  CHECK_FALSE(accounts.session(token + "x").has_value());
  accounts.set_password("kim", "another long phrase");
  CHECK_FALSE(accounts.session(token).has_value());
  const std::string second = accounts.start_session(*kim);
  accounts.disable("kim");
  CHECK_FALSE(accounts.session(second).has_value());
  CHECK_FALSE(accounts.sign_in("kim", "another long phrase").has_value());
  const std::string device = accounts.add_device("ct-1");
  CHECK(accounts.device(device)->role == Role::device);
  CHECK_FALSE(accounts.device("x").has_value());
  CHECK_FALSE(accounts.sign_in("ct-1", device).has_value());
  // Neither passwords nor tokens are in the file.
  const std::string file = read_file(folder.scratch / "records.db");
  for (const std::string& secret : {std::string(kPassword), token, device})
    CHECK_FALSE(contains(file, secret));
}

TEST_CASE("sessions end by age and pause", "[records]") {
  Folder folder;
  folder.accounts.add("kim", kPassword, Role::reader);
  const auto kim = folder.accounts.sign_in("kim", kPassword);
  const auto ends = [&](const char* column, int64_t seconds) {
    const std::string token = folder.accounts.start_session(*kim);
    folder.database.write([&](SQLite::Database& database) {
      database.exec(cat("UPDATE session SET ", column, " = ", now_s() - seconds));
    });
    return !folder.accounts.session(token).has_value();
  };
  CHECK_FALSE(ends("seen", 29 * 60));
  CHECK(ends("seen", 31 * 60));
  CHECK_FALSE(ends("created", 11 * 3600));
  CHECK(ends("created", 13 * 3600));
}

TEST_CASE("patients: versions, numbers, pages and search", "[records]") {
  Folder folder;
  Patients& patients = folder.patients;
  const std::string id =
      patients.add(kTester, {"17", "Kim'; DROP TABLE patient", "1956-08-31", "F", "a\nb"});
  CHECK(patients.find(id)->fields.name == "Kim'; DROP TABLE patient");
  CHECK(error_of([&] {
          patients.add(kTester, {"17", "x", "", "", ""});
        }).code() == Exit::cannot_create);
  for (const PatientFields& wrong : {PatientFields{},
                                     PatientFields{"1", "", "31.8.1956", "", ""},
                                     PatientFields{"1", "", "2001-02-29", "", ""},
                                     PatientFields{"1", "", "", "X", ""},
                                     PatientFields{"1", "a\nb", "", "", ""},
                                     PatientFields{"1", std::string(201, 'a'), "", "", ""}})
    CHECK(error_of([&] { patients.add(kTester, wrong); }).code() == Exit::bad_data);
  CHECK(patients.change(kTester, id, 1, {"17", "Kim", "", "", ""}));
  CHECK_FALSE(patients.change(kTester, id, 1, {"17", "Lee", "", "", ""}));
  CHECK(patients.find(id)->fields.name == "Kim");
  CHECK(error_of([&] {
          patients.change(kTester, "x", 1, {"1", "", "", "", ""});
        }).code() == Exit::missing_input);
  patients.set_deleted(kTester, id, true);
  CHECK_FALSE(patients.with_number("17").has_value());
  const std::string other = patients.add(kTester, {"17", "Ahn", "", "", ""});
  CHECK(error_of([&] { patients.set_deleted(kTester, id, false); }).code() == Exit::cannot_create);

  for (int i = 0; i < 7; ++i) patients.add(kTester, {"", cat("name", i % 3), "", "", ""});
  std::vector<std::string> names;
  std::string from;
  do {
    const auto page = patients.list("NAME", from, 3);
    for (const auto& one : page.entries) names.push_back(one.fields.name);
    from = page.next;
  } while (!from.empty());
  patients.add(kTester, {"", "Özlem İnan", "", "", ""});
  CHECK(patients.list("özlem i", "", 3).entries.size() == 1);
  CHECK(names.size() == 7);
  CHECK(std::is_sorted(names.begin(), names.end()));
  CHECK(patients.list("", "", 50, /*deleted=*/true).entries.size() == 1);
}

TEST_CASE("images are kept once, and erased with their last owner", "[records]") {
  Folder folder;
  const std::string patient = folder.patients.add(kTester, {"1", "Patient To Erase", "", "", ""});
  const std::string first = folder.add_exam("same bytes", patient);
  const std::string second = folder.add_exam("same bytes");
  const Exam exam = *folder.exams.find(first);
  CHECK(exam.file == "knee.png");
  CHECK(exam.state == ExamState::waiting);
  CHECK(folder.exams.waiting().size() == 2);
  CHECK(folder.exams.finish(first, "Fractured", .8, {{"a", 1}}, "png"));
  CHECK_FALSE(folder.exams.finish(first, "Other", .9, {}, ""));
  CHECK(folder.exams.find(first)->finding == "Fractured");
  CHECK(folder.exams.heat_map(first) == "png");
  CHECK(folder.exams.thumbnail(first) == "small");
  CHECK(folder.exams.problems().empty());
  // What a killed process leaves is a problem until the next sweep.
  const Path half = folder.exams.image_file(exam.image).parent_path() / ".x.evenray-tmp-1";
  write_atomic(half, "half");
  CHECK(folder.exams.problems().size() == 1);
  folder.exams.sweep();
  CHECK_FALSE(std::filesystem::exists(half));
  CHECK(folder.exams.problems().empty());
  const Path file = folder.exams.image_file(exam.image);
  folder.exams.erase_patient(kTester, patient);
  CHECK_FALSE(folder.exams.find(first).has_value());
  CHECK(std::filesystem::exists(file));
  CHECK_FALSE(contains(read_file(folder.scratch / "records.db-wal"), "Patient To Erase"));
  folder.exams.set_deleted(kTester, second, true);
  CHECK(folder.exams.purge(now_s() - 10) == 0);
  CHECK(folder.exams.purge(now_s() + 10) == 1);
  CHECK_FALSE(std::filesystem::exists(file));
  CHECK(error_of([&] { folder.add_exam("x", "nobody"); }).code() == Exit::missing_input);
  CHECK(folder.exams.problems().empty());
}

TEST_CASE("the history is filtered and paged, the newest first", "[records]") {
  Folder folder;
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(folder.add_exam(cat("image ", i)));
  folder.exams.finish(ids[0], "Fractured", .5, {}, "");
  folder.exams.fail(ids[1], "broken");
  ExamFilter filter;
  filter.finding = "Fractured";
  CHECK(folder.exams.list(filter, "", 10).entries.size() == 1);
  filter = {};
  filter.state = ExamState::failed;
  CHECK(folder.exams.list(filter, "", 10).entries.at(0).message == "broken");
  filter = {};
  std::vector<std::string> seen;
  std::string from;
  do {
    const auto page = folder.exams.list(filter, from, 2);
    for (const auto& one : page.entries) seen.push_back(one.id);
    from = page.next;
  } while (!from.empty());
  std::sort(seen.begin(), seen.end());
  std::sort(ids.begin(), ids.end());
  CHECK(seen == ids);
  filter.until = now_s() - 100;
  CHECK(folder.exams.list(filter, "", 10).entries.empty());
}

TEST_CASE("a changed or removed entry of the audit log is noticed", "[records]") {
  Folder folder;
  for (int i = 0; i < 4; ++i)
    folder.database.write([&](SQLite::Database& database) {
      add_audit(database, {"kim", "patient.view", cat(i), "127.0.0.1"});
    });
  const auto first_wrong = [&] {
    return folder.database.read([](SQLite::Database& database) {
      std::string last;
      return check_audit(database, last);
    });
  };
  const auto run = [&](const char* sql) {
    folder.database.write([&](SQLite::Database& database) { database.exec(sql); });
  };
  CHECK(first_wrong() == 0);
  run("UPDATE audit SET object = '9' WHERE id = 3");
  CHECK(first_wrong() == 3);
  run("UPDATE audit SET object = '2' WHERE id = 3");
  CHECK(first_wrong() == 0);
  run("DELETE FROM audit WHERE id = 2");
  CHECK(first_wrong() == 2);
}

TEST_CASE("a database of a newer version is refused, a transaction is all or nothing",
          "[records]") {
  ScratchFolder scratch;
  {
    Database database(scratch.path());
    CHECK_THROWS(database.write([](SQLite::Database& connection) {
      connection.exec("INSERT INTO image(digest, bytes) VALUES('a', 1)");
      throw Error(Exit::failed, "stop");
    }));
    CHECK(database.read([](SQLite::Database& connection) {
      return connection.execAndGet("SELECT count(*) FROM image").getInt();
    }) == 0);
    database.write(
        [](SQLite::Database& connection) { connection.exec("PRAGMA user_version = 99"); });
  }
  const Error error = error_of([&] { Database again(scratch.path()); });
  CHECK(error.code() == Exit::config);
  CHECK(contains(error.what(), "newer evenray (version 99"));
  write_atomic(scratch / "records.db", std::string(5000, 'x'));
  std::filesystem::remove(scratch / "records.db-wal");
  std::filesystem::remove(scratch / "records.db-shm");
  CHECK(error_of([&] { Database broken(scratch.path()); }).code() == Exit::bad_data);
}
