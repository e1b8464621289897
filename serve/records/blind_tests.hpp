// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "serve/records/audit.hpp"

namespace evenray {

/// A test of one person: is a picture real or drawn?
struct BlindTest {
  std::string id;                 ///< random
  std::string account;            ///< name; empty: nobody signs in
  std::vector<std::string> rows;  ///< ids in the store, in the order of the test
  std::vector<bool> said_drawn;   ///< answers so far
  int64_t started = 0;

  bool ended() const { return said_drawn.size() == rows.size(); }
};

/// The blind tests on one store, by its content digest.
class BlindTests {
 public:
  BlindTests(Database& database, std::string store)
      : database_(database), store_(std::move(store)) {}

  /// Returns the id of a new test.
  std::string start(const Actor& actor, const std::vector<std::string>& rows);
  /// Returns a test of this person; nullopt if there is none.
  std::optional<BlindTest> find(const Actor& actor, const std::string& id) const;
  /// Adds the answer to picture `place`, if it is the next one; else does nothing (a page that was
  /// sent twice).
  void answer(const Actor& actor, const std::string& id, size_t place, bool drawn);
  /// Returns all tests that ended, the newest first.
  std::vector<BlindTest> ended() const;

 private:
  Database& database_;
  std::string store_;
};

}  // namespace evenray
