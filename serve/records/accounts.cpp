// SPDX-License-Identifier: Apache-2.0
#include "serve/records/accounts.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <semaphore>

#include "core/error.hpp"
#include "core/text.hpp"
#include "serve/records/clock.hpp"

namespace evenray {
namespace {

constexpr std::array kRoleWords{"viewer", "reader", "curator", "admin", "device"};
constexpr size_t kLeastPassword = 12, kMostPassword = 1024, kMostName = 64, kTokenBytes = 32;
constexpr unsigned long long kPasses = 2;
constexpr size_t kHashBytes = 64 << 20;
constexpr int64_t kLongestSession = 12 * 3600, kLongestPause = 30 * 60;
/// `seen` is written at most this often.
constexpr int64_t kSeenEvery = 60;
/// The commonest passwords of 12 bytes and more, in lower case (of published lists of leaks).
constexpr std::array kCommon{"123456789012",
                             "1234567890123",
                             "1q2w3e4r5t6y",
                             "qwertyuiop12",
                             "qwerty123456",
                             "password1234",
                             "passwordpassword",
                             "123qweasdzxc",
                             "administrator",
                             "unbelievable",
                             "123123123123",
                             "111111111111",
                             "000000000000",
                             "abcdefghijkl",
                             "iloveyou1234",
                             "qwertyuiop123",
                             "1qaz2wsx3edc",
                             "zaq12wsxcde3",
                             "correcthorsebatterystaple"};
/// Each hash takes 64 MiB.
std::counting_semaphore<2> hashing(2);

struct HashSlot {
  HashSlot() { hashing.acquire(); }
  ~HashSlot() { hashing.release(); }
};

std::string hashed(const std::string& password) {
  const HashSlot slot;
  std::array<char, crypto_pwhash_STRBYTES> out{};
  check(crypto_pwhash_str_alg(out.data(),
                              password.data(),
                              password.size(),
                              kPasses,
                              kHashBytes,
                              crypto_pwhash_ALG_ARGON2ID13) == 0,
        Exit::missing_resource,
        "out of memory");
  return out.data();
}

bool verified(const std::string& hash, const std::string& password) {
  const HashSlot slot;
  return crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
}

Account account_of(SQLite::Statement& row, int first) {
  Account out;
  out.id = row.getColumn(first).getInt64();
  out.name = row.getColumn(first + 1).getString();
  out.role = parse_role(row.getColumn(first + 2).getString());
  out.disabled = row.getColumn(first + 3).getInt() != 0;
  out.created = row.getColumn(first + 4).getInt64();
  return out;
}
constexpr const char* kColumns =
    "account.id, account.name, account.role, account.disabled, account.created";

void end_sessions(SQLite::Database& database, const std::string& name) {
  SQLite::Statement end(
      database, "DELETE FROM session WHERE account = (SELECT id FROM account WHERE name = ?)");
  end.bind(1, name);
  end.exec();
}

/// Runs "UPDATE account SET ... WHERE name = ?" and ends the sessions. Throws 66 for no such name.
void change(Database& database,
            const char* set,
            const std::optional<std::string>& value,
            const std::string& name) {
  database.write([&](SQLite::Database& connection) {
    SQLite::Statement update(connection, cat("UPDATE account SET ", set, " WHERE name = ?"));
    if (value) update.bind(1, *value);
    update.bind(value ? 2 : 1, name);
    check(update.exec() == 1, Exit::missing_input, cat("there is no account '", name, "'"));
    end_sessions(connection, name);
  });
}

}  // namespace

Role parse_role(const std::string& word) {
  const auto found = std::find(kRoleWords.begin(), kRoleWords.end(), word);
  check(found != kRoleWords.end(),
        Exit::usage,
        unknown_name("role", word, {kRoleWords.begin(), kRoleWords.end()}));
  return static_cast<Role>(found - kRoleWords.begin());
}

const char* role_word(Role role) { return kRoleWords[static_cast<size_t>(role)]; }

std::string random_text(size_t bytes) {
  std::vector<unsigned char> random(bytes);
  randombytes_buf(random.data(), bytes);
  constexpr int kVariant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
  std::string out(sodium_base64_encoded_len(bytes, kVariant), '\0');
  sodium_bin2base64(out.data(), out.size(), random.data(), bytes, kVariant);
  out.resize(out.size() - 1);  // its NUL
  return out;
}

bool same_secret(const std::string& a, const std::string& b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

Accounts::Accounts(Database& database) : database_(database) {
  check(sodium_init() >= 0, Exit::missing_resource, "libsodium has no source of random numbers");
}

void Accounts::check_password(const std::string& password) {
  check(password.size() >= kLeastPassword && password.size() <= kMostPassword,
        Exit::bad_data,
        cat("a password must have ", kLeastPassword, " to ", kMostPassword, " bytes"));
  const bool one_letter = password.find_first_not_of(password[0]) == std::string::npos;
  check(!one_letter && std::count(kCommon.begin(), kCommon.end(), lower(password)) == 0,
        Exit::bad_data,
        "this password is among the commonest ones; choose another");
}

bool Accounts::empty() const {
  return database_.read([](SQLite::Database& database) {
    return database.execAndGet("SELECT count(*) FROM account").getInt() == 0;
  });
}

bool Accounts::has_people() const {
  return database_.read([](SQLite::Database& database) {
    return database
               .execAndGet("SELECT count(*) FROM account WHERE role <> 'device' AND NOT disabled")
               .getInt() > 0;
  });
}

std::vector<Account> Accounts::list() const {
  return database_.read([](SQLite::Database& database) {
    std::vector<Account> out;
    SQLite::Statement rows(database, cat("SELECT ", kColumns, " FROM account ORDER BY name"));
    while (rows.executeStep()) out.push_back(account_of(rows, 0));
    return out;
  });
}

void Accounts::insert(const std::string& name, const std::string& secret, Role role) {
  const bool plain = std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) ||
           std::string_view(".-_@").find(static_cast<char>(c)) != std::string_view::npos;
  });
  check(!name.empty() && name.size() <= kMostName && plain,
        Exit::bad_data,
        cat("a name of an account must have 1 to ",
            kMostName,
            " letters, digits, '.', '-', '_' or '@'"));
  database_.write([&](SQLite::Database& database) {
    SQLite::Statement add(database,
                          "INSERT INTO account(name, password, role, created) VALUES(?,?,?,?) ON "
                          "CONFLICT DO NOTHING");
    add.bind(1, name);
    add.bind(2, secret);
    add.bind(3, role_word(role));
    add.bind(4, now_s());
    check(add.exec() == 1,
          Exit::cannot_create,
          cat("there is an account '", name, "' already; choose another name"));
  });
}

