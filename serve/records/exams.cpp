// SPDX-License-Identifier: Apache-2.0
#include "serve/records/exams.hpp"

#include <array>

#include "core/error.hpp"
#include "core/text.hpp"
#include "serve/records/accounts.hpp"
#include "serve/records/clock.hpp"

namespace evenray {
namespace {

constexpr size_t kExamIdBytes = 12, kMostFileName = 200;
constexpr std::array kStateWords{"waiting", "done", "failed"};

constexpr const char* kExamColumns =
    "SELECT exam.id, patient, image, file, coalesce(account.name, ''), uploaded, state, message, "
    "finding, coalesce(probability, 0), result, exam.deleted FROM exam LEFT JOIN account ON "
    "account.id = exam.account ";

Exam exam_of(SQLite::Statement& row) {
  const auto text = [&](int column) { return row.getColumn(column).getString(); };
  Exam out;
  out.id = text(0);
  out.patient = text(1);
  out.image = text(2);
  out.file = text(3);
  out.account = text(4);
  out.uploaded = row.getColumn(5).getInt64();
  out.state = static_cast<ExamState>(std::find(kStateWords.begin(), kStateWords.end(), text(6)) -
                                     kStateWords.begin());
  out.message = text(7);
  out.finding = text(8);
  out.probability = row.getColumn(9).getDouble();
  if (const std::string result = text(10); !result.empty()) out.result = Json::parse(result);
  if (!row.getColumn(11).isNull()) out.deleted = row.getColumn(11).getInt64();
  return out;
}

/// The last part of a name, without control characters, shortened.
std::string plain_name(const std::string& file) {
  std::string out;
  for (const char c : file.substr(file.find_last_of("/\\") + 1))
    if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) out += c;
  while (out.size() > kMostFileName || !is_plain_utf8(out)) out.pop_back();
  return out.empty() ? "image" : out;
}

void bind_optional(SQLite::Statement& statement, int place, const std::string& text) {
  if (text.empty())
    statement.bind(place);
  else
    statement.bind(place, text);
}

void bind_bytes(SQLite::Statement& statement, int place, std::string_view bytes) {
  statement.bind(place, bytes.data(), static_cast<int>(bytes.size()));
}

/// Runs an update of one record. Throws 66 unless it changed one.
void change_one(SQLite::Statement& statement) {
  check(statement.exec() == 1, Exit::missing_input, "there is no such exam");
}

}  // namespace

const char* state_word(ExamState state) { return kStateWords[static_cast<size_t>(state)]; }

Exams::Exams(Database& database, const Path& folder) : database_(database), folder_(folder) {
  private_folder(folder_ / "images");
}

Path Exams::image_file(const std::string& digest) const {
  return folder_ / "images" / digest.substr(0, 2) / digest;
}

std::string Exams::add(const Actor& actor, const ReceivedImage& received) {
  const std::string digest = sha256_hex(received.bytes);
  const Path kept = image_file(digest);
  std::string id = random_text(kExamIdBytes);
  database_.write([&](SQLite::Database& database) {
    SQLite::Statement known(database, "SELECT 1 FROM patient WHERE id = ? AND deleted IS NULL");
    known.bind(1, received.patient);
    check(received.patient.empty() || known.executeStep(),
          Exit::missing_input,
          "there is no such patient");
    // The file comes first: a record without its file would be worse than a file without a record.
    // It comes within the transaction, so that sweep() does not take it away between both.
    make_folder(kept.parent_path());
    if (!std::filesystem::exists(kept)) write_atomic(kept, received.bytes);
    SQLite::Statement image(database,
                            "INSERT INTO image(digest, bytes) VALUES(?,?) ON CONFLICT DO NOTHING");
    image.bind(1, digest);
    image.bind(2, static_cast<int64_t>(received.bytes.size()));
    image.exec();
    SQLite::Statement exam(
        database,
        "INSERT INTO exam(id, patient, image, file, account, uploaded, state, thumbnail) "
        "VALUES(?,?,?,?,?,?,'waiting',?)");
    exam.bind(1, id);
    bind_optional(exam, 2, received.patient);
    exam.bind(3, digest);
    exam.bind(4, plain_name(received.file));
    if (actor.id)
      exam.bind(5, *actor.id);
    else
      exam.bind(5);
    exam.bind(6, now_s());
    bind_bytes(exam, 7, received.thumbnail);
    exam.exec();
    add_audit(database, actor, "exam.upload", id);
  });
  return id;
}

std::optional<Exam> Exams::find(const std::string& id) const {
  return database_.read([&](SQLite::Database& database) -> std::optional<Exam> {
    SQLite::Statement row(database, cat(kExamColumns, "WHERE exam.id = ?"));
    row.bind(1, id);
    if (!row.executeStep()) return std::nullopt;
    return exam_of(row);
  });
}

