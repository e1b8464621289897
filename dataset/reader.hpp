// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "core/config.hpp"
#include "dataset/layouts/table.hpp"
#include "dataset/sample/sample.hpp"

namespace evenray {

/// The folder dataset/ turns image collections of any layout into stores. Read its headers in the
/// order of the work: sample/sample.hpp (the data types), reader.hpp (reads a collection; with
/// label_map.hpp, frames.hpp, patients.hpp, published.hpp), image_facts.hpp (decodes each image
/// once), duplicates.hpp, audit.hpp and shortcuts.hpp (faults), split.hpp and assign.hpp (parts and
/// folds), pack.hpp with pack_plan.hpp and where.hpp (writes the store). data_options.hpp has the
/// options of all of them.

struct ReadOptions {
  std::string format = "auto";   ///< layout: one of format_names()
  std::string readers = "fuse";  ///< how boxes of several readers are merged, see box_fusion.hpp
  std::string labels;            ///< label map file, see label_map.hpp; empty: none
  std::string key;       ///< key file that DICOM patients and studies are hashed with; empty:
                         ///< default_dicom_key_file()
  TableColumns columns;  ///< of layout `table`
  std::string patient = "auto";  ///< what names the patients, see name_patients()
  std::string frames = "first";  ///< of a DICOM file with several: first, all or a number, see
                                 ///< take_frames()

  void fields(Fields& f);
  /// Throws Exit::config for a bad value, with its key as the user writes it.
  void check() const;
};

/// Returns the names that --format accepts, "auto" first.
std::vector<std::string> format_names();

/// Reads the collection at `path` (a folder, a store, an .npz file, or "phantom:key=value,..." as
/// in phantom.hpp) without decoding any image. `auto` takes the first layout that recognises the
/// path. Throws Exit::missing_input if `path` does not exist or a folder cannot be read,
/// Exit::bad_data for an empty folder, a missing column, equal ids or a name that is not UTF-8,
/// Exit::config for an unknown format, and what the layout's reader throws.
Manifest read_dataset(const std::string& path, const ReadOptions& options = {});

/// Reads several sources as one collection: ids, paths and patients are prefixed with the source's
/// name; classes and meta columns are united by name.
Manifest read_datasets(const std::vector<std::string>& paths, const ReadOptions& options = {});

}  // namespace evenray
