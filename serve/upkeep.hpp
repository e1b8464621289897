// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/files.hpp"

namespace evenray {

// What `evenray serve backup|restore|check|erase` do with a data folder. All but restore() may run
// beside a server.

struct BackupResult {
  int64_t images = 0, bytes = 0;
};
/// Copies a data folder to `out`, which must not exist or be empty: the database as it is at one
/// moment, and the images that it names. Throws 73 if `out` holds something, 66 for no data folder,
/// 65 if an image is missing or was changed.
BackupResult back_up(const Path& data, const Path& out);

/// Makes a data folder of a backup. Throws 73 if `data` exists and is not empty, 65 if the backup
/// is damaged.
BackupResult restore(const Path& backup, const Path& data);

/// Returns what is wrong with a data folder: pages and references of the database, images that are
/// missing, changed or belong to nobody, entries of the audit log that were changed.
std::vector<std::string> check_data(const Path& data);

struct EraseResult {
  int64_t exams = 0;
  /// Files of earlier versions of the database, and backups that were named: they still hold the
  /// patient.
  std::vector<Path> still_held;
};
/// Erases a patient (by the hospital's number) with all images, so that nothing of either is left
/// in the folder: rows, free pages, the log of the database, and files that nobody else needs.
/// `backups`: folders to look into as well. Throws 66 for an unknown number.
EraseResult erase(const Path& data, const std::string& number, const std::vector<Path>& backups);

/// Writes all that the folder holds to `out`, for other programs: patients.csv, exams.csv,
/// audit.csv, results/EXAM.json and images/DIGEST. Cells that a spreadsheet would compute begin
/// with an apostrophe. Throws as back_up().
BackupResult export_all(const Path& data, const Path& out);

// Accounts; the folder is made if it does not exist. They throw as Accounts does, and 2 for an
// unknown role.
void add_person(const Path& data,
                const std::string& name,
                const std::string& role,
                const std::string& password);
/// Returns the token.
std::string add_device(const Path& data, const std::string& name);
void change_password(const Path& data, const std::string& name, const std::string& password);
void disable_account(const Path& data, const std::string& name);
/// Returns a table of all accounts.
std::string accounts_text(const Path& data);

}  // namespace evenray
