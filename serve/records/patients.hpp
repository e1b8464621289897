// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "serve/records/audit.hpp"

namespace evenray {

/// What a form about a patient holds. All are text of at most 200 bytes, `note` of 4,000.
struct PatientFields {
  std::string number;  ///< of the hospital; may be empty, else unique among those not deleted
  std::string name, birth, sex, note;  ///< birth: YYYY-MM-DD or empty; sex: F, M, O or empty

  /// Throws 65 for text that is too long or has control characters, a date that is none, another
  /// sex, and for a patient without number and name.
  void check() const;
};

struct Patient {
  std::string id;  ///< random; stands in addresses
  PatientFields fields;
  int64_t version = 1, created = 0;
  std::optional<int64_t> deleted;  ///< when
  int64_t exams = 0;               ///< that are not deleted
};

/// A page of a list, and where the next one begins; empty: there is none.
template <class Entry>
struct RecordPage {
  std::vector<Entry> entries;
  std::string next;
};

/// The patients. Changes are in the audit log in the same transaction. Deleted ones stay for a
/// grace of 30 days, in which they can be restored; then Exams::purge() erases them.
class Patients {
 public:
  explicit Patients(Database& database) : database_(database) {}

  /// Throws 65 as PatientFields::check(), 73 if the number is taken. Returns the id.
  std::string add(const Actor& actor, const PatientFields& fields);
  std::optional<Patient> find(const std::string& id) const;
  /// Returns the patient with this number who is not deleted.
  std::optional<Patient> with_number(const std::string& number) const;
  /// Returns at most `count` patients in the order of their names, whose name (upper and lower case
  /// are the same) or number contains `text`, after the place `from` of an earlier page.
  RecordPage<Patient> list(const std::string& text,
                           const std::string& from,
                           int count,
                           bool deleted = false) const;
  /// Changes a patient who still has this version; returns false if somebody else was quicker.
  /// Throws as add(), 66 for an unknown id.
  bool change(const Actor& actor,
              const std::string& id,
              int64_t version,
              const PatientFields& fields);
  /// Marks a patient as deleted or restores one. Throws 66 for an unknown id, 73 if the number of a
  /// restored one was taken.
  void set_deleted(const Actor& actor, const std::string& id, bool deleted);

 private:
  Database& database_;
};

}  // namespace evenray
