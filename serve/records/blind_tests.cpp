// SPDX-License-Identifier: Apache-2.0
#include "serve/records/blind_tests.hpp"

#include "core/error.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "serve/records/accounts.hpp"
#include "serve/records/clock.hpp"

namespace evenray {
namespace {

constexpr size_t kTestIdBytes = 12;
constexpr const char* kSelectTests =
    "SELECT blind_test.id, coalesce(account.name, ''), rows, answers, started FROM blind_test LEFT "
    "JOIN account ON account.id = blind_test.account WHERE store = ?1 ";

BlindTest test_of(SQLite::Statement& row) {
  BlindTest out;
  out.id = row.getColumn(0).getString();
  out.account = row.getColumn(1).getString();
  out.rows = Json::parse(row.getColumn(2).getString()).get<std::vector<std::string>>();
  out.said_drawn = Json::parse(row.getColumn(3).getString()).get<std::vector<bool>>();
  out.started = row.getColumn(4).getInt64();
  return out;
}

void bind_person(SQLite::Statement& statement, int place, const Actor& actor) {
  if (actor.id)
    statement.bind(place, *actor.id);
  else
    statement.bind(place);
}

}  // namespace

std::string BlindTests::start(const Actor& actor, const std::vector<std::string>& rows) {
  std::string id = random_text(kTestIdBytes);
  database_.write([&](SQLite::Database& database) {
    SQLite::Statement insert(database,
                             "INSERT INTO blind_test(id, store, account, rows, answers, started) "
                             "VALUES(?,?,?,?,'[]',?)");
    insert.bind(1, id);
    insert.bind(2, store_);
    bind_person(insert, 3, actor);
    insert.bind(4, Json(rows).dump());
    insert.bind(5, now_s());
    insert.exec();
    add_audit(database, actor, "blind.start", id);
  });
  return id;
}

std::optional<BlindTest> BlindTests::find(const Actor& actor, const std::string& id) const {
  return database_.read([&](SQLite::Database& database) -> std::optional<BlindTest> {
    SQLite::Statement row(database,
                          cat(kSelectTests, "AND blind_test.id = ?2 AND blind_test.account IS ?3"));
    row.bind(1, store_);
    row.bind(2, id);
    bind_person(row, 3, actor);
    if (!row.executeStep()) return std::nullopt;
    return test_of(row);
  });
}

void BlindTests::answer(const Actor& actor, const std::string& id, size_t place, bool drawn) {
  database_.write([&](SQLite::Database& database) {
    SQLite::Statement row(database,
                          cat(kSelectTests, "AND blind_test.id = ?2 AND blind_test.account IS ?3"));
    row.bind(1, store_);
    row.bind(2, id);
    bind_person(row, 3, actor);
    check(row.executeStep(), Exit::missing_input, "there is no such test");
    BlindTest test = test_of(row);
    if (test.ended() || test.said_drawn.size() != place) return;
    test.said_drawn.push_back(drawn);
    SQLite::Statement update(database,
                             "UPDATE blind_test SET answers = ?1, ended = CASE WHEN ?2 THEN ?3 "
                             "ELSE NULL END WHERE id = ?4");
    update.bind(1, Json(test.said_drawn).dump());
    update.bind(2, test.ended() ? 1 : 0);
    update.bind(3, now_s());
    update.bind(4, id);
    update.exec();
  });
}

std::vector<BlindTest> BlindTests::ended() const {
  return database_.read([&](SQLite::Database& database) {
    std::vector<BlindTest> out;
    SQLite::Statement rows(database,
                           cat(kSelectTests, "AND ended IS NOT NULL ORDER BY ended DESC"));
    rows.bind(1, store_);
    while (rows.executeStep()) out.push_back(test_of(rows));
    return out;
  });
}

}  // namespace evenray
