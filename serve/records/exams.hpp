// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/json.hpp"
#include "serve/records/patients.hpp"

namespace evenray {

enum class ExamState { waiting, done, failed };
const char* state_word(ExamState state);

/// How long deleted exams and patients can be restored.
inline constexpr int kGraceDays = 30;

/// An uploaded image, with or without a patient, and what was found in it.
struct Exam {
  std::string id;       ///< random; stands in addresses
  std::string patient;  ///< id; empty: a quick look
  std::string image;    ///< SHA-256 of the file
  std::string file;     ///< the name that it was uploaded with
  std::string account;  ///< who uploaded it; empty: nobody had to sign in
  int64_t uploaded = 0;
  ExamState state = ExamState::waiting;
  std::string message;     ///< why it failed
  std::string finding;     ///< the likeliest class
  double probability = 0;  ///< of it
  Json result;             ///< see analysis/analysis.hpp; null unless done
  std::optional<int64_t> deleted;
};

/// Which exams a list shows.
struct ExamFilter {
  std::string patient;       ///< id; empty: all
  bool quick_looks = false;  ///< only those without a patient
  std::string finding;       ///< empty: all
  std::optional<ExamState> state;
  int64_t since = 0, until = 0;  ///< of the upload; 0: open
  bool deleted = false;          ///< the deleted ones in place of the others
};

/// An uploaded file that was checked.
struct ReceivedImage {
  std::string_view bytes;
  std::string thumbnail;  ///< PNG
  std::string patient;    ///< id; empty: none
  std::string file;       ///< the name that it was uploaded with
};

/// The exams and the files of their images: FOLDER/images/ab/abcd..., each once, by its digest.
/// Changes are in the audit log in the same transaction.
class Exams {
 public:
  Exams(Database& database, const Path& folder);

  /// Adds a waiting exam. The file is on the disk before this returns. Returns the id. Throws 66
  /// for an unknown or deleted patient, 74 for a full disk.
  std::string add(const Actor& actor, const ReceivedImage& received);
  std::optional<Exam> find(const std::string& id) const;
  /// Returns at most `count` exams, the newest first, after the place `from` of an earlier page.
  RecordPage<Exam> list(const ExamFilter& filter, const std::string& from, int count) const;
  /// Returns the ids of waiting exams, the oldest first.
  std::vector<std::string> waiting() const;
  Path image_file(const std::string& digest) const;
  /// Returns the heat map of an exam, a PNG; empty if there is none.
  std::string heat_map(const std::string& id) const;
  /// Returns its thumbnail, a PNG.
  std::string thumbnail(const std::string& id) const;

  /// Ends a waiting exam. Returns false if it does not wait any more.
  bool finish(const std::string& id,
              const std::string& finding,
              double probability,
              const Json& result,
              const std::string& heat_map);
  bool fail(const std::string& id, const std::string& message);
  /// Lets an exam wait again, for another model or after a failure.
  bool repeat(const Actor& actor, const std::string& id);
  /// Gives an exam to a patient, or to none. Throws 66 for unknown ids.
  void assign(const Actor& actor, const std::string& id, const std::string& patient);
  /// Throws 66 for an unknown id.
  void set_deleted(const Actor& actor, const std::string& id, bool deleted);

  /// Erases exams and patients that were deleted before `time`, and the files of images that no
  /// exam needs. Nothing of them is left in the database's log. Returns the number of erased
  /// records.
  int64_t purge(int64_t time);
  /// Erases a patient with all exams at once. Throws 66 for an unknown id.
  void erase_patient(const Actor& actor, const std::string& id);
  /// Removes the rows and files of images that no exam needs.
  void sweep();
  /// Returns problems: missing or changed files, files that no exam needs.
  std::vector<std::string> problems() const;

 private:
  std::string blob(const char* sql, const std::string& id) const;
  /// The files of images that no row of the database names: of exams that were erased, and what a
  /// process left that was killed.
  std::vector<Path> unowned_files(SQLite::Database& database) const;

  Database& database_;
  Path folder_;
};

}  // namespace evenray
