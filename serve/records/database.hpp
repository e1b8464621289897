// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <memory>
#include <mutex>
#include <vector>

#include "core/files.hpp"

namespace evenray {

/// Makes a folder that only its owner may open. Returns it.
Path private_folder(const Path& folder);

/// The embedded database of a data folder: records.db, an SQLite file in WAL mode whose commits
/// reach the disk before they return. One connection writes, under a lock; others read beside it.
class Database {
 public:
  /// Opens the database of a folder or creates it (0600). An older version is brought to this one
  /// after a copy, records.before-vN.db. Throws 78 if it is of a newer version, 65 if it is
  /// damaged, 74 for a full disk.
  explicit Database(const Path& folder);

  /// Runs `work(SQLite::Database&)` as one transaction, which is undone if it throws, and returns
  /// what it returns. Throws 74 if the disk is full.
  template <class Work>
  auto write(const Work& work) {
    const std::lock_guard lock(writing_);
    return translated([&] {
      Transaction transaction(writer_);
      if constexpr (std::is_void_v<decltype(work(writer_))>) {
        work(writer_);
        transaction.commit();
      } else {
        auto result = work(writer_);
        transaction.commit();
        return result;
      }
    });
  }

  /// Runs `work(SQLite::Database&)` on a connection that only reads.
  template <class Work>
  auto read(const Work& work) const {
    const Reader reader(*this);
    return translated([&] { return work(*reader.connection); });
  }

  /// Writes a consistent copy into `file`, while others read and write.
  void copy_to(const Path& file) const;
  /// Writes the file anew without its free pages, and empties the log.
  void vacuum();
  /// Moves all changes from the log into the file, so that the log does not hold what was erased.
  /// Waits for readers; throws 1 if they do not end within 5 seconds.
  void empty_log();
  /// Returns the problems that SQLite finds; empty: none.
  std::vector<std::string> problems() const;

 private:
  /// BEGIN IMMEDIATE, and ROLLBACK unless committed.
  class Transaction {
   public:
    explicit Transaction(SQLite::Database& database);
    ~Transaction();
    void commit();

   private:
    SQLite::Database& database_;
    bool open_ = true;
  };
  struct Reader {
    explicit Reader(const Database& database);
    ~Reader();
    const Database& owner;
    std::unique_ptr<SQLite::Database> connection;
  };

  /// Runs `body` and throws errors of SQLite as Error.
  template <class Body>
  static auto translated(const Body& body) {
    try {
      return body();
    } catch (const SQLite::Exception& error) {
      throw_error(error);
    }
  }
  [[noreturn]] static void throw_error(const SQLite::Exception& error);
  std::unique_ptr<SQLite::Database> open(int flags) const;

  Path file_;
  std::unique_ptr<SQLite::Database> opened_;
  SQLite::Database& writer_;
  std::mutex writing_;
  mutable std::mutex reading_;
  mutable std::vector<std::unique_ptr<SQLite::Database>> idle_;
};

}  // namespace evenray
