// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "dataset/reader.hpp"

namespace evenray {

// What is checked of the sources of a collection together, beyond one layout's reader.

/// Throws Exit::config or Exit::missing_input if data.columns is set but no source has such a
/// table. Called before anything is read.
void check_columns_used(const std::vector<std::string>& paths, const ReadOptions& options);

/// Throws Exit::config for a setting that applies to none of the sources: data.readers without the
/// boxes of several readers, data.key without a DICOM file. `dicom`: there is one.
void check_settings_used(const ReadOptions& options,
                         const std::vector<Manifest>& sources,
                         bool dicom);

/// Adds a `class_spelling` finding for classes whose names differ in case or blanks only, with the
/// images of all but the most frequent of them.
void find_class_spellings(Manifest& manifest);

/// Returns how many annotations are not valid (`annotation_invalid`), with the first one; "" if all
/// are valid.
std::string describe_invalid_annotations(const Manifest& manifest);
/// Logs that as a warning, for commands that go on.
void warn_of_invalid_annotations(const Manifest& manifest);

}  // namespace evenray
