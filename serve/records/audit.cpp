// SPDX-License-Identifier: Apache-2.0
#include "serve/records/audit.hpp"

#include "core/json.hpp"
#include "serve/records/clock.hpp"

namespace evenray {
namespace {

constexpr const char* kFirstHash = "0";

std::string hash_of(const std::string& previous, int64_t at, const AuditEntry& entry) {
  // As JSON, so that no two rows give one text.
  return sha256_hex(
      Json::array(
          {previous, at, entry.account, entry.action, entry.object, entry.source, entry.outcome})
          .dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace

void add_audit(SQLite::Database& database, const AuditEntry& entry) {
  SQLite::Statement newest(database, "SELECT hash FROM audit ORDER BY id DESC LIMIT 1");
  const std::string previous = newest.executeStep() ? newest.getColumn(0).getString() : kFirstHash;
  const int64_t at = now_s();
  SQLite::Statement insert(database,
                           "INSERT INTO audit(at, account, action, object, source, outcome, hash) "
                           "VALUES(?,?,?,?,?,?,?)");
  insert.bind(1, at);
  insert.bind(2, entry.account);
  insert.bind(3, entry.action);
  insert.bind(4, entry.object);
  insert.bind(5, entry.source);
  insert.bind(6, entry.outcome);
  insert.bind(7, hash_of(previous, at, entry));
  insert.exec();
}

void add_audit(SQLite::Database& database,
               const Actor& actor,
               const std::string& action,
               const std::string& object) {
  add_audit(database, {actor.account, action, object, actor.source});
}

int64_t check_audit(SQLite::Database& database, std::string& last) {
  last = kFirstHash;
  SQLite::Statement rows(
      database,
      "SELECT id, at, account, action, object, source, outcome, hash FROM audit ORDER BY id");
  int64_t expected = 0;
  while (rows.executeStep()) {
    const auto text = [&](int column) { return rows.getColumn(column).getString(); };
    const int64_t id = rows.getColumn(0).getInt64();
    const AuditEntry entry{text(2), text(3), text(4), text(5), text(6)};
    if (id != ++expected || text(7) != hash_of(last, rows.getColumn(1).getInt64(), entry))
      return expected;
    last = text(7);
  }
  return 0;
}

}  // namespace evenray
