// SPDX-License-Identifier: Apache-2.0
#include "serve/records/database.hpp"

#include <sqlite3.h>
#include <sys/stat.h>

#include <array>
#include <chrono>
#include <thread>

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

constexpr int kBusyMs = 10'000;

/// The steps from each version to the next; PRAGMA user_version holds how many were made. Steps are
/// never changed, only added. Times are seconds since 1970, UTC.
constexpr std::array kSteps{R"(
CREATE TABLE account(
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE COLLATE NOCASE,
  password TEXT NOT NULL,           -- Argon2id, or the SHA-256 of the token of a device
  role TEXT NOT NULL CHECK(role IN ('viewer','reader','curator','admin','device')),
  disabled INTEGER NOT NULL DEFAULT 0,
  created INTEGER NOT NULL
) STRICT;
CREATE TABLE session(
  token TEXT PRIMARY KEY,           -- SHA-256
  account INTEGER NOT NULL REFERENCES account(id) ON DELETE CASCADE,
  csrf TEXT NOT NULL,
  created INTEGER NOT NULL,
  seen INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE patient(
  id TEXT PRIMARY KEY,              -- random, stands in addresses
  number TEXT NOT NULL,             -- of the hospital
  name TEXT NOT NULL,
  birth TEXT NOT NULL,              -- YYYY-MM-DD or ''
  sex TEXT NOT NULL,
  note TEXT NOT NULL,
  folded TEXT NOT NULL,             -- the name for searching
  version INTEGER NOT NULL DEFAULT 1,
  created INTEGER NOT NULL,
  deleted INTEGER                   -- when; NULL: not deleted
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX patient_number ON patient(number) WHERE number <> '' AND deleted IS NULL;
CREATE INDEX patient_folded ON patient(folded, id);
CREATE TABLE image(
  digest TEXT PRIMARY KEY,          -- SHA-256 of the file
  bytes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE exam(
  id TEXT PRIMARY KEY,
  patient TEXT REFERENCES patient(id),
  image TEXT NOT NULL REFERENCES image(digest),
  file TEXT NOT NULL,               -- the name that it was uploaded with
  account INTEGER REFERENCES account(id),
  uploaded INTEGER NOT NULL,
  state TEXT NOT NULL CHECK(state IN ('waiting','done','failed')),
  message TEXT NOT NULL DEFAULT '', -- why it failed
  finding TEXT NOT NULL DEFAULT '', -- the likeliest class
  probability REAL,
  result TEXT NOT NULL DEFAULT '',  -- JSON
  heat BLOB,                        -- PNG
  thumbnail BLOB NOT NULL,          -- PNG
  deleted INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX exam_patient ON exam(patient, uploaded);
CREATE INDEX exam_uploaded ON exam(uploaded, id);
CREATE INDEX exam_image ON exam(image);
CREATE INDEX exam_waiting ON exam(uploaded) WHERE state = 'waiting';
CREATE TABLE audit(
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  account TEXT NOT NULL,
  action TEXT NOT NULL,
  object TEXT NOT NULL,
  source TEXT NOT NULL,
  outcome TEXT NOT NULL,
  hash TEXT NOT NULL                -- SHA-256 of the previous hash and of this row
) STRICT;
)",
                            R"(
CREATE TABLE decision(
  id INTEGER PRIMARY KEY,
  store TEXT NOT NULL,              -- content digest
  row TEXT NOT NULL,                -- id in the store
  account INTEGER REFERENCES account(id),
  verdict TEXT NOT NULL CHECK(verdict IN ('','accept','reject')),
  label TEXT NOT NULL,              -- the right class; '' as it is
  tags TEXT NOT NULL,               -- sorted, with commas
  at INTEGER NOT NULL,
  step INTEGER NOT NULL,            -- rows that were decided on together
  undone INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX decision_row ON decision(store, row, account, id);
CREATE INDEX decision_step ON decision(store, account, step);
CREATE TABLE blind_test(
  id TEXT PRIMARY KEY,
  store TEXT NOT NULL,
  account INTEGER REFERENCES account(id),
  rows TEXT NOT NULL,               -- JSON: ids in their order
  answers TEXT NOT NULL,            -- JSON: "real" or "drawn", as far as given
  started INTEGER NOT NULL,
  ended INTEGER
) STRICT, WITHOUT ROWID;
)"};

int version_of(SQLite::Database& database) {
  return database.execAndGet("PRAGMA user_version").getInt();
}

}  // namespace

Database::Transaction::Transaction(SQLite::Database& database) : database_(database) {
  database_.exec("BEGIN IMMEDIATE");
}

Database::Transaction::~Transaction() {
  if (!open_) return;
  try {
    database_.exec("ROLLBACK");
  } catch (const SQLite::Exception&) {
    // SQLite has rolled back already, for example after a full disk.
  }
}

void Database::Transaction::commit() {
  database_.exec("COMMIT");
  open_ = false;
}

Database::Reader::Reader(const Database& database) : owner(database) {
  {
    const std::lock_guard lock(owner.reading_);
    if (!owner.idle_.empty()) {
      connection = std::move(owner.idle_.back());
      owner.idle_.pop_back();
    }
  }
  if (!connection) connection = translated([&] { return owner.open(SQLite::OPEN_READONLY); });
}

Database::Reader::~Reader() {
  const std::lock_guard lock(owner.reading_);
  owner.idle_.push_back(std::move(connection));
}

void Database::throw_error(const SQLite::Exception& error) {
  const int code = error.getErrorCode();
  const Exit exit = code == SQLITE_FULL || code == SQLITE_IOERR          ? Exit::io
                    : code == SQLITE_CORRUPT || code == SQLITE_NOTADB    ? Exit::bad_data
                    : code == SQLITE_CANTOPEN || code == SQLITE_READONLY ? Exit::cannot_create
                                                                         : Exit::failed;
  throw Error(exit, cat("database: ", error.what()));
}

std::unique_ptr<SQLite::Database> Database::open(int flags) const {
  auto out = std::make_unique<SQLite::Database>(file_.string(), flags, kBusyMs);
  out->exec("PRAGMA foreign_keys = ON");
  out->exec("PRAGMA trusted_schema = OFF");
  return out;
}

Path private_folder(const Path& folder) {
  make_folder(folder);
  std::filesystem::permissions(folder, std::filesystem::perms::owner_all);
  return folder;
}

Database::Database(const Path& folder)
    : file_(folder / "records.db"),
      opened_(translated([&] {
        const mode_t before = ::umask(0077);
        auto out = open(SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
        ::umask(before);
        return out;
      })),
      writer_(*opened_) {
  translated([&] {
    const int version = version_of(writer_);
    const int newest = static_cast<int>(kSteps.size());
    check(version <= newest,
          Exit::config,
          cat(file_.string(),
              " was written by a newer evenray (version ",
              version,
              ", this one knows ",
              newest,
              "); use that one, or another --data folder"));
    // Every page that is freed is overwritten, so that what was deleted cannot be found in the
    // file.
    writer_.exec("PRAGMA secure_delete = ON");
    writer_.exec("PRAGMA journal_mode = WAL");
    writer_.exec("PRAGMA synchronous = FULL");
    writer_.exec("PRAGMA temp_store = MEMORY");
    if (version == newest) return;
    if (version > 0) copy_to(cat((folder / "records").string(), ".before-v", newest, ".db"));
    Transaction transaction(writer_);
    for (int step = version; step < newest; ++step) writer_.exec(kSteps[static_cast<size_t>(step)]);
    writer_.exec(cat("PRAGMA user_version = ", newest));
    transaction.commit();
  });
}

void Database::copy_to(const Path& file) const {
  std::error_code ignored;
  std::filesystem::remove(file, ignored);
  const Reader reader(*this);
  translated([&] {
    SQLite::Statement copy(*reader.connection, "VACUUM INTO ?");
    copy.bind(1, file.string());
    copy.exec();
  });
  std::filesystem::permissions(
      file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

void Database::vacuum() {
  {
    const std::lock_guard lock(writing_);
    translated([&] { writer_.exec("VACUUM"); });
  }
  empty_log();
}

void Database::empty_log() {
  constexpr int kTries = 50;
  constexpr std::chrono::milliseconds kPause(100);
  for (int i = 0; i < kTries; ++i) {
    {
      const std::lock_guard lock(writing_);
      const bool busy = translated([&] {
        SQLite::Statement row(writer_, "PRAGMA wal_checkpoint(TRUNCATE)");
        return row.executeStep() && row.getColumn(0).getInt() != 0;
      });
      if (!busy) return;
    }
    std::this_thread::sleep_for(kPause);  // somebody reads
  }
  throw Error(Exit::failed,
              cat(file_.string(), "-wal still holds what was erased: try again when nobody reads"));
}

std::vector<std::string> Database::problems() const {
  return read([](SQLite::Database& database) {
    std::vector<std::string> out;
    for (const char* check : {"PRAGMA integrity_check(20)", "PRAGMA foreign_key_check"}) {
      SQLite::Statement rows(database, check);
      while (rows.executeStep()) {
        const std::string text = rows.getColumn(0).getString();
        if (text != "ok") out.push_back(text);
      }
    }
    return out;
  });
}

}  // namespace evenray