void Accounts::add(const std::string& name, const std::string& password, Role role) {
  check_password(password);
  insert(name, hashed(password), role);
}

std::string Accounts::add_device(const std::string& name) {
  std::string token = random_text(kTokenBytes);
  insert(name, sha256_hex(token), Role::device);
  return token;
}

void Accounts::set_password(const std::string& name, const std::string& password) {
  check_password(password);
  change(database_, "password = ?", hashed(password), name);
}

void Accounts::disable(const std::string& name) {
  change(database_, "disabled = 1", std::nullopt, name);
}

std::optional<Account> Accounts::sign_in(const std::string& name,
                                         const std::string& password) const {
  // Verified in place of a missing account's, so that both take equally long.
  static const std::string nobody = hashed("nobody's password");
  std::string hash = nobody;
  auto found = database_.read([&](SQLite::Database& database) -> std::optional<Account> {
    SQLite::Statement row(
        database,
        cat("SELECT ", kColumns, ", password FROM account WHERE name = ? AND role <> 'device'"));
    row.bind(1, name);
    if (!row.executeStep()) return std::nullopt;
    hash = row.getColumn(5).getString();
    return account_of(row, 0);
  });
  const bool right = password.size() <= kMostPassword && verified(hash, password);
  return right && found && !found->disabled ? found : std::nullopt;
}

std::string Accounts::start_session(const Account& account) {
  std::string token = random_text(kTokenBytes);
  database_.write([&](SQLite::Database& database) {
    const int64_t now = now_s();
    SQLite::Statement old(database, "DELETE FROM session WHERE created < ? OR seen < ?");
    old.bind(1, now - kLongestSession);
    old.bind(2, now - kLongestPause);
    old.exec();
    SQLite::Statement add(
        database, "INSERT INTO session(token, account, csrf, created, seen) VALUES(?,?,?,?,?)");
    add.bind(1, sha256_hex(token));
    add.bind(2, account.id);
    add.bind(3, random_text(kTokenBytes));
    add.bind(4, now);
    add.bind(5, now);
    add.exec();
  });
  return token;
}

std::optional<Session> Accounts::session(const std::string& token) {
  if (token.empty()) return std::nullopt;
  const std::string hash = sha256_hex(token);
  const int64_t now = now_s();
  int64_t seen = now;
  auto out = database_.read([&](SQLite::Database& database) -> std::optional<Session> {
    SQLite::Statement row(database,
                          cat("SELECT ",
                              kColumns,
                              ", csrf, seen FROM session JOIN account ON account.id = "
                              "session.account WHERE token = ? "
                              "AND session.created >= ? AND seen >= ? AND NOT disabled"));
    row.bind(1, hash);
    row.bind(2, now - kLongestSession);
    row.bind(3, now - kLongestPause);
    if (!row.executeStep()) return std::nullopt;
    seen = row.getColumn(6).getInt64();
    return Session{account_of(row, 0), row.getColumn(5).getString()};
  });
  if (!out || now - seen < kSeenEvery) return out;
  try {
    database_.write([&](SQLite::Database& database) {
      SQLite::Statement update(database, "UPDATE session SET seen = ? WHERE token = ?");
      update.bind(1, now);
      update.bind(2, hash);
      update.exec();
    });
  } catch (const Error&) {
    // On a full disk: the session ends earlier, and until then reading goes on.
  }
  return out;
}

void Accounts::end_session(const std::string& token) {
  database_.write([&](SQLite::Database& database) {
    SQLite::Statement end(database, "DELETE FROM session WHERE token = ?");
    end.bind(1, sha256_hex(token));
    end.exec();
  });
}

std::optional<Account> Accounts::device(const std::string& token) const {
  return database_.read([&](SQLite::Database& database) -> std::optional<Account> {
    SQLite::Statement row(
        database,
        cat("SELECT ",
            kColumns,
            " FROM account WHERE password = ? AND role = 'device' AND NOT disabled"));
    row.bind(1, sha256_hex(token));
    if (!row.executeStep()) return std::nullopt;
    return account_of(row, 0);
  });
}

}  // namespace evenray
