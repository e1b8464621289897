// SPDX-License-Identifier: Apache-2.0
#include "serve/upkeep.hpp"

#include <algorithm>
#include <functional>

#include "core/csv.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "serve/records/accounts.hpp"
#include "serve/records/audit.hpp"
#include "serve/records/exams.hpp"

namespace evenray {
namespace {

constexpr const char* kDatabaseFile = "records.db";
const Actor kCommandLine{"-", "command line", std::nullopt};
/// Columns with text that people wrote.
const std::vector<std::string> kWritten{"number", "name", "note", "file", "message"};

void check_is_data(const Path& folder) {
  check(std::filesystem::exists(folder / kDatabaseFile),
        Exit::missing_input,
        cat(folder.string(), " is no data folder of `evenray serve`: it has no ", kDatabaseFile));
}

void check_is_free(const Path& folder) {
  std::error_code ignored;
  check(!std::filesystem::exists(folder) || std::filesystem::is_empty(folder, ignored),
        Exit::cannot_create,
        cat(folder.string(), " is not empty; give another folder"));
}

/// Copies the images that a database names to `target(digest)`, checking each.
BackupResult copy_images(Database& database,
                         const Path& from,
                         const std::function<Path(const std::string& digest)>& target) {
  const Exams source(database, from);
  std::vector<std::string> digests;
  database.read([&](SQLite::Database& connection) {
    SQLite::Statement rows(connection, "SELECT digest FROM image");
    while (rows.executeStep()) digests.push_back(rows.getColumn(0).getString());
  });
  BackupResult out;
  for (const auto& digest : digests) {
    const std::string bytes = read_file(source.image_file(digest));
    check(sha256_hex(bytes) == digest,
          Exit::bad_data,
          cat(source.image_file(digest).string(), " was changed"));
    const Path to = target(digest);
    make_folder(to.parent_path());
    write_atomic(to, bytes);
    ++out.images;
    out.bytes += static_cast<int64_t>(bytes.size());
  }
  return out;
}

/// Writes an action into the audit log.
void note(Database& database, const char* action, const std::string& object) {
  database.write(
      [&](SQLite::Database& connection) { add_audit(connection, kCommandLine, action, object); });
}

/// A cell that no spreadsheet computes (OWASP ASVS 1.2.10).
std::string safe_cell(std::string text) {
  return !text.empty() && std::string_view("=+-@\t\r").find(text[0]) != std::string_view::npos
             ? "'" + text
             : std::move(text);
}

/// Writes the rows of a query as CSV, with its columns as header.
void write_table(Database& database, const char* sql, const Path& file) {
  const std::string text = database.read([&](SQLite::Database& connection) {
    SQLite::Statement rows(connection, sql);
    std::vector<std::string> cells;
    const auto written = [](const char* column) {
      return std::find(kWritten.begin(), kWritten.end(), column) != kWritten.end();
    };
    for (int c = 0; c < rows.getColumnCount(); ++c) cells.emplace_back(rows.getColumnName(c));
    std::string out = csv_line(cells);
    while (rows.executeStep()) {
      for (int c = 0; c < rows.getColumnCount(); ++c)
        cells[static_cast<size_t>(c)] = written(rows.getColumnName(c))
                                            ? safe_cell(rows.getColumn(c).getString())
                                            : rows.getColumn(c).getString();
      out += csv_line(cells);
    }
    return out;
  });
  write_atomic(file, text);
}

/// Whether a database file holds one of these patients, or one with this number. Throws 65 if it
/// cannot be read.
bool holds_patient(const Path& file,
                   const std::vector<std::string>& ids,
                   const std::string& number) {
  try {
    SQLite::Database database(file.string(), SQLite::OPEN_READONLY);
    SQLite::Statement row(database, "SELECT 1 FROM patient WHERE number = ?1 OR id = ?2");
    for (const auto& id : ids) {
      row.reset();
      row.bind(1, number);
      row.bind(2, id);
      if (row.executeStep()) return true;
    }
    return false;
  } catch (const SQLite::Exception& error) {
    throw Error(Exit::bad_data, cat(file.string(), " cannot be read: ", error.what()));
  }
}

}  // namespace

BackupResult back_up(const Path& data, const Path& out) {
  check_is_data(data);
  check_is_free(out);
  Database(data).copy_to(private_folder(out) / kDatabaseFile);
  Database database(out);
  const Exams target(database, out);
  return copy_images(
      database, data, [&](const std::string& digest) { return target.image_file(digest); });
}

BackupResult restore(const Path& backup, const Path& data) {
  check_is_data(backup);
  check_is_free(data);
  const auto problems = check_data(backup);
  check(problems.empty(), Exit::bad_data, problems.empty() ? "" : problems[0]);
  return back_up(backup, data);
}

std::vector<std::string> check_data(const Path& data) {
  check_is_data(data);
  Database database(data);
  std::vector<std::string> out = database.problems();
  for (auto& problem : Exams(database, data).problems()) out.push_back(std::move(problem));
  const int64_t wrong = database.read([](SQLite::Database& connection) {
    std::string last;
    return check_audit(connection, last);
  });
  if (wrong > 0) out.push_back(cat("entry ", wrong, " of the audit log is missing or was changed"));
  return out;
}

EraseResult erase(const Path& data, const std::string& number, const std::vector<Path>& backups) {
  check_is_data(data);
  Database database(data);
  Exams exams(database, data);
  EraseResult out;
  std::vector<std::string> ids;
  database.read([&](SQLite::Database& connection) {
    SQLite::Statement rows(connection,
                           "SELECT id, (SELECT count(*) FROM exam WHERE patient = patient.id) FROM "
                           "patient WHERE number = ?");
    rows.bind(1, number);
    while (rows.executeStep()) {
      ids.push_back(rows.getColumn(0).getString());
      out.exams += rows.getColumn(1).getInt64();
    }
  });
  check(!ids.empty(), Exit::missing_input, "there is no patient with this number");
  // Other files first: if one cannot be read, nothing has been erased yet.
  std::vector<Path> others;
  for (const auto& entry : std::filesystem::directory_iterator(data))
    if (entry.path().filename().string().starts_with("records.before-")) others.push_back(entry);
  for (const auto& backup : backups) {
    check_is_data(backup);
    others.push_back(backup / kDatabaseFile);
  }
  for (const auto& file : others)
    if (holds_patient(file, ids, number)) out.still_held.push_back(file);
  for (const auto& id : ids) exams.erase_patient(kCommandLine, id);
  database.vacuum();
  return out;
}

BackupResult export_all(const Path& data, const Path& out) {
  check_is_data(data);
  check_is_free(out);
  private_folder(out);
  Database database(data);
  write_table(
      database,
      "SELECT id, number, name, birth, sex, note, version, created, deleted FROM patient ORDER "
      "BY created, id",
      out / "patients.csv");
  write_table(
      database,
      "SELECT exam.id, patient, image, file, coalesce(account.name, '') AS account, uploaded, "
      "state, message, finding, probability, deleted FROM exam LEFT JOIN account ON "
      "account.id = exam.account ORDER BY uploaded, exam.id",
      out / "exams.csv");
  write_table(database, "SELECT * FROM audit ORDER BY id", out / "audit.csv");
  make_folder(out / "results");
  database.read([&](SQLite::Database& connection) {
    SQLite::Statement rows(connection, "SELECT id, result FROM exam WHERE result <> ''");
    while (rows.executeStep())
      write_atomic(out / "results" / (rows.getColumn(0).getString() + ".json"),
                   rows.getColumn(1).getString() + "\n");
  });
  return copy_images(
      database, data, [&](const std::string& digest) { return out / "images" / digest; });
}

void add_person(const Path& data,
                const std::string& name,
                const std::string& role,
                const std::string& password) {
  Database database(private_folder(data));
  Accounts(database).add(name, password, parse_role(role));
  note(database, "account.add", name);
}

std::string add_device(const Path& data, const std::string& name) {
  Database database(private_folder(data));
  std::string token = Accounts(database).add_device(name);
  note(database, "account.add", name);
  return token;
}

void change_password(const Path& data, const std::string& name, const std::string& password) {
  check_is_data(data);
  Database database(data);
  Accounts(database).set_password(name, password);
  note(database, "account.password", name);
}

void disable_account(const Path& data, const std::string& name) {
  check_is_data(data);
  Database database(data);
  Accounts(database).disable(name);
  note(database, "account.disable", name);
}

std::string accounts_text(const Path& data) {
  check_is_data(data);
  Database database(data);
  std::string out;
  for (const auto& account : Accounts(database).list())
    out += cat(
        account.name, "\t", role_word(account.role), account.disabled ? "\tdisabled" : "", "\n");
  return out.empty() ? "no accounts: everybody on this machine may use the server\n" : out;
}

}  // namespace evenray
