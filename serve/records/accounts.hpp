// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "serve/records/database.hpp"

namespace evenray {

/// What an account may do; each may do what those before it may. A device may only upload files and
/// fetch their results.
enum class Role { viewer, reader, curator, admin, device };
/// Throws 2 for an unknown word.
Role parse_role(const std::string& word);
const char* role_word(Role role);

struct Account {
  int64_t id = 0;
  std::string name;
  Role role = Role::viewer;
  bool disabled = false;
  int64_t created = 0;

  bool may(Role needed) const {
    return role != Role::device && needed != Role::device && role >= needed;
  }
};

/// A signed-in browser.
struct Session {
  Account account;
  std::string csrf;  ///< forms must send it back
};

/// Accounts of people and devices. Passwords are kept as Argon2id hashes (64 MiB, 2 passes), tokens
/// as SHA-256.
class Accounts {
 public:
  explicit Accounts(Database& database);

  /// Throws 65 for a password below 12 bytes, above 1024, or among the commonest ones.
  static void check_password(const std::string& password);

  bool empty() const;
  /// Whether there is an account of a person that is not disabled.
  bool has_people() const;
  std::vector<Account> list() const;
  /// Adds an account. Throws 65 as check_password() or for a name that is not 1 to 64 letters,
  /// digits, '.', '-', '_' or '@', 73 for a name that is taken.
  void add(const std::string& name, const std::string& password, Role role);
  /// Adds a device and returns its token, which is not kept.
  std::string add_device(const std::string& name);
  /// Changes a password and ends the account's sessions. Throws as add(), 66 for an unknown name.
  void set_password(const std::string& name, const std::string& password);
  /// Disables an account and ends its sessions. Throws 66 for an unknown name.
  void disable(const std::string& name);

  /// Returns the account if name and password are right. Takes the same time if they are not. At
  /// most two passwords are checked at the same time.
  std::optional<Account> sign_in(const std::string& name, const std::string& password) const;
  /// Starts a session and returns its token, 256 random bits.
  std::string start_session(const Account& account);
  /// Returns the session of a token unless it ended, its account is disabled, it is older than 12
  /// hours, or it was not used for 30 minutes.
  std::optional<Session> session(const std::string& token);
  void end_session(const std::string& token);
  /// Returns the device with this token.
  std::optional<Account> device(const std::string& token) const;

 private:
  void insert(const std::string& name, const std::string& password, Role role);

  Database& database_;
};

/// Compares two secrets in a time that does not depend on where they differ.
bool same_secret(const std::string& a, const std::string& b);

/// Returns `bytes` random bytes as base64url without padding.
std::string random_text(size_t bytes);

}  // namespace evenray
