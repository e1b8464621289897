// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>

#include "serve/records/database.hpp"

namespace evenray {

/// Who did what. Neither names of patients nor file names belong in it: objects are named by their
/// random ids.
struct AuditEntry {
  std::string account;  ///< name; "-": nobody signed in
  std::string action;   ///< "patient.create"
  std::string object;   ///< id; may be empty
  std::string source;   ///< address of the client
  std::string outcome = "ok";
};

/// Who changes records, for the audit log.
struct Actor {
  std::string account = "-";  ///< name; "-": nobody signed in
  std::string source;         ///< address of the client, or what else acts
  std::optional<int64_t> id;  ///< of the account
};

/// Adds an entry to the log within the caller's transaction. Each entry holds the SHA-256 of the
/// previous entry's hash and its own fields, so that a changed or removed entry is noticed.
void add_audit(SQLite::Database& database, const AuditEntry& entry);
void add_audit(SQLite::Database& database,
               const Actor& actor,
               const std::string& action,
               const std::string& object);

/// Returns the id of the first entry whose hash is wrong, 0 if all are right. An end that was cut
/// off cannot be noticed: compare `last` with a copy kept elsewhere. `last`: the newest hash.
int64_t check_audit(SQLite::Database& database, std::string& last);

}  // namespace evenray