RecordPage<Exam> Exams::list(const ExamFilter& filter, const std::string& from, int count) const {
  // Each condition with its value.
  std::vector<std::pair<std::string, std::string>> texts;
  std::vector<std::pair<std::string, int64_t>> numbers;
  std::string where = filter.deleted ? "exam.deleted IS NOT NULL"
                                     : "exam.deleted IS NULL AND NOT EXISTS(SELECT 1 FROM patient "
                                       "WHERE patient.id = exam.patient AND deleted IS NOT NULL)";
  if (filter.quick_looks) where += " AND patient IS NULL";
  if (!filter.patient.empty()) texts.emplace_back("patient = ?", filter.patient);
  if (!filter.finding.empty()) texts.emplace_back("finding = ?", filter.finding);
  if (filter.state) texts.emplace_back("state = ?", state_word(*filter.state));
  if (filter.since > 0) numbers.emplace_back("uploaded >= ?", filter.since);
  if (filter.until > 0) numbers.emplace_back("uploaded < ?", filter.until);
  for (const auto& [condition, value] : texts) where += cat(" AND ", condition);
  for (const auto& [condition, value] : numbers) where += cat(" AND ", condition);
  const size_t at = from.find(' ');
  int64_t uploaded = 0;
  const bool later = at != std::string::npos && parse_int(from.substr(0, at), uploaded);
  if (later) where += " AND (uploaded, exam.id) < (?, ?)";
  return database_.read([&](SQLite::Database& database) {
    RecordPage<Exam> page;
    SQLite::Statement rows(
        database,
        cat(kExamColumns, "WHERE ", where, " ORDER BY uploaded DESC, exam.id DESC LIMIT ?"));
    int place = 0;
    for (const auto& [condition, value] : texts) rows.bind(++place, value);
    for (const auto& [condition, value] : numbers) rows.bind(++place, value);
    if (later) {
      rows.bind(++place, uploaded);
      rows.bind(++place, from.substr(at + 1));
    }
    rows.bind(++place, count + 1);
    while (rows.executeStep()) page.entries.push_back(exam_of(rows));
    if (std::ssize(page.entries) > count) {
      page.entries.pop_back();
      page.next = cat(page.entries.back().uploaded, " ", page.entries.back().id);
    }
    return page;
  });
}

std::vector<std::string> Exams::waiting() const {
  return database_.read([](SQLite::Database& database) {
    std::vector<std::string> out;
    SQLite::Statement rows(
        database,
        "SELECT id FROM exam WHERE state = 'waiting' AND deleted IS NULL ORDER BY uploaded, id");
    while (rows.executeStep()) out.push_back(rows.getColumn(0).getString());
    return out;
  });
}

bool Exams::finish(const std::string& id,
                   const std::string& finding,
                   double probability,
                   const Json& result,
                   const std::string& heat_map) {
  return database_.write([&](SQLite::Database& database) {
    SQLite::Statement update(
        database,
        "UPDATE exam SET state = 'done', message = '', finding = ?, probability = ?, result = ?, "
        "heat = ? WHERE id = ? AND state = 'waiting'");
    update.bind(1, finding);
    update.bind(2, probability);
    update.bind(3, result.dump());
    bind_bytes(update, 4, heat_map);
    update.bind(5, id);
    return update.exec() == 1;
  });
}

std::string Exams::blob(const char* sql, const std::string& id) const {
  return database_.read([&](SQLite::Database& database) -> std::string {
    SQLite::Statement row(database, sql);
    row.bind(1, id);
    if (!row.executeStep() || row.getColumn(0).isNull()) return "";
    const auto column = row.getColumn(0);
    return {static_cast<const char*>(column.getBlob()), static_cast<size_t>(column.getBytes())};
  });
}

std::string Exams::heat_map(const std::string& id) const {
  return blob("SELECT heat FROM exam WHERE id = ?", id);
}

std::string Exams::thumbnail(const std::string& id) const {
  return blob("SELECT thumbnail FROM exam WHERE id = ?", id);
}

bool Exams::fail(const std::string& id, const std::string& message) {
  return database_.write([&](SQLite::Database& database) {
    SQLite::Statement update(
        database,
        "UPDATE exam SET state = 'failed', message = ? WHERE id = ? AND state = "
        "'waiting'");
    update.bind(1, message);
    update.bind(2, id);
    return update.exec() == 1;
  });
}

bool Exams::repeat(const Actor& actor, const std::string& id) {
  return database_.write([&](SQLite::Database& database) {
    SQLite::Statement update(
        database,
        "UPDATE exam SET state = 'waiting', message = '', finding = '', "
        "probability = NULL, result = '', heat = NULL WHERE id = ? AND state <> "
        "'waiting'");
    update.bind(1, id);
    if (update.exec() == 0) return false;
    add_audit(database, actor, "exam.again", id);
    return true;
  });
}

void Exams::assign(const Actor& actor, const std::string& id, const std::string& patient) {
  database_.write([&](SQLite::Database& database) {
    SQLite::Statement update(database,
                             "UPDATE exam SET patient = ?1 WHERE id = ?2 AND (?1 IS NULL OR ?1 IN "
                             "(SELECT id FROM patient))");
    bind_optional(update, 1, patient);
    update.bind(2, id);
    change_one(update);
    add_audit(database, actor, "exam.assign", id);
  });
}

void Exams::set_deleted(const Actor& actor, const std::string& id, bool deleted) {
  database_.write([&](SQLite::Database& database) {
    SQLite::Statement update(database, "UPDATE exam SET deleted = ? WHERE id = ?");
    if (deleted)
      update.bind(1, now_s());
    else
      update.bind(1);
    update.bind(2, id);
    change_one(update);
    add_audit(database, actor, deleted ? "exam.delete" : "exam.restore", id);
  });
}

int64_t Exams::purge(int64_t time) {
  const int64_t erased = database_.write([&](SQLite::Database& database) {
    int64_t sum = 0;
    for (const char* sql : {"DELETE FROM exam WHERE deleted < ?1 OR patient IN (SELECT id FROM "
                            "patient WHERE deleted < ?1)",
                            "DELETE FROM patient WHERE deleted < ?1"}) {
      SQLite::Statement erase(database, sql);
      erase.bind(1, time);
      sum += erase.exec();
    }
    if (sum > 0) add_audit(database, Actor{"-", "timer", std::nullopt}, "records.purge", cat(sum));
    return sum;
  });
  sweep();
  if (erased > 0) database_.empty_log();
  return erased;
}

void Exams::erase_patient(const Actor& actor, const std::string& id) {
  database_.write([&](SQLite::Database& database) {
    SQLite::Statement exams(database, "DELETE FROM exam WHERE patient = ?");
    exams.bind(1, id);
    exams.exec();
    SQLite::Statement patient(database, "DELETE FROM patient WHERE id = ?");
    patient.bind(1, id);
    check(patient.exec() == 1, Exit::missing_input, "there is no such patient");
    add_audit(database, actor, "patient.erase", id);
  });
  sweep();
  database_.empty_log();
}

std::vector<Path> Exams::unowned_files(SQLite::Database& database) const {
  std::vector<Path> out;
  SQLite::Statement known(database, "SELECT 1 FROM image WHERE digest = ?");
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_ / "images")) {
    if (!entry.is_regular_file()) continue;
    known.reset();
    known.bind(1, entry.path().filename().string());
    if (!known.executeStep()) out.push_back(entry.path());
  }
  return out;
}

void Exams::sweep() {
  database_.write([&](SQLite::Database& database) {
    database.exec("DELETE FROM image WHERE NOT EXISTS(SELECT 1 FROM exam WHERE image = digest)");
  });
  // Only now that the rows are gone for good. In a transaction, so that add() is not between its
  // file and its row.
  database_.write([&](SQLite::Database& database) {
    for (const Path& file : unowned_files(database)) std::filesystem::remove(file);
  });
}

std::vector<std::string> Exams::problems() const {
  std::vector<std::string> out;
  std::vector<std::string> known;
  std::vector<std::pair<std::string, std::string>> broken;  // digest, problem
  database_.read([&](SQLite::Database& database) {
    SQLite::Statement rows(database, "SELECT digest FROM image");
    while (rows.executeStep()) known.push_back(rows.getColumn(0).getString());
  });
  for (const auto& digest : known) {
    const Path file = image_file(digest);
    try {
      if (sha256_hex(read_file(file)) != digest)
        broken.emplace_back(digest, cat(file.string(), " was changed"));
    } catch (const Error&) {
      broken.emplace_back(digest, cat(file.string(), " is missing or cannot be read"));
    }
  }
  // In a transaction, as in sweep(). A digest of the first list may be gone by now.
  database_.write([&](SQLite::Database& database) {
    for (const Path& file : unowned_files(database))
      out.push_back(cat(file.string(), " belongs to no exam"));
    SQLite::Statement still(database, "SELECT 1 FROM image WHERE digest = ?");
    for (const auto& [digest, problem] : broken) {
      still.reset();
      still.bind(1, digest);
      if (still.executeStep()) out.push_back(problem);
    }
  });
  return out;
}

}  // namespace evenray
